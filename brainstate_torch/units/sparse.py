"""Sparse matrices: the numbers that are not zero, with a unit, and where they stand."""

from collections.abc import Sequence
from typing import Any, Self

import torch

from .functions import get_mantissa, get_unit
from .math import asarray
from .quantity import Quantity

__all__ = ["COO", "CSC", "CSR", "SparseMatrix"]


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
        The shape is not that of a matrix, or the numbers and their places are not equally many.

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
            raise ValueError(f"`data` and their places must be equally many. Got the shapes {found}.")

    @property
    def nse(self) -> int:
        """The number of stored elements."""
        return int(self.row.numel())

    def todense(self) -> Any:
        """The whole matrix; numbers at the same place are added."""
        data = get_mantissa(self.data)
        dense = data.new_zeros(self.shape).index_put((self.row, self.col), data, accumulate=True)
        unit = get_unit(self.data)
        return dense if data is self.data else Quantity(dense, unit)

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
    Source: brainunit.sparse.COO (0.5.2). Differs: it has no arithmetic; ``nn.SparseLinear`` multiplies.

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
    def fromdense(cls, mat: Any) -> Self:
        """The matrix of the numbers that are not zero."""
        row, col = get_mantissa(asarray(mat)).nonzero().unbind(1)
        return cls((asarray(mat)[row, col], row, col), shape=mat.shape)


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
    Source: brainunit.sparse.CSR (0.5.2). Differs: it has no arithmetic; ``nn.SparseLinear`` multiplies.

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

    @classmethod
    def fromdense(cls, mat: Any) -> Self:
        """The matrix of the numbers that are not zero."""
        mat = asarray(mat)
        row, col = get_mantissa(mat).nonzero().unbind(1)
        return cls((mat[row, col], col, _starts(row, mat.shape[0])), shape=mat.shape)


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
    Source: brainunit.sparse.CSC (0.5.2). Differs: it has no arithmetic; ``nn.SparseLinear`` multiplies.

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

    @classmethod
    def fromdense(cls, mat: Any) -> Self:
        """The matrix of the numbers that are not zero."""
        mat = asarray(mat)
        col, row = get_mantissa(mat).T.nonzero().unbind(1)
        return cls((mat[row, col], row, _starts(col, mat.shape[1])), shape=mat.shape)


def _places(x: Any) -> torch.Tensor:
    return asarray(x).long()  # type: ignore[no-any-return]


def _repeated(starts: torch.Tensor) -> torch.Tensor:
    """The number of the row of each element, from where rows start."""
    return torch.arange(len(starts) - 1, device=starts.device).repeat_interleave(starts.diff())


def _starts(row: torch.Tensor, rows: int) -> torch.Tensor:
    counts = torch.bincount(row, minlength=rows)
    return torch.cat([counts.new_zeros(1), counts.cumsum(0)])
