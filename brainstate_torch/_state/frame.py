"""Frame: the values that States have inside one transform.

A State's own slot is never touched while a transform runs. Reads and writes inside go to the innermost frame, so an
exception leaves every State as it was, and other threads see nothing. What was written leaves by :meth:`Frame.commit`.
"""

from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple, NoReturn, Self

import torch

from .. import _tree
from .._host.functorch import level, level_of
from .._host.memory import all_halved, halved, is_halved
from .._program.recording import THREAD
from .base import State
from .context import CONTEXT
from .trace import StateTraceStack
from .value import Value
from .writes import is_watched, is_written, noted

__all__ = ["Frame", "outside", "put_all"]


_detach = torch.Tensor.detach
#: As `detach`, in two thirds of the time: without a counter of writes that the two share.
_data = torch.Tensor.data.__get__  # type: ignore[attr-defined]


class _Lent(NamedTuple):
    """A copy of the value of a State, and how often it had been written in place when it was made."""

    tensor: torch.Tensor
    version: int
    changes: bool


def _version(tensor: torch.Tensor) -> int:
    # A tensor made in inference mode has no version counter.
    return -1 if tensor.is_inference() else tensor._version


class Frame(StateTraceStack):
    """A trace that also holds the values of the States, for the time it is active."""

    provides = False

    #: Set by `__enter__`.
    level = 0
    position = 0
    _grad = True

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        self.values: dict[State[Any], Any] = {}
        self._known: dict[State[Any], Any] = {}
        self.created: dict[State[Any], Any] = {}
        self._undo: list[Callable[[], None]] = []
        #: Copies of the values that were written, to detect writes in place; see :func:`noted`.
        self.notes: dict[State[Any], Any] = {}
        #: Tensors that stand for the value of a State and may be written in place; see :meth:`lend`.
        self.lent: dict[State[Any], _Lent] = {}

    def __enter__(self) -> Self:
        self.level = level()
        self._grad = torch.is_grad_enabled()
        self.position = len(CONTEXT.traces)
        CONTEXT.frames.append(self)
        CONTEXT.traces.append(self)
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        if exc_type is not None and torch.is_grad_enabled() is not self._grad:
            # A signal at the first line of torch.no_grad's `__exit__` leaves gradients switched off.
            torch.set_grad_enabled(self._grad)
        if self._created:
            self.created = dict(self._created)
        traces = CONTEXT.traces
        if exc_type is None and traces and traces[-1] is self and not self._created:
            # The usual case: all that the lines below would do.
            traces.pop()
            CONTEXT.frames.pop()
            if is_watched() and (self.notes or self.level or not all_halved(self.values.values())):
                self._end_check()
            return
        if not traces or (traces[-1] is not self and self not in traces):
            self.abandon()  # a signal arrived while :class:`outside` was left
            return
        forgotten = traces[-1] is not self
        if forgotten:
            # This frame must end in any case: every later write of the thread would go to it and be lost.
            del CONTEXT.traces[self.position + 1 :]
            del CONTEXT.frames[CONTEXT.frames.index(self) + 1 :]
        super().__exit__(exc_type, exc_value, traceback)
        CONTEXT.frames.pop()
        if exc_type is None:
            self._end_check()
        if exc_type is not None or forgotten:
            self.abandon()
        if exc_type is None and forgotten:
            raise RuntimeError(
                "traces must be left in the reverse order of entering. Got a function that entered one and did not "
                "leave it. Use a `with` block."
            )

    def _end_check(self) -> None:
        try:
            self.check()
        except TypeError:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Drop what happened inside: the States made there lose their values, and what is not a State is undone."""
        for state in self.created or self._created:
            state._invalidate()
        while self._undo:
            self._undo.pop()()

    def on_failure(self, undo: Callable[[], None]) -> None:
        """Call `undo` if this frame, or one around it, is abandoned: for what lives outside any State."""
        self._undo.append(undo)

    def substitute(self, states: Collection[State[Any]], values: Iterable[Any]) -> None:
        """Give States other values inside this frame, without counting that as a touch."""
        if self.position:
            outer = CONTEXT.traces[: self.position]
            for state in states:
                for trace in outer[state._level :]:
                    trace.read_its_value(state)
        given = dict(zip(states, values, strict=True))
        self._known.clear()
        self.values = self.values | given if self.values else given
        if is_watched() and (self.level or not all_halved(given.values())):
            for state, value in given.items():
                if self.level or type(value) is not Value or not is_halved(value):
                    self.notes[state] = noted(value)

    def give(self, state: State[Any], value: Any) -> None:
        """Set the value that a State has inside."""
        self._known.pop(state, None)
        if not is_watched():
            self.values[state] = value
            return
        notes = self.notes
        old: Any = self.values.get(state)
        note: Any = notes.get(state)
        # The usual case first, outside of torch.func: 1 µs for each write instead of 3.
        usual = type(note) is tuple and type(old) is Value and not self.level
        whole = usual and old._version == note[1] and is_halved(old)
        if not whole and state in self.values and self._is_written(state):
            self._refuse(state)
        if type(value) is Value and not self.level:
            note = halved(_detach(value)), value._version
        else:
            note = noted(value)
        # Without a call between the two, at which a signal could arrive.
        self.values[state] = value
        notes[state] = note

    def _know(self, state: State[Any], value: Any) -> None:
        """Let the value of a State that was touched be found in `_known`."""
        # A class of frames of its own has rules of its own.
        if type(self) is Frame and type(value) is Value and type(state._value) is Value and not self.level:
            self._known[state] = value

    def _takes(self, state: State[Any], v: Any) -> bool:
        """Own and give a tensor computed on the tape, in the place of one that is whole.

        The usual case, outside of torch.func and of recordings: all that ``owned`` and :meth:`give` do.
        """
        if type(v) is not torch.Tensor or v.grad_fn is None or level_of(v) != -1:
            return False
        if THREAD.recordings or torch.compiler.is_compiling():
            return False
        old, note = self._known[state], self.notes.get(state)
        if not is_halved(old) or (note is not None and note[1] != old._version):
            return False
        note = halved(_data(v)), v._version
        v.__class__ = Value
        # Without a call between them, at which a signal could arrive.
        self._written[state] = None
        self.values[state] = self._known[state] = v
        self.notes[state] = note
        return True

    def note(self, state: State[Any], value: Any) -> None:
        """Note what a State that was made inside was given."""
        if is_watched():
            self.notes[state] = noted(value)

    def _is_written(self, state: State[Any]) -> bool:
        value = self.values.get(state, state._value)
        if state in self.notes:
            return is_written(value, self.notes[state])
        if type(value) is not Value or level_of(value) != -1 or is_halved(value):
            return False
        # The tensor that a transform differentiates shares memory with the half that the State handed out.
        if self not in CONTEXT.frames:
            return is_written(value, noted(state._get()))
        with outside(self):
            return is_written(value, noted(state._get()))

    def check(self) -> None:
        """Raise if the value of a State was written in place.

        Raises
        ------
        TypeError
            It was, through a view of it or through what was assigned.
        """
        if not is_watched():
            return
        notes = self.notes
        if not notes and not self.level and all_halved(self.values.values()):
            return
        for state, value in self.values.items():
            if state not in notes and type(value) is Value and not self.level and is_halved(value):
                continue
            if self._is_written(state):
                self._refuse(state)
        for state in self._created:
            if state in self.notes and self._is_written(state):
                self._refuse(state)

    def _refuse(self, state: State[Any]) -> NoReturn:
        state.raise_error_with_source_info(
            TypeError(
                f"the value of a State must not be written in place. Got a write inside a transform to the memory of "
                f"{state!r}, through a view of its value or of the tensor that was assigned. Assign a new tensor: "
                "`v = state.value.clone()`, change `v`, then `state.value = v`."
            )
        )

    def lend(self, state: State[Any], changes: bool) -> torch.Tensor:
        """A copy of the value of a State of one tensor, for code that writes in place.

        It is a write of the State if `changes`, or if autograd's counter of writes in place says so.
        """
        if state not in self.lent:
            tensor = state.value.clone()
            self.lent[state] = _Lent(tensor, _version(tensor), changes)
        return self.lent[state].tensor

    def settle(self, state: State[Any]) -> None:
        """Make what was written to the copy that was lent the value of the State."""
        tensor, version, changes = self.lent.pop(state)
        if changes or _version(tensor) != version:
            self._written[state] = None
            self.give(state, state._own(tensor))

    def provide(self, state: State[Any]) -> Any:
        """The value of a State that has none here yet, in a frame that `provides` one for each."""
        raise NotImplementedError

    def is_touched(self, state: State[Any]) -> bool:
        """Whether the State was read or written inside."""
        return state in self._originals

    def written(self) -> list[State[Any]]:
        """The States written inside, in the order of first touch."""
        for state in list(self.lent):
            self.settle(state)
        return [state for state in self._originals if state in self._written] if self._written else []

    @property
    def changed(self) -> bool:
        """Whether a State was written or made inside."""
        return bool(self._written or self.created)

    def original(self, state: State[Any]) -> Any:
        """The value that a touched State had on entry."""
        return self._originals[state]

    def commit(self, values: Iterable[Any], created: Iterable[Any] = ()) -> None:
        """Give the written States, and those made inside, their values as they left the transform; all or none.

        The hooks ran inside already.
        """
        if CONTEXT.frames:
            CONTEXT.frames[-1]._undo += self._undo
            self._undo = []
        if not self._written and not self.created:
            return
        states = self.written()
        if states and not CONTEXT.frames:
            states[0].check_untraced()
        # Whatever may raise comes first: traces and their callbacks, and values that no State may hold.
        owned = [state._own(value) for state, value in zip(states, values, strict=True)]
        made = [(state, state._own(value)) for state, value in zip(self.created, created, strict=False)]
        for state in states:
            state._record_write()
        for state, value in made:
            state._hold(value)
        put_all(list(zip(states, owned, strict=True)))


def put_all(pairs: list[tuple[State[Any], Any]]) -> None:
    """Set the values that the caller sees, all or none; a signal may arrive at any moment."""
    before = [(state, state._value, state._been_writen) for state, _ in pairs]
    try:
        for state, value in pairs:
            state._put(value)
    except BaseException:
        if CONTEXT.frames:
            # The enclosing frame is abandoned by the signal, or keeps all that was written.
            for state, value in pairs:
                state._put(value)
        else:
            for state, own, written in before:
                state._restore(own, written)
        raise


class TapeFrame(Frame):
    """The frame of :func:`taped`: a State first read inside shows its Parameters; writes keep their graph."""

    transparent = True

    provides = True

    def provide(self, state: State[Any]) -> Any:
        """The Parameters of the State; the value itself of a State made inside from something with a graph."""
        graph = any(isinstance(x, torch.Tensor) and x.requires_grad for x in _tree.leaves(state._value))
        self.values[state] = state._show() if graph else state._with_parameters()
        return self.values[state]

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        super().__exit__(None, None, None)
        self.commit([self.values[state] for state in self.written()], [state._value for state in self.created])


class outside:
    """Context within which a frame and what lies in it are not active.

    No generator: one that a signal leaves unfinished would put the frames back when it is collected, long after.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame = frame

    def __enter__(self) -> None:
        place, position = CONTEXT.frames.index(self.frame), self.frame.position
        self.frames, self.traces = CONTEXT.frames[place:], CONTEXT.traces[position:]
        del CONTEXT.frames[place:], CONTEXT.traces[position:]

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        CONTEXT.frames += self.frames
        CONTEXT.traces += self.traces
