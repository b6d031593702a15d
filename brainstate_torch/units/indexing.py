"""Indices as numpy has them: negative steps, and indices of elements for ``q.at[index]``."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .._arrays import as_tensor

__all__ = ["as_index", "forwards", "places"]


def as_index(index: Any) -> tuple[Any, ...]:
    """The index as a tuple of parts that torch knows: lists and arrays become tensors."""
    parts = index if isinstance(index, tuple) else (index,)
    return tuple(_part(part) for part in parts)


def _part(part: Any) -> Any:
    if isinstance(part, (list, np.ndarray, np.generic)):
        return as_tensor(np.asarray(part))
    return part


def _axes(parts: Sequence[Any], ndim: int) -> list[int | None]:
    """The first axis that each part of an index speaks of; None for those that add one."""
    taken = sum(_extent(part) for part in parts if part is not Ellipsis)
    if taken > ndim:
        raise IndexError(f"an index must have no more parts than there are axes. Got {taken} for {ndim}.")
    axis, axes = 0, list[int | None]()
    for part in parts:
        axes.append(None if part is None or isinstance(part, bool) else axis)
        axis += ndim - taken if part is Ellipsis else _extent(part)
    return axes


def _extent(part: Any) -> int:
    """How many axes a part of an index uses up."""
    if part is None or isinstance(part, bool):
        return 0
    return part.ndim if isinstance(part, torch.Tensor) and part.dtype is torch.bool else 1


def forwards(shape: Sequence[int], index: Any) -> tuple[list[int], Any]:
    """The axes to flip and the index with positive steps that together are an index with negative ones."""
    parts = list(index) if isinstance(index, tuple) else [index]
    if not any(isinstance(part, slice) and part.step is not None and part.step < 0 for part in parts):
        return [], index
    flipped = []
    for position, axis in enumerate(_axes(parts, len(shape))):
        part = parts[position]
        if axis is not None and isinstance(part, slice) and part.step is not None and part.step < 0:
            flipped.append(axis)
            start, stop, step = part.indices(shape[axis])
            last = shape[axis] - 1
            parts[position] = slice(last - start, max(last - stop, 0), -step)
    return flipped, tuple(parts)


def places(shape: Sequence[int], index: Any, mode: str | None, device: torch.device) -> torch.Tensor:
    """The index of each indexed element in the flattened array, in the shape of the result; -1 where it is outside.

    Integers outside of their axis count from the end, stop at the edge (``"clip"``), go round (``"wrap"``) or are
    outside (``"drop"``, ``"fill"``).
    """
    flat = torch.arange(math.prod(shape), device=device).reshape(tuple(shape))
    flipped, index = forwards(shape, as_index(index))
    flat = flat.flip(flipped) if flipped else flat
    parts, padded = list(index), list(shape)
    for position, axis in enumerate(_axes(parts, len(shape))):
        part = parts[position]
        if axis is None or part is Ellipsis or isinstance(part, slice):
            continue
        if not (isinstance(part, torch.Tensor) and part.dtype is torch.bool):
            parts[position] = _bounded(part, shape[axis], mode, device)
            # One extra index along the axis stands for everything outside.
            padded[axis] = shape[axis] + 1
    target = flat.new_full(padded, -1)
    target[tuple(slice(length) for length in shape)] = flat
    return target[tuple(parts)]


def _bounded(part: Any, length: int, mode: str | None, device: torch.device) -> Any:
    """Integers as indices along an axis of this length, `length` where they are outside."""
    if isinstance(part, int):
        return int(_bounded(torch.tensor(part), length, mode, device))
    if not isinstance(part, torch.Tensor) or part.is_floating_point() or part.is_complex():
        kind = part.dtype if isinstance(part, torch.Tensor) else type(part).__name__
        raise TypeError(
            f"the index of `at` must be of integers, slices, bools, None or '...'. Got {kind}. Convert it to integers."
        )
    part = part.to(device).long()
    part = torch.where(part < 0, part + length, part)
    if mode == "clip":
        return part.clamp(0, length - 1)
    if mode == "wrap":
        return part.remainder(length)
    return torch.where((part < 0) | (part >= length), length, part)
