"""param: the value of a layer's parameter, made from the argument for it."""

from collections.abc import Callable
from typing import Any

import torch

from ..._arrays import is_arraylike
from ..._state import State
from ...typing import ArrayLike, Size
from ...units import is_quantity
from ...units import math as um
from .base import as_shape

__all__ = ["param"]


def param(
    parameter: Callable[..., Any] | ArrayLike | State[Any] | None,
    sizes: Size,
    batch_size: int | None = None,
    allow_none: bool = True,
    allow_scalar: bool = True,
) -> Any:
    """The value of a parameter that is given by an initialiser, a function of the shape, an array or a State.

    Parameters
    ----------
    parameter
        Where the value comes from. A number is returned as it is; so is an array that broadcasts to `sizes`.
    sizes
        The shape.
    batch_size
        The length of a batch axis in front.
    allow_none, allow_scalar
        Let None and numbers pass.

    Returns
    -------
    Tensor, Quantity, number, State or None
        The value, ``[*sizes]`` or ``[batch_size, *sizes]``.

    Raises
    ------
    ValueError
        The parameter is none of these or a bool, its shape does not broadcast to `sizes`, or its batch axis has another
        length.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> param = brainstate.nn.init.param
    >>> param(torch.zeros, (2,), batch_size=3).shape, param(0.5, (2,))
    (torch.Size([3, 2]), 0.5)
    >>> param(torch.tensor([1., 2.]), (2,), batch_size=2)
    tensor([[1., 2.],
            [1., 2.]])
    """
    if parameter is None:
        if allow_none:
            return None
        raise ValueError("`parameter` must be a number, an array, an initialiser or a function. Got None.")
    shape = as_shape(sizes)
    if callable(parameter):
        return parameter(shape if batch_size is None else (batch_size, *shape))
    value: Any = parameter.value if isinstance(parameter, State) else parameter
    if isinstance(value, bool):
        # The third argument of torch.nn.Linear is `bias`.
        raise ValueError(
            f"`parameter` must be a number, an array, a State or a function. Got {value}. "
            "For a layer without a bias write `b_init=None`."
        )
    if not is_arraylike(value) and not is_quantity(value):
        raise ValueError(
            f"`parameter` must be a number, an array, a State or a function. Got {type(value).__name__}, "
            "an unknown parameter type."
        )
    if um.isscalar(value):
        if not allow_scalar:
            raise ValueError(f"`parameter` must have the shape {shape}, or be a function. Got a number.")
        return parameter
    if not _broadcast(value.shape, shape):
        raise ValueError(f"the shape of `parameter` must match {shape}: it does not match. Got {tuple(value.shape)}.")
    if batch_size is not None:
        value = _batched(um.asarray(value), len(shape), batch_size)
    return type(parameter)(value) if isinstance(parameter, State) else value


def _broadcast(first: Any, second: tuple[int, ...]) -> bool:
    pairs = zip(reversed(tuple(first)), reversed(second), strict=False)
    return all(a == b or 1 in (a, b) for a, b in pairs)


def _batched(value: Any, ndim: int, batch_size: int) -> Any:
    if value.ndim <= ndim:
        value = value.reshape(1, *[1] * (ndim - value.ndim), *value.shape)
        return torch.repeat_interleave(value, batch_size, 0)
    if value.shape[0] != batch_size:
        raise ValueError(
            f"the batch size of `parameter` must be {batch_size}: it does not match. Got {value.shape[0]}."
        )
    return value
