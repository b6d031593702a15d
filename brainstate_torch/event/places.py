"""The indices of a sparse matrix, converted between COO, CSR and CSC."""

from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import beside
from ..units import math

__all__ = [
    "coo2csr",
    "coo_to_csc_index",
    "csc_to_csr_index",
    "csr_to_coo_index",
    "csr_to_csc_index",
]


def as_places(x: Any, *near: Any) -> torch.Tensor:
    """Places as integers of 64 bits, which torch indexes with; made on the device of the tensors near them."""
    with beside([x, *near]):
        places: torch.Tensor = math.asarray(x).long()
    return places


def rows_of(indptr: torch.Tensor, count: int) -> torch.Tensor:
    """The row of each of `count` numbers, from where rows start."""
    places = torch.arange(count, device=indptr.device, dtype=indptr.dtype)
    return torch.searchsorted(indptr, places, right=True) - 1


def starts(rows: torch.Tensor, count: int) -> torch.Tensor:
    """Where rows start, from the sorted rows of the numbers."""
    return torch.searchsorted(rows.contiguous(), torch.arange(count + 1, device=rows.device, dtype=rows.dtype))


def csr_to_coo_index(indptr: Any, indices: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The row and the column of each number.

    Parameters
    ----------
    indptr
        Where each row starts, ``[rows + 1]``.
    indices
        The column of each number, ``[nse]``.

    Returns
    -------
    tuple of Tensor
        Rows and columns, ``[nse]``.

    Notes
    -----
    Source: brainevent.csr_to_coo_index (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.csr_to_coo_index([0, 2, 3], [0, 1, 1])
    (tensor([0, 0, 1]), tensor([0, 1, 1]))
    """
    columns = as_places(indices)
    return rows_of(as_places(indptr), len(columns)), columns


def coo2csr(row_ids: Any, col_ids: Any, *, shape: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The form by rows of numbers in any order.

    Parameters
    ----------
    row_ids, col_ids
        The row and the column of each number, ``[nse]``.
    shape
        The number of rows and columns.

    Returns
    -------
    tuple of Tensor
        Where rows start, the columns, and which number each is, ``[rows + 1]`` and twice ``[nse]``.

    Notes
    -----
    Source: brainevent.coo2csr (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.coo2csr([1, 0, 0], [1, 0, 1], shape=(2, 2))
    (tensor([0, 2, 3]), tensor([0, 1, 1]), tensor([1, 2, 0]))
    """
    rows = as_places(row_ids)
    order = torch.argsort(rows, stable=True)
    return starts(rows[order], shape[0]), as_places(col_ids)[order], order


def coo_to_csc_index(
    pre_ids: Any, indices: Any, *, shape: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The form by columns of numbers in any order.

    Parameters
    ----------
    pre_ids, indices
        The row and the column of each number, ``[nse]``.
    shape
        The number of rows and columns.

    Returns
    -------
    tuple of Tensor
        Where columns start, the rows, and which number each is, ``[columns + 1]`` and twice ``[nse]``.

    Notes
    -----
    Source: brainevent.coo_to_csc_index (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.coo_to_csc_index([0, 0, 1], [0, 1, 0], shape=(2, 2))
    (tensor([0, 2, 3]), tensor([0, 1, 0]), tensor([0, 2, 1]))
    """
    return coo2csr(indices, pre_ids, shape=shape[::-1])


def csr_to_csc_index(
    csr_indptr: Any, csr_indices: Any, *, shape: Sequence[int], include_perm: bool = True
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The form by columns of a matrix by rows.

    Parameters
    ----------
    csr_indptr, csr_indices
        Where rows start, and the columns.
    shape
        The number of rows and columns.
    include_perm
        Whether to say which number each is.

    Returns
    -------
    tuple
        Where columns start, the rows, and which number each is, or None.

    Notes
    -----
    Source: brainevent.csr_to_csc_index (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.csr_to_csc_index([0, 2, 3], [0, 1, 0], shape=(2, 2))
    (tensor([0, 2, 3]), tensor([0, 1, 0]), tensor([0, 2, 1]))
    """
    indptr, rows, order = coo_to_csc_index(*csr_to_coo_index(csr_indptr, csr_indices), shape=shape)
    return indptr, rows, order if include_perm else None


def csc_to_csr_index(
    csc_indptr: Any, csc_indices: Any, *, shape: Sequence[int], include_perm: bool = True
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """The form by rows of a matrix by columns.

    Parameters
    ----------
    csc_indptr, csc_indices
        Where columns start, and the rows.
    shape
        The number of rows and columns.
    include_perm
        Whether to say which number each is.

    Returns
    -------
    tuple
        Where rows start, the columns, and which number each is, or None.

    Notes
    -----
    Source: brainevent.csc_to_csr_index (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> event.csc_to_csr_index([0, 2, 3], [0, 1, 0], shape=(2, 2))
    (tensor([0, 2, 3]), tensor([0, 1, 0]), tensor([0, 2, 1]))
    """
    return csr_to_csc_index(csc_indptr, csc_indices, shape=shape[::-1], include_perm=include_perm)
