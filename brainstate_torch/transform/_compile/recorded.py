"""A stateful function as a graph: values read from States are inputs, values written are outputs."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import torch

from ..._host.functorch import level
from ..._program.nodes import written_input
from ..._program.operation import zeros
from ..._program.recording import Recorded, is_recording, record, recording, with_numbers
from ..._state import Frame, State
from ..._state.context import CONTEXT
from ..._state.frame import outside
from ..._state.value import owned
from ...random._torch_stream import drawn
from .._core.carry import as_arrays
from .._core.frozen import frozen
from .._core.functional import Template, combine, partition, run
from .batch_norm import averaging_in_tensors

__all__ = ["RecordedFunction", "StateFrame", "record_stateful"]


class StateFrame(Frame):
    """A frame in which a State that is touched gets proxies for the tensors of its value outside."""

    provides = True

    def __init__(self, name: str | None = None, values: Mapping[State[Any], Any] | None = None) -> None:
        super().__init__(name)
        self._values = values or {}
        self._outside: dict[State[Any], Any] = {}
        #: For each State touched, its value outside, and the proxies for its tensors.
        self.given: dict[State[Any], tuple[Any, list[torch.Tensor]]] = {}

    def _as_outside(self, state: State[Any], value: Any) -> Any:
        """The value, where the recording around this one has made a tensor of a number that number."""
        for frame in reversed(CONTEXT.frames[: CONTEXT.frames.index(self)]):
            if state in frame.values:
                untouched = isinstance(frame, StateFrame) and state not in frame._written
                return frame.original(state) if untouched else value
        return value

    def original(self, state: State[Any]) -> Any:
        """The value that a State has outside, where a number is still a number."""
        return self._outside[state]

    def __enter__(self) -> Self:
        self.recording = recording()
        return super().__enter__()

    def provide(self, state: State[Any]) -> Any:
        # An enclosing frame may compute the value when it is asked for it.
        with self.recording.outside(), outside(self):
            for trace in CONTEXT.traces[state._level :]:
                trace.read_its_value(state)
            value = state._get()
        self._outside[state] = self._as_outside(state, value)
        with with_numbers():
            value = self._values[state] if state in self._values else as_arrays(value)
        tensors, template = partition(value)
        with self.recording.resumed():
            stand_ins = [self.recording.stand_in(x) for x in tensors]
            self.values[state] = state._own(combine(stand_ins, template))
        self.given[state] = (value, stand_ins)
        return self.values[state]


class RecordedFunction(NamedTuple):
    """What one recording of a stateful function found.

    Attributes
    ----------
    recorded
        The graph: argument tensors, captured tensors -> tensors of the result, of the States written, of those made.
    frame
        The frame in which the function ran.
    places
        For each State touched, the place among the captured tensors of each of its tensors; None if it is not used.
    outputs
        The result, the values of the States written, and those of the States made, each without its tensors.
    fun
        The function, to be run again for a derivative.
    """

    recorded: Recorded
    frame: StateFrame
    places: dict[State[Any], list[int | None]]
    outputs: list[Template]
    fun: Callable[..., Any]

    def before(self, state: State[Any]) -> tuple[torch.Tensor, ...]:
        """The tensors of a State outside."""
        return partition(self.frame.given[state][0])[0]

    def again(
        self,
        args: Sequence[Any],
        captured: Mapping[int, torch.Tensor],
        values: Mapping[State[Any], Sequence[torch.Tensor]],
    ) -> list[torch.Tensor]:
        """Run the function once more, for a derivative: the tensors of the result and of the States written.

        Parameters
        ----------
        captured
            What is given for the captured tensors.
        values
            What the States that are carried on hold.
        """
        outer = self.recorded.originals
        held = []
        for state, (value, _) in self.frame.given.items():
            before, template = partition(value)
            own = values.get(state)
            if own is None:
                pairs = zip(self.places[state], before, strict=True)
                own = [zeros(x) if place is None else captured.get(place, x) for place, x in pairs]
            held.append(owned(combine(own, template), level(), True))
        rewriting = recording().rewriting
        # No result depends on these. A derivative that has ended may have wrapped them, so that their numbers are lost.
        idle = [(x, zeros(x)) for x in self.recorded.unused]
        given = [(outer[place], x) for place, x in captured.items()]
        with recording().aliased([*idle, *given]), rewriting.drawing(drawn):
            outcome = run(self.fun, args, {}, list(self.frame.given), held)
            parts = (outcome.result, *outcome.written)
            # A result that is an outer tensor unchanged has passed no operation, and is replaced by its proxy here.
            found = [recording().local(x) for part in parts for x in partition(as_arrays(part))[0]]
        for state in outcome.frame.created:
            state._invalidate()
        return found

    def commit(self, written: Sequence[Any]) -> None:
        """Write the States; those that were made inside have no value outside."""
        for state in self.frame.created:
            state._invalidate()
        self.frame.created = {}
        self.frame.commit(written)


def record_stateful(
    fun: Callable[..., Any],
    like: Sequence[Any],
    arguments: Callable[[Sequence[torch.Tensor]], tuple[Sequence[Any], Mapping[str, Any]]],
    frame: StateFrame,
    accept: Callable[[Any, Frame], Any] = lambda result, frame: result,
) -> RecordedFunction:
    """Record what a function does to tensors and States; no State is changed.

    Parameters
    ----------
    like, arguments
        What the tensors are like that the graph takes, and what arguments and keyword arguments to make of them.
    frame
        A new frame for the function to run in.
    accept
        Looks at the result while the States still show what was written, and gives the result to return.
    """
    kept = frozen(fun)
    results: list[Any] = []
    outputs: list[Template] = []

    def flat(*inputs: torch.Tensor) -> Sequence[torch.Tensor]:
        args, kwargs = arguments(inputs)
        with recording().rewriting.drawing(drawn):
            outcome = run(fun, args, kwargs, frame=frame, accept=lambda *found: results.append(accept(*found)))
        parts = [partition(as_arrays(x)) for x in (results[0], *outcome.written, *outcome.created)]
        outputs.extend([rest for _, rest in parts])
        return [x for some, _ in parts for x in some]

    try:
        # The hooks of torch are those of all recordings in progress.
        with contextlib.nullcontext() if is_recording() else averaging_in_tensors():
            recorded = record(flat, like)
        # In a loop or a branch the write would be lost.
        if is_recording() and (writer := written_input(recorded.graph)) is not None:
            raise ValueError(
                "what is compiled as a loop or branch must not write in place into a tensor from outside. "
                f"Got a call of `{writer}`. Hold the tensor in a State, carry it on, or compute a new one."
            )
    except BaseException:
        frame.abandon()
        raise
    index = {id(x): i for i, x in enumerate(recorded.stand_ins)}
    places = {state: [index.get(id(x)) for x in stand_ins] for state, (_, stand_ins) in frame.given.items()}
    return RecordedFunction(recorded, frame, places, outputs, kept)
