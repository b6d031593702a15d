"""Matrices in the formats dense, COO, CSR and CSC."""

from collections.abc import Sequence
from typing import Any, Self

import torch

from .._host.functorch import is_batched, is_differentiated
from ..nn.module.operand import operand
from ..transform._core.truth import is_undecided
from ..units import math
from ..units._doors import detach
from . import plasticity
from .arrays import EventRepresentation
from .kernels import of_rows
from .places import as_places, coo2csr, coo_to_csc_index, csr_to_csc_index, rows_of, starts
from .representation import DataRepresentation, as_tree, check_numbers, check_places

__all__ = ["COO", "CSC", "CSR", "Dense", "csr_slice_rows"]


class Convertible(DataRepresentation):
    """A matrix with conversions to the formats of this module."""

    def tocoo(self) -> "COO":
        return _as_coo(self)

    def tocsr(self) -> "CSR":
        return _as_csr(self)

    def tocsc(self) -> "CSC":
        return _as_csc(self)


@as_tree
class Dense(Convertible):
    """A whole matrix, with the methods of the sparse ones.

    Parameters
    ----------
    data
        The matrix, ``[rows, columns]``.
    shape
        Its shape; None for that of `data`.
    backend
        Without effect.

    Raises
    ------
    ValueError
        `data` is no matrix, or has another shape.

    Notes
    -----
    Source: brainevent.Dense (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.BinaryArray([True, False]) @ event.Dense(torch.tensor([[1., 2.], [3., 4.]]))
    tensor([1., 2.])
    """

    def __init__(self, data: Any, *, shape: Sequence[int] | None = None, backend: str | None = None) -> None:
        data = math.asarray(data)
        seen = tuple(data.shape)
        if len(seen) != 2 or (shape is not None and tuple(shape) != seen):
            raise ValueError(
                f"`data` must be a matrix{f' of shape {tuple(shape)}' if shape else ''}. Got shape {seen}."
            )
        super().__init__(data, seen, backend)

    @property
    def nse(self) -> int:
        """How many numbers the matrix stores."""
        return self.shape[0] * self.shape[1]

    @property
    def row(self) -> torch.Tensor:
        """The row of each number, ``[nse]``."""
        return torch.arange(self.shape[0]).repeat_interleave(self.shape[1])

    @property
    def col(self) -> torch.Tensor:
        """The column of each number, ``[nse]``."""
        return torch.arange(self.shape[1]).repeat(self.shape[0])

    def todense(self) -> Any:
        """The matrix."""
        return self.data

    def transpose(self) -> "Dense":
        """Rows and columns exchanged."""
        return Dense(math.transpose(self.data))

    def _event_product(self, events: EventRepresentation, is_left: bool) -> Any:
        return events @ self.data if is_left else events.__rmatmul__(self.data)

    def _lanes(self, x: torch.Tensor, numbers: torch.Tensor, is_left: bool) -> torch.Tensor:
        return x.to(numbers.dtype) @ (numbers if is_left else numbers.mT)

    def update_on_pre(self, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None) -> "Dense":
        """See :func:`update_dense_on_binary_pre`."""
        return self.with_data(plasticity.update_dense_on_binary_pre(self.data, pre_spike, post_trace, w_min, w_max))

    def update_on_post(self, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None) -> "Dense":
        """See :func:`update_dense_on_binary_post`."""
        return self.with_data(plasticity.update_dense_on_binary_post(self.data, pre_trace, post_spike, w_min, w_max))


@as_tree
class COO(Convertible):
    """A sparse matrix by the row and column of each number.

    Parameters
    ----------
    args
        ``(data, row, col)``, each ``[nse]``; `data` may be one number for all.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Raises
    ------
    ValueError
        The numbers and their places are not equally many, or a place lies outside.

    Notes
    -----
    Source: brainunit.sparse.COO (0.5.2), with products of events.

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.BinaryArray([True, False]) @ event.COO(([3., 4.], [0, 1], [1, 0]), shape=(2, 2))
    tensor([0., 3.])
    """

    def __init__(self, args: tuple[Any, Any, Any], *, shape: Sequence[int], backend: str | None = None) -> None:
        data, row, col = args
        super().__init__(operand(data, row, col), shape, backend)
        self._row, self._col = as_places(row, self.data), as_places(col, self.data)
        check_numbers(self.data, self._col.numel())
        check_places("row", self._row, self.shape[0])
        check_places("col", self._col, self.shape[1])

    row = property(lambda self: self._row, doc="The row of each number, ``[nse]``.")
    col = property(lambda self: self._col, doc="The column of each number, ``[nse]``.")

    @classmethod
    def fromdense(cls, mat: Any, **kwargs: Any) -> "COO":
        """The matrix of the numbers that are not zero.

        Parameters
        ----------
        mat
            The whole matrix.
        **kwargs
            Without effect.

        Returns
        -------
        COO
            The matrix.
        """
        mat = math.asarray(mat)
        row, col = (detach(mat)[0] != 0).nonzero().unbind(1)
        return COO((mat[row, col], row, col), shape=mat.shape)

    def transpose(self) -> "COO":
        """Rows and columns exchanged."""
        return COO((self.data, self.col, self.row), shape=self.shape[::-1])


