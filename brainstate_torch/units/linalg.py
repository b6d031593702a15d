"""Linear algebra: jax.numpy.linalg's functions, with units, and torch's other ones."""

from typing import Any, NamedTuple

import torch

from .forms import diagonals, products
from .forms.axes import Array, Axis, floating, indices
from .public import public

__all__ = [
    "cholesky", "cond", "cross", "det", "diagonal", "dot", "eig", "eigh", "eigvals", "eigvalsh", "inner", "inv", "kron",
    "lstsq", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose", "multi_dot", "norm", "outer",
    "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot", "tensorinv", "tensorsolve", "trace", "vdot",
    "vecdot", "vector_norm",
]  # fmt: skip

cross, dot, inner, kron = public(products.cross), public(products.dot), public(products.inner), public(products.kron)
matmul, multi_dot = public(products.matmul), public(products.multi_dot)
matrix_power = public(products.matrix_power)
outer, tensordot = public(products.outer), public(products.tensordot)
vdot, vecdot = public(products.vdot), public(products.vecdot)


class SVD(NamedTuple):
    """The result of :func:`svd`."""

    U: Any
    S: Any
    Vh: Any


class Eigen(NamedTuple):
    """The result of :func:`eig` and :func:`eigh`."""

    eigenvalues: Any
    eigenvectors: Any


def _symmetric(a: Array, symmetrize: bool) -> Array:
    return (a + torch.conj(torch.swapaxes(a, -1, -2))) / 2 if symmetrize else a


@public
def cholesky(a: Array, *, upper: bool = False, symmetrize_input: bool = True) -> Array:
    """The triangular factor of a positive definite matrix; its unit is the root of the matrix's.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.cholesky([[4.0]] * u.mV**2)
    tensor([[2.]]) mV
    """
    factor = torch.linalg.cholesky(_symmetric(floating(a), symmetrize_input))
    return torch.conj(torch.swapaxes(factor, -1, -2)) if upper else factor


@public
def cond(x: Array, p: Any = None) -> torch.Tensor:
    """The condition number of a matrix, a plain number.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.cond([[2.0, 0.0], [0.0, 1.0]] * u.mV)
    tensor(2.)
    """
    return torch.linalg.cond(floating(x), p)  # type: ignore[no-any-return]


@public
def det(a: Array) -> Array:
    """The determinant; its unit is that of the matrix to the number of rows.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.det([[2.0, 0.0], [0.0, 1.0]] * u.mV)
    2.0 mV ** 2
    """
    return torch.linalg.det(floating(a))


@public
def slogdet(a: Array) -> Any:
    """The sign of the determinant and the logarithm of its size, of a plain matrix.

    Raises
    ------
    UnitMismatchError
        The matrix has a dimension: a logarithm has none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.slogdet([[1.0]]).sign
    tensor(1.)
    """
    return torch.linalg.slogdet(floating(a))


@public
def diagonal(x: Array, *, offset: int = 0) -> Array:
    """The diagonals of a stack of matrices.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.diagonal([[1.0, 2.0], [3.0, 4.0]] * u.mV)
    tensor([1., 4.]) mV
    """
    return diagonals.diagonal(x, offset, -2, -1)


@public
def trace(x: Array, *, offset: int = 0, dtype: torch.dtype | None = None) -> Array:
    """The sums of the diagonals of a stack of matrices.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.trace([[1.0, 2.0], [3.0, 4.0]] * u.mV, offset=1)
    2.0 mV
    """
    return diagonals.trace(x, offset, -2, -1, dtype)


@public
def eig(a: Array) -> Eigen:
    """Eigenvalues, with the unit of the matrix, and plain eigenvectors.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.eig([[2.0]] * u.mV).eigenvalues
    tensor([2.+0.j]) mV
    """
    return Eigen(*torch.linalg.eig(floating(a)))


@public
def eigh(a: Array, UPLO: str | None = None, symmetrize_input: bool = True) -> Eigen:
    """Eigenvalues, with the unit of the matrix, and plain eigenvectors of a Hermitian matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.eigh([[2.0]] * u.mV).eigenvalues
    tensor([2.]) mV
    """
    return Eigen(*torch.linalg.eigh(_symmetric(floating(a), symmetrize_input and UPLO is None), UPLO or "L"))


@public
def eigvals(a: Array) -> Array:
    """Eigenvalues.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.eigvals([[2.0]] * u.mV)
    tensor([2.+0.j]) mV
    """
    return torch.linalg.eigvals(floating(a))


@public
def eigvalsh(a: Array, UPLO: str | None = "L", *, symmetrize_input: bool = True) -> Array:
    """Eigenvalues of a Hermitian matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.eigvalsh([[2.0]] * u.mV)
    tensor([2.]) mV
    """
    return torch.linalg.eigvalsh(_symmetric(floating(a), symmetrize_input), UPLO or "L")


@public
def inv(a: Array) -> Array:
    """The inverse, with one over the unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.inv([[2.0]] * u.mV)
    tensor([[0.5000]]) 1 / mV
    """
    return torch.linalg.inv(floating(a))


@public
def pinv(a: Array, rtol: Any = None, hermitian: bool = False, *, rcond: Any = None) -> Array:
    """The pseudo-inverse, with one over the unit; singular values below ``rtol`` of the largest count as zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.pinv([[2.0], [0.0]] * u.mV)
    tensor([[0.5000, 0.0000]]) 1 / mV
    """
    cut = rtol if rtol is not None else rcond
    a = floating(a)
    if cut is None:
        cut = 10.0 * max(a.shape[-2:]) * torch.finfo(a.dtype).eps
    return torch.linalg.pinv(a, rtol=cut, hermitian=hermitian)


