"""Sorting, searching and counting."""

from typing import Any

import torch

from ..._arrays import beside
from .axes import Alike, Array, as_array, floating, indices, promoted
from .choosing import true_places

__all__ = [
    "argpartition",
    "argsort",
    "bincount",
    "digitize",
    "first_of_each",
    "histogram",
    "histogram_bin_edges",
    "intersect1d",
    "lexsort",
    "partition",
    "searchsorted",
    "sized",
    "sort",
    "sort_complex",
    "unique",
]  # fmt: skip


def sort(
    a: Array, axis: int | None = -1, *, kind: str | None = None, order: None = None, stable: bool = True,
    descending: bool = False,
) -> Array:  # fmt: skip
    """The elements in order along an axis, of the flattened array where `axis` is None.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.sort([2.0, 1.0] * u.mV), u.math.sort([1.0, 2.0], descending=True)
    (tensor([1., 2.]) mV, tensor([2., 1.]))
    """
    _check_plain_order(order)
    if axis is None:
        a, axis = a.reshape(-1), 0
    if a.dtype.is_complex:
        return torch.take_along_dim(a, _complex_order(a, axis, descending), axis)
    return torch.sort(a, dim=axis, stable=stable, descending=descending)[0]


def _complex_order(a: Array, axis: int, descending: bool) -> torch.Tensor:
    """The order by real parts, then by imaginary ones; torch sorts no complex numbers."""
    first = torch.argsort(torch.imag(a), dim=axis, stable=True, descending=descending)
    rows = torch.take_along_dim(torch.real(a), first, axis)
    second = torch.argsort(rows, dim=axis, stable=True, descending=descending)
    return torch.take_along_dim(first, second, axis)


def argsort(
    a: Array, axis: int | None = -1, *, kind: str | None = None, order: None = None, stable: bool = True,
    descending: bool = False,
) -> torch.Tensor:  # fmt: skip
    """The indices of the elements in order.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.argsort([2.0, 1.0] * u.mV)
    tensor([1, 0], dtype=torch.int32)
    """
    _check_plain_order(order)
    if axis is None:
        a, axis = a.reshape(-1), 0
    if a.dtype.is_complex:
        return indices(_complex_order(a, axis, descending))
    return indices(torch.argsort(a, dim=axis, stable=stable, descending=descending))


def _check_plain_order(order: Any) -> None:
    if order is not None:
        raise TypeError(f"`order` must be None: tensors have no fields. Got {order!r}. Leave it out.")


def searchsorted(
    a: Alike, v: Alike, side: str = "left", sorter: Array | None = None, *, method: str = "scan"
) -> torch.Tensor:
    """The indices at which values would stand in a sorted array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.searchsorted([1.0, 3.0] * u.mV, 2.0 * u.mV)
    tensor(1, dtype=torch.int32)
    """
    if sorter is not None:
        a = a[sorter.long()]
    return indices(torch.searchsorted(a.contiguous(), v.contiguous(), side=side))


def digitize(x: Alike, bins: Alike, right: bool = False) -> torch.Tensor:
    """The number of the bin that each value is in; the edges may rise or fall.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.digitize(2.0 * u.mV, [1.0, 3.0] * u.mV), u.math.digitize(2.0, [3.0, 1.0])
    (tensor(1, dtype=torch.int32), tensor(1, dtype=torch.int32))
    """
    if bins.ndim != 1:
        raise ValueError(f"`bins` must have one axis. Got {bins.ndim}. Flatten it.")
    rising = torch.searchsorted(bins, x.contiguous(), right=not right)
    if not bins.shape[0]:
        return indices(rising)
    falling = bins.shape[0] - torch.searchsorted(torch.flip(bins, (0,)).contiguous(), x.contiguous(), right=not right)
    return indices(torch.where(bins[-1] >= bins[0], rising, falling))


def bincount(x: Array, weights: Array | None = None, minlength: int = 0, *, length: int | None = None) -> Array:
    """How often each number from zero occurs, or the sum of its weights.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.bincount([0, 1, 1]), u.math.bincount([0, 1, 1], length=4).tolist()
    (tensor([1, 2], dtype=torch.int32), [1, 2, 0, 0])
    """
    x = x.reshape(-1).clamp(min=0)
    if length is not None:
        # In the shapes of graphs and lanes: what is outside counts in one bin more, which is cut off.
        given = torch.ones(x.shape, dtype=torch.int64, device=x.device) if weights is None else weights.reshape(-1)
        empty = torch.zeros(length + 1, dtype=given.dtype, device=x.device) * torch.ones_like(given[:0]).sum()
        counts = torch.index_add(empty, 0, x.clamp(max=length).long(), given)[:length]
        return indices(counts) if weights is None else counts
    if weights is None:
        return indices(torch.bincount(x, None, minlength))
    # torch sums weights in 64 bit.
    return torch.bincount(x, weights.reshape(-1), minlength).to(weights.dtype)


