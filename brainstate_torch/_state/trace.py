"""StateTraceStack: which States a piece of code reads and writes."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from .base import State
from .context import CONTEXT

__all__ = ["StateTraceStack"]


class StateTraceStack:
    """Records, while active, every State that is read or written through ``.value``, in the order of first touch.

    A State is seen by the traces entered after it was created, by inner and outer ones alike. ``restore_value`` counts
    as a read; a write without a read counts as touch and write. "Read" below means touched and not written.

    Parameters
    ----------
    new_arg
        Called with each State at its first touch; what it returns becomes the State's value.
    name
        Shown by ``str``.
    check_read
        Called with the State at every read, and at a first touch that is a write.

    Notes
    -----
    Source: brainstate.StateTraceStack (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> a, b = brainstate.State(torch.ones(2)), brainstate.State(torch.zeros(2))
    >>> with brainstate.StateTraceStack() as trace:
    ...     b.value = a.value + 1
    >>> trace.get_read_states() == (a,), trace.get_write_states() == (b,)
    (True, True)
    """

    #: Whether States made inside belong to the surroundings.
    transparent = False
    #: The values of States inside, where they differ from the State's own.
    values: Mapping[State[Any], Any] = {}
    #: Those of them that a read finds without a further look: plain tensors of States that were touched.
    _known: Mapping[State[Any], Any] = {}

    def __init__(
        self,
        new_arg: Callable[[State[Any]], Any] | None = None,
        name: str | None = None,
        check_read: Callable[[State[Any]], Any] | None = None,
    ) -> None:
        self.name = name
        self.check_read = check_read
        self._new_arg = new_arg
        #: Whether a read has side effects besides being recorded.
        self.observes = new_arg is not None or check_read is not None
        # Keyed by identity, in the order of first touch: the value at that time, and which were written.
        self._originals: dict[State[Any], Any] = {}
        self._written: dict[State[Any], None] = {}
        self._originals_released = False
        #: The States made inside, with the value that each was made with.
        self._created: dict[State[Any], Any] = {}

    def _know(self, state: State[Any], value: Any) -> None:
        """Let the value of a State be found in `_known`, where that is simple; see ``Frame``."""

    def _takes(self, state: State[Any], v: Any) -> bool:
        """Take a value that a State of `_known` is given, where that is simple; see ``Frame``."""
        return False

    def __str__(self) -> str:
        active = CONTEXT.traces
        outer = active[: active.index(self) + 1] if self in active else [self]
        return f"{type(self).__name__}({' / '.join(t.name for t in outer if t.name is not None)})"

    def __enter__(self) -> Self:
        CONTEXT.traces.append(self)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        traces = CONTEXT.traces
        if not traces or traces[-1] is not self:
            raise RuntimeError(
                "traces must be left in the reverse order of entering. Got the exit of one that is not the innermost. "
                "Nest the `with` blocks."
            )
        traces.pop()
        # A State that outlives the trace it was created in must be visible to later traces at this depth.
        for state in self._created:
            state._level = min(state._level, len(traces))
        self._created.clear()

    @property
    def states(self) -> list[State[Any]]:
        """The recorded States, in the order of first touch."""
        return list(self._originals)

    @property
    def been_writen(self) -> list[bool]:
        """For each recorded State, whether it was written."""
        return [state in self._written for state in self._originals]

    def set_new_arg(self, new_arg: Callable[[State[Any]], Any]) -> None:
        """Set the function called with each State at its first touch.

        Parameters
        ----------
        new_arg
            Takes a State, returns its value.
        """
        self._new_arg = new_arg
        self.observes = True

    def new_arg(self, state: State[Any]) -> None:
        """Replace the State's value by what the `new_arg` function returns, if there is one.

        Parameters
        ----------
        state
            The State.
        """
        if self._new_arg is not None:
            state._put(self._new_arg(state))

    def read_its_value(self, state: State[Any]) -> None:
        """Record a read of the State.

        Parameters
        ----------
        state
            The State.
        """
        if self.check_read is not None:
            self.check_read(state)
        if state not in self._originals:
            self._originals[state] = state._get()
            if self._new_arg is not None:
                self.new_arg(state)

    def write_its_value(self, state: State[Any]) -> None:
        """Record a write of the State.

        Parameters
        ----------
        state
            The State.
        """
        if state not in self._originals:
            self.read_its_value(state)
        self._written[state] = None

    @property
    def original_state_values(self) -> tuple[Any, ...]:
        """The value of each recorded State at its first touch."""
        return tuple(self._originals.values())

    def recovery_original_values(self) -> None:
        """Give every recorded State the value it had at its first touch.

        Raises
        ------
        RuntimeError
            The values were given up by :meth:`release_original_values`.
        """
        if self._originals_released:
            raise RuntimeError(
                "the original values must still be held to be restored. Got a trace that released them. "
                "Restore before calling `release_original_values`."
            )
        for state, value in self._originals.items():
            state.restore_value(value)

    def release_original_values(self) -> None:
        """Forget the original values, so that a kept trace holds no memory."""
        self._originals = dict.fromkeys(self._originals)
        self._originals_released = True
        self._new_arg = None

    def merge(self, *traces: "StateTraceStack") -> Self:
        """Add what other traces recorded; a State written in any of them is written here.

        Parameters
        ----------
        *traces
            The traces.

        Returns
        -------
        StateTraceStack
            This trace.
        """
        for trace in traces:
            for state, original in trace._originals.items():
                self._originals.setdefault(state, original)
            self._written |= trace._written
            self._originals_released |= trace._originals_released
        return self

    def __add__(self, other: "StateTraceStack") -> "StateTraceStack":
        return StateTraceStack().merge(self, other)

    def _select(self, written: bool, keep_places: bool) -> list[State[Any] | None]:
        pairs = zip(self.states, self.been_writen, strict=True)
        return [s if w is written else None for s, w in pairs if keep_places or w is written]

    def get_read_states(self, replace_writen: bool = False) -> tuple[State[Any] | None, ...]:
        """The States that were read and not written; with `replace_writen`, None stands in the place of the others.

        Parameters
        ----------
        replace_writen
            Whether to return a tuple with one entry for each recorded State.

        Returns
        -------
        tuple of State
            The States, in the order of their first touch.
        """
        return tuple(self._select(False, replace_writen))

    def get_write_states(self, replace_read: bool = False) -> tuple[State[Any] | None, ...]:
        """The States that were written; with `replace_read`, None stands in the place of the others.

        Parameters
        ----------
        replace_read
            Whether to return a tuple with one entry for each recorded State.

        Returns
        -------
        tuple of State
            The States, in the order of their first touch.
        """
        return tuple(self._select(True, replace_read))

    def get_read_state_values(self, replace_writen: bool = False) -> tuple[Any, ...]:
        """The values now of :meth:`get_read_states`.

        Parameters
        ----------
        replace_writen
            Whether to return a tuple with one entry for each recorded State.

        Returns
        -------
        tuple
            The values.
        """
        return tuple(_values(self._select(False, replace_writen)))

    def get_write_state_values(self, replace_read: bool = False) -> tuple[Any, ...]:
        """The values now of :meth:`get_write_states`.

        Parameters
        ----------
        replace_read
            Whether to return a tuple with one entry for each recorded State.

        Returns
        -------
        tuple
            The values.
        """
        return tuple(_values(self._select(True, replace_read)))

    def get_state_values(self, separate: bool = False, replace: bool = False) -> tuple[Any, ...]:
        """The values now of all recorded States, or with `separate` the pair (written, read).

        With `replace` both keep one place per State, filled with None.

        Parameters
        ----------
        separate
            Whether to return the values of written and of read States apart.
        replace
            Whether each of the two has an entry for every recorded State.

        Returns
        -------
        tuple
            The values.
        """
        if separate:
            return tuple(_values(self._select(True, replace))), tuple(_values(self._select(False, replace)))
        return tuple(_values(self.states))

    def state_subset(self, state_type: type) -> list[State[Any]]:
        """The recorded States of a type.

        Parameters
        ----------
        state_type
            The class.

        Returns
        -------
        list of State
            The States.
        """
        return [state for state in self.states if isinstance(state, state_type)]

    def assign_state_vals(self, state_vals: Sequence[Any]) -> None:
        """Assign one value per recorded State: to the written ones as a write, to the others as a restore.

        Parameters
        ----------
        state_vals
            One value for each recorded State, in the order of their first touch.

        Raises
        ------
        ValueError
            There are not as many values as States.
        """
        self._check_count("state_vals", state_vals)
        self.assign_state_vals_v2(state_vals, state_vals)

    def assign_state_vals_v2(self, read_state_vals: Sequence[Any], write_state_vals: Sequence[Any]) -> None:
        """Assign from two sequences with one place per State: written States from the second, others from the first.

        Parameters
        ----------
        read_state_vals, write_state_vals
            One entry for each recorded State; the one that counts is that of its kind.

        Raises
        ------
        ValueError
            A sequence does not have as many entries as there are States.
        """
        self._check_count("read_state_vals", read_state_vals)
        self._check_count("write_state_vals", write_state_vals)
        rows = zip(self.states, self.been_writen, read_state_vals, write_state_vals, strict=True)
        for state, written, read_value, write_value in rows:
            if written:
                state.value = write_value
            else:
                state.restore_value(read_value)

    def _check_count(self, name: str, values: Sequence[Any]) -> None:
        if len(values) != len(self.states):
            raise ValueError(
                f"`{name}` must have one value for each of the {len(self.states)} recorded States. Got {len(values)}."
            )


def _values(states: Sequence[State[Any] | None]) -> list[Any]:
    return [None if state is None else state.value for state in states]
