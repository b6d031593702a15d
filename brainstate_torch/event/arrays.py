"""Arrays of events: each element above zero counts 1 in a product."""

from collections.abc import Iterator
from typing import Any, Self

import torch

from .. import _tree
from .._host.functorch import is_differentiated
from ..nn.connection.event_product import event_product
from ..nn.module.operand import operand
from ..units import UNITLESS, Quantity, math
from ..units._doors import attach, detach

__all__ = ["BinaryArray", "BitPackedBinary", "CompactBinary", "EventRepresentation", "events_of"]


class EventRepresentation:
    """Base of arrays of events.

    Parameters
    ----------
    value
        The array, ``[*N]``: booleans, or numbers, of which those above zero are events.

    Notes
    -----
    Source: brainevent.EventRepresentation (0.2.1).

    Examples
    --------
    >>> from brainstate_torch import event
    >>> isinstance(event.BinaryArray([True, False]), event.EventRepresentation)
    True
    """

    __array_priority__ = 100
    _value: Any

    def __init__(self, value: Any) -> None:
        self._value = value._value if isinstance(value, EventRepresentation) else math.asarray(value)

    @property
    def value(self) -> Any:
        """The array that was given."""
        return self._value

    @value.setter
    def value(self, value: Any) -> None:
        self._value = math.asarray(value)

    def with_value(self, value: Any) -> Self:
        """The same kind of events, of another array.

        Parameters
        ----------
        value
            The array.

        Returns
        -------
        EventRepresentation
            The events.
        """
        return type(self)(value)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape."""
        return tuple(self._value.shape)

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the array."""
        dtype: torch.dtype = self._value.dtype
        return dtype

    @property
    def size(self) -> int:
        """The number of elements."""
        return torch.Size(self.shape).numel()

    @property
    def T(self) -> Any:
        """The array, transposed."""
        return math.transpose(self._value)

    def transpose(self, *axes: int) -> Any:
        """The array with its axes in another order.

        Parameters
        ----------
        *axes
            The order; none to reverse it.

        Returns
        -------
        Tensor or Quantity
            The array.
        """
        return math.transpose(self._value, axes or None)

    def __len__(self) -> int:
        return len(self._value)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._value)

    def __getitem__(self, index: Any) -> Any:
        return self._value[index]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(value={self._value})"

    def __matmul__(self, other: Any) -> Any:
        if hasattr(other, "_event_product"):
            return other._event_product(self, is_left=True)
        return _dense(self, other, is_left=True)

    def __rmatmul__(self, other: Any) -> Any:
        return _dense(self, other, is_left=False)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # `tensor @ events` comes here, and `torch.matmul`.
        name = getattr(function, "__name__", str(function))
        if name in ("matmul", "__matmul__", "__rmatmul__") and len(args) == 2:
            left, right = args[::-1] if name == "__rmatmul__" else args
            if isinstance(right, EventRepresentation):
                return right.__rmatmul__(left)
            return left.__matmul__(right)
        raise TypeError(
            f"events take part in products by @ alone. Got torch.{name}. Take `events.value` for the array."
        )


class BinaryArray(EventRepresentation):
    """An array of events: in a product by ``@``, what is above zero counts 1.

    Derivatives by the array are those of the product of what it is.

    Parameters
    ----------
    value
        The array, ``[*N]``: booleans, or numbers.

    Notes
    -----
    Source: brainevent.BinaryArray (0.2.1). Differs: a number above zero counts 1 in each product, where brainevent
    takes it for what it is in some; derivatives by weights are those of the product.

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.BinaryArray([0., 1., 1.]) @ torch.tensor([[1., 2.], [3., 4.], [5., 6.]])
    tensor([ 8., 10.])
    """

    def bitpack(self) -> "BitPackedBinary":
        """The events as :class:`BitPackedBinary`.

        Returns
        -------
        BitPackedBinary
            The events.
        """
        return BitPackedBinary(self)


class BitPackedBinary(BinaryArray):
    """:class:`BinaryArray` under the name of brainevent's packed form; nothing is packed here.

    Parameters
    ----------
    value
        The array, ``[*N]``: booleans, or numbers.

    Notes
    -----
    Source: brainevent.BitPackedBinary (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.BitPackedBinary([True, False]) @ torch.tensor([[1., 2.], [3., 4.]])
    tensor([1., 2.])
    """


class CompactBinary(BinaryArray):
    """:class:`BinaryArray` under the name of brainevent's compact form; products find the events themselves.

    Parameters
    ----------
    value
        The array, ``[*N]``: booleans, or numbers.

    Notes
    -----
    Source: brainevent.CompactBinary (0.2.1).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import event
    >>> event.CompactBinary([True, False]) @ torch.tensor([[1., 2.], [3., 4.]])
    tensor([1., 2.])
    """

    @classmethod
    def from_array(cls, value: Any) -> "CompactBinary":
        """The events of an array.

        Parameters
        ----------
        value
            The array.

        Returns
        -------
        CompactBinary
            The events.
        """
        return cls(value)


def _register(kind: type[EventRepresentation]) -> None:
    def made(children: Any, _: None) -> EventRepresentation:
        events = object.__new__(kind)
        (events._value,) = children
        return events

    _tree.register(kind, lambda events: ((events._value,), None), made)


for _kind in (BinaryArray, BitPackedBinary, CompactBinary):
    _register(_kind)


def events_of(x: EventRepresentation) -> tuple[torch.Tensor, Any]:
    """What each element counts, with the derivative of what it is, and its unit."""
    value, unit = detach(x.value)
    if value.dtype is torch.bool:
        return value, unit
    counted = value > 0
    if not value.is_floating_point() or not is_differentiated(value):
        return counted, unit
    return counted.to(value.dtype) + (value - value.detach()), unit


def dressed(y: Any, *units: Any) -> Any:
    """A product of numbers with the units of its factors."""
    for unit in units:
        if unit is not None and unit is not UNITLESS:
            y = y * unit if isinstance(y, Quantity) else attach(y, unit)
    return y


def _dense(events: EventRepresentation, other: Any, is_left: bool) -> Any:
    if isinstance(other, EventRepresentation):
        other = other.value
    strength, own = events_of(events)
    weight, unit = detach(operand(other, strength))
    place = 0 if is_left else -1
    if weight.ndim != 2 or events.ndim not in (1, 2):
        raise ValueError(
            f"a product of events must be one of a vector or matrix with a matrix. Got shapes {events.shape} and "
            f"{tuple(weight.shape)}."
        )
    length = events.shape[-1] if is_left else events.shape[0]
    if weight.shape[place] != length:
        raise ValueError(
            f"the axes of a product must be equally long. Got {length} events and a matrix of shape "
            f"{tuple(weight.shape)}."
        )
    weight = weight if weight.is_floating_point() else weight.to(torch.get_default_dtype())
    alone = strength.dtype is torch.bool and strength.ndim == 1
    if is_left and alone and not is_differentiated(strength, weight):
        return dressed(event_product(strength, weight), unit, own)
    strength = strength.to(weight.dtype)
    return dressed(strength @ weight if is_left else weight @ strength, unit, own)
