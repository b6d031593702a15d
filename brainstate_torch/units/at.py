"""``q.at[index]``: updates of single elements that make a new quantity."""

from collections.abc import Callable
from typing import Any

import torch

from .._arrays import as_tensor
from .arithmetic import Arithmetic
from .errors import UnitMismatchError
from .forms.axes import missing
from .indexing import places
from .unit import UNITLESS, scaled
from .values import fits_any_unit, parts_of

__all__ = ["At", "Indexed"]

_MODES = (None, "promise_in_bounds", "clip", "drop", "fill", "wrap")


class At:
    """The attribute ``at`` of a quantity; ``q.at[index]`` is an :class:`Indexed`.

    Parameters
    ----------
    quantity
        What is to be indexed.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> ([1.0, 2.0] * u.mV).at[0].set(5.0 * u.mV)
    tensor([5., 2.]) mV
    """

    __slots__ = ("_quantity",)

    def __init__(self, quantity: Arithmetic) -> None:
        self._quantity = quantity

    def __getitem__(self, index: Any) -> "Indexed":
        return Indexed(self._quantity, index)


class Indexed:
    """Elements of a quantity, to be read or replaced; the quantity itself never changes.

    Each method takes ``mode``: what becomes of integers outside of their axis. Updates leave them out (``None``,
    ``"drop"``, ``"fill"``), go to the edge (``"clip"``) or round (``"wrap"``); `get` reads the edge unless
    ``mode="fill"``. An element that is indexed several times is updated several times.

    Parameters
    ----------
    quantity
        What is indexed.
    index
        As in ``quantity[index]``.

    Notes
    -----
    Source: brainunit.Quantity.at (0.5.2). Differs: the options that only tell XLA something are taken and ignored; the
    number 0 is taken in every unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> q = [1.0, 2.0] * u.mV
    >>> q.at[[0, 0]].add(1.0 * u.mV), q.at[1].multiply(3.0), q.at[5].get(mode="fill", fill_value=0.0 * u.mV)
    (tensor([3., 2.]) mV, tensor([1., 6.]) mV, 0.0 mV)
    """

    __slots__ = ("_index", "_quantity")

    def __init__(self, quantity: Arithmetic, index: Any) -> None:
        self._quantity, self._index = quantity, index

    def get(self, *, mode: str | None = None, fill_value: Any = None, **hints: Any) -> Any:
        """The elements; those outside are `fill_value`, or NaN, with ``mode="fill"``."""
        array = as_tensor(self._quantity._mantissa)
        filled = _checked(mode, hints) in ("fill", "drop")
        where = self._places(mode if filled else mode or "clip")
        found = array.reshape(-1)[where.clamp(min=0)]
        if filled:
            fill = self._in_unit(fill_value) if fill_value is not None else missing(array.dtype)
            found = torch.where(where < 0, torch.as_tensor(fill, dtype=array.dtype, device=array.device), found)
        return self._quantity._make(found, self._quantity._unit)

    def set(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with other values at the index; the last one counts where an element is indexed twice."""
        return self._updated(lambda flat, where, new: flat.index_put((where,), new), values, mode, hints)

    def add(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with `values` added at the index."""
        return self._updated(lambda flat, where, new: flat.index_add(0, where, new), values, mode, hints)

    def subtract(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with `values` taken away at the index."""
        return self._updated(lambda flat, where, new: flat.index_add(0, where, new, alpha=-1), values, mode, hints)

    def min(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with the smaller of each element and `values` at the index."""
        return self._updated(lambda flat, where, new: flat.scatter_reduce(0, where, new, "amin"), values, mode, hints)

    def max(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with the larger of each element and `values` at the index."""
        return self._updated(lambda flat, where, new: flat.scatter_reduce(0, where, new, "amax"), values, mode, hints)

    def multiply(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity times plain numbers at the index."""
        return self._scaled(_factor(values, "multiply"), mode, hints)

    mul = multiply

    def divide(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity divided by plain numbers at the index."""
        return self._scaled(1.0 / _factor(values, "divide"), mode, hints)

    def power(self, values: Any, *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with the elements at the index to a power.

        Raises
        ------
        UnitMismatchError
            The quantity has a dimension, and the power is not one: the elements would have two units.
        """
        exponent = _factor(values, "power")
        if self._quantity._unit._dim and not bool((exponent == 1).all()):
            raise UnitMismatchError(
                f"`at[...].power` must get a plain number. Got a quantity in {self._quantity._unit}, whose other "
                "elements would keep another unit. Take the power of all of it, or divide by a unit first.",
                self._quantity._unit,
            )
        return self.apply(lambda x: x**exponent, mode=mode, **hints)

    def apply(self, ufunc: Callable[[Any], Any], *, mode: str | None = None, **hints: Any) -> Any:
        """The quantity with the function's result at the index; the function sees the elements with their unit."""
        array = as_tensor(self._quantity._mantissa)
        times = torch.zeros(array.numel(), dtype=torch.long, device=array.device)
        where = self._places(_checked(mode, hints)).reshape(-1)
        where = where[where >= 0]
        times = times.index_add(0, where, torch.ones_like(where))
        flat = array.reshape(-1)
        for turn in range(int(times.max()) if times.numel() else 0):
            new = ufunc(self._quantity._make(flat, self._quantity._unit))
            flat = torch.where(times > turn, self._in_unit(new), flat)
        return self._quantity._make(flat.reshape(array.shape), self._quantity._unit)

    def _places(self, mode: str | None) -> torch.Tensor:
        array = as_tensor(self._quantity._mantissa)
        return places(array.shape, self._index, mode, array.device)

    def _in_unit(self, values: Any) -> Any:
        """The numbers of values, in the unit of the quantity."""
        if fits_any_unit(values):
            return values
        mantissa, unit = parts_of(values)
        factor = unit._factor_to(self._quantity._unit, "at")
        return mantissa if factor == 1.0 else mantissa * factor

    def _scaled(self, factor: Any, mode: str | None, hints: dict[str, Any]) -> Any:
        return self._updated(
            lambda flat, where, new: flat.scatter_reduce(0, where, new, "prod"), factor, mode, hints, plain=True
        )

    def _updated(
        self, update: Callable[..., Any], values: Any, mode: str | None, hints: dict[str, Any], *, plain: bool = False
    ) -> Any:
        array = as_tensor(self._quantity._mantissa)
        where = self._places(_checked(mode, hints))
        new = as_tensor(values if plain else self._in_unit(values))
        kind = torch.promote_types(array.dtype, new.dtype) if new.ndim else torch.result_type(array, new)
        new = new.to(array.device, kind).broadcast_to(where.shape).reshape(-1)
        # Elements outside are written to one extra element, which is cut off again.
        flat = torch.cat([array.to(kind).reshape(-1), array.new_zeros(1, dtype=kind)])
        where = torch.where(where < 0, array.numel(), where).reshape(-1)
        return self._quantity._make(update(flat, where, new)[:-1].reshape(array.shape), self._quantity._unit)


def _factor(values: Any, name: str) -> torch.Tensor:
    mantissa, unit = parts_of(values)
    return scaled(as_tensor(mantissa), unit._factor_to(UNITLESS, f"at[...].{name}"))  # type: ignore[no-any-return]


def _checked(mode: str | None, hints: dict[str, Any]) -> str | None:
    unknown = hints.keys() - {"indices_are_sorted", "unique_indices", "out_sharding", "wrap_negative_indices"}
    if unknown:
        raise TypeError(f"`at[...]` must get options that it knows. Got `{min(unknown)}`. Leave it out.")
    if mode not in _MODES:
        raise ValueError(f"`mode` must be one of {_MODES[1:]}. Got {mode!r}. Leave it out for the usual one.")
    return mode
