"""jit_error_if: raise if something holds anywhere."""

from collections.abc import Callable
from typing import Any

import torch

from ..._arrays import as_tensor, is_arraylike
from ..._errors import kind_of
from ..._program.effect import with_numbers_of
from .._core.functional import combine, partition

__all__ = ["jit_error_if"]


def jit_error_if(pred: Any, error: Callable[..., Any] | str, *err_args: Any, **err_kwargs: Any) -> None:
    """Raise if `pred` holds anywhere, in any lane of a vmap.

    In a compiled program it is looked at in every run, and a run that raises changes no State. Where only shapes are
    traced, nothing is known and nothing is raised.

    Parameters
    ----------
    pred
        A boolean, a number, or a tensor of any shape.
    error
        A message for a ValueError, or a function that raises.
    *err_args, **err_kwargs
        What the message is formatted with (``%`` or ``{}`` for positional ones, ``{name}`` for keywords), or what the
        function is called with. Tensors in them have the numbers of all lanes.

    Raises
    ------
    ValueError
        `pred` holds somewhere, and `error` is a message.
    TypeError
        `pred` is not a number or tensor, or `error` is neither a message nor a function.

    Notes
    -----
    Source: brainstate.transform.jit_error_if (0.5.4). Differs: the error reaches the caller as it was raised.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> x = torch.tensor([1., -2.])
    >>> brainstate.transform.jit_error_if(x < 0, 'the smallest is {low}', low=x.min())
    Traceback (most recent call last):
    ValueError: the smallest is -2.0
    """
    if not isinstance(error, str) and not callable(error):
        raise TypeError(f"`error` must be a message or a function. Got {kind_of(error)}.")
    if not is_arraylike(pred):
        raise TypeError(f"`pred` must be a number or a tensor. Got {kind_of(pred)}.")
    tensors, static = partition((err_args, err_kwargs))

    def act(holds: torch.Tensor, *numbers: torch.Tensor) -> None:
        if not bool(holds.any()):
            return
        args, kwargs = combine(numbers, static)
        if callable(error):
            error(*args, **kwargs)
        else:
            raise ValueError(_formatted(error, args, kwargs))

    with_numbers_of([as_tensor(pred), *tensors], act)


def _formatted(message: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    if args:
        try:
            message = message % args
        except (TypeError, ValueError):
            return message.format(*args, **kwargs)
    return message.format(**kwargs) if kwargs else message
