"""Functions of arrays that units.math lacks."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ... import transform
from ...units import math

__all__ = ["apply_along_axis", "dtype", "load", "optax_l2_loss", "save", "select", "vectorize"]


def dtype(x: Any) -> torch.dtype:
    """The dtype that a word, a numpy dtype or a torch dtype names."""
    return x if isinstance(x, torch.dtype) else math.zeros(0, dtype=x).dtype


def select(which: Any, on_true: Any, on_false: Any) -> Any:
    """`on_true` where `which` holds, else `on_false`: ``jax.lax.select``."""
    return math.where(which, on_true, on_false)


def optax_l2_loss(predictions: Any, targets: Any = None) -> Any:
    """Half of the squared difference, as optax defines its ``l2_loss``."""
    difference = predictions if targets is None else predictions - targets
    return 0.5 * difference**2


def save(file: Any, arr: Any) -> None:
    """Write an array to a file of numpy's format."""
    np.save(file, np.asarray(torch.as_tensor(arr).detach().cpu()))


def load(file: Any, *args: Any, **kwargs: Any) -> Any:
    """Read an array from a file of numpy's format."""
    return math.asarray(np.load(file, *args, **kwargs))


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """A function of vectors along one axis of an array."""
    moved = math.moveaxis(arr, axis, -1)
    mapped: Callable[..., Any] = lambda row: func1d(row, *args, **kwargs)
    for _ in range(moved.ndim - 1):
        mapped = transform.vmap(mapped)
    result = mapped(moved)
    place = axis % arr.ndim
    extra = result.ndim - (moved.ndim - 1)
    if extra == 0:
        return result
    first = moved.ndim - 1
    return math.moveaxis(result, list(range(first, first + extra)), list(range(place, place + extra)))


def vectorize(pyfunc: Callable[..., Any], *, excluded: Sequence[Any] = (), signature: str | None = None) -> Any:
    """A function of numbers, applied to each element of broadcast arrays: ``jnp.vectorize`` without a signature.

    Raises
    ------
    NotImplementedError
        A signature or excluded arguments are given.
    """
    if signature is not None or excluded:
        raise NotImplementedError(
            "`vectorize` must be used without `signature` and `excluded`. Got one. Use transform.vmap over the axes."
        )

    def whole(*args: Any) -> Any:
        arrays = math.broadcast_arrays(*[math.asarray(x) for x in args])
        mapped = pyfunc
        for _ in range(arrays[0].ndim):
            mapped = transform.vmap(mapped)
        return mapped(*arrays)

    return whole
