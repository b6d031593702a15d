"""The attributes of an object or a class, as they were when a function was recorded that may read them."""

import weakref
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

import torch

from ..._errors import named
from ..._state import State
from ...graph import Node
from .kept import MISSING, agrees, kept

__all__ = ["PARTS", "Absent", "Owner", "reference"]

#: What `states()`, `parameters()` and the like look for in the attributes of a module.
PARTS = (State, torch.nn.Module, Node, list, tuple, dict)


class Absent:
    """Names that a dictionary of attributes or global variables did not have.

    Only its length is compared as long as that stays.

    Parameters
    ----------
    held
        The dictionary.
    matters
        Whether a further entry, by its name and value, is one that code may find.
    """

    __slots__ = ("_count", "_known", "_matters")

    def __init__(self, held: Mapping[str, Any], matters: Callable[[str, Any], bool]) -> None:
        self._matters = matters
        self.settle(held)

    def settle(self, held: Mapping[str, Any]) -> None:
        """What it has now is known."""
        self._count, self._known = len(held), frozenset(held)

    def added(self, held: Mapping[str, Any]) -> list[str]:
        """The names of the entries that it did not have, and that matter."""
        return [name for name in held.keys() - self._known if self._matters(name, held[name])]

    def holds(self, held: Mapping[str, Any]) -> bool:
        """Whether it has no further entry that matters."""
        if len(held) == self._count:
            return True
        if self.added(held):
            return False
        self._count = len(held)
        return True


class Owner:
    """An object or a class, which is not kept alive where that is possible, and attributes of it.

    Parameters
    ----------
    x
        The object, which has a `__dict__`.
    used
        The names that code uses.
    names
        Those of them that are looked at.
    listed
        Code may ask for all attributes that are of these types.
    """

    __slots__ = ("absent", "entries", "kind", "ref")

    def __init__(self, x: Any, used: Collection[str], names: Collection[str], listed: tuple[type, ...] = ()) -> None:
        held = x.__dict__
        self.ref, self.kind = reference(x), type(x)
        self.entries = [(name, kept(held[name])) for name in held.keys() & names]
        self.entries += [(k, kept(v)) for k, v in held.items() if k not in names and isinstance(v, listed)]
        self.absent = Absent(held, lambda name, value: name in used or isinstance(value, listed))

    def holds(self) -> bool:
        """Whether all is as it was. An object that was collected cannot be read again."""
        x = self.ref()
        if x is None:
            return True
        if type(x) is not self.kind:
            return False
        held = x.__dict__
        for name, then in self.entries:
            if not agrees(then, held.get(name, MISSING)):
                return False
        return self.absent.holds(held)

    def settle(self) -> None:
        """Stop looking at what is not as it was: the function changes that itself."""
        held = getattr(self.ref(), "__dict__", {})
        self.entries = [entry for entry in self.entries if agrees(entry[1], held.get(entry[0], MISSING))]
        self.absent.settle(held)

    def changed(self) -> Iterator[str]:
        """What is not as it was, in words."""
        x = self.ref()
        if x is None:
            return
        words = f"the class {x.__name__}" if isinstance(x, type) else named(self.kind)
        if type(x) is not self.kind:
            yield words
            return
        held = x.__dict__
        other = [name for name, then in self.entries if not agrees(then, held.get(name, MISSING))]
        yield from [f"`{name}` of {words}" for name in (*other, *self.absent.added(held))]


def reference(x: Any) -> Callable[[], Any]:
    """A weak reference; a strong one to what has none, such as a SimpleNamespace."""
    try:
        return weakref.ref(x)
    except TypeError:
        return lambda: x
