"""States of brainstate and the States here that mirror them."""

import weakref
from typing import Any

from .._state import State
from .values import array_tree, tensor_tree

__all__ = ["Mirror", "mirror_of"]


class Mirror:
    """A State of ours for one of brainstate's.

    The twin is the one that programs of torch read and write. A value that JAX code assigns later is taken over at the
    next use.
    """

    def __init__(self, theirs: Any) -> None:
        self._theirs = weakref.ref(theirs)
        self.ours: State[Any] = tensor_tree(theirs, copy=True)
        self._seen = theirs.value

    @property
    def theirs(self) -> Any:
        """The State of brainstate."""
        found = self._theirs()
        if found is None:
            raise ReferenceError("a State of brainstate must be alive. Got one that was deleted. Keep its model.")
        return found

    def take_over(self) -> None:
        """Take the value of brainstate's State if that was assigned since."""
        value = self.theirs.value
        if value is not self._seen:
            self.ours.value = tensor_tree(value, copy=True)
            self._seen = value

    def give_back(self) -> None:
        """Assign the twin's value to brainstate's State."""
        self.theirs.value = array_tree(self.ours.value)
        self._seen = self.theirs.value


#: By identity: a State may be equal to another, and need not be hashable.
_BY_ID: dict[int, tuple[Any, Mirror]] = {}


def mirror_of(theirs: Any) -> Mirror:
    """The one mirror of a State of brainstate."""
    found = _BY_ID.get(id(theirs))
    if found is not None and found[0]() is theirs:
        return found[1]
    made = Mirror(theirs)
    key = id(theirs)
    _BY_ID[key] = (weakref.ref(theirs, lambda _: _BY_ID.pop(key, None)), made)
    return made
