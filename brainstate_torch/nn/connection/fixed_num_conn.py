"""Random connections: each neuron to the same number of others."""

from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch

from ... import environ, random
from ..._state import FakeState, ParamState, State
from ...transform import vmap
from ...typing import Size
from ...units import UNITLESS
from ...units import math as um
from ...units._doors import attach, detach
from ..module.operand import operand
from .fan_out import fan_out
from .linear import Init, _Matrix, made

__all__ = ["EventFixedNumConn", "EventFixedProb", "FixedNumConn"]

#: How many numbers to draw at a time, where each pair of neurons needs one.
_BLOCK = 2**22


class Connections(NamedTuple):
    """Where the connections of a layer lead: the targets of each input, ``[N, K]``."""

    indices: torch.Tensor
    shape: tuple[int, int]


class FixedNumConn(_Matrix):
    """Each input is connected with `conn_num` outputs, chosen at random; an output is the sum of input times weight.

    Parameters
    ----------
    in_size, out_size
        The sizes without batch axes; they agree in all but the last axis.
    conn_num
        K, the number of connections of an input: an integer, or a fraction of the outputs.
    conn_weight
        One weight for all connections, or one for each, ``[in, K]``: a number, an array, an initialiser or a function
        of the shape.
    efferent_target
        What `conn_num` counts. Only ``'post'``, the outputs of each input, is there.
    afferent_ratio
        The probability of an input to have connections at all. If it is not 1, the weights are ``[M]``, with M the
        number of connections.
    allow_multi_conn
        Let an input be connected with an output more than once.
    seed
        Of the choice; None: a new one, drawn from ``random.DEFAULT``; with the generator Threefry, numpy's common
        stream.
    name
        A name, for display.
    conn_init
        ``'vmap'`` or ``'for_loop'``; makes no difference.
    param_type
        The kind of State that holds the weight.

    Attributes
    ----------
    weight
        That State.
    indices
        The targets, a buffer ``[in, K]``, also in ``conn.indices``; without the inputs that have no connections.
    pre_selected
        Which inputs have connections, ``[in]``.

    Raises
    ------
    ValueError
        An argument is out of its range, the weight has another shape, or the input has another length than `in_size`.
    TypeError
        `conn_num` is neither an integer nor a float.
    NotImplementedError
        `efferent_target` is ``'pre'``.

    Notes
    -----
    Source: brainstate.nn.FixedNumConn (0.5.4), with the same connections for the same seed if `allow_multi_conn`.
    Differs: ``state_dict()`` has the targets too; more than two axes of the input are taken; a negative `conn_num` and
    a wrong length of the input raise ValueError, and so does what brainstate asserts.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.FixedNumConn(2, 4, conn_num=3, conn_weight=0.5, allow_multi_conn=False, seed=1)
    >>> layer.indices.shape, layer(torch.tensor([1., 2.])).sum()
    (torch.Size([2, 3]), tensor(4.5000, grad_fn=<...>))
    """

    event: ClassVar[bool] = False

    def __init__(
        self,
        in_size: Size,
        out_size: Size,
        conn_num: int | float,
        conn_weight: Init,
        efferent_target: str = "post",
        afferent_ratio: float = 1.0,
        allow_multi_conn: bool = True,
        seed: int | None = None,
        name: str | None = None,
        conn_init: str = "vmap",
        param_type: type[State[Any]] = ParamState,
    ) -> None:
        super().__init__(in_size, out_size, name)
        _check_choices(efferent_target, afferent_ratio, conn_init)
        n_in, n_out = self.in_size[-1], self.out_size[-1]
        self.efferent_target, self.seed, self.allow_multi_conn = efferent_target, seed, allow_multi_conn
        self.conn_num = _count(conn_num, n_out, allow_multi_conn)
        rng = _stream(seed)
        if rng is np.random and not allow_multi_conn and conn_init == "vmap":
            chosen = vmap(lambda: random.choice(n_out, (self.conn_num,), replace=False), axis_size=n_in)()
            indices = chosen.numpy(force=True)
        else:
            indices = _targets(rng, n_in, n_out, self.conn_num, allow_multi_conn)
        self.selected: torch.Tensor | None = None
        if self.conn_num == 0:
            self.weight: State[Any] = FakeState(made(conn_weight, ()))  # type: ignore[assignment]
        elif afferent_ratio == 1.0:
            self.weight = param_type(_checked(made(conn_weight, (n_in, self.conn_num)), indices.shape))
        else:
            selected = np.flatnonzero(rng.random_sample(n_in) < afferent_ratio)
            indices = indices[selected]
            self.selected = torch.nn.Buffer(torch.as_tensor(selected))
            self.weight = param_type(_checked(made(conn_weight, (indices.size,)), (indices.size,)))
        self.indices = torch.nn.Buffer(torch.as_tensor(indices, dtype=environ.ditype()))

    @property
    def conn(self) -> Connections:
        """The targets and the shape of the matrix that the connections stand for."""
        return Connections(self.indices, (self.in_size[-1], self.out_size[-1]))

    @property
    def pre_selected(self) -> torch.Tensor:
        """Which inputs have connections, ``[in]``."""
        if self.selected is None:
            return torch.ones(self.in_size[-1], dtype=torch.bool, device=self.indices.device)
        return torch.zeros(self.in_size[-1], dtype=torch.bool, device=self.indices.device).index_fill(
            0, self.selected, True
        )

    def update(self, x: Any) -> Any:
        """``[*N, in]`` to ``[*N, out]``."""
        spikes, x_unit = detach(operand(x, self.indices))
        if spikes.shape[-1:] != self.in_size[-1:]:
            raise ValueError(
                f"`x` must have {self.in_size[-1]} elements in its last axis, as `in_size` has. "
                f"Got shape {tuple(spikes.shape)}."
            )
        weight, unit = detach(self.weight.value)
        if self.selected is not None:
            spikes = spikes.index_select(-1, self.selected)
        if weight.ndim:
            weight = weight.reshape(self.indices.shape) if weight.numel() > 1 else weight.reshape(())
        y = attach(fan_out(spikes, weight, self.indices, self.out_size[-1], self.event), unit)
        return y if x_unit is UNITLESS else y * x_unit


