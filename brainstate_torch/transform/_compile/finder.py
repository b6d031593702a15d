"""StateFinder: which States a function uses."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Literal

from ..._state import State
from ...util.filter import to_predicate
from .stateful_function import StatefulFunction

__all__ = ["StateFinder"]


class StateFinder:
    """Finds the States that a call of a function would use, without changing any.

    Parameters
    ----------
    fn
        Any function.
    filter
        Only States that pass: a type, a tag, a predicate ``(path, state) -> bool``, or a combination of them.
    usage
        'all', 'read' (and not written), 'write', or 'both', which gives ``{'read': …, 'write': …}``.
    return_type
        'dict', 'list' or 'tuple'.
    key_fn
        The key of a State in the dict, from its place and itself. Its place by default; where the key is None or taken,
        the name of the State, or ``state_<place>``, with a number added if that is taken too.

    Raises
    ------
    ValueError
        `usage` or `return_type` is none of those.

    Notes
    -----
    Source: brainstate.transform.StateFinder (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w, n = brainstate.ParamState(torch.ones(2), name='w'), brainstate.State(torch.tensor(0.), name='n')
    >>> def model(x):
    ...     n.value = n.value + 1
    ...     return w.value * x
    >>> find = brainstate.transform.StateFinder(model, brainstate.ParamState, key_fn=lambda i, s: s.name)
    >>> find(torch.ones(2))
    {'w': ParamState(value=float32[2], name='w')}
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        filter: Any = None,
        *,
        usage: Literal["all", "read", "write", "both"] = "all",
        return_type: Literal["dict", "list", "tuple"] = "dict",
        key_fn: Callable[[int, State[Any]], Hashable] | None = None,
    ) -> None:
        for name, value, known in (
            ("usage", usage, ("all", "read", "write", "both")),
            ("return_type", return_type, ("dict", "list", "tuple")),
        ):
            if value not in known:
                raise ValueError(f"`{name}` must be one of {known}. Got {value!r}.")
        self.fn, self.usage, self.return_type = fn, usage, return_type
        self._key = key_fn or (lambda place, state: place)
        self._accepts = (lambda path, state: True) if filter is None else to_predicate(filter)
        self.stateful_fn = StatefulFunction(fn, name="state_finder")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The States of a call with these arguments."""
        return self.find(*args, **kwargs)

    def find(self, *args: Any, **kwargs: Any) -> Any:
        """The States of a call with these arguments.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.

        Returns
        -------
        Any
            The States, in the form that the class was asked for.
        """
        chosen = {
            "all": self.stateful_fn.get_states,
            "read": self.stateful_fn.get_read_states,
            "write": self.stateful_fn.get_write_states,
        }
        if self.usage == "both":
            return {usage: self._arranged(chosen[usage](*args, **kwargs)) for usage in ("read", "write")}
        return self._arranged(chosen[self.usage](*args, **kwargs))

    def _arranged(self, states: Sequence[State[Any]]) -> Any:
        states = [state for state in states if self._accepts((), state)]
        if self.return_type != "dict":
            return states if self.return_type == "list" else tuple(states)
        found: dict[Hashable, State[Any]] = {}
        for place, state in enumerate(states):
            found[self._free_key(place, state, found)] = state
        return found

    def _free_key(self, place: int, state: State[Any], taken: dict[Hashable, State[Any]]) -> Hashable:
        key = self._key(place, state)
        try:
            hash(key)
        except TypeError:
            key = str(key)
        if key is not None and key not in taken:
            return key
        base = key = state.name or f"state_{place}"
        number = 0
        while key in taken:
            number += 1
            key = f"{base}_{number}"
        return key
