"""A record of a Python object, to be compared later with what is in its place. Objects are not kept alive."""

import weakref
from collections import OrderedDict, deque
from types import MappingProxyType
from typing import Any

import numpy as np
import torch

from ...units import Quantity, Unit

__all__ = ["LONGEST", "MISSING", "agrees", "kept"]

MISSING: Any = object()
_UNSEEN: Any = object()
#: Compared by value.
_PLAIN = (
    *(bool, int, float, complex, str, bytes, type(None), type(Ellipsis), range, slice),
    *(torch.dtype, torch.device, torch.layout, torch.memory_format, torch.Size, np.dtype, np.generic, Unit),
)
_CONTAINERS = (list, tuple, dict, set, frozenset, deque, OrderedDict, MappingProxyType, Quantity, np.ndarray)
#: Of a longer container only the length is compared.
LONGEST = 64
#: Of a larger array only the identity is compared: one of this size takes 1 µs.
_LARGEST = 1000
#: How deep containers are compared.
_DEPTH = 8


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
    if isinstance(x, _PLAIN) or x is MISSING:
        return x
    if isinstance(x, _CONTAINERS) and not (isinstance(x, np.ndarray) and x.size > _LARGEST):
        if len(around) >= _DEPTH or id(x) in around:
            return _Contents(type(x), None)
        return _Contents(type(x), [kept(item, (*around, id(x))) for item in _items(x)])
    try:
        return weakref.ref(x)
    except TypeError:
        return _UNSEEN


def agrees(then: Any, now: Any) -> bool:
    """Whether an object is the one that was there."""
    if then is now or then is _UNSEEN:
        return True
    kind = type(then)
    if kind is weakref.ref:
        return then() is now
    if kind is not _Contents:
        return type(now) is kind and bool(then == now)
    if type(now) is not then.kind:
        return False
    if then.items is None:
        return True
    items = _items(now)
    return len(items) == len(then.items) and all(map(agrees, then.items, items))


def _items(x: Any) -> list[Any]:
    if isinstance(x, Quantity):
        return [x.mantissa, x.unit]
    if isinstance(x, np.ndarray):
        return [x.shape, x.dtype, x.tobytes() if x.dtype != object else None]
    if len(x) > LONGEST:
        return [len(x)]
    if isinstance(x, dict):
        # The dictionaries of an adopted torch module return values of States.
        return [y for pair in dict.items(x) for y in pair]
    if isinstance(x, MappingProxyType):
        return [y for pair in x.items() for y in pair]
    return sorted(x, key=hash) if isinstance(x, (set, frozenset)) else list(x)