class EventFixedNumConn(FixedNumConn):
    """:class:`FixedNumConn` of events: an input above zero counts 1, another 0.

    On a CPU, the time is proportional to the number of events. Derivatives with respect to the input are those of the
    plain product. :class:`EventFixedProb` is another name of this class.

    Parameters
    ----------
    in_size, out_size, conn_num, conn_weight, efferent_target, afferent_ratio, allow_multi_conn, seed, name, conn_init
        As for :class:`FixedNumConn`.
    param_type
        As for :class:`FixedNumConn`.

    Notes
    -----
    Source: brainstate.nn.EventFixedNumConn (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.EventFixedProb(3, 2, conn_num=1.0, conn_weight=0.5, allow_multi_conn=False)
    >>> layer(torch.tensor([True, False, True])), layer(torch.tensor([7., 0., -1.]))
    (tensor([1., 1.], grad_fn=<...>), tensor([0.5000, 0.5000], grad_fn=<...>))
    """

    event = True


EventFixedProb = EventFixedNumConn


def _check_choices(efferent_target: str, afferent_ratio: float, conn_init: str) -> None:
    if efferent_target == "pre":
        raise NotImplementedError(
            "`efferent_target` must be 'post'. Got 'pre', which brainstate lacks, too. "
            "Swap the roles of inputs and outputs."
        )
    if efferent_target != "post":
        raise ValueError(f"`efferent_target` must be 'post'. Got {efferent_target!r}.")
    if not 0.0 <= afferent_ratio <= 1.0:
        raise ValueError(f"`afferent_ratio` must be in the range [0, 1]. Got {afferent_ratio}.")
    if conn_init not in ("vmap", "for_loop"):
        raise ValueError(f"`conn_init` must be 'vmap' or 'for_loop'. Got {conn_init!r}: Unknown method.")


def _count(conn_num: Any, n_out: int, allow_multi_conn: bool) -> int:
    """How many connections an input has."""
    if isinstance(conn_num, float):
        if not 0.0 <= conn_num <= 1.0:
            raise ValueError(f"`conn_num` must be in the range [0, 1] if it is a probability. Got {conn_num}.")
        return int(n_out * conn_num)
    if not isinstance(conn_num, (int, np.integer)) or isinstance(conn_num, bool):
        raise TypeError(f"`conn_num` must be an integer or a float. Got {type(conn_num).__name__}.")
    if conn_num < 0 or (conn_num > n_out and not allow_multi_conn):
        raise ValueError(
            f"`conn_num` must be in the range [0, {n_out}] without multiple connections, and not negative with them. "
            f"Got {conn_num}."
        )
    return int(conn_num)


def _stream(seed: int | None) -> Any:
    """The stream of the choice.

    Without a seed, where draws are to be JAX's, it is numpy's common one, as in brainstate: ``random.seed`` seeds both.
    """
    if seed is None and random.DEFAULT.impl == "threefry2x32":
        return np.random
    return np.random.RandomState(int(random.randint(0, 2**31 - 1)) if seed is None else seed)


def _targets(rng: Any, n_in: int, n_out: int, conn_num: int, repeated: bool) -> Any:
    """The targets of each input, ``[in, K]``."""
    if repeated or conn_num == 0:
        return rng.randint(0, n_out, size=(n_in, conn_num))
    per_block = max(1, _BLOCK // n_out)
    blocks = [min(per_block, n_in - start) for start in range(0, n_in, per_block)]
    # The indices of the smallest of some random numbers are a choice without repetition.
    return np.concatenate(
        [np.argpartition(rng.random_sample((rows, n_out)), conn_num - 1)[:, :conn_num] for rows in blocks]
    )


def _checked(weight: Any, shape: tuple[int, ...]) -> Any:
    """The weight: a single one, or one for each connection."""
    if um.size(weight) != 1 and tuple(weight.shape) != tuple(shape):
        raise ValueError(
            f"`conn_weight` must be one number, or have the shape {tuple(shape)}, one for each connection. "
            f"Got shape {tuple(weight.shape)}."
        )
    return weight
