"""GRUCell and MGUCell: gates between the old hidden state and a candidate."""

from collections.abc import Callable
from typing import Any

import torch

from .. import init
from ..connection.linear import Linear
from .base import Cell, Init

__all__ = ["GRUCell", "MGUCell"]


class GRUCell(Cell):
    """Gated recurrent unit (arXiv:1406.1078)::

        r, z = sigmoid(Wrz([x, h]))
        h = (1 - z) * h + z * activation(Wh([x, r * h]))

    Parameters
    ----------
    num_in, num_out
        The numbers of inputs and of hidden units.
    w_init, b_init
        Weights ``[num_in + num_out, 2 * num_out]`` and ``[num_in + num_out, num_out]``, and biases, of the linear
        layers, as for :class:`Linear`.
    state_init
        The hidden state before the first step: an initialiser, a function of the shape, a number or an array.
    activation
        A function, or the name of one in ``brainstate.nn``.
    name
        A name, for display.

    Attributes
    ----------
    Wrz, Wh
        The linear layers of both gates and of the candidate.
    h
        The hidden state, after :meth:`init_state`.

    Notes
    -----
    Source: brainstate.nn.GRUCell (0.5.4). Differs: as for :class:`ValinaRNNCell`, which lists the errors too.
    torch.nn.GRUCell has ``1 - z`` for z, and applies r after the product with the weight.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.GRUCell(1, 1, w_init=torch.zeros, state_init=torch.ones)
    >>> cell.init_state(batch_size=2)
    >>> cell(torch.zeros(2, 1)).flatten()
    tensor([0.5000, 0.5000], grad_fn=<...>)
    """

    def __init__(
        self,
        num_in: int,
        num_out: int,
        w_init: Init = init.Orthogonal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        activation: str | Callable[..., Any] = "tanh",
        name: str | None = None,
    ) -> None:
        super().__init__(num_in, num_out, state_init, activation, name)
        self.Wrz = Linear(num_in + num_out, 2 * num_out, w_init, b_init)
        self.Wh = Linear(num_in + num_out, num_out, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, num_in]`` to ``[*N, num_out]``."""
        old = self.h.value
        r, z = torch.sigmoid(self.Wrz(self._with_input(x, old))).chunk(2, -1)
        candidate = self.activation(self.Wh(self._with_input(x, r * old)))
        h = torch.lerp(old, candidate, z)
        self.h.value = h
        return h


class MGUCell(Cell):
    """Minimal gated unit, a GRU with one gate (arXiv:1603.09420)::

        f = sigmoid(Wf([x, h]))
        h = (1 - f) * h + f * activation(Wh([x, f * h]))

    Parameters
    ----------
    num_in, num_out, w_init, b_init, state_init, activation, name
        As for :class:`GRUCell`, with two weights ``[num_in + num_out, num_out]``.

    Attributes
    ----------
    Wf, Wh
        The linear layers of the gate and of the candidate.
    h
        The hidden state, after :meth:`init_state`.

    Notes
    -----
    Source: brainstate.nn.MGUCell (0.5.4). Differs: as for :class:`ValinaRNNCell`, which lists the errors too.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.MGUCell(1, 1, w_init=torch.zeros, state_init=torch.ones)
    >>> cell.init_state()
    >>> cell(torch.zeros(1)), cell(torch.zeros(1))
    (tensor([0.5000], grad_fn=<...>), tensor([0.2500], grad_fn=<...>))
    """

    def __init__(
        self,
        num_in: int,
        num_out: int,
        w_init: Init = init.Orthogonal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        activation: str | Callable[..., Any] = "tanh",
        name: str | None = None,
    ) -> None:
        super().__init__(num_in, num_out, state_init, activation, name)
        self.Wf = Linear(num_in + num_out, num_out, w_init, b_init)
        self.Wh = Linear(num_in + num_out, num_out, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, num_in]`` to ``[*N, num_out]``."""
        old = self.h.value
        f = torch.sigmoid(self.Wf(self._with_input(x, old)))
        candidate = self.activation(self.Wh(self._with_input(x, f * old)))
        h = torch.lerp(old, candidate, f)
        self.h.value = h
        return h
