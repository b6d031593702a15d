"""Functions that draw from `DEFAULT`: how one is made from a method of RandomState, and one that differs from it."""

from collections.abc import Callable
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._default import DEFAULT
from ._state import RandomState

__all__ = ["of_default", "randint"]

P = ParamSpec("P")
R = TypeVar("R")


def of_default(method: Callable[Concatenate[RandomState, P], R]) -> Callable[P, R]:
    """Return the function that calls a method on `DEFAULT`."""

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(DEFAULT, *args, **kwargs)

    whole = signature(method)
    function.__name__ = function.__qualname__ = method.__name__
    # Where a pickle finds it.
    function.__module__ = __package__
    function.__doc__ = method.__doc__
    function.__signature__ = whole.replace(parameters=list(whole.parameters.values())[1:])  # type: ignore[attr-defined]
    return function


def randint(
    low: ArrayLike,
    high: ArrayLike | None = None,
    size: Size | None = None,
    key: SeedOrKey | None = None,
    dtype: DTypeLike | None = None,
) -> torch.Tensor:
    """Uniform integers of [low, high), or of [0, low) without `high`.

    Parameters
    ----------
    low
        The smallest integer `[*N]`; without `high` the upper bound.
    high
        The upper bound `[*N]`, excluded. Where it is not above `low`, the result is `low`.
    size, key, dtype
        Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

    Returns
    -------
    Tensor
        Integers `[*size]`, by default in the integer dtype of `environ`.

    Raises
    ------
    TypeError
        `dtype` is not an integer dtype.

    Notes
    -----
    Source: brainstate.random.randint (0.5.4), whose last two arguments stand in another order than the method's.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> x = brainstate.random.randint(1, 7, size=100)
    >>> x.dtype, bool(((1 <= x) & (x <= 6)).all())
    (torch.int32, True)
    """
    return DEFAULT.randint(low, high, size, dtype=dtype, key=key)
