"""ValinaRNNCell: the cell without gates."""

from collections.abc import Callable
from typing import Any

from .. import init
from ..connection.linear import Linear
from .base import Cell, Init

__all__ = ["ValinaRNNCell"]


class ValinaRNNCell(Cell):
    """``h = activation(W([x, h]))``, also the output. The name is brainstate's spelling.

    Parameters
    ----------
    num_in, num_out
        The numbers of inputs and of hidden units.
    state_init
        The hidden state before the first step: an initialiser, a function of the shape, a number or an array.
    w_init, b_init
        Weight ``[num_in + num_out, num_out]`` and bias of the linear layer, as for :class:`Linear`.
    activation
        A function, or the name of one in ``brainstate.nn``.
    name
        A name, for display.

    Attributes
    ----------
    W
        The linear layer.
    h
        The hidden state, after :meth:`init_state`.

    Raises
    ------
    AttributeError
        There is no activation of that name, or the cell is called before :meth:`init_state`.
    TypeError
        The activation is neither a function nor a name.
    ValueError
        An input does not have the shape ``[*N, num_in]`` with the batch axes of the hidden state.

    Notes
    -----
    Source: brainstate.nn.ValinaRNNCell (0.5.4). Differs: a `state_init` of one number is spread over the units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.ValinaRNNCell(1, 1, w_init=torch.tensor([[1.], [2.]]))
    >>> cell.init_state()
    >>> brainstate.transform.for_loop(cell, torch.ones(3, 1)).flatten()
    tensor([1., 3., 7.])
    """

    def __init__(
        self,
        num_in: int,
        num_out: int,
        state_init: Init = init.ZeroInit(),  # noqa: B008
        w_init: Init = init.XavierNormal(),  # noqa: B008
        b_init: Init | None = init.ZeroInit(),  # noqa: B008
        activation: str | Callable[..., Any] = "relu",
        name: str | None = None,
    ) -> None:
        super().__init__(num_in, num_out, state_init, activation, name)
        self.W = Linear(num_in + num_out, num_out, w_init, b_init)

    def update(self, x: Any) -> Any:
        """One step: ``[*N, num_in]`` to ``[*N, num_out]``."""
        h = self.activation(self.W(self._with_input(x, self.h.value)))
        self.h.value = h
        return h
