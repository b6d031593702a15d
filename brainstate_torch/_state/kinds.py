"""The kinds of State: labels by which filters and optimizers choose."""

from typing import Any

import numpy as np
import torch

from ..units import Quantity
from .base import State
from .copied import A

__all__ = [
    "BatchState",
    "DelayState",
    "HiddenState",
    "LongTermState",
    "NonBatchState",
    "ParamState",
    "ShortTermState",
]


class ShortTermState(State[A]):
    """A State that lives for one run of a model: membrane potentials, spikes, delays.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.ShortTermState(torch.zeros(3))
    ShortTermState(value=float32[3])
    """


class LongTermState(State[A]):
    """A State that lives across runs: weights, running statistics.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.LongTermState(torch.zeros(3), name='mean')
    LongTermState(value=float32[3], name='mean')
    """


class ParamState(LongTermState[A]):
    """A State that is trained: its floating and complex Parameters require a gradient.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> brainstate.transform.grad(lambda: (w.value ** 2).sum(), w)()
    tensor([2., 4.])
    """

    _trained = True

    def _trains(self, leaf: torch.Tensor) -> bool:
        return leaf.is_floating_point() or leaf.is_complex()


class BatchState(LongTermState[A]):
    """A State that holds a batch of data.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.BatchState(torch.zeros(8, 3))
    BatchState(value=float32[8, 3])
    """


class DelayState(ShortTermState[A]):
    """A State that holds the history of another value.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.DelayState(torch.zeros(5, 3))
    DelayState(value=float32[5, 3])
    """


class NonBatchState(ShortTermState[A]):
    """A short-term State that the batched initialisers leave unbatched.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.NonBatchState(torch.zeros(3))
    NonBatchState(value=float32[3])
    """


def check_array(owner: str, value: Any, where: str = "") -> None:
    """Raise unless the value is a tensor, a numpy array or a quantity of one."""
    inner = value.mantissa if isinstance(value, Quantity) else value
    if not isinstance(inner, (torch.Tensor, np.ndarray)) and not isinstance(value, Quantity):
        raise TypeError(
            f"`value` of {owner} must be a tensor, a numpy array or a quantity{where}. Got {type(value).__name__}. "
            "Convert it with `torch.as_tensor`."
        )


class HiddenState(ShortTermState[A]):
    """The hidden state of a recurrent cell: one tensor, or one quantity.

    Parameters
    ----------
    value
        A tensor, a numpy array or a quantity, ``[*N]``.
    name, **kwargs
        As for :class:`State`.

    Raises
    ------
    TypeError
        The value is not a tensor, a numpy array or a quantity.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> h = brainstate.HiddenState(torch.zeros(2, 3))
    >>> h.varshape, h.num_state
    (torch.Size([2, 3]), 1)
    """

    def __init__(self, value: A, name: str | None = None, **kwargs: Any) -> None:
        check_array(type(self).__name__, value)
        super().__init__(value, name=name, **kwargs)

    @property
    def varshape(self) -> tuple[int, ...]:
        """The shape of the variable."""
        return self.value.shape  # type: ignore[attr-defined, no-any-return]

    @property
    def num_state(self) -> int:
        """How many variables the State holds."""
        return 1