@public
def solve(a: Array, b: Array) -> Array:
    """The solution x of ``a @ x = b``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.solve([[2.0]] * u.mS, [4.0] * u.uA)
    tensor([2.]) mV
    """
    return torch.linalg.solve(floating(a), floating(b))


@public
def lstsq(a: Array, b: Array, rcond: float | None = None, *, numpy_resid: bool = False) -> tuple[Any, Any, Any, Any]:
    """The x for which ``a @ x`` is nearest to `b`, the squared distances, the rank and the singular values of `a`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.lstsq([[2.0], [0.0]] * u.mS, [4.0, 1.0] * u.uA)[0]
    tensor([2.]) mV
    """
    a, b = floating(a), floating(b)
    columns = b[:, None] if b.ndim == 1 else b
    left, values, right = torch.linalg.svd(a, full_matrices=False)
    cut = max(a.shape) * torch.finfo(a.dtype).eps if rcond is None else rcond
    kept = values > values[0] * cut
    rank = indices(kept.sum())
    safe = torch.where(kept, values, torch.ones_like(values))
    parts = torch.conj(left).T @ columns
    x = torch.conj(right).T @ (torch.where(kept[:, None], 1.0, 0.0).to(a.dtype) * parts / safe[:, None])
    distance = torch.sum(torch.abs(columns - a @ x) ** 2, 0)
    if numpy_resid and (int(rank) < a.shape[1] or a.shape[0] <= a.shape[1]):
        distance = distance[:0]
    return (x[:, 0] if b.ndim == 1 else x), distance, rank, values


@public
def norm(x: Array, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Array:
    """The norm of vectors or matrices; that of order zero counts, all others keep the unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.norm([3.0, 4.0] * u.mV), u.linalg.norm([3.0, 0.0] * u.mV, 0)
    (5.0 mV, tensor(1.))
    """
    return torch.linalg.norm(floating(x), ord, axis, keepdim=keepdims)


@public
def vector_norm(x: Array, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Array:
    """The norm of vectors along axes, of the flattened array where none is given.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.vector_norm([3.0, 4.0] * u.mV)
    5.0 mV
    """
    return torch.linalg.vector_norm(floating(x), ord, axis, keepdim=keepdims)


@public
def matrix_norm(x: Array, *, keepdims: bool = False, ord: Any = "fro") -> Array:
    """The norm of a stack of matrices.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.matrix_norm([[3.0, 4.0]] * u.mV)
    5.0 mV
    """
    return torch.linalg.matrix_norm(floating(x), ord, keepdim=keepdims)


@public
def matrix_rank(M: Array, rtol: float | None = None, *, tol: float | None = None) -> torch.Tensor:
    """The number of singular values above `rtol` of the largest.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.matrix_rank([[1.0, 0.0], [0.0, 1e-9]] * u.mV)
    tensor(1, dtype=torch.int32)
    """
    cut = rtol if rtol is not None else tol
    return indices(torch.linalg.matrix_rank(floating(M), **({} if cut is None else {"rtol": cut})))


@public
def matrix_transpose(x: Array) -> Array:
    """The last two axes exchanged.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.matrix_transpose([[1.0, 2.0]] * u.mV)
    tensor([[1.],
            [2.]]) mV
    """
    return torch.swapaxes(x, -1, -2)


@public
def qr(a: Array, mode: str = "reduced") -> Any:
    """The orthogonal factor, plain, and the triangular one, with the unit; the second alone with ``mode="r"``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.qr([[2.0]] * u.mV, mode="r").abs()
    tensor([[2.]]) mV
    """
    factors = torch.linalg.qr(floating(a), "complete" if mode == "full" else mode)
    return factors[1] if mode == "r" else factors


@public
def svd(
    x: Array, *, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False,
    subset_by_index: None = None, algorithm: Any = None,
) -> Any:  # fmt: skip
    """The singular value decomposition: plain matrices of vectors, and values with the unit; the values alone without
    `compute_uv`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.svd([[2.0]] * u.mV).S, u.linalg.svd([[2.0]] * u.mV, compute_uv=False)
    (tensor([2.]) mV, tensor([2.]) mV)
    """
    if subset_by_index is not None:
        raise NotImplementedError("`subset_by_index` must be None. Got a range. Cut the result: svd(x).S[:k].")
    if not compute_uv:
        return torch.linalg.svdvals(floating(x))
    return SVD(*torch.linalg.svd(floating(x), full_matrices=full_matrices))


@public
def svdvals(x: Array) -> Array:
    """The singular values, with the unit of the matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.svdvals([[2.0]] * u.mV)
    tensor([2.]) mV
    """
    return torch.linalg.svdvals(floating(x))


@public
def tensorinv(a: Array, ind: int = 2) -> Array:
    """The inverse for :func:`tensordot` over the first `ind` axes, with one over the unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.tensorinv([[2.0]] * u.mV, 1)
    tensor([[0.5000]]) 1 / mV
    """
    return torch.linalg.tensorinv(floating(a), ind)


@public
def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    """The solution x of ``tensordot(a, x, x.ndim) = b``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.linalg.tensorsolve([[2.0]] * u.mS, [4.0] * u.uA)
    tensor([2.]) mV
    """
    return torch.linalg.tensorsolve(floating(a), floating(b), axes)


def __getattr__(name: str) -> Any:
    return getattr(torch.linalg, name)
