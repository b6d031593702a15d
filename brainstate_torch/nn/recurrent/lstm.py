"""LSTMCell and URLSTMCell: a cell state beside the hidden state."""

from collections.abc import Callable
from typing import Any

import torch

from ... import environ, random
from ..._state import ParamState
from .. import init
from ..connection.linear import Linear
from .base import Cell, Init

__all__ = ["LSTMCell", "URLSTMCell"]


class LSTMCell(Cell):
    """Long short-term memory, with 1 added to the forget gate's bias::

        i, g, f, o = W([x, h])
        c = sigmoid(f + 1) * c + sigmoid(i) * activation(g)
        h = sigmoid(o) * activation(c)

    Parameters
    ----------
    num_in, num_out
        The numbers of inputs and of hidden units.
    w_init, b_init
        Weight ``[num_in + num_out, 4 * num_out]`` and bias of the linear layer, as for :class:`Linear`.
    state_init
        Both states before the first step: an initialiser, a function of the shape, a number or an array.
    activation
        A function, or the name of one in ``brainstate.nn``.
    name
        A name, for display.

    Attributes
    ----------
    W
        The linear layer of all gates.
    h, c
        The hidden and the cell state, after :meth:`init_state`.

    Notes
    -----
    Source: brainstate.nn.LSTMCell (0.5.4). Differs: as for :class:`ValinaRNNCell`, which lists the errors too.
    torch.nn.LSTMCell has the order i, f, g, o, and adds nothing to f.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.LSTMCell(1, 1, w_init=torch.zeros, b_init=torch.tensor([0., 0., -1., 0.]))
    >>> cell.init_state()
    >>> cell.c.value = torch.tensor([2.])
    >>> cell(torch.zeros(1)), cell.c.value
    (tensor([0.3808], grad_fn=<...>), tensor([1.]))
    """

    hidden = ("c", "h")

    def __init__(
        self,
        num_in: int,
        num_out: int,
        w_init: Init = init.XavierNormal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        activation: str | Callable[..., Any] = "tanh",
        name: str | None = None,
    ) -> None:
        super().__init__(num_in, num_out, state_init, activation, name)
        self.W = Linear(num_in + num_out, 4 * num_out, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, num_in]`` to ``[*N, num_out]``."""
        i, g, f, o = self.W(self._with_input(x, self.h.value)).chunk(4, -1)
        c = torch.sigmoid(f + 1.0) * self.c.value + torch.sigmoid(i) * self.activation(g)
        h = torch.sigmoid(o) * self.activation(c)
        self.h.value, self.c.value = h, c
        return h


class URLSTMCell(Cell):
    """LSTM with a refined gate and uniformly spread time constants (arXiv:1910.09890)::

        f, r, u, o = W([x, h])
        f, r = sigmoid(f + bias), sigmoid(r - bias)
        g = 2 * r * f + (1 - 2 * r) * f**2
        c = g * c + (1 - g) * activation(u)
        h = sigmoid(o) * activation(c)

    Parameters
    ----------
    num_in, num_out, w_init, state_init, activation, name
        As for :class:`LSTMCell`; the linear layer has no bias.

    Attributes
    ----------
    W
        The linear layer of all gates.
    bias
        A ParamState, ``[num_out]``; ``sigmoid(bias)`` is drawn uniformly between 1 / num_out and 1 - 1 / num_out.
    h, c
        The hidden and the cell state, after :meth:`init_state`.

    Notes
    -----
    Source: brainstate.nn.URLSTMCell (0.5.4). Differs: as for :class:`ValinaRNNCell`, which lists the errors too; with
    one unit the bias is 0, for there is nothing to draw.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.URLSTMCell(1, 1, w_init=torch.zeros)
    >>> cell.init_state()
    >>> cell.c.value = torch.tensor([2.])
    >>> cell(torch.zeros(1)), cell.c.value
    (tensor([0.3808], grad_fn=<...>), tensor([1.]))
    """

    hidden = ("c", "h")

    def __init__(
        self,
        num_in: int,
        num_out: int,
        w_init: Init = init.XavierNormal(),  # noqa: B008
        state_init: Init = init.ZeroInit(),  # noqa: B008
        activation: str | Callable[..., Any] = "tanh",
        name: str | None = None,
    ) -> None:
        super().__init__(num_in, num_out, state_init, activation, name)
        self.W = Linear(num_in + num_out, 4 * num_out, w_init, b_init=None)
        self.bias = ParamState(self._spread())

    def _spread(self) -> torch.Tensor:
        if self.num_out == 1:
            return torch.zeros(1, dtype=environ.dftype())
        return torch.logit(random.uniform(1 / self.num_out, 1 - 1 / self.num_out, (self.num_out,)))

    def update(self, x: Any) -> Any:
        """One step: ``[*N, num_in]`` to ``[*N, num_out]``."""
        bias = self.bias.value
        f, r, u, o = self.W(self._with_input(x, self.h.value)).chunk(4, -1)
        f, r = torch.sigmoid(f + bias), torch.sigmoid(r - bias)
        g = 2.0 * r * f + (1.0 - 2.0 * r) * f * f
        c = torch.lerp(self.activation(u), self.c.value, g)
        h = torch.sigmoid(o) * self.activation(c)
        self.h.value, self.c.value = h, c
        return h
