"""Products of arrays; precisions and preferred types, which only XLA knows, are taken and ignored."""

from typing import Any

import torch

from .axes import Array, Arrays, as_array, floating, promoted, sum_dtype

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


def _multiplied(function: Any, *arrays: Array) -> Array:
    """The product in the common dtype; of bools, which torch does not multiply, whether any pair is true."""
    arrays = tuple(promoted(*arrays))
    if arrays[0].dtype is torch.bool:
        return function(*(array.to(torch.int32) for array in arrays)) != 0
    return function(*arrays)


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
    return _typed(_multiplied(torch.matmul, a, b), preferred_element_type)


def dot(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The sum of products over the last axis of `a` and the last but one of `b`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.dot([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    if not a.ndim or not b.ndim:
        return _typed(torch.mul(a, b), preferred_element_type)
    return tensordot(a, b, ([a.ndim - 1], [max(b.ndim - 2, 0)]), preferred_element_type=preferred_element_type)


def vdot(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The product of two flattened arrays, with the complex conjugate of the first.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vdot([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    return _typed(_multiplied(torch.vdot, a.reshape(-1), b.reshape(-1)), preferred_element_type)


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
    product = torch.conj(a) * b
    if product.dtype is torch.bool:
        return _typed(torch.any(product, axis), preferred_element_type)
    return torch.sum(product, axis, dtype=preferred_element_type or sum_dtype(product))


def inner(a: Array, b: Array, *, precision: Any = None, preferred_element_type: torch.dtype | None = None) -> Array:
    """The sum of products over the last axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.inner([1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    return _typed(_multiplied(torch.inner, a, b), preferred_element_type)


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
    return _typed(_multiplied(lambda a, b: torch.tensordot(a, b, axes), a, b), preferred_element_type)


def einsum(
    subscripts: Any, /, *operands: Array, optimize: Any = "optimal", precision: Any = None,
    preferred_element_type: torch.dtype | None = None,
) -> Array:  # fmt: skip
    """The sum of products that the subscripts describe: a string, or axes as numbers after each array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.einsum("i,i->", [1.0, 2.0] * u.mV, [3.0, 4.0] * u.mS)
    11.0 uA
    """
    if not isinstance(subscripts, str):
        subscripts, operands = _written(as_array(subscripts), *operands)
    return _typed(_multiplied(lambda *arrays: torch.einsum(subscripts, *arrays), *operands), preferred_element_type)


def _written(*parts: Array) -> tuple[str, tuple[Array, ...]]:
    """The text of subscripts that are given as numbers after each array, and the arrays."""
    count = len(parts) // 2
    letters = ["".join(chr(ord("a") + int(axis)) for axis in axes) for axes in (*parts[1::2], *parts[2 * count :])]
    inputs = ",".join(letters[:count])
    return f"{inputs}->{letters[-1]}" if len(letters) > count else inputs, parts[: 2 * count : 2]


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
    a, b = promoted(torch.movedim(a, axisa, -1), torch.movedim(b, axisb, -1))
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
    return _multiplied(lambda *arrays: torch.linalg.multi_dot(list(arrays)), *arrays)


def matrix_power(a: Array, n: int) -> Array:
    """The matrix multiplied with itself, `n` times.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.matrix_power([[2.0]] * u.mV, 2)
    tensor([[4.]]) mV ** 2
    """
    return torch.linalg.matrix_power(floating(a) if n < 0 else a, n)


def matvec(x1: Array, x2: Array, /) -> Array:
    """The products of matrices and vectors.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.matvec([[1.0, 2.0]] * u.mV, [3.0, 4.0] * u.mS)
    tensor([11.]) uA
    """
    return _multiplied(torch.matmul, x1, x2[..., None])[..., 0]


def vecmat(x1: Array, x2: Array, /) -> Array:
    """The products of vectors, conjugated, and matrices.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vecmat([3.0] * u.mV, [[1.0, 2.0]] * u.mS)
    tensor([3., 6.]) uA
    """
    return _multiplied(torch.matmul, torch.conj(x1)[..., None, :], x2)[..., 0, :]
