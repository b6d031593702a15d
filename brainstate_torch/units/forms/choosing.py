"""Elements chosen by a condition, by their index, or from several arrays."""

from collections.abc import Sequence
from typing import Any

import torch

from .axes import Alike, Array, Arrays, as_array, missing
from .axes import indices as as_indices

__all__ = [
    "argwhere", "choose", "clip", "compress", "extract", "flatnonzero", "gather", "nonzero", "select", "take",
    "take_along_axis", "unravel_index", "where",
]  # fmt: skip


def where(
    condition: Array, x: Alike | None = None, y: Alike | None = None, /, *, size: int | None = None,
    fill_value: Any = None,
) -> Any:  # fmt: skip
    """The elements of `x` where the condition holds, of `y` elsewhere; without them the indices of true elements.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.where(True, 1.0 * u.mV, 2.0 * u.mV), u.math.where([False, True])
    (1.0 mV, (tensor([1], dtype=torch.int32),))
    """
    if x is None and y is None:
        return nonzero(condition, size=size, fill_value=fill_value)
    if x is None or y is None:
        raise ValueError("`x` and `y` must both be given, or none of them. Got one. Pass the other one, too.")
    return torch.where(condition if condition.dtype is torch.bool else condition != 0, x, y)


def nonzero(a: Array, *, size: int | None = None, fill_value: Any = None) -> tuple[torch.Tensor, ...]:
    """The indices of the elements that are not zero, one tensor per axis, cut or filled to `size` of them.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nonzero([0.0, 1.0] * u.mV)[0], u.math.nonzero([0.0, 1.0], size=2, fill_value=-1)[0].tolist()
    (tensor([1], dtype=torch.int32), [1, -1])
    """
    a = torch.atleast_1d(a)  # type: ignore[no-untyped-call]
    if size is None:
        return tuple(as_indices(each) for each in torch.nonzero(a, as_tuple=True))
    place, is_found = true_places((a if a.dtype is torch.bool else a != 0).reshape(-1), size)
    fills = fill_value if isinstance(fill_value, (tuple, list)) else (fill_value,) * a.ndim
    found = []
    for length, fill in reversed(list(zip(a.shape, fills, strict=True))):
        found.append(as_indices(torch.where(is_found, place % max(length, 1), 0 if fill is None else int(fill))))
        place = place // max(length, 1)
    return tuple(reversed(found))


