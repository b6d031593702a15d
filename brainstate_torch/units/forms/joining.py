"""Arrays put together and taken apart."""

from collections.abc import Sequence
from typing import Any

import torch

from .axes import Alike, Array, Arrays, as_array, wholes

__all__ = [
    "append", "array_split", "block", "column_stack", "concatenate", "dsplit", "dstack", "hsplit", "hstack",
    "row_stack", "split", "stack", "vsplit", "vstack",
]  # fmt: skip


def _typed(arrays: Sequence[Array], dtype: torch.dtype | None) -> list[Array]:
    return list(arrays) if dtype is None else [array.to(dtype) for array in arrays]


def concatenate(arrays: Arrays, axis: int | None = 0, dtype: torch.dtype | None = None) -> Array:
    """The arrays one after another along an axis, flattened where `axis` is None, in the unit of the first.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.concatenate([[1.0] * u.mV, [0.002] * u.volt])
    tensor([1., 2.]) mV
    """
    if axis is None:
        arrays, axis = [array.reshape(-1) for array in arrays], 0
    return torch.cat(_typed(arrays, dtype), axis)


def stack(arrays: Arrays, axis: int = 0, dtype: torch.dtype | None = None) -> Array:
    """The arrays along a new axis, in the unit of the first.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.stack([1.0 * u.mV, 0.002 * u.volt])
    tensor([1., 2.]) mV
    """
    return torch.stack(_typed(arrays, dtype), axis)


def vstack(tup: Arrays, dtype: torch.dtype | None = None) -> Array:
    """The arrays along the first axis, vectors as rows.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vstack([[1.0] * u.mV, [0.002] * u.volt])
    tensor([[1.],
            [2.]]) mV
    """
    return torch.vstack(_typed(tup, dtype))


row_stack = vstack


def hstack(arrays: Arrays, dtype: torch.dtype | None = None) -> Array:
    """The arrays along the second axis, vectors along their only one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.hstack([[1.0] * u.mV, [0.002] * u.volt])
    tensor([1., 2.]) mV
    """
    return torch.hstack(_typed(arrays, dtype))


def dstack(arrays: Arrays, dtype: torch.dtype | None = None) -> Array:
    """The arrays along the third axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.dstack([[1.0] * u.mV, [0.002] * u.volt])
    tensor([[[1., 2.]]]) mV
    """
    return torch.dstack(_typed(arrays, dtype))


def column_stack(tup: Arrays) -> Array:
    """The arrays as columns of a matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.column_stack([[1.0] * u.mV, [0.002] * u.volt])
    tensor([[1., 2.]]) mV
    """
    # torch's has no rule for lanes.
    return torch.cat([each.reshape(-1, 1) if each.ndim < 2 else each for each in tup], 1)


def append(arr: Alike, values: Alike, axis: int | None = None) -> Array:
    """The values after the array, both flattened where no axis is given.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.append([1.0] * u.mV, 2.0 * u.mV)
    tensor([1., 2.]) mV
    """
    return concatenate([arr, values], axis)


def block(arrays: Any) -> Array:
    """A matrix from nested lists of its blocks.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.block([[[1.0] * u.mV, [2.0] * u.mV]])
    tensor([[1., 2.]]) mV
    """
    depth = _depth(arrays)
    rank = max(depth, _rank(arrays))
    return _blocks(arrays, rank, rank - depth)


def _depth(arrays: Any) -> int:
    return 1 + _depth(arrays[0]) if isinstance(arrays, list) else 0


def _rank(arrays: Any) -> int:
    return max(map(_rank, arrays)) if isinstance(arrays, list) else int(as_array(arrays).ndim)


def _blocks(arrays: Any, rank: int, axis: int) -> Array:
    if isinstance(arrays, list):
        return torch.cat([_blocks(array, rank, axis + 1) for array in arrays], axis)
    arrays = as_array(arrays)
    return torch.reshape(arrays, (1,) * (rank - arrays.ndim) + tuple(arrays.shape))


def split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """The array cut into equal sections, or before the given indices.

    Raises
    ------
    ValueError
        The axis cannot be cut into so many equal sections.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.split([1.0, 2.0, 3.0] * u.mV, [1])
    [tensor([1.]) mV, tensor([2., 3.]) mV]
    """
    indices_or_sections = wholes(indices_or_sections, "indices_or_sections")
    if isinstance(indices_or_sections, int) and ary.shape[axis] % indices_or_sections:
        raise ValueError(
            f"`indices_or_sections` must divide the length of the axis. Got {indices_or_sections} for "
            f"{ary.shape[axis]}. Use array_split."
        )
    return array_split(ary, indices_or_sections, axis)


def array_split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    """As :func:`split`, with sections that may differ in length by one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.array_split([1.0, 2.0, 3.0] * u.mV, 2)
    [tensor([1., 2.]) mV, tensor([3.]) mV]
    """
    return list(torch.tensor_split(ary, wholes(indices_or_sections, "indices_or_sections"), dim=axis))


def hsplit(a: Array, indices_or_sections: Any) -> list[Array]:
    """Cut along the second axis, or the only one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.hsplit([1.0, 2.0] * u.mV, 2)
    [tensor([1.]) mV, tensor([2.]) mV]
    """
    return split(a, indices_or_sections, 0 if a.ndim == 1 else 1)


def vsplit(a: Array, indices_or_sections: Any) -> list[Array]:
    """Cut along the first axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vsplit([[1.0], [2.0]] * u.mV, 2)
    [tensor([[1.]]) mV, tensor([[2.]]) mV]
    """
    return split(a, indices_or_sections, 0)


def dsplit(a: Array, indices_or_sections: Any) -> list[Array]:
    """Cut along the third axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.dsplit([[[1.0, 2.0]]] * u.mV, 2)
    [tensor([[[1.]]]) mV, tensor([[[2.]]]) mV]
    """
    return split(a, indices_or_sections, 2)
