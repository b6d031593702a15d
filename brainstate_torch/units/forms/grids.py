"""Grids of indices and numbers, and the objects that are indexed to make them: ``mgrid``, ``r_``."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from ... import environ
from ..._arrays import beside, from_numpy
from ..descriptions import described
from .axes import Array, as_array
from .axes import indices as as_indices
from .joining import column_stack, concatenate
from .shapes import meshgrid

__all__ = ["c_", "fromfunction", "index_exp", "indices", "ix_", "mask_indices", "mgrid", "ogrid", "r_",
           "ravel_multi_index", "s_"]  # fmt: skip


@described
def indices(dimensions: Sequence[int], dtype: torch.dtype | None = None, sparse: bool = False) -> Any:
    """For each axis of a grid the index of every element along it.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.indices((2, 2)).tolist()
    [[[0, 0], [1, 1]], [[0, 1], [0, 1]]]
    """
    axes = [torch.arange(length, dtype=dtype or environ.ditype()) for length in dimensions]
    grids = meshgrid(*axes, sparse=sparse, indexing="ij")
    return tuple(grids) if sparse else torch.stack(grids) if grids else torch.zeros(0, dtype=dtype or environ.ditype())


@described
def ix_(*args: Array) -> tuple[torch.Tensor, ...]:
    """Vectors in the shapes in which together they index a grid.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.ix_([0, 1], [0, 2])
    >>> rows.shape, columns.shape
    (torch.Size([2, 1]), torch.Size([1, 2]))
    """
    places = [as_indices(torch.nonzero(x)[:, 0]) if x.dtype is torch.bool else x for x in args]
    return tuple(meshgrid(*places, sparse=True, indexing="ij"))


@described
def mask_indices(n: int, mask_func: Callable[..., Any], k: int = 0, *, size: int | None = None) -> tuple[Any, ...]:
    """The indices that a function such as :func:`triu` keeps in a matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.mask_indices(2, u.math.triu)
    >>> rows.tolist(), columns.tolist()
    ([0, 0, 1], [0, 1, 1])
    """
    found = torch.nonzero(mask_func(torch.ones(n, n), k), as_tuple=True)
    return tuple(as_indices(each[:size]) for each in found)


@described
def ravel_multi_index(
    multi_index: Sequence[Any], dims: Sequence[int], mode: str = "raise", order: str = "C"
) -> torch.Tensor:
    """Indices along each axis as indices of the flattened array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ravel_multi_index(([1, 0], [2, 3]), (2, 4)).tolist()
    [6, 3]
    """
    with beside(multi_index):
        places = [as_array(place).long() for place in multi_index]
    for axis, (place, length) in enumerate(zip(places, dims, strict=True)):
        if mode == "raise" and bool(((place < 0) | (place >= length)).any()):
            raise ValueError(
                f"`multi_index` must lie within `dims`. Got an index outside of axis {axis}, of length {length}. "
                "Use mode='wrap' or 'clip'."
            )
        places[axis] = place.remainder(length) if mode == "wrap" else place.clamp(0, length - 1)
    pairs = list(zip(places, dims, strict=True))
    result = torch.zeros((), dtype=torch.long)
    for place, length in pairs if order == "C" else reversed(pairs):
        result = result * length + place
    return as_indices(result)


@described
def fromfunction(function: Callable[..., Any], shape: Sequence[int], *, dtype: Any = float, **kwargs: Any) -> Any:
    """The result of a function that takes the indices along each axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.fromfunction(lambda i, j: i + j, (2, 2))
    tensor([[0., 1.],
            [1., 2.]])
    """
    kind = dtype if isinstance(dtype, torch.dtype) else environ.ditype() if dtype is int else environ.dftype()
    return function(*indices(shape, kind), **kwargs)


class _Grid:
    """The grid of a slice for each axis; an imaginary step is the number of values."""

    def __init__(self, sparse: bool) -> None:
        self._sparse = sparse

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, slice):
            return _line(key)
        grids = meshgrid(*map(_line, key), sparse=self._sparse, indexing="ij")
        return list(grids) if self._sparse else torch.stack(grids)


def _line(key: slice) -> torch.Tensor:
    start, stop, step = 0 if key.start is None else key.start, key.stop, 1 if key.step is None else key.step
    if isinstance(step, complex):
        return torch.linspace(start, stop, int(abs(step)), dtype=environ.dftype())
    whole = all(isinstance(number, int) for number in (start, stop, step))
    return from_numpy(np.arange(start, stop, step)).to(environ.ditype() if whole else environ.dftype())


class _Joined:
    """Arrays, numbers and slices one after another, or side by side as columns."""

    def __init__(self, columns: bool) -> None:
        self._columns = columns

    def __getitem__(self, key: Any) -> Any:
        parts = [
            _line(part) if isinstance(part, slice) else part for part in (key if isinstance(key, tuple) else (key,))
        ]
        if any(isinstance(part, str) for part in parts):
            raise NotImplementedError("an index must not be a string. Got one. Use u.math.concatenate or u.math.stack.")
        with beside(parts):
            arrays = [as_array(part) for part in parts]
            if self._columns and all(array.ndim <= 1 for array in arrays):
                return column_stack([array.reshape(-1) for array in arrays])
            arrays = [array.reshape(1) if not array.ndim else array for array in arrays]
            return concatenate(arrays, -1 if self._columns else 0)


mgrid, ogrid = _Grid(sparse=False), _Grid(sparse=True)
r_, c_ = _Joined(columns=False), _Joined(columns=True)
s_, index_exp = np.s_, np.index_exp
