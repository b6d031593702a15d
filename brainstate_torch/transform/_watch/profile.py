"""profile: where the time of a piece of code goes, with the names of States and programs and the user's lines."""

import contextlib
import os
import sys
import types
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch

from ..._errors import kind_of
from ..._host.dispatch import dispatch_modes
from ..._program.calls import profiled
from ..._source import is_users_file
from ..._state import State, StateTraceStack
from ..._state.source import calling_line

__all__ = ["profile"]


class profile(contextlib.ContextDecorator):
    """Measure what runs in a `with` block, or in each call of a decorated function, for Perfetto.

    It is ``torch.profiler.profile`` with the names of this package. A compiled function shows as ``program f``, and in
    it each loop and choice (``loop_of_100``) with its pieces (``5 steps``); its first call also as ``record f`` and
    ``compile f``. Reads and writes of States show with their names and the line of the user's code, as
    ``read h: net.py:12``, and calls of the user's functions as ``net.py:10 step``. The file opens at
    https://ui.perfetto.dev and in chrome://tracing. While no profiler is on there are no labels, and nothing is slower.

    Parameters
    ----------
    file
        Where the trace goes at the end, for example ``'trace.json'`` or, packed, ``'trace.json.gz'``. None to call
        :meth:`save`.
    states
        Whether to show reads and writes of States. Each costs some microseconds, which the trace shows, too.
    lines
        Whether to show the calls of the user's functions in this thread: of all that is not torch, this package,
        another installed package or Python's own. Each call of any function costs half a microsecond for it.
    memory
        Whether to show the memory that tensors take.

    Raises
    ------
    TypeError
        `file` is no path.
    RuntimeError
        The results are asked for before the block has ended.

    Notes
    -----
    brainstate has nothing of the kind; JAX has ``jax.profiler.trace``. An exception in the block propagates; what was
    measured until then is kept.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> h = brainstate.HiddenState(torch.zeros(3), name='h')
    >>> def step(x):
    ...     h.value = torch.tanh(h.value + x)
    >>> run = brainstate.transform.jit(lambda xs: brainstate.transform.for_loop(step, xs), backend='replay', name='run')
    >>> _ = run(torch.ones(4, 3))
    >>> with brainstate.transform.profile() as measured:
    ...     _ = run(torch.ones(4, 3))
    >>> [name for name in measured.names() if name in ('program run', 'loop_of_4')]
    ['loop_of_4', 'program run']
    """

    def __init__(
        self,
        file: str | os.PathLike[str] | None = None,
        *,
        states: bool = True,
        lines: bool = True,
        memory: bool = False,
    ) -> None:
        if file is not None and not isinstance(file, (str, os.PathLike)):
            cure = "Write `@profile()`, with parentheses, to decorate." if callable(file) else "Name a file."
            raise TypeError(f"`file` must be a path, or None. Got {kind_of(file)}. {cure}")
        self.file = file
        self.states, self.lines, self.memory = states, lines, memory
        self._running: contextlib.ExitStack | None = None
        self._measured: torch.profiler.profile | None = None

    def __enter__(self) -> Self:
        if self._running is not None:
            raise RuntimeError(
                "a profile must end before it begins again. Got a function that calls itself, or a second `with`. "
                "Decorate the function that is called from outside."
            )
        # The stacks of torch's profiler (2.13) hold names of code that is gone, and then nothing can be read.
        measured = torch.profiler.profile(profile_memory=self.memory, record_shapes=True)
        with contextlib.ExitStack() as stack:
            stack.enter_context(measured)
            if self.states:
                stack.enter_context(_States())
            if self.lines:
                stack.enter_context(_Lines())
            self._running = stack.pop_all()
        self._measured = measured
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        running, self._running = self._running, None
        assert running is not None
        running.__exit__(kind, error, traceback)
        if self.file is not None:
            self.save(self.file)

    def _found(self) -> torch.profiler.profile:
        if self._measured is None or self._running is not None:
            raise RuntimeError(
                "the results of a profile are there when its `with` block, or the function, has ended. Got none yet. "
                "Ask after it."
            )
        return self._measured

    def names(self) -> list[str]:
        """What was measured: operations, programs, pieces, States.

        Returns
        -------
        list of str
            Each name once, sorted.
        """
        found: Any = self._found()
        return sorted({event.name for event in found.events() or ()})

    def table(self, rows: int = 20, by: str = "cpu_time_total") -> str:
        """What took longest, as a string.

        Parameters
        ----------
        rows
            How many lines.
        by
            The column to sort by: ``'self_cpu_time_total'``, ``'count'``, and so on; see torch's `key_averages`.

        Returns
        -------
        str
            The table.
        """
        found: str = self._found().key_averages().table(sort_by=by, row_limit=rows)
        return found

    def save(self, file: str | os.PathLike[str]) -> None:
        """Write the trace for Perfetto.

        Parameters
        ----------
        file
            The path. One that ends in ``.gz`` is packed.
        """
        self._found().export_chrome_trace(os.fspath(file))

    def __repr__(self) -> str:
        return "profile(no results yet)" if self._measured is None or self._running is not None else self.table()


class _States(StateTraceStack):
    """Labels what happens to States, and records nothing."""

    def __init__(self) -> None:
        super().__init__(name="profile")
        self.observes = True

    def read_its_value(self, state: State[Any]) -> None:
        """Show a read."""
        _show("read", state)

    def write_its_value(self, state: State[Any]) -> None:
        """Show a write."""
        _show("write", state)


def _show(what: str, state: State[Any]) -> None:
    # A label would be a node of the graph that is recorded.
    if not dispatch_modes():
        line, made = calling_line(), state.source_info
        name = state.name or f"{type(state).__name__} of {Path(made.file).name}:{made.line}"
        profiled(f"{what} {name}: {Path(line.file).name}:{line.line}", bool)


class _Lines:
    """Labels the calls of the user's functions in this thread."""

    def __init__(self) -> None:
        self._open: list[tuple[types.FrameType, Any]] = []
        self._before: Any = None

    def __enter__(self) -> None:
        self._before = sys.getprofile()
        sys.setprofile(self._called)

    def __exit__(self, *error: object) -> None:
        sys.setprofile(self._before)
        while self._open:
            self._open.pop()[1].__exit__(None, None, None)

    def _called(self, frame: types.FrameType, event: str, _: Any) -> None:
        if event == "call":
            code = frame.f_code
            if is_users_file(code.co_filename) and not dispatch_modes():
                label: Any = torch.profiler.record_function(
                    f"{Path(code.co_filename).name}:{code.co_firstlineno} {code.co_qualname}"
                )
                label.__enter__()
                self._open.append((frame, label))
        elif event == "return" and self._open and self._open[-1][0] is frame:
            self._open.pop()[1].__exit__(None, None, None)
