"""Products of arrays; precisions and preferred types, which only XLA knows, are taken and ignored."""

from typing import Any

import torch

from .axes import Array, Arrays

__all__ = [
    "cross",
    "dot",
    "einsum",
    "inner",
    "kron",
    "matmul",
    "matrix_power",
    "matvec",
    "multi_dot",
    "outer",
    "tensordot",
    "vdot",
    "vecdot",
    "vecmat",
]  # fmt: skip


def _alike(*arrays: Array) -> list[Array]:
    """The arrays in their common dtype, which torch's products ask for."""
    dtype = arrays[0].dtype
    for array in arrays[1:]:
        dtype = torch.promote_types(dtype, array.dtype)
    return [array if array.dtype is dtype else array.to(dtype) for array in arrays]


def _typed(result: Array, dtype: torch.dtype | None) -> Array:
    return result if dtype is None else result.to(dtype)


def matmul(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The matrix product, of stacks of matrices over the last two axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.matmul([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    return _typed(torch.matmul(*_alike(a, b)), preferred_element_type)


def dot(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The sum of products over the last axis of `a` and the last but one of `b`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.dot([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    a, b = _alike(a, b)
    if not a.ndim or not b.ndim:
        return _typed(torch.mul(a, b), preferred_element_type)
    return _typed(torch.tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)])), preferred_element_type)


def vdot(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The product of two flattened arrays, with the complex conjugate of the first.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vdot([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    a, b = _alike(a, b)
    return _typed(torch.vdot(a.reshape(-1), b.reshape(-1)), preferred_element_type)


def vecdot(
    a: Array, b: Array, /, *, axis: int = -1, precision: Any = None, preferred_element_type: torch.dtype | None = None
) -> Array:
    """The products of vectors along an axis, with the complex conjugate of the first.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vecdot([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    return _typed(torch.sum(torch.conj(a) * b, axis), preferred_element_type)


def inner(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The sum of products over the last axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.inner([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    return _typed(torch.inner(*_alike(a, b)), preferred_element_type)


def outer(a: Array, b: Array, out: None = None) -> Array:
    """The product of each element of one flattened array with each of the other.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.outer([1.0, 2.0] * u.mV, [3.0] * u.mS)
    tensor([[3.],
            [6.]]) uA
    """
    return torch.outer(a.reshape(-1), b.reshape(-1))


def kron(a: Array, b: Array) -> Array:
    """The Kronecker product: blocks of `b`, each times an element of `a`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.kron([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    tensor([3., 4., 6., 8.]) uA
    """
    return torch.kron(a, b)


def tensordot(
    a: Array, b: Array, axes: Any = 2, precision: Any = None, preferred_element_type: torch.dtype | None = None
) -> Array:
    """The sum of products over several axes: their number, or the axes of each array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tensordot([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS, 1)
    11.0 uA
    """
    if not isinstance(axes, int):
        axes = [[part] if isinstance(part, int) else list(part) for part in axes]
    return _typed(torch.tensordot(*_alike(a, b), axes), preferred_element_type)  # type: ignore[call-arg]


def einsum(
    subscripts: str, /, *operands: Array, optimize: Any = "optimal", precision: Any = None,
    preferred_element_type: torch.dtype | None = None,
) -> Array:  # fmt: skip
    """The sum of products that the subscripts describe.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.einsum("i,i->", [1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    return _typed(torch.einsum(subscripts, *_alike(*operands)), preferred_element_type)


def cross(a: Array, b: Array, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Array:
    """The cross product of vectors of two or three components; a number for two vectors of two.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.cross([1.0, 0.0, 0.0] * u.mV, [0.0, 1.0, 0.0] * u.mS), u.math.cross([1.0, 2.0], [3.0, 4.0])
    (tensor([0., 0., 1.]) uA, tensor(-2.))
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _alike(torch.movedim(a, axisa, -1), torch.movedim(b, axisb, -1))
    if a.shape[-1] not in (2, 3) or b.shape[-1] not in (2, 3):
        raise ValueError(
            f"`a` and `b` must be vectors of 2 or 3 components. Got {a.shape[-1]} and {b.shape[-1]}. Use outer."
        )
    if a.shape[-1] == b.shape[-1] == 2:
        return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    a, b = _in_space(a), _in_space(b)
    shape = torch.broadcast_shapes(a.shape, b.shape)  # type: ignore[no-untyped-call]
    result = torch.linalg.cross(torch.broadcast_to(a, shape), torch.broadcast_to(b, shape), dim=-1)
    return torch.movedim(result, -1, axisc)


def _in_space(x: Array) -> Array:
    return x if x.shape[-1] == 3 else torch.cat([x, torch.zeros_like(x[..., :1])], -1)


def multi_dot(arrays: Arrays, *, precision: Any = None) -> Array:
    """The product of several matrices, in the cheapest order.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.multi_dot([[[2.0]] * u.mV, [[3.0]] * u.mS])
    tensor([[6.]]) uA
    """
    return torch.linalg.multi_dot(_alike(*arrays))


def matrix_power(a: Array, n: int) -> Array:
    """The matrix multiplied with itself, `n` times.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.matrix_power([[2.0]] * u.mV, 2)
    tensor([[4.]]) mV ** 2
    """
    return torch.linalg.matrix_power(a, n)


def matvec(x1: Array, x2: Array, /) -> Array:
    """The products of matrices and vectors.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.matvec([[1.0, 2.0]] * u.mV, [3.0, 4.0] * u.mS)
    tensor([11.]) uA
    """
    x1, x2 = _alike(x1, x2)
    return torch.matmul(x1, x2[..., None])[..., 0]


def vecmat(x1: Array, x2: Array, /) -> Array:
    """The products of vectors, conjugated, and matrices.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vecmat([3.0] * u.mV, [[1.0, 2.0]] * u.mS)
    tensor([3., 6.]) uA
    """
    x1, x2 = _alike(torch.conj(x1), x2)
    return torch.matmul(x1[..., None, :], x2)[..., 0, :]
