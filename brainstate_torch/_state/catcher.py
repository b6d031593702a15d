"""catch_new_states: which States a piece of code makes."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from ..util.filter import Nothing
from .base import State
from .context import CONTEXT

__all__ = ["NewStateCatcher", "catch_new_states"]


class NewStateCatcher:
    """The States constructed while :func:`catch_new_states` is active, in order; behaves like a list of them.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.catch_new_states('fresh') as caught:
    ...     s = brainstate.State(1.0)
    >>> len(caught), caught[0] is s, s.tag
    (1, True, {'fresh'})
    """

    def __init__(self, state_tag: str | None, state_to_exclude: Callable[[Any, Any], bool] | None = None) -> None:
        if isinstance(state_to_exclude, type):
            raise TypeError(
                f"`state_to_exclude` must be a predicate (path, state) -> bool. "
                f"Got the class {state_to_exclude.__name__}. Use util.filter.OfType({state_to_exclude.__name__})."
            )
        self.state_tag = state_tag
        self.state_to_exclude = state_to_exclude or Nothing()
        self.states: list[State[Any]] = []
        self.state_ids: set[int] = set()

    def append(self, state: State[Any]) -> None:
        """Take a State in, with the tag, unless it is excluded or there already."""
        if self.state_to_exclude((), state) or id(state) in self.state_ids:
            return
        self.state_ids.add(id(state))
        self.states.append(state)
        if self.state_tag is not None:
            state.add_tag(self.state_tag)

    def get_states(self) -> list[State[Any]]:
        """The States caught."""
        return self.states

    def get_state_values(self) -> list[Any]:
        """Their values."""
        return [state.value for state in self.states]

    @property
    def values(self) -> list[Any]:
        """The values of the States caught."""
        return self.get_state_values()

    def get_by_tag(self, tag: str) -> list[State[Any]]:
        """The States caught that carry a tag."""
        return [state for state in self.states if state.tag is not None and tag in state.tag]

    def remove(self, state: State[Any]) -> None:
        """Forget a State, if it is there."""
        if id(state) in self.state_ids:
            self.state_ids.remove(id(state))
            self.states = [other for other in self.states if other is not state]

    def clear(self) -> None:
        """Forget all States."""
        self.state_ids.clear()
        self.states.clear()

    def decrease_stack_level(self) -> None:
        """Let one more of the outer traces see each State."""
        for state in self.states:
            state.decrease_stack_level()

    def __iter__(self) -> Iterator[State[Any]]:
        return iter(self.states)

    def __len__(self) -> int:
        return len(self.states)

    def __getitem__(self, index: int) -> State[Any]:
        return self.states[index]

    def __contains__(self, state: object) -> bool:
        return id(state) in self.state_ids

    def __repr__(self) -> str:
        return f"NewStateCatcher({self.states!r})"


@contextlib.contextmanager
def catch_new_states(
    state_tag: str | None = None, state_to_exclude: Callable[[Any, Any], bool] | None = None
) -> Iterator[NewStateCatcher]:
    """Catch the States constructed in a ``with`` block; copies and replacements are not constructions.

    Parameters
    ----------
    state_tag
        Added to the tags of each State.
    state_to_exclude
        A predicate ``(path, state) -> bool``, such as ``util.filter.OfType(ParamState)``.

    Yields
    ------
    NewStateCatcher
        Holds the States that were made, with their paths.

    Raises
    ------
    TypeError
        `state_to_exclude` is a class.

    Notes
    -----
    Source: brainstate.catch_new_states (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> with brainstate.catch_new_states() as caught:
    ...     a, b = brainstate.State(1.0), brainstate.ParamState(2.0)
    >>> caught.values
    [1.0, 2.0]
    """
    catcher = NewStateCatcher(state_tag, state_to_exclude)
    CONTEXT.catchers.append(catcher)
    try:
        yield catcher
    finally:
        CONTEXT.catchers.remove(catcher)
