"""Diagonals and triangles of matrices, and their indices."""

from typing import Any

import torch

from ..descriptions import described
from .axes import Alike, Array, indices, sum_dtype

__all__ = [
    "diag", "diag_indices", "diag_indices_from", "diagflat", "diagonal", "fill_diagonal", "remove_diag", "trace",
    "tril", "tril_indices", "tril_indices_from", "triu", "triu_indices", "triu_indices_from",
]  # fmt: skip


def diag(v: Array, k: int = 0, unit: Any = None) -> Array:
    """The `k`-th diagonal of a matrix, or the matrix that has the values on it.

    Parameters
    ----------
    v
        A matrix, or the values of a diagonal.
    k
        How far above the main diagonal.
    unit
        The unit of plain values.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.diag([[1.0, 2.0], [3.0, 4.0]] * u.mV), u.math.diag([[1.0, 2.0], [3.0, 4.0]] * u.mV, k=1)
    (tensor([1., 4.]) mV, tensor([2.]) mV)
    """
    return torch.diag(_in(v, unit), k)


def _in(x: Array, unit: Any) -> Array:
    return x if unit is None else x * unit if isinstance(x, torch.Tensor) else x.in_unit(unit)


def diagflat(v: Array, k: int = 0) -> Array:
    """The matrix that has all values on its `k`-th diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.diagflat([1.0, 2.0] * u.mV)
    tensor([[1., 0.],
            [0., 2.]]) mV
    """
    return torch.diagflat(v, k)


def diagonal(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    """The diagonal of two axes, as the last axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.diagonal([[1.0, 2.0], [3.0, 4.0]] * u.mV, offset=1)
    tensor([2.]) mV
    """
    return torch.diagonal(a, offset, axis1, axis2)


def trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: torch.dtype | None = None) -> Array:
    """The sum of a diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.trace([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    5.0 mV
    """
    return torch.sum(diagonal(a, offset, axis1, axis2), -1, dtype=dtype or sum_dtype(a))


def tril(m: Array, k: int = 0, unit: Any = None) -> Array:
    """The lower triangle, up to the `k`-th diagonal above the main one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tril([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    tensor([[1., 0.],
            [3., 4.]]) mV
    """
    return torch.tril(_in(m, unit), k)


def triu(m: Array, k: int = 0, unit: Any = None) -> Array:
    """The upper triangle, from the `k`-th diagonal above the main one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.triu([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    tensor([[1., 2.],
            [0., 4.]]) mV
    """
    return torch.triu(_in(m, unit), k)


def fill_diagonal(a: Alike, val: Alike, wrap: bool = False, inplace: bool = False) -> Array:
    """A copy of the matrix with other values on its diagonal.

    Raises
    ------
    NotImplementedError
        `inplace` is asked for: a value never changes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.fill_diagonal([[1.0, 2.0], [3.0, 4.0]] * u.mV, 0.0)
    tensor([[0., 2.],
            [3., 0.]]) mV
    """
    if inplace:
        raise NotImplementedError(
            "`inplace` must be False. Got True. Bind the result: m = u.math.fill_diagonal(m, value)."
        )
    step = sum(torch.Size(a.shape[axis + 1 :]).numel() for axis in range(a.ndim))
    end = a.numel() if wrap or a.ndim != 2 else min(a.numel(), a.shape[1] * a.shape[1])
    places = torch.arange(0, end, step, device=a.device)
    mask = torch.zeros(a.numel(), dtype=torch.bool, device=a.device).index_fill(0, places, True)
    if val.ndim:
        count = places.numel()
        ranks = (mask.cumsum(0) - 1).clamp(min=0) % val.numel()
        val = val.reshape(-1)[ranks[: mask.numel()]].reshape(a.shape) if count else val
    return torch.where(~mask.reshape(a.shape), a, val)


def remove_diag(x: Array) -> Array:
    """A square matrix without its diagonal, ``[n, n - 1]``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.remove_diag([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    tensor([[2.],
            [3.]]) mV
    """
    if x.ndim != 2:
        raise ValueError(f"`x` must have two axes. Got {x.ndim}. Take one matrix at a time.")
    kept = ~torch.eye(*x.shape, dtype=torch.bool, device=x.device)
    return torch.reshape(x[kept], (x.shape[0], x.shape[1] - 1))


@described
def diag_indices(n: int, ndim: int = 2) -> tuple[torch.Tensor, ...]:
    """The indices of the diagonal of an array with `ndim` axes of length `n`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.diag_indices(2)
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [0, 1])
    """
    return (indices(torch.arange(n)),) * ndim


def diag_indices_from(arr: Array) -> tuple[torch.Tensor, ...]:
    """The indices of the diagonal of an array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.diag_indices_from([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    >>> rows.tolist(), columns.tolist()
    ([0, 1], [0, 1])
    """
    if arr.ndim < 2 or len(set(arr.shape)) != 1:
        raise ValueError(
            f"`arr` must have two or more axes of one length. Got the shape {tuple(arr.shape)}. Cut it first."
        )
    return diag_indices(arr.shape[0], arr.ndim)


@described
def tril_indices(n: int, k: int = 0, m: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """The indices of the lower triangle of a matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.tril_indices(2)
    >>> rows.tolist(), columns.tolist()
    ([0, 1, 1], [0, 0, 1])
    """
    rows, columns = indices(torch.tril_indices(n, n if m is None else m, k))
    return rows, columns


@described
def triu_indices(n: int, k: int = 0, m: int | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    """The indices of the upper triangle of a matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.triu_indices(2)
    >>> rows.tolist(), columns.tolist()
    ([0, 0, 1], [0, 1, 1])
    """
    rows, columns = indices(torch.triu_indices(n, n if m is None else m, k))
    return rows, columns


def tril_indices_from(arr: Array, k: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """The indices of the lower triangle of this matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.tril_indices_from([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    >>> rows.tolist(), columns.tolist()
    ([0, 1, 1], [0, 0, 1])
    """
    return tril_indices(arr.shape[-2], k, arr.shape[-1])


def triu_indices_from(arr: Array, k: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """The indices of the upper triangle of this matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> rows, columns = u.math.triu_indices_from([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    >>> rows.tolist(), columns.tolist()
    ([0, 0, 1], [0, 1, 1])
    """
    return triu_indices(arr.shape[-2], k, arr.shape[-1])