def histogram(
    x: Array, bins: Any = 10, range: Any = None, weights: Array | None = None, density: bool | None = None
) -> tuple[Array, Array]:
    """How many values lie in each bin, and the edges of the bins, in the unit of the values.

    Parameters
    ----------
    x
        The values, of any shape.
    bins
        The number of bins of equal width, or their edges.
    range
        The outer edges; those of the values where it is not given.
    weights
        What each value counts.
    density
        Whether the counts are divided by their sum and by the widths, so that their integral is one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.histogram([1.0, 3.0] * u.mV, 2)
    (tensor([1., 1.]), tensor([1., 2., 3.]) mV)
    """
    x = x.reshape(-1)
    x = floating(x)
    edges = _edges(x, bins, range)
    place = torch.searchsorted(edges, x.contiguous(), right=True) - 1
    place = torch.where(x == edges[-1], edges.shape[0] - 2, place)
    # What is outside counts in one bin more, which is cut off: graphs and lanes need fixed shapes.
    count = edges.shape[0] - 1
    place = torch.where((place >= 0) & (place < count), place, count)
    weight = torch.ones(x.shape, dtype=x.dtype, device=x.device) if weights is None else weights.reshape(-1).to(x.dtype)
    counts = torch.zeros(count + 1, dtype=x.dtype, device=x.device) * weight[:0].sum()
    counts = torch.index_add(counts, 0, place, weight)[:count]
    if density:
        counts = counts / counts.sum() / torch.diff(edges)
    return counts, edges


def _edges(x: Array, bins: Any, outer: Any) -> Array:
    if not isinstance(bins, int):
        with beside([x]):
            bins = as_array(bins)
        return bins if bins.dtype.is_floating_point else bins.to(x.dtype)
    if outer is not None:
        # Adding a zero in the unit of the values checks the dimension and converts to that unit.
        low, high = (torch.zeros_like(x[:0].sum()) + end for end in outer)
    else:
        low, high = (x.amin(), x.amax()) if x.shape[0] else (x.sum(), x.sum() + torch.ones_like(x.sum()))
    half = torch.full_like(low, 0) + torch.ones_like(low) / 2
    flat = low == high
    low, high = torch.where(flat, low - half, low), torch.where(flat, high + half, high)
    steps = torch.arange(bins + 1, dtype=x.dtype, device=x.device) / bins
    return torch.cat([(low + (high - low) * steps[:-1]), high.reshape(1)])


def unique(
    a: Array, return_index: bool = False, return_inverse: bool = False, return_counts: bool = False,
    axis: int | None = None, *, equal_nan: bool = False, size: int | None = None, fill_value: Any = None,
) -> Any:  # fmt: skip
    """The different elements in order, or the different slices along an axis.

    Parameters
    ----------
    a
        The values.
    return_index, return_inverse, return_counts
        Whether to give the first index of each, the index of each element among the result, how often each occurs.
    axis
        The axis of slices; None for single elements.
    equal_nan
        Whether all NaN are one.
    size
        The length of the result: cut, or filled with `fill_value`, or with the smallest.
    fill_value
        What fills.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unique([2.0, 1.0, 2.0] * u.mV), u.math.unique([3, 1, 3], return_counts=True)[1].tolist()
    (tensor([1., 2.]) mV, [1, 2])
    """
    dim = 0 if axis is None else axis % a.ndim
    found = _runs(a.reshape(-1), equal_nan, size, fill_value) if axis is None else _slices(a, dim)
    values, index, inverse, counts = found
    inverse = inverse.reshape(a.shape) if axis is None else inverse
    if size is not None and axis is not None:
        values, index, counts = _sized(values, index, counts, dim, size, fill_value)
    wanted = ((return_index, index), (return_inverse, inverse), (return_counts, counts))
    others = [indices(found) for is_wanted, found in wanted if is_wanted]
    return (values, *others) if others else values


def first_of_each(x: Array) -> tuple[Array, torch.Tensor]:
    """The elements in order, and which of them differ from the one before."""
    values = sort(x, None)
    return values, torch.nn.functional.pad(values[1:] != values[:-1], (1, 0), value=True)[: values.shape[0]]


def sized(values: Array, is_wanted: torch.Tensor, size: int, fill_value: Any) -> Array:
    """The first `size` values that are wanted; where there are fewer, `fill_value`, or the first one that is."""
    if not values.shape[0]:
        raise ValueError("arrays must not be empty: there is nothing to fill with. Got no elements. Leave `size` out.")
    place, is_found = true_places(is_wanted, size)
    return torch.where(is_found, values[place], values[place[0]] if fill_value is None else fill_value)


