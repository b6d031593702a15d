"""What a derivative is taken with respect to: States, positional arguments, or both."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike
from ..._errors import kind_of
from ..._program.recording import local
from ..._state import State
from ..._state.base import current_values
from ..._state.value import Value
from ...units import Quantity, Unit

__all__ = ["Inputs", "Selection"]

_PLAIN = {Value}


def _cure(entry: Any) -> str:
    if hasattr(entry, "__dlpack__"):
        return "Convert it: `torch.from_dlpack(x)`, or `interop.to_torch(x)`."
    return "Leave it out of `grad_states` and `argnums`."


class Selection:
    """The States and argument positions chosen by the user; made once per transform.

    Raises
    ------
    TypeError
        A leaf of `grad_states` is not a State.
    ValueError
        `argnums` is not a non-negative int or a sequence of them.
    """

    __slots__ = ("argnums", "distinct", "order", "places", "spec", "states")

    def __init__(self, grad_states: Any, argnums: Any) -> None:
        if isinstance(grad_states, Mapping):
            grad_states = _in_order(grad_states)
        self.states, self.spec = _tree.flatten(grad_states, is_leaf=lambda x: isinstance(x, State))
        for state in self.states:
            if not isinstance(state, State):
                cure = "For a module, pass `module.states()`."
                if isinstance(state, torch.nn.Parameter):
                    cure = "Parameters are for torch.optim: pass the States, as `module.states(ParamState)` gives them."
                elif isinstance(state, torch.Tensor):
                    cure = "Pass the State itself, not its `.value`; name arguments in `argnums`."
                raise TypeError(
                    "`grad_states` must be a State or a list, tuple or dict of States. "
                    f"Got {kind_of(state)} in it. {cure}"
                )
        # A State may stand at several places: it takes part once, and its gradient stands at each.
        self.order = [] if len(set(self.states)) == len(self.states) else [*map(self._once().index, self.states)]
        self.states = self._once()
        self.distinct = frozenset(self.states)
        self.argnums = 0 if argnums is None and not self.states else argnums
        self.places = _places(self.argnums)
        if not self.places and not self.states:
            raise ValueError("`argnums` must name at least one argument where no `grad_states` are given. Got ().")

    def _once(self) -> list[State[Any]]:
        return list(dict.fromkeys(self.states))

    def arrange(self, states: Sequence[Any], args: Sequence[Any]) -> Any:
        """One object per State and per argument, in the form that the table of return forms gives them."""
        if self.order:
            states = [states[i] for i in self.order]
        if self.argnums is None:
            return states[0] if self.spec is _tree.LEAF else _tree.unflatten(self.spec, states)
        if not self.states:
            return args[0] if isinstance(self.argnums, (int, np.integer)) else tuple(args)
        of_states = _tree.unflatten(self.spec, states)
        return of_states, args[0] if isinstance(self.argnums, (int, np.integer)) else tuple(args)

    def bind(self, args: Sequence[Any]) -> "Inputs":
        """The tensors that the States and arguments of one call hold.

        Raises
        ------
        TypeError
            There are too few positional arguments, or a leaf is no tensor, array or number.
        """
        return Inputs(self, args)


def _in_order(states: Mapping[Any, State[Any]]) -> dict[Any, State[Any]]:
    """The mapping as a plain dict with sorted keys, as brainstate returns them; unsortable keys keep their order."""
    try:
        return {key: states[key] for key in sorted(states)}
    except TypeError:
        return dict(states.items())


def _places(argnums: Any) -> tuple[int, ...]:
    if argnums is None:
        return ()
    several = isinstance(argnums, (tuple, list))
    places = tuple(argnums) if several else (argnums,)
    for place in places:
        if isinstance(place, bool) or not isinstance(place, (int, np.integer)):
            raise ValueError(
                f"`argnums` must be an int or a tuple of ints. Got {place!r} of type {type(place).__name__}."
            )
        if place < 0:
            raise ValueError(
                f"`argnums` must not be negative. Got {place}. Count the positional arguments from 0 at the left."
            )
    if len(set(places)) < len(places):
        raise ValueError(f"`argnums` must not name an argument twice. Got {argnums}.")
    return tuple(int(place) for place in places)


class Inputs:
    """The tensors to differentiate with respect to in one call, with the units taken off.

    Attributes
    ----------
    leaves
        The tensors: first those of the States, then those of the arguments.
    units
        The unit of each, None for a plain tensor.
    plain
        Whether only States take part, each one plain tensor, so that no tree has to be flattened.
    """

    __slots__ = ("args", "leaves", "plain", "selection", "spec", "units")

    leaves: list[torch.Tensor]
    units: list[Unit | None]

    def __init__(self, selection: Selection, args: Sequence[Any]) -> None:
        self.selection, self.args = selection, args
        places = selection.places
        if places and max(places) >= len(args):
            raise TypeError(
                f"`argnums` names the argument {max(places)}, so at least {max(places) + 1} positional "
                f"argument{'s' if max(places) else ''} must be passed. Got {len(args)}. "
                "Keyword arguments are not differentiated."
            )
        # Not `.value`: to name a State is not to read it, which traces and hooks would be told.
        values = current_values(selection.states)
        self.plain = not places and set(map(type, values)) == _PLAIN
        if self.plain:
            self.leaves, self.units, self.spec = values, [None] * len(values), _flat_spec(len(values))
            return
        for state in selection.states:
            state.check_if_deleted()
        entries, spec = _tree.flatten((values, [args[i] for i in places]), is_leaf=_is_quantity)
        self.spec = spec.canonical()  # derivatives show their keys as results do
        self.leaves, self.units = [], []
        for entry in entries:
            if type(entry) is Quantity:
                self.units.append(entry.unit)
                entry = entry.mantissa
            else:
                self.units.append(None)
            # Proxies while a program is recorded, since a transform of torch.func would wrap the outer tensor.
            self.leaves.append(local(entry if isinstance(entry, torch.Tensor) else self._tensor(entry)))

    def _tensor(self, entry: Any) -> torch.Tensor:
        if not is_arraylike(entry):
            raise TypeError(
                "what is differentiated must be made of tensors, arrays, quantities and numbers. "
                f"Got {kind_of(entry)} in {self._where(entry)}. {_cure(entry)}"
            )
        return as_tensor(entry)

    def _where(self, entry: Any) -> str:
        for place in self.selection.places:
            if any(leaf is entry for leaf in _tree.leaves(self.args[place])):
                return f"argument {place}"
        return "a State of `grad_states`"

    def name(self, index: int) -> str:
        """The name of a leaf in the user's terms, for messages."""
        paths = [path for path, _ in _tree.leaves_with_path(self.rebuild(list(range(len(self.leaves)))))]
        which, _, rest = paths[index].removeprefix("[").partition("]")
        group, _, inner = rest.removeprefix("[").partition("]")
        if which == "1":
            return f"argument {self.selection.places[int(group)]}{inner}"
        state = self.selection.states[int(group)]
        return f"the value of {f'`{state.name}`' if state.name else type(state).__name__}{inner}"

    def rebuild(self, leaves: Sequence[Any]) -> Any:
        """The pair (State values, arguments) with other leaves, each in its unit's place but without the unit."""
        return _tree.unflatten(self.spec, leaves)

    def dressed(self, leaves: Sequence[torch.Tensor]) -> Any:
        """The pair (State values, arguments) with other mantissas, in the units that they came in."""
        if self.plain:
            return leaves, ()
        pairs = zip(leaves, self.units, strict=True)
        return self.rebuild([leaf if unit is None else Quantity._make(leaf, unit) for leaf, unit in pairs])

    def arrange(self, values: Sequence[Any]) -> Any:
        """One object per leaf, in the form that the table of return forms gives them."""
        states, args = (values, ()) if self.plain else self.rebuild(values)
        return self.selection.arrange(states, args)


@functools.lru_cache(maxsize=256)
def _flat_spec(count: int) -> _tree.Spec:
    """The structure of that many States of one tensor each, and no arguments."""
    return _tree.structure(([0] * count, []))


def _is_quantity(x: Any) -> bool:
    return type(x) is Quantity
