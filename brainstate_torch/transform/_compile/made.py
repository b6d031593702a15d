"""States that a function makes at each call, as ``init_all_states`` does, to replace those of the call before."""

import types
import weakref
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

import torch

from ..._state import State
from ...units import Quantity

__all__ = ["Attributes", "Replaced"]

#: Types whose objects hold no State.
_LEAVES = (torch.Tensor, Quantity, type, types.ModuleType, types.FunctionType, str, int, float, complex, type(None))
_CONTAINERS = (list, tuple, dict, set, frozenset)
#: The search stops at this many objects.
_MOST = 20_000


class Replaced(NamedTuple):
    """An attribute whose State a program replaces by one that it makes, and keeps for its next run."""

    owner: weakref.ref[Any]
    name: str
    state: State[Any]

    def holds(self) -> bool:
        """Whether a State of that kind stands there."""
        owner = self.owner()
        return owner is not None and type(vars(owner).get(self.name)) is type(self.state)

    def put(self) -> None:
        """Set the attribute to the State of this program; another program may have put its own there."""
        owner = self.owner()
        if owner is not None and vars(owner).get(self.name) is not self.state:
            setattr(owner, self.name, self.state)


class Attributes:
    """The attributes of objects before a function runs that may replace what they refer to."""

    def __init__(self, owners: Iterable[Any]) -> None:
        self._before = [(owner, dict(vars(owner))) for owner in owners]

    def replaced(
        self, made: Collection[State[Any]], touched: Collection[State[Any]], further: Iterable[Any]
    ) -> list[Replaced] | None:
        """Where the States that the function has made stand in the place of others that it did not touch.

        None if the next call meets them in another way, so that what was recorded is right for one call alone.

        Parameters
        ----------
        made
            The States made.
        touched
            The States that were there before, and whose values the function has read or written.
        further
            Other places that may refer to a State made: the variables that the function can assign.
        """
        by_id = {id(state): state for state in made}
        found = []
        rest = [*further]
        for owner, before in self._before:
            for name, value in vars(owner).items():
                state = by_id.get(id(value))
                if state is None:
                    rest.append(value)
                    continue
                old = before.get(name)
                if not isinstance(old, State) or type(old) is not type(state) or any(old is other for other in touched):
                    return None
                found.append(Replaced(weakref.ref(owner), name, state))
        return None if _leads_to(rest, by_id.keys(), {id(owner) for owner, _ in self._before}) else found


def _leads_to(objects: list[Any], ids: Collection[int], seen: set[int]) -> bool:
    """Whether one of the objects is, or refers to, an object with one of these ids; True if there are too many."""
    while objects and len(seen) < _MOST:
        x = objects.pop()
        if id(x) in ids:
            return True
        if isinstance(x, _LEAVES) or id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, types.MethodType):
            objects.append(x.__self__)
        elif isinstance(x, _CONTAINERS):
            objects += dict.values(x) if isinstance(x, dict) else x
        elif not isinstance(x, State):
            objects += getattr(x, "__dict__", {}).values()
    return bool(objects)