def _runs(flat: Array, equal_nan: bool, size: int | None, fill_value: Any) -> tuple[Array, Any, Any, Any]:
    """The different elements with first indices, inverse and counts; torch.unique leaves NaN anywhere."""
    order = argsort(flat).long()
    ordered = flat[order]
    changed = ordered[1:] != ordered[:-1]
    if equal_nan:
        changed = changed & ~(torch.isnan(ordered[1:]) & torch.isnan(ordered[:-1]))
    first = torch.nn.functional.pad(changed, (1, 0), value=True)[: flat.shape[0]]
    number = torch.cumsum(first, 0) - 1
    inverse = torch.empty_like(order).scatter(0, order, number)
    if size is None:
        return ordered[first], order[first], inverse, torch.bincount(inverse)
    values = sized(ordered, first, size, fill_value)
    place, is_found = true_places(first, size)
    counts = torch.zeros(size + 1, dtype=torch.int64, device=order.device)
    counts = torch.index_add(counts, 0, number.clamp(max=size), torch.ones_like(number))[:size]
    return values, torch.where(is_found, order[place], order[0]), inverse, counts


def _slices(a: Array, dim: int) -> tuple[Array, torch.Tensor, torch.Tensor, torch.Tensor]:
    """The different slices along an axis with first indices, inverse and counts."""
    values, inverse, counts = torch.unique(a, return_inverse=True, return_counts=True, dim=dim)
    length = inverse.shape[0]
    places = torch.arange(length, device=inverse.device)
    index = torch.full_like(counts, length).scatter_reduce(0, inverse, places, "amin")
    return values, index, inverse, counts


def _sized(values: Array, index: torch.Tensor, counts: torch.Tensor, dim: int, size: int, fill_value: Any) -> Any:
    missing = size - values.shape[dim]
    if missing <= 0:
        return values.narrow(dim, 0, size), index[:size], counts[:size]
    shape = [missing if axis == dim else length for axis, length in enumerate(values.shape)]
    first = values.narrow(dim, 0, 1)
    filling = torch.zeros_like(first) + (first if fill_value is None else fill_value)
    values = torch.cat([values, torch.broadcast_to(filling, shape)], dim)
    return values, torch.cat([index, index[:1].expand(missing)]), torch.cat([counts, counts.new_zeros(missing)])


def intersect1d(
    ar1: Array, ar2: Array, assume_unique: bool = False, return_indices: bool = False, *, size: int | None = None,
    fill_value: Any = None,
) -> Any:  # fmt: skip
    """The values that occur in both arrays, in order, and their indices where `return_indices`.

    With a `size` the result is cut, or filled with `fill_value`, or with the smallest.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.intersect1d([1.0, 2.0, 3.0] * u.mV, [3.0, 1.0] * u.mV)
    tensor([1., 3.]) mV
    """
    ar1, ar2 = promoted(ar1, ar2)
    if size is not None:
        if return_indices:
            raise ValueError("`return_indices` must be false with a `size`. Got both. Leave one out.")
        values, is_first = first_of_each(ar1)
        is_found = is_first & torch.any(values[:, None] == ar2.reshape(-1)[None, :], 1)
        return sized(values, is_found, size, fill_value)
    first, first_at = unique(ar1, return_index=True)
    second, second_at = unique(ar2, return_index=True)
    equal = first[:, None] == second[None, :]
    here, there = equal.nonzero().unbind(1)
    return (first[here], first_at[here], second_at[there]) if return_indices else first[here]


def partition(a: Array, kth: int, axis: int = -1) -> Array:
    """The elements along an axis with the `kth` in its place, smaller ones before it.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.partition([3.0, 1.0, 2.0] * u.mV, 1)
    tensor([1., 2., 3.]) mV
    """
    return sort(a, axis)


def argpartition(a: Array, kth: int, axis: int = -1) -> torch.Tensor:
    """The indices of the elements of :func:`partition`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.argpartition([3.0, 1.0, 2.0] * u.mV, 1)[0].item()
    1
    """
    return argsort(a, axis)


def lexsort(keys: Any, axis: int = -1) -> torch.Tensor:
    """The order by the last key, then by the one before it, and so on.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.lexsort(([1, 0, 1], [2, 1, 1])).tolist()
    [1, 2, 0]
    """
    arrays = [torch.as_tensor(key) if isinstance(key, (list, tuple)) else key for key in keys]
    order = torch.argsort(arrays[0], dim=axis, stable=True)
    for key in arrays[1:]:
        again = torch.argsort(torch.take_along_dim(key, order, axis), dim=axis, stable=True)
        order = torch.take_along_dim(order, again, axis)
    return indices(order)


def histogram_bin_edges(a: Array, bins: Any = 10, range: Any = None, weights: Array | None = None) -> Array:
    """The edges of the bins of :func:`histogram`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.histogram_bin_edges([1.0, 3.0] * u.mV, 2)
    tensor([1., 2., 3.]) mV
    """
    return _edges(floating(a).reshape(-1), bins, range)


def sort_complex(a: Array) -> Array:
    """The elements of the flattened array as complex numbers, by real parts, then by imaginary ones.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.sort_complex([2.0, 1.0] * u.mV)
    tensor([1.+0.j, 2.+0.j]) mV
    """
    return sort(a.to(torch.promote_types(a.dtype, torch.complex64)))