class _Compressed(Convertible):
    """A matrix by lines: rows of a CSR, columns of a CSC."""

    _by_rows: bool

    def __init__(
        self,
        data: Any,
        indices: Any = None,
        indptr: Any = None,
        *,
        shape: Sequence[int],
        backend: str | None = None,
        **kwargs: Any,
    ) -> None:
        if indices is None:
            data, indices, indptr = data
        super().__init__(operand(data, indices, indptr), shape, backend)
        self.indices, self.indptr = as_places(indices, self.data), as_places(indptr, self.data)
        lines, across = self.shape if self._by_rows else self.shape[::-1]
        if self.indptr.shape != (lines + 1,):
            raise ValueError(f"`indptr` must have {lines + 1} elements. Got shape {tuple(self.indptr.shape)}.")
        check_numbers(self.data, self.indices.numel())
        check_places("indices", self.indices, across)
        if not is_undecided(self.indptr) and int(self.indptr[-1]) != len(self.indices):
            raise ValueError(
                f"`indptr` must end with the number of indices. Got {int(self.indptr[-1])} and {len(self.indices)}."
            )
        self._lines = rows_of(self.indptr, len(self.indices))

    @property
    def row(self) -> torch.Tensor:
        """The row of each number, ``[nse]``."""
        return self._lines if self._by_rows else self.indices

    @property
    def col(self) -> torch.Tensor:
        """The column of each number, ``[nse]``."""
        return self.indices if self._by_rows else self._lines

    @classmethod
    def fromdense(cls, mat: Any, **kwargs: Any) -> Self:
        """The matrix of the numbers that are not zero.

        Parameters
        ----------
        mat
            The whole matrix.
        **kwargs
            Without effect.

        Returns
        -------
        CSR or CSC
            The matrix.
        """
        mat = math.asarray(mat)
        numbers = detach(mat)[0] != 0
        line, place = (numbers if cls._by_rows else numbers.mT).nonzero().unbind(1)
        data = mat[line, place] if cls._by_rows else mat[place, line]
        lines = mat.shape[0] if cls._by_rows else mat.shape[1]
        return cls((data, place, starts(line, lines)), shape=mat.shape)

    def _lanes(self, x: torch.Tensor, numbers: torch.Tensor, is_left: bool) -> torch.Tensor:
        # Events select rows: only those are read.
        alone = x.dtype is torch.bool and x.ndim == 1 and is_left == self._by_rows
        # torch.compile does not know the functions that ask for lanes.
        alone = alone and not torch.compiler.is_dynamo_compiling()
        if alone and not (is_differentiated(numbers) or is_batched(x) or is_batched(numbers)):
            length = self.shape[1] if is_left else self.shape[0]
            return of_rows(x, numbers.reshape(-1), self.indices, self.indptr, length)
        return super()._lanes(x, numbers, is_left)

    def build_weight_indices(self) -> Self:
        """The matrix itself: what brainevent prepares here is found when it is needed.

        Returns
        -------
        CSR or CSC
            The matrix.
        """
        return self

    def slice_rows(self, index: Any) -> Any:
        """Some rows, as a sparse matrix.

        Parameters
        ----------
        index
            The numbers of the rows.

        Returns
        -------
        CSR
            The matrix ``[K, columns]``.
        """
        by_rows = self.tocsr()
        rows = as_places(index, by_rows.indptr).reshape(-1)
        rows = torch.where(rows < 0, rows + self.shape[0], rows)
        counts = by_rows.indptr[rows + 1] - by_rows.indptr[rows]
        first = by_rows.indptr[rows] - (counts.cumsum(0) - counts)
        places = torch.arange(int(counts.sum()), device=rows.device) + first.repeat_interleave(counts)
        data = by_rows.data if math.size(by_rows.data) == 1 else by_rows.data[places]
        indptr = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        return CSR((data, by_rows.indices[places], indptr), shape=(len(rows), self.shape[1]))


