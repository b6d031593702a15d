"""Linear algebra: ``jax.scipy.linalg``."""

from typing import Any

import torch

from ....units import linalg as _linalg
from ....units import math

__all__ = [
    "block_diag",
    "cho_factor",
    "cho_solve",
    "cholesky",
    "det",
    "eigh",
    "expm",
    "inv",
    "lu",
    "lu_factor",
    "lu_solve",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
    "toeplitz",
]

det, inv = _linalg.det, _linalg.inv


def _as_columns(b: torch.Tensor, a: torch.Tensor) -> tuple[torch.Tensor, bool]:
    vector = b.ndim == a.ndim - 1
    return (b.unsqueeze(-1) if vector else b), vector


def cholesky(a: Any, lower: bool = False, **_: Any) -> Any:
    """The upper Cholesky factor, or the lower one."""
    factor = torch.linalg.cholesky(a)
    return factor if lower else factor.mT.conj()


def eigh(a: Any, *, eigvals_only: bool = False, **_: Any) -> Any:
    """The eigenvalues and eigenvectors of a symmetric matrix."""
    return torch.linalg.eigvalsh(a) if eigvals_only else tuple(torch.linalg.eigh(a))


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, **_: Any) -> Any:
    """The singular values, and their vectors."""
    return tuple(torch.linalg.svd(a, full_matrices)) if compute_uv else torch.linalg.svdvals(a)


def qr(a: Any, mode: str = "full", **_: Any) -> Any:
    """Q and R; ``'r'`` for R alone, ``'economic'`` for the small ones."""
    q, r = torch.linalg.qr(a, "reduced" if mode == "economic" else "complete")
    return (r,) if mode == "r" else (q, r)


def expm(A: Any, **_: Any) -> Any:
    """The exponential of a matrix."""
    return torch.linalg.matrix_exp(math.asarray(A))


def solve(a: Any, b: Any, lower: bool = False, assume_a: str = "gen", **_: Any) -> Any:
    """The solution of ``a @ x = b``."""
    columns, vector = _as_columns(math.asarray(b), a)
    if assume_a == "pos":
        found = torch.cholesky_solve(columns, torch.linalg.cholesky(a))
    else:
        found = torch.linalg.solve(a, columns)
    return found.squeeze(-1) if vector else found


def solve_triangular(a: Any, b: Any, trans: Any = 0, lower: bool = False, unit_diagonal: bool = False, **_: Any) -> Any:
    """The solution of ``a @ x = b`` with a triangular matrix, transposed if `trans` is 1 or 'T'."""
    columns, vector = _as_columns(math.asarray(b), a)
    turned = trans in (1, 2, "T", "C")
    matrix = a.mT if turned else a
    found = torch.linalg.solve_triangular(
        matrix.conj() if trans in (2, "C") else matrix, columns, upper=lower == turned, unitriangular=unit_diagonal
    )
    return found.squeeze(-1) if vector else found


def cho_factor(a: Any, lower: bool = False, **_: Any) -> tuple[Any, bool]:
    """A Cholesky factor, and whether it is the lower one."""
    return cholesky(a, lower), lower


def cho_solve(c_and_lower: tuple[Any, bool], b: Any, **_: Any) -> Any:
    """The solution by a Cholesky factor."""
    factor, lower = c_and_lower
    columns, vector = _as_columns(math.asarray(b), factor)
    found = torch.cholesky_solve(columns, factor, upper=not lower)
    return found.squeeze(-1) if vector else found


def lu(a: Any, permute_l: bool = False, **_: Any) -> tuple[Any, ...]:
    """Permutation, lower and upper factor."""
    permutation, lower, upper = torch.linalg.lu(a)
    return (permutation @ lower, upper) if permute_l else (permutation, lower, upper)


def lu_factor(a: Any, **_: Any) -> tuple[Any, Any]:
    """Both factors in one matrix, and the pivots counted from zero."""
    factors, pivots = torch.linalg.lu_factor(a)
    return factors, pivots - 1


def lu_solve(lu_and_piv: tuple[Any, Any], b: Any, trans: int = 0, **_: Any) -> Any:
    """The solution by the factors of :func:`lu_factor`."""
    factors, pivots = lu_and_piv
    columns, vector = _as_columns(math.asarray(b), factors)
    found = torch.linalg.lu_solve(factors, pivots + 1, columns, adjoint=trans in (1, 2))
    return found.squeeze(-1) if vector else found


def block_diag(*arrs: Any) -> Any:
    """A matrix of blocks on the diagonal."""
    return torch.block_diag(*[math.asarray(x) for x in arrs])  # type: ignore[no-untyped-call]


def toeplitz(c: Any, r: Any = None) -> Any:
    """The matrix whose diagonals are constant, with first column `c` and first row `r`."""
    column = math.asarray(c).reshape(-1)
    row = column.conj() if r is None else math.asarray(r).reshape(-1)
    values = torch.cat([column.flip(0), row[1:]])
    i, j = torch.arange(len(column)), torch.arange(len(row))
    return values[len(column) - 1 - i[:, None] + j]
