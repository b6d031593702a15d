"""Arrays as sets: membership, union, intersection, difference."""

from typing import Any, NamedTuple

import torch

from .axes import Alike, Array, indices
from .choosing import extract
from .ordering import first_of_each, sized, unique

__all__ = [
    "isin", "setdiff1d", "setxor1d", "trim_zeros", "union1d", "unique_all", "unique_counts", "unique_inverse",
    "unique_values",
]  # fmt: skip


class UniqueAll(NamedTuple):
    """The result of :func:`unique_all`."""

    values: Any
    indices: torch.Tensor
    inverse_indices: torch.Tensor
    counts: torch.Tensor


class UniqueCounts(NamedTuple):
    """The result of :func:`unique_counts`."""

    values: Any
    counts: torch.Tensor


class UniqueInverse(NamedTuple):
    """The result of :func:`unique_inverse`."""

    values: Any
    inverse_indices: torch.Tensor


def isin(
    element: Alike, test_elements: Alike, assume_unique: bool = False, invert: bool = False, *, method: str = "auto"
) -> torch.Tensor:
    """Whether each element is one of the test elements.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.isin([1.0, 2.0] * u.mV, [0.002] * u.volt)
    tensor([False,  True])
    """
    found = torch.any(element.reshape(-1)[:, None] == test_elements.reshape(-1)[None, :], 1).reshape(element.shape)
    return ~found if invert else found


def union1d(ar1: Alike, ar2: Alike, *, size: int | None = None, fill_value: Any = None) -> Array:
    """The values that occur in one of the arrays, in order.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.union1d([3.0, 1.0] * u.mV, [1.0, 2.0] * u.mV)
    tensor([1., 2., 3.]) mV
    """
    return unique(torch.cat([ar1.reshape(-1), ar2.reshape(-1)]), size=size, fill_value=fill_value)


def setdiff1d(
    ar1: Alike, ar2: Alike, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Array:
    """The values of the first array that are not in the second, in order.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.setdiff1d([3.0, 1.0, 2.0] * u.mV, [1.0] * u.mV)
    tensor([2., 3.]) mV
    """
    if size is None:
        values = ar1.reshape(-1) if assume_unique else unique(ar1)
        return values[~isin(values, ar2)]
    values, is_first = first_of_each(ar1)
    return extract(is_first & ~isin(values, ar2), values, size=size, fill_value=0 if fill_value is None else fill_value)


def setxor1d(
    ar1: Alike, ar2: Alike, assume_unique: bool = False, *, size: int | None = None, fill_value: Any = None
) -> Array:
    """The values that are in exactly one of the arrays, in order.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.setxor1d([3.0, 1.0] * u.mV, [1.0, 2.0] * u.mV)
    tensor([2., 3.]) mV
    """
    if size is not None:
        values, is_first = first_of_each(torch.cat([ar1.reshape(-1), ar2.reshape(-1)]))
        return sized(values, is_first & (isin(values, ar1) ^ isin(values, ar2)), size, fill_value)
    values, counts = unique(torch.cat([unique(ar1), unique(ar2)]), return_counts=True)
    return values[counts == 1]


def unique_all(x: Array) -> UniqueAll:
    """The different elements in order, with first indices, inverse and counts.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unique_all([2.0, 1.0, 2.0] * u.mV).values
    tensor([1., 2.]) mV
    """
    return UniqueAll(*unique(x, True, True, True))


def unique_counts(x: Array) -> UniqueCounts:
    """The different elements in order, and how often each occurs.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unique_counts([2.0, 1.0, 2.0] * u.mV).counts.tolist()
    [1, 2]
    """
    return UniqueCounts(*unique(x, return_counts=True))


def unique_inverse(x: Array) -> UniqueInverse:
    """The different elements in order, and the index of each element among them.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unique_inverse([2.0, 1.0, 2.0] * u.mV).inverse_indices.tolist()
    [1, 0, 1]
    """
    return UniqueInverse(*unique(x, return_inverse=True))


def unique_values(x: Array) -> Array:
    """The different elements in order.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unique_values([2.0, 1.0, 2.0] * u.mV)
    tensor([1., 2.]) mV
    """
    return unique(x)


def trim_zeros(filt: Array, trim: str = "fb") -> Array:
    """A vector without leading and trailing zeros.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.trim_zeros([0.0, 1.0, 0.0, 2.0, 0.0] * u.mV)
    tensor([1., 0., 2.]) mV
    """
    places = indices(torch.nonzero(filt != 0)[:, 0])
    if not places.shape[0]:
        return filt[:0]
    first = int(places[0]) if "f" in trim else 0
    last = int(places[-1]) + 1 if "b" in trim else filt.shape[0]
    return filt[first:last]
