"""The sizes of inputs and outputs."""

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["as_size", "channels_moved"]


def as_size(size: Any, name: str) -> tuple[int, ...]:
    """A length or several as a tuple.

    Raises
    ------
    TypeError
        It is neither an integer nor a tuple or list.
    ValueError
        A length is negative.
    """
    if isinstance(size, (tuple, list)):
        lengths = tuple(size)
    elif isinstance(size, int) or (
        isinstance(size, (np.generic, np.ndarray)) and size.ndim == 0 and size.dtype.kind in "iu"
    ):
        lengths = (int(size),)
    else:
        raise TypeError(f"`{name}` must be an integer or a tuple of integers. Got {type(size).__name__}.")
    if any(isinstance(length, int) and length < 0 for length in lengths):
        raise ValueError(f"`{name}` must not be negative. Got {size}.")
    return lengths


def channels_moved(shape: Sequence[int], size: Sequence[int], cure: str = "") -> str:
    """What an error adds if the input has its channels at the other end: PyTorch has them in front of the space."""
    found = tuple(shape)[-len(size) :] if len(size) > 1 else ()
    if found == (size[-1], *size[:-1]):
        return f" The channels come last: `x.movedim({-len(size)}, -1)` moves them{cure}."
    if found == (*size[1:], size[0]):
        return f" The channels come first: `x.movedim(-1, {-len(size)})` moves them."
    return ""
