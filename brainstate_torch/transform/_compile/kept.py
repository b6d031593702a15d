"""A record of a Python object, to be compared later with what is in its place; not kept alive if possible."""

import weakref
from array import array
from collections import OrderedDict, deque
from contextvars import ContextVar
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from ...units import Quantity, Unit

__all__ = ["CONTAINERS", "LONGEST", "MISSING", "agrees", "kept", "member"]

MISSING: Any = object()
#: Compared by value.
_PLAIN = (
    *(bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, slice),
    *(torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size, np.dtype, np.generic, Unit),
)
#: Not told apart by `==`: the signs of zeros, and nan from another number.
_FLOATS = (float, complex, np.inexact)
CONTAINERS = (list, tuple, dict, set, frozenset, deque, MappingProxyType)
#: What else is compared by what it holds or leads to.
_HOLDERS = (Quantity, np.ndarray, array, bytearray, weakref.ref, ContextVar)
_MEMBERS = (property, staticmethod, classmethod, cached_property)
_COMPARED = (*CONTAINERS, *_HOLDERS, *_MEMBERS)
#: Of a longer container only the length is compared.
LONGEST = 64
#: Of a larger array only the identity is compared: one of this size takes 1 µs.
_LARGEST = 1000
#: How deep containers are compared.
_DEPTH = 8


class _Itself:
    """An object that cannot be referred to weakly, such as a SimpleNamespace: it is kept alive."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x


class _Contents:
    """What a container held; None if that is not compared."""

    __slots__ = ("items", "kind")

    def __init__(self, kind: type, items: list[Any] | None) -> None:
        self.kind, self.items = kind, items


def kept(x: Any, around: tuple[int, ...] = ()) -> Any:
    """What :func:`agrees` compares with.

    Parameters
    ----------
    around
        The containers that `x` is in, by identity: one may hold itself.
    """
    if isinstance(x, _FLOATS) and (x == 0 or x != x or not isinstance(x, float)):
        return _Contents(type(x), [repr(x)])
    if isinstance(x, _PLAIN) or x is MISSING:
        return x
    if isinstance(x, _COMPARED) and not (isinstance(x, np.ndarray) and x.size > _LARGEST):
        if len(around) >= _DEPTH or id(x) in around:
            return _Contents(type(x), None)
        return _Contents(type(x), [kept(item, (*around, id(x))) for item in _items(x)])
    try:
        return weakref.ref(x)
    except TypeError:
        return _Itself(x)


def agrees(then: Any, now: Any) -> bool:
    """Whether an object is the one that was there."""
    if then is now:
        return True
    kind = type(then)
    if kind is weakref.ref:
        return then() is now
    if kind is _Itself:
        return then.x is now
    if kind is not _Contents:
        return type(now) is kind and bool(then == now)
    if type(now) is not then.kind:
        return False
    if not then.items:
        # Hooks of modules mostly: there are none, and seven dictionaries for them.
        return then.items is None or not now
    items = _items(now)
    return len(items) == len(then.items) and all(map(agrees, then.items, items))


def _items(x: Any) -> list[Any]:
    if isinstance(x, _FLOATS):
        return [repr(x)]
    if isinstance(x, Quantity):
        return [x.mantissa, x.unit]
    if isinstance(x, np.ndarray):
        return [x.shape, x.dtype, x.tobytes() if x.dtype != object else None]
    if isinstance(x, weakref.ref):
        return [x()]
    if isinstance(x, ContextVar):
        return [x.get(MISSING)]
    if isinstance(x, _MEMBERS):
        return [member(x)]
    if len(x) > LONGEST:
        return [len(x)]
    if isinstance(x, (array, bytearray)):
        return [bytes(x)]
    if isinstance(x, OrderedDict):
        return [y for key in x for y in (key, dict.__getitem__(x, key))]
    if isinstance(x, dict):
        # The dictionaries of an adopted torch module return values of States.
        return [y for pair in dict.items(x) for y in pair]
    if isinstance(x, MappingProxyType):
        return [y for pair in x.items() for y in pair]
    return sorted(x, key=hash) if isinstance(x, (set, frozenset)) else list(x)


def member(x: Any) -> Any:
    """The function of a property, static method or class method; anything else as it is."""
    if isinstance(x, property):
        return x.fget
    if isinstance(x, cached_property):
        return x.func
    return x.__func__ if isinstance(x, (staticmethod, classmethod)) else x