@as_tree
class CSR(_Compressed):
    """A sparse matrix by rows. Products with events count each event as 1, and read the rows of events only.

    Parameters
    ----------
    data
        The numbers ``[nse]`` row by row, or one for all; or ``(data, indices, indptr)``.
    indices, indptr
        The column of each, ``[nse]``, and where each row starts, ``[rows + 1]``.
    shape
        The number of rows and columns.
    backend, **kwargs
        Without effect.

    Raises
    ------
    ValueError
        The numbers and their places do not fit each other or the shape.

    Notes
    -----
    Source: brainevent.CSR (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> weights = event.CSR(([3., 4.], [1, 0], [0, 1, 2]), shape=(2, 2))
    >>> event.BinaryArray([True, False]) @ weights, weights @ torch.tensor([1., 10.])
    (tensor([0., 3.]), tensor([30.,  4.]))
    """

    _by_rows = True

    def tocsr(self) -> "CSR":
        """The matrix itself."""
        return self

    def transpose(self) -> "CSC":
        """Rows and columns exchanged: the same numbers by columns."""
        return CSC((self.data, self.indices, self.indptr), shape=self.shape[::-1])

    def update_on_pre(self, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None) -> "CSR":
        """See :func:`update_csr_on_binary_pre`."""
        return self.with_data(
            plasticity.update_csr_on_binary_pre(
                self.data, self.indices, self.indptr, pre_spike, post_trace, w_min, w_max, shape=self.shape
            )
        )

    def update_on_post(self, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None) -> "CSR":
        """See :func:`update_csr_on_binary_post`."""
        indptr, rows, order = csr_to_csc_index(self.indptr, self.indices, shape=self.shape)
        return self.with_data(
            plasticity.update_csr_on_binary_post(
                self.data, rows, indptr, order, pre_trace, post_spike, w_min, w_max, shape=self.shape
            )
        )


@as_tree
class CSC(_Compressed):
    """A sparse matrix by columns. Products with events count each event as 1.

    Parameters
    ----------
    data
        The numbers ``[nse]`` column by column, or one for all; or ``(data, indices, indptr)``.
    indices, indptr
        The row of each, ``[nse]``, and where each column starts, ``[columns + 1]``.
    shape
        The number of rows and columns.
    backend, **kwargs
        Without effect.

    Raises
    ------
    ValueError
        The numbers and their places do not fit each other or the shape.

    Notes
    -----
    Source: brainevent.CSC (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> weights = event.CSC(([4., 3.], [1, 0], [0, 1, 2]), shape=(2, 2))
    >>> event.BinaryArray([True, False]) @ weights, weights @ torch.tensor([1., 10.])
    (tensor([0., 3.]), tensor([30.,  4.]))
    """

    _by_rows = False

    def tocsc(self) -> "CSC":
        """The matrix itself."""
        return self

    def transpose(self) -> "CSR":
        """Rows and columns exchanged: the same numbers by rows."""
        return CSR((self.data, self.indices, self.indptr), shape=self.shape[::-1])

    def update_on_pre(self, pre_spike: Any, post_trace: Any, w_min: Any = None, w_max: Any = None) -> "CSC":
        """See :func:`update_csc_on_binary_pre`."""
        return self.with_data(
            plasticity.update_csc_on_binary_pre(
                self.data, self.indices, self.indptr, pre_spike, post_trace, w_min, w_max, shape=self.shape
            )
        )

    def update_on_post(self, pre_trace: Any, post_spike: Any, w_min: Any = None, w_max: Any = None) -> "CSC":
        """See :func:`update_csc_on_binary_post`."""
        return self.with_data(
            plasticity.update_csc_on_binary_post(
                self.data, self.indices, self.indptr, pre_trace, post_spike, w_min, w_max, shape=self.shape
            )
        )


def _as_coo(matrix: DataRepresentation) -> COO:
    return COO((matrix._own(), matrix.row, matrix.col), shape=matrix.shape)


def _as_csr(matrix: DataRepresentation) -> CSR:
    indptr, indices, order = coo2csr(matrix.row, matrix.col, shape=matrix.shape)
    return CSR((matrix._sorted(order), indices, indptr), shape=matrix.shape)


def _as_csc(matrix: DataRepresentation) -> CSC:
    indptr, indices, order = coo_to_csc_index(matrix.row, matrix.col, shape=matrix.shape)
    return CSC((matrix._sorted(order), indices, indptr), shape=matrix.shape)


def csr_slice_rows(
    data: Any, indices: Any, indptr: Any, row_indices: Any, *, shape: Sequence[int], backend: str | None = None
) -> Any:
    """Some rows of a matrix by rows, whole.

    Parameters
    ----------
    data, indices, indptr
        The matrix, as :class:`CSR` has it.
    row_indices
        The numbers of the rows, ``[K]``, or one.
    shape
        The number of rows and columns.
    backend
        Without effect.

    Returns
    -------
    Tensor or Quantity
        The rows, ``[K, columns]``, or one of them.

    Notes
    -----
    Source: brainevent.csr_slice_rows (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.csr_slice_rows([3., 4.], [1, 0], [0, 1, 2], 1, shape=(2, 2))
    tensor([4., 0.])
    """
    matrix = CSR(data, indices, indptr, shape=shape)
    places = as_places(row_indices, matrix.indptr)
    rows = matrix.slice_rows(places).todense()
    return rows if places.ndim else rows[0]
