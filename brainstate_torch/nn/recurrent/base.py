"""RNNCell, the base of the cells: sizes, the activation, the hidden states."""

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import torch

from ..._state import HiddenState
from ...typing import ArrayLike
from ...units import math as um
from .. import activations, init
from ..module.module import Module
from ..module.operand import operand

__all__ = ["Cell", "Init", "RNNCell"]

Init = Callable[..., Any] | ArrayLike


class RNNCell(Module):
    """Base class of recurrent cells: ``init_state`` makes the hidden states, a call makes one step.

    Parameters
    ----------
    name
        A name, for display.

    Notes
    -----
    Source: brainstate.nn.RNNCell (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Sum(brainstate.nn.RNNCell):
    ...     def init_state(self, batch_size=None, **kwargs):
    ...         self.h = brainstate.HiddenState(torch.zeros(2))
    ...     def update(self, x):
    ...         self.h.value += x
    ...         return self.h.value
    >>> cell = brainstate.nn.init_all_states(Sum())
    >>> brainstate.transform.for_loop(cell, torch.ones(3, 2))[-1]
    tensor([3., 3.])
    """


class Cell(RNNCell):
    """A cell whose hidden states all have `num_out` elements."""

    #: The attributes that hold the hidden states.
    hidden: ClassVar[tuple[str, ...]] = ("h",)

    def __init__(
        self, num_in: int, num_out: int, state_init: Init, activation: str | Callable[..., Any], name: str | None
    ) -> None:
        super().__init__(name=name)
        self.num_in, self.num_out = num_in, num_out
        self.in_size, self.out_size = num_in, num_out
        self._state_initializer = state_init
        self.activation = _as_function(activation)

    def __getattr__(self, name: str) -> Any:
        if name in type(self).hidden:
            self._refuse_without_state(name)
        return super().__getattr__(name)

    def _refuse_without_state(self, name: str) -> NoReturn:
        raise AttributeError(
            f"{type(self).__name__} must have its hidden states. Got a cell without `{name}`. "
            "Call `init_state(batch_size)`, or `init_all_states(model, batch_size)`, before."
        )

    def init_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Make the hidden states, ``[num_out]``, or ``[batch_size, num_out]``."""
        for name in self.hidden:
            setattr(self, name, HiddenState(self._initial(batch_size)))

    def reset_state(self, batch_size: int | None = None, **kwargs: Any) -> None:
        """Put the hidden states back to their initial values; the batch may have another size."""
        values = [self._initial(batch_size) for _ in self.hidden]
        for name, value in zip(self.hidden, values, strict=True):
            getattr(self, name).value = value

    def _initial(self, batch_size: int | None) -> Any:
        value = um.asarray(init.param(self._state_initializer, (self.num_out,), batch_size, allow_none=False))
        batch = () if batch_size is None else (batch_size,)
        return um.broadcast_to(value, (*batch, self.num_out))

    def _with_input(self, x: Any, h: Any) -> Any:
        """``[*N, num_in]`` and ``[*N, num_out]`` joined along the last axis."""
        x = operand(x, h)
        if x.shape[:-1] != h.shape[:-1] or x.shape[-1:] != self.in_size:
            raise ValueError(
                f"`x` must have the shape {(*h.shape[:-1], self.num_in)}: the batch axes of the hidden state, and "
                f"`num_in`. Got {tuple(x.shape)}. Pass the size of the batch to `init_state`."
            )
        return torch.cat([x, h], -1)


def _as_function(activation: str | Callable[..., Any]) -> Callable[..., Any]:
    if isinstance(activation, str):
        found = getattr(activations, activation, None) if activation in activations.__all__ else None
        if found is None or isinstance(found, type):
            raise AttributeError(
                f"`activation` must be the name of a function of `brainstate_torch.nn`. Got {activation!r}. "
                "Pass 'tanh', 'relu', 'sigmoid', or a function."
            )
        return found  # type: ignore[no-any-return]
    if not callable(activation):
        raise TypeError(f"`activation` must be a function or its name. Got {type(activation).__name__}.")
    return activation
