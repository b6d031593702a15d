"""Cells with gates and a candidate that sees the input alone: their hidden states mix by the gates only."""

from collections.abc import Callable
from typing import Any

import torch

from ..nn import Linear, init
from ..nn.recurrent.base import Cell, Init

__all__ = ["MiniGRU", "MiniLSTM", "MinimalRNNCell"]


class MiniGRU(Cell):
    """A GRU with one gate, whose candidate is linear in the input::

        z = sigmoid(W_z([x, h]))
        h = (1 - z) * h + z * W_x(x)

    Parameters
    ----------
    in_size, out_size
        Numbers of inputs and of hidden units.
    w_init, b_init, state_init
        Initialisers of weights, biases and the hidden state, or values; ``b_init=None`` for no biases.
    name
        A name, for display.

    Attributes
    ----------
    W_x, W_z
        The linear layers of candidate and gate.
    h
        The hidden state, after :meth:`init_state`.

    Notes
    -----
    Source: braintrace.nn.MiniGRU (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.online.MiniGRU(1, 1, w_init=torch.zeros, state_init=torch.ones)
    >>> cell.init_state()
    >>> cell(torch.zeros(1)).item()
    0.5
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        w_init: Init = init.Orthogonal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, out_size, state_init, _linear, name)
        self.W_x = Linear(in_size, out_size, w_init, b_init)
        self.W_z = Linear(in_size + out_size, out_size, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, in_size]`` to ``[*N, out_size]``."""
        old = self.h.value
        z = torch.sigmoid(self.W_z(self._with_input(x, old)))
        h = (1 - z) * old + z * self.W_x(x)
        self.h.value = h
        return h


class MiniLSTM(Cell):
    """An LSTM without a memory apart from its output, whose candidate is linear in the input::

        f = sigmoid(W_f([x, h]))
        i = sigmoid(W_i([x, h]))
        h = f * h + i * W_x(x)

    Parameters
    ----------
    in_size, out_size, w_init, b_init, state_init, name
        As for :class:`MiniGRU`.

    Attributes
    ----------
    W_x, W_f, W_i
        The linear layers of candidate and gates.
    h
        The hidden state, after :meth:`init_state`.

    Notes
    -----
    Source: braintrace.nn.MiniLSTM (0.2.6).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.online.MiniLSTM(1, 1, w_init=torch.zeros, state_init=torch.ones)
    >>> cell.init_state()
    >>> cell(torch.zeros(1)).item()
    0.5
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        w_init: Init = init.Orthogonal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, out_size, state_init, _linear, name)
        self.W_x = Linear(in_size, out_size, w_init, b_init)
        self.W_f = Linear(in_size + out_size, out_size, w_init, b_init)
        self.W_i = Linear(in_size + out_size, out_size, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, in_size]`` to ``[*N, out_size]``."""
        old = self.h.value
        both = self._with_input(x, old)
        h = torch.sigmoid(self.W_f(both)) * old + torch.sigmoid(self.W_i(both)) * self.W_x(x)
        self.h.value = h
        return h


class MinimalRNNCell(Cell):
    """A cell that keeps a gated share of its state, and takes the rest from a function of the input::

        z = phi(x)
        u = sigmoid(W_u([z, h]))
        h = u * h + (1 - u) * z

    Parameters
    ----------
    in_size, out_size, w_init, b_init, state_init, name
        As for :class:`MiniGRU`.
    phi
        From ``[*N, in_size]`` to ``[*N, out_size]``; a linear layer if None.

    Attributes
    ----------
    phi, W_u
        The function of the input, and the linear layer of the gate.
    h
        The hidden state, after :meth:`init_state`.

    Raises
    ------
    TypeError
        `phi` cannot be called.

    Notes
    -----
    Source: braintrace.nn.MinimalRNNCell (0.2.6). Method: Chen (2017), arXiv:1711.06788.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.online.MinimalRNNCell(1, 1, w_init=torch.zeros, state_init=torch.ones, phi=torch.exp)
    >>> cell.init_state()
    >>> cell(torch.zeros(1)).item()
    1.0
    """

    def __init__(
        self,
        in_size: int,
        out_size: int,
        w_init: Init = init.Orthogonal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        phi: Callable[[Any], Any] | None = None,
        name: str | None = None,
    ) -> None:
        if phi is not None and not callable(phi):
            raise TypeError(f"`phi` must be callable. Got {type(phi).__name__}. Leave it out for a linear layer.")
        super().__init__(in_size, out_size, state_init, _linear, name)
        self.phi = Linear(in_size, out_size, w_init, b_init) if phi is None else phi
        self.W_u = Linear(2 * out_size, out_size, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, in_size]`` to ``[*N, out_size]``."""
        old, z = self.h.value, self.phi(x)
        u = torch.sigmoid(self.W_u(torch.cat([z, old], -1)))
        h = u * old + (1 - u) * z
        self.h.value = h
        return h


def _linear(x: Any) -> Any:
    """The activation of cells that have none."""
    return x