def true_places(mask: torch.Tensor, size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The places of the first `size` true elements, and which of them there are; in the shapes of graphs and lanes."""
    number = torch.cumsum(mask, 0)
    # What is not wanted goes to one place more, which is cut off.
    target = torch.where(mask & (number <= size), number - 1, size)
    places = torch.arange(mask.shape[0], device=mask.device)
    found = torch.zeros(size + 1, dtype=torch.int64, device=mask.device).scatter(0, target, places)[:size]
    return found, torch.arange(size, device=mask.device) < mask.sum()


def argwhere(a: Array, *, size: int | None = None, fill_value: Any = None) -> torch.Tensor:
    """The indices of the elements that are not zero, ``[count, axes]``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.argwhere([0.0, 1.0] * u.mV)
    tensor([[1]], dtype=torch.int32)
    """
    if not a.ndim:
        return as_indices(torch.nonzero(a)) if size is None else as_indices(a.new_zeros((size, 0), dtype=torch.int64))
    return torch.stack(nonzero(a, size=size, fill_value=fill_value), 1)


def flatnonzero(a: Array, *, size: int | None = None, fill_value: Any = None) -> torch.Tensor:
    """The indices in the flattened array of the elements that are not zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.flatnonzero([0.0, 1.0] * u.mV)
    tensor([1], dtype=torch.int32)
    """
    return nonzero(a.reshape(-1), size=size, fill_value=fill_value)[0]


def clip(a: Alike, a_min: Alike | None = None, a_max: Alike | None = None) -> Array:
    """The elements, none less than `a_min` nor greater than `a_max`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.clip(3.0 * u.mV, None, 2.0 * u.mV)
    2.0 mV
    """
    a = a if a_min is None else torch.maximum(a, a_min)
    return a if a_max is None else torch.minimum(a, a_max)


def select(condlist: Arrays, choicelist: Arrays, default: Any = 0) -> Array:
    """Each element from the first array whose condition holds there, or `default`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.select([[True, False]], [[1.0, 2.0] * u.mV], 0.0)
    tensor([1., 0.]) mV
    """
    if len(condlist) != len(choicelist):
        raise ValueError(
            f"`condlist` and `choicelist` must have one length. Got {len(condlist)} and {len(choicelist)}. Pair them."
        )
    result = default
    if isinstance(default, (bool, int)) and all(choice.dtype is torch.bool for choice in choicelist):
        result = as_array(default)  # torch would make it 64 bit wide
    for condition, choice in zip(reversed(condlist), reversed(choicelist), strict=True):
        result = torch.where(condition, choice, result)
    return result


def choose(a: Array, choices: Arrays, mode: str = "raise") -> Array:
    """Each element from the array whose number is in `a`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.choose([1, 0], [[1.0, 2.0] * u.mV, [3.0, 4.0] * u.mV])
    tensor([3., 2.]) mV
    """
    count = len(choices)
    if mode == "raise" and bool(((a < 0) | (a >= count)).any()):
        raise ValueError(f"`a` must hold numbers of the {count} choices. Got one outside. Use mode='clip' or 'wrap'.")
    number = a.remainder(count) if mode == "wrap" else a.clamp(0, count - 1)
    result = choices[0]
    for place in range(1, count):
        result = torch.where(number == place, choices[place], result)
    return torch.broadcast_to(result, torch.broadcast_shapes(result.shape, a.shape))  # type: ignore[no-untyped-call]


def compress(
    condition: Array, a: Array, axis: int | None = None, *, size: int | None = None, fill_value: Any = 0
) -> Array:
    """The slices along an axis, or the elements, whose condition holds; cut or filled to `size` of them.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.compress([True, False], [1.0, 2.0] * u.mV)
    tensor([1.]) mV
    """
    if axis is None:
        a, axis = a.reshape(-1), 0
    condition = condition.reshape(-1)
    if size is None:
        return torch.index_select(a, axis, nonzero(condition)[0])
    places, is_found = true_places(condition if condition.dtype is torch.bool else condition != 0, size)
    is_found = is_found.reshape([-1 if each == axis % a.ndim else 1 for each in range(a.ndim)])
    return torch.where(is_found, torch.index_select(a, axis, places), 0 if fill_value is None else fill_value)


def extract(condition: Array, arr: Array, *, size: int | None = None, fill_value: Any = 0) -> Array:
    """The elements whose condition holds.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.extract([True, False], [1.0, 2.0] * u.mV)
    tensor([1.]) mV
    """
    return compress(condition, arr, size=size, fill_value=fill_value)


def take(
    a: Array, indices: Array, axis: int | None = None, mode: str | None = None, unique_indices: bool = False,
    indices_are_sorted: bool = False, fill_value: Any = None,
) -> Array:  # fmt: skip
    """The elements, or the slices along an axis, at these indices.

    Parameters
    ----------
    a
        The values.
    indices
        The indices, of any shape; negative ones count from the end.
    axis
        The axis; None for indices in the flattened array.
    mode
        What becomes of indices outside: an error (None, "raise"), the edge ("clip"), modulo the length ("wrap"), or
        `fill_value` ("fill"; where it is not given NaN, of integers the least one).
    unique_indices, indices_are_sorted
        Hints to XLA, without effect.
    fill_value
        What fills.

    Raises
    ------
    IndexError
        An index is outside, and `mode` does not say what to do.

    Notes
    -----
    Source: jax.numpy.take. Differs: without `mode` indices outside are an error, not NaN.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.take([1.0, 2.0] * u.mV, [1]), u.math.take([1.0, 2.0] * u.mV, [3], mode="wrap")
    (tensor([2.]) mV, tensor([2.]) mV)
    """
    if axis is None:
        a, axis = a.reshape(-1), 0
    axis, length = axis % max(a.ndim, 1), a.shape[axis]
    flat = indices.reshape(-1).long()
    outside = (flat < -length) | (flat >= length)
    if mode == "wrap":
        flat = flat.remainder(length)
    elif mode == "clip":
        flat = flat.clamp(0, length - 1)
    elif mode == "fill":
        flat = torch.where(outside, 0, flat)
    shape = (*a.shape[:axis], *indices.shape, *a.shape[axis + 1 :])
    found = torch.index_select(a, axis, torch.where(flat < 0, flat + length, flat))
    if mode == "fill":
        outside = outside.reshape([-1 if each == axis else 1 for each in range(a.ndim)])
        found = torch.where(~outside, found, missing(a.dtype) if fill_value is None else fill_value)
    return found.reshape(shape)


def take_along_axis(arr: Array, indices: Array, axis: int | None = -1) -> Array:
    """For each index along an axis the element that `indices` names there.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.take_along_axis([1.0, 2.0] * u.mV, [1, 0], 0)
    tensor([2., 1.]) mV
    """
    if axis is None:
        arr, indices, axis = arr.reshape(-1), indices.reshape(-1), 0
    indices = indices.long()
    return torch.take_along_dim(arr, torch.where(indices < 0, indices + arr.shape[axis], indices), axis)


def gather(input: Array, dim: int, index: Array) -> Array:
    """As torch.gather: the elements whose index along one axis stands in `index`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.gather([1.0, 2.0] * u.mV, 0, [1, 0])
    tensor([2., 1.]) mV
    """
    return torch.gather(input, dim, index.long())


def unravel_index(indices: Array, shape: Sequence[int]) -> tuple[torch.Tensor, ...]:
    """Indices of the flattened array as indices along each axis of this shape.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> row, column = u.math.unravel_index(2, (2, 2))
    >>> row.item(), column.item()
    (1, 0)
    """
    lengths = (shape,) if isinstance(shape, int) else tuple(shape)
    return tuple(as_indices(place) for place in torch.unravel_index(indices.long(), lengths))
