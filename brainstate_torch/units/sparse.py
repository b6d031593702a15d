"""Sparse matrices: the numbers that are not zero, with a unit, and where they stand."""

import copy
from collections.abc import Sequence
from typing import Any, Self

import torch

from .functions import get_mantissa, get_unit
from .math import asarray
from .quantity import Quantity

__all__ = [
    "COO", "CSC", "CSR", "SparseMatrix", "coo_fromdense", "coo_todense", "csc_fromdense", "csc_todense",
    "csr_fromdense", "csr_todense",
]  # fmt: skip


class SparseMatrix:
    """Base of the sparse matrices of this module.

    Parameters
    ----------
    data
        The numbers, ``[nse]``; they may have a unit.
    row, col
        Where each stands.
    shape
        The number of rows and columns.

    Raises
    ------
    ValueError
        The shape is not that of a matrix, or the numbers and their indices are not equally many.

    Examples
    --------
    >>> import torch, brainstate_torch.units as u
    >>> isinstance(u.sparse.CSR.fromdense(torch.eye(2)), u.sparse.SparseMatrix)
    True
    """

    def __init__(self, data: Any, row: Any, col: Any, shape: Sequence[int]) -> None:
        self.data, self.row, self.col = asarray(data), _places(row), _places(col)
        self.shape = tuple(shape)
        if len(self.shape) != 2:
            raise ValueError(f"`shape` must be that of a matrix. Got {self.shape}.")
        if not self.data.shape == self.row.shape == self.col.shape:
            found = tuple(tuple(each.shape) for each in (self.data, self.row, self.col))
            raise ValueError(f"`data` and their indices must be equally many. Got the shapes {found}.")

    @property
    def nse(self) -> int:
        """The number of stored elements."""
        return int(self.row.numel())

    def todense(self) -> Any:
        """The whole matrix; numbers at the same index are added."""
        data = get_mantissa(self.data)
        dense = data.new_zeros(self.shape).index_put((self.row, self.col), data, accumulate=True)
        unit = get_unit(self.data)
        return dense if data is self.data else Quantity(dense, unit)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the numbers."""
        return get_mantissa(self.data).dtype  # type: ignore[no-any-return]

    @property
    def ndim(self) -> int:
        """The number of axes: two."""
        return 2

    @property
    def size(self) -> int:
        """The number of stored elements."""
        return self.nse

    @property
    def T(self) -> "SparseMatrix":
        """Rows and columns exchanged."""
        return self.transpose()

    def transpose(self) -> "SparseMatrix":
        """Rows and columns exchanged."""
        return COO((self.data, self.col, self.row), shape=self.shape[::-1])

    def with_data(self, data: Any) -> Self:
        """Other numbers at the same indices.

        Raises
        ------
        ValueError
            There are not as many.
        """
        data = asarray(data)
        if data.shape != self.data.shape:
            found = tuple(data.shape), tuple(self.data.shape)
            raise ValueError(f"`data` must have the shape of the old numbers. Got {found[0]} for {found[1]}.")
        other = copy.copy(self)
        other.data = data
        return other

    def sum(self, axis: int | None = None) -> Any:
        """The sum of the numbers, or those along an axis."""
        return self.data.sum() if axis is None else self.todense().sum(axis)

    def __neg__(self) -> Self:
        return self.with_data(-self.data)

    def __mul__(self, other: Any) -> Any:
        if getattr(other, "ndim", 0):
            return self.with_data(self.data * asarray(other).expand(self.shape)[self.row, self.col])
        return self.with_data(self.data * other)

    __rmul__ = __mul__

    def __truediv__(self, other: Any) -> Any:
        if getattr(other, "ndim", 0):
            return self.with_data(self.data / asarray(other).expand(self.shape)[self.row, self.col])
        return self.with_data(self.data / other)

    def __matmul__(self, other: Any) -> Any:
        if isinstance(other, SparseMatrix):
            other = other.todense()
        return _product(self, asarray(other))

    def __rmatmul__(self, other: Any) -> Any:
        other = asarray(other)
        result = _product(self.transpose(), other.T if other.ndim == 2 else other)
        return result.T if other.ndim == 2 else result

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.shape[0]} x {self.shape[1]}, nse={self.nse})"


class COO(SparseMatrix):
    """A sparse matrix by the row and column of each number.

    Parameters
    ----------
    args
        ``(data, row, col)``, each ``[nse]``.
    shape
        The number of rows and columns.

    Notes
    -----
    Source: brainunit.sparse.COO (0.5.2). Differs: arithmetic with numbers and dense arrays alone.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.sparse.COO(([3., 4.], [0, 1], [1, 0]), shape=(2, 2)).todense()
    tensor([[0., 3.],
            [4., 0.]])
    """

    def __init__(self, args: tuple[Any, Any, Any], *, shape: Sequence[int]) -> None:
        data, row, col = args
        super().__init__(data, row, col, shape)

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None) -> Self:
        """The matrix of the numbers that are not zero."""
        mat = asarray(mat)
        row, col = _nonzero(mat, nse).unbind(1)
        return cls((_numbers(mat, row, col, _count(mat)), row, col), shape=mat.shape)


class CSR(SparseMatrix):
    """A sparse matrix by rows.

    Parameters
    ----------
    args
        ``(data, indices, indptr)``: the numbers row by row, the column of each, and where each row starts,
        ``[rows + 1]``.
    shape
        The number of rows and columns.

    Notes
    -----
    Source: brainunit.sparse.CSR (0.5.2). Differs: arithmetic with numbers and dense arrays alone.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.sparse.CSR(([3., 4.], [1, 0], [0, 1, 2]), shape=(2, 2)).todense()
    tensor([[0., 3.],
            [4., 0.]])
    """

    def __init__(self, args: tuple[Any, Any, Any], *, shape: Sequence[int]) -> None:
        data, self.indices, self.indptr = args[0], _places(args[1]), _places(args[2])
        super().__init__(data, _repeated(self.indptr), self.indices, shape)

    def transpose(self) -> "CSC":
        """Rows and columns exchanged: the same numbers by columns."""
        return CSC((self.data, self.indices, self.indptr), shape=self.shape[::-1])

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None) -> Self:
        """The matrix of the numbers that are not zero."""
        mat = asarray(mat)
        row, col = _nonzero(mat, nse).unbind(1)
        return cls((_numbers(mat, row, col, _count(mat)), col, _starts(row, mat.shape[0])), shape=mat.shape)


class CSC(SparseMatrix):
    """A sparse matrix by columns.

    Parameters
    ----------
    args
        ``(data, indices, indptr)``: the numbers column by column, the row of each, and where each column starts,
        ``[columns + 1]``.
    shape
        The number of rows and columns.

    Notes
    -----
    Source: brainunit.sparse.CSC (0.5.2). Differs: arithmetic with numbers and dense arrays alone.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.sparse.CSC(([4., 3.], [1, 0], [0, 1, 2]), shape=(2, 2)).todense()
    tensor([[0., 3.],
            [4., 0.]])
    """

    def __init__(self, args: tuple[Any, Any, Any], *, shape: Sequence[int]) -> None:
        data, self.indices, self.indptr = args[0], _places(args[1]), _places(args[2])
        super().__init__(data, self.indices, _repeated(self.indptr), shape)

    def transpose(self) -> "CSR":
        """Rows and columns exchanged: the same numbers by rows."""
        return CSR((self.data, self.indices, self.indptr), shape=self.shape[::-1])

    @classmethod
    def fromdense(cls, mat: Any, *, nse: int | None = None) -> Self:
        """The matrix of the numbers that are not zero."""
        mat = asarray(mat)
        col, row = _nonzero(mat.T, nse).unbind(1)
        return cls((_numbers(mat, row, col, _count(mat)), row, _starts(col, mat.shape[1])), shape=mat.shape)


def _product(matrix: SparseMatrix, dense: Any) -> Any:
    """The product with a vector or matrix: each number meets the row of its column, and adds to its own row."""
    if dense.ndim not in (1, 2) or dense.shape[0] != matrix.shape[1]:
        raise ValueError(f"`other` must have {matrix.shape[1]} rows. Got the shape {tuple(dense.shape)}. Transpose it.")
    data = matrix.data if dense.ndim == 1 else matrix.data[:, None]
    terms = data * dense[matrix.col]
    zeros = torch.zeros_like(terms.sum(0)).expand(matrix.shape[0], *terms.shape[1:])
    return zeros.index_add(0, matrix.row, terms)


def csr_fromdense(mat: Any, *, nse: int | None = None) -> CSR:
    """The matrix of the numbers that are not zero, by rows."""
    return CSR.fromdense(mat, nse=nse)


def csc_fromdense(mat: Any, *, nse: int | None = None) -> CSC:
    """The matrix of the numbers that are not zero, by columns."""
    return CSC.fromdense(mat, nse=nse)


def coo_fromdense(mat: Any, *, nse: int | None = None) -> COO:
    """The matrix of the numbers that are not zero, with the row and column of each."""
    return COO.fromdense(mat, nse=nse)


def csr_todense(mat: SparseMatrix) -> Any:
    """The whole matrix."""
    return mat.todense()


csc_todense = coo_todense = csr_todense


def _count(mat: Any) -> int:
    return int((get_mantissa(mat) != 0).sum())


def _nonzero(mat: Any, nse: int | None) -> torch.Tensor:
    """The indices of the numbers, ``[nse, 2]``: cut, or filled with indices of the last row whose numbers are zero."""
    found = get_mantissa(mat).nonzero()
    if nse is None:
        return found  # type: ignore[no-any-return]
    missing = max(nse - found.shape[0], 0)
    last = found.new_tensor([[mat.shape[0] - 1, mat.shape[1] - 1]])
    return torch.cat([found[:nse], last.expand(missing, 2)])


def _numbers(mat: Any, row: torch.Tensor, col: torch.Tensor, count: int) -> Any:
    """The numbers at the indices; zero from `count` on, where indices only fill."""
    data = mat[row, col]
    return data if count >= len(row) else torch.where(torch.arange(len(row), device=row.device) < count, data, 0)


def _places(x: Any) -> torch.Tensor:
    return asarray(x).long()  # type: ignore[no-any-return]


def _repeated(starts: torch.Tensor) -> torch.Tensor:
    """The number of the row of each element, from where rows start."""
    return torch.arange(len(starts) - 1, device=starts.device).repeat_interleave(starts.diff())


def _starts(row: torch.Tensor, rows: int) -> torch.Tensor:
    counts = torch.bincount(row, minlength=rows)
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])
