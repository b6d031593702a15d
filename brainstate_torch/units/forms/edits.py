"""New arrays with elements put in, taken out or replaced; no array ever changes."""

from typing import Any

import torch

from .axes import Alike, Array, as_array
from .choosing import compress

__all__ = ["delete", "insert", "place", "put", "put_along_axis", "unstack"]


def _check_new(inplace: bool, name: str) -> None:
    if inplace:
        raise ValueError(f"`inplace` must be False. Got True. Bind the result: a = u.math.{name}(..., inplace=False).")


def _places(obj: Any, length: int, device: torch.device) -> torch.Tensor:
    """The indices that a number, a slice, a mask or numbers name on an axis."""
    if isinstance(obj, slice):
        return torch.arange(*obj.indices(length), device=device)
    places: torch.Tensor = as_array(obj).to(device)
    if places.dtype is torch.bool:
        return torch.nonzero(places.reshape(-1))[:, 0]
    return places.long()


def _bounded(places: torch.Tensor, length: int, limit: int) -> torch.Tensor:
    if bool(((places < -length) | (places >= limit)).any()):
        raise IndexError(f"`obj` must lie within an axis of length {length}. Got an index outside. Correct it.")
    return torch.where(places < 0, places + length, places)


def insert(arr: Alike, obj: Any, values: Alike, axis: int | None = None) -> Array:
    """The array with values inserted before indices along an axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.insert([1.0, 3.0] * u.mV, 1, 2.0 * u.mV)
    tensor([1., 2., 3.]) mV
    """
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    axis, length = axis % arr.ndim, arr.shape[axis]
    places = _bounded(_places(obj, length, arr.device), length, length + 1)
    if not places.ndim and values.ndim:
        # One index takes the values as slices; several indices take one value each.
        values = values.reshape((1,) * (arr.ndim - values.ndim) + tuple(values.shape))
        values = torch.movedim(values, 0, axis)
    places = places.reshape(-1)
    count = places.shape[0]
    if count == 1 and values.ndim == arr.ndim:
        count = values.shape[axis]
        places = places.expand(count)
    order = torch.argsort(places, stable=True)
    target = torch.empty_like(order).scatter(0, order, places[order] + torch.arange(count, device=arr.device))
    kept = torch.ones(length + count, dtype=torch.bool, device=arr.device).index_fill(0, target, False)
    shape = [count if each == axis else size for each, size in enumerate(arr.shape)]
    new = torch.broadcast_to(values.to(arr.dtype), shape)
    source = torch.empty(length + count, dtype=torch.long, device=arr.device)
    source = source.masked_scatter(kept, torch.arange(length, device=arr.device))
    source = source.scatter(0, target, length + torch.arange(count, device=arr.device))
    return torch.index_select(torch.cat([arr, new], axis), axis, source)


def delete(arr: Array, obj: Any, axis: int | None = None, *, assume_unique_indices: bool = False) -> Array:
    """The array without the slices at indices along an axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.delete([1.0, 2.0, 3.0] * u.mV, 1)
    tensor([1., 3.]) mV
    """
    if axis is None:
        arr, axis = arr.reshape(-1), 0
    length = arr.shape[axis]
    places = _bounded(_places(obj, length, arr.device).reshape(-1), length, length)
    return compress(torch.ones(length, dtype=torch.bool, device=arr.device).index_fill(0, places, False), arr, axis)


def place(arr: Alike, mask: Array, vals: Alike, *, inplace: bool = False) -> Array:
    """The array with values, over and over, where the mask is true.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.place([1.0, 2.0, 3.0] * u.mV, [True, False, True], 9.0 * u.mV)
    tensor([9., 2., 9.]) mV
    """
    _check_new(inplace, "place")
    mask = (mask if mask.dtype is torch.bool else mask != 0).reshape(arr.shape)
    number = (torch.cumsum(mask.reshape(-1), 0) - 1).clamp(min=0) % vals.numel()
    return torch.where(~mask, arr, vals.reshape(-1)[number].reshape(arr.shape))


def put(a: Alike, ind: Array, v: Alike, mode: str | None = None, *, inplace: bool = False) -> Array:
    """The array with values, over and over, at indices of the flattened array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.put([1.0, 2.0] * u.mV, [1], 9.0 * u.mV)
    tensor([1., 9.]) mV
    """
    _check_new(inplace, "put")
    places, count, mode = ind.reshape(-1).long(), a.numel(), mode or "clip"
    if mode in ("wrap", "clip"):
        places = torch.where(places < 0, places + count, places)
        places = places.remainder(count) if mode == "wrap" else places.clamp(0, count - 1)
    elif mode != "drop":
        raise ValueError(f"`mode` must be 'clip', 'wrap' or 'drop'. Got {mode!r}. Leave it out for 'clip'.")
    values = v.reshape(-1)[torch.arange(places.shape[0], device=a.device) % v.numel()].to(a.dtype)
    places = torch.where(places < 0, places + count, places)
    inside = (places >= 0) & (places < count)
    return torch.index_put(a.reshape(-1), (places[inside],), values[inside]).reshape(a.shape)


def put_along_axis(arr: Alike, indices: Array, values: Alike, axis: int | None, inplace: bool = False) -> Array:
    """The array with values at the indices along an axis that `indices` names.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.put_along_axis([[1.0, 2.0]] * u.mV, [[1]], 9.0 * u.mV, 1)
    tensor([[1., 9.]]) mV
    """
    _check_new(inplace, "put_along_axis")
    flat, shape = (arr.reshape(-1), arr.shape) if axis is None else (arr, arr.shape)
    axis, places = axis or 0, indices.long()
    places = torch.where(places < 0, places + flat.shape[axis], places)
    new = torch.broadcast_to(values.to(arr.dtype), places.shape)
    return torch.scatter(flat, axis, places, new).reshape(shape)


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    """The slices along an axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unstack([[1.0], [2.0]] * u.mV)
    (tensor([1.]) mV, tensor([2.]) mV)
    """
    return tuple(torch.unbind(x, axis))
