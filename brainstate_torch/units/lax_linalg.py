"""Those decompositions of jax.lax.linalg that torch has, with units; brainunit has them in its `lax`."""

from typing import Any

import torch

from . import linalg
from .forms.axes import Array
from .public import public

__all__ = ["cholesky", "eigh", "householder_product", "qr", "svd", "triangular_solve"]


@public
def cholesky(x: Array, symmetrize_input: bool = True) -> Any:
    """The lower triangular matrix whose product with its adjoint is `x`; `symmetrize_input` takes the mean of both."""
    return torch.linalg.cholesky((x + x.mH) / 2 if symmetrize_input else x)


@public
def eigh(
    x: Array, lower: bool = True, symmetrize_input: bool = True, sort_eigenvalues: bool = True
) -> tuple[torch.Tensor, Any]:
    """The eigenvectors and the eigenvalues, in this order, of a Hermitian matrix."""
    values, vectors = torch.linalg.eigh((x + x.mH) / 2 if symmetrize_input else x, "L" if lower else "U")
    return vectors, values


@public
def qr(x: Array, *, full_matrices: bool = True) -> tuple[torch.Tensor, Any]:
    """An orthogonal and an upper triangular matrix whose product is `x`."""
    return tuple(torch.linalg.qr(x, "complete" if full_matrices else "reduced"))


@public
def svd(x: Array, *, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Two orthogonal matrices with the singular values between them, or the values alone."""
    return linalg.svd(x, full_matrices=full_matrices, compute_uv=compute_uv)


@public
def triangular_solve(
    a: Array, b: Array, left_side: bool = False, lower: bool = False, transpose_a: bool = False,
    conjugate_a: bool = False, unit_diagonal: bool = False,
) -> Any:  # fmt: skip
    """The `x` with ``a @ x = b`` where `left_side`, else ``x @ a = b``, for a triangular `a`."""
    a = torch.conj(a) if conjugate_a else a
    a = a.mT if transpose_a else a
    is_vector = left_side and b.ndim == 1
    result = torch.linalg.solve_triangular(
        a, b[:, None] if is_vector else b, upper=lower == transpose_a, left=left_side, unitriangular=unit_diagonal
    )
    return result[:, 0] if is_vector else result


@public
def householder_product(a: Array, taus: Array) -> torch.Tensor:
    """The product of reflections, of plain numbers."""
    return torch.linalg.householder_product(a, taus)  # type: ignore[no-any-return]
