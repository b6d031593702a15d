"""Program: one recording of a stateful function, compiled, and how it is called."""

import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from ... import _tree
from ..._errors import kind_of
from ..._host.dispatch import is_profiled
from ..._host.fx import Node
from ..._host.memory import apart
from ..._program.backend import Made, compiled, made
from ..._program.calls import profiled
from ..._program.capture import Captured
from ..._program.hindrances import graph_device, hindrance
from ..._program.nodes import memory, outputs
from ..._program.operation import compiling, operations_in
from ..._program.peak import peak
from ..._program.recording import Like
from ..._program.waits import WAITS
from ..._state import State
from ..._state.context import CONTEXT
from ..._state.frame import put_all
from ..._state.hooked import GLOBAL_HOOKS
from .._core.carry import protected
from .._core.functional import Template, combine, partition, run
from .._core.memory import overlaps
from .cost import Cost, size_of
from .intake import Intake
from .made import Attributes, Replaced
from .recorded import RecordedFunction, StateFrame, record_stateful
from .setting_inputs import SettingInputs
from .watched import Watched, looking

__all__ = ["Program"]

Machine = Callable[[list[torch.Tensor]], Sequence[torch.Tensor]]


class Program:
    """What a stateful function does for one kind of arguments and of States; it holds the States weakly.

    Parameters
    ----------
    fun
        The function.
    arguments, tensors
        The pair (positional arguments, keyword arguments) of the first call, and the tensors in it.
    backend, name
        See :func:`jit`.
    dropped
        Called when a State that the program needs is no more.
    settings
        What is an input among the numbers in `environ`.
    static
        The arguments that are not tensors.
    graphs
        Whether to run as one CUDA graph, where possible; None: if the backend is 'inductor'.
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        arguments: Any,
        tensors: Sequence[torch.Tensor],
        backend: str,
        name: str | None,
        dropped: Callable[[Any], None],
        settings: SettingInputs | None = None,
        static: Iterable[Any] = (),
        graphs: bool | None = None,
    ) -> None:
        begin = time.perf_counter()
        self.settings = SettingInputs() if settings is None else settings
        roots = (*static, fun)
        #: Its name in a profile.
        self.label = name or getattr(roots[0], "__qualname__", type(roots[0]).__name__)
        self.watched = Watched(fun, *roots[:-1])
        before = Attributes(self.watched.owners())
        with self.settings.observed() as noted, compiling(backend), looking(self.watched, noted):
            rest = partition(arguments)[1]
            way = fun, tensors, lambda some: protected(combine(some, rest)), StateFrame(name)
            found: RecordedFunction = (
                profiled(f"record {self.label}", record_stateful, *way) if is_profiled() else record_stateful(*way)
            )
            frame = found.frame
            #: Where States that it makes replace others; None if the program holds for one call only.
            self._replaced: list[Replaced] | None = []
            if frame.created:
                self._replaced = before.replaced(frame.created, frame.given, self.watched.contents())
        self.graph, captured, *_ = found.recorded
        self.backend, self._graphs = backend, graphs
        #: The program as a CUDA graph; and the reason if it cannot be one.
        self._captured: Captured | None = None
        self.hindrance: str | None = None
        own = found.recorded
        self._made_inside = [
            len(tensors) + i for i, (x, y) in enumerate(zip(own.stand_ins, own.originals, strict=True)) if x is y
        ]
        self.given = len(tensors)
        self.touched = [
            _Touched(state, value, [None if i is None else i + self.given for i in found.places[state]], dropped)
            for state, (value, _) in frame.given.items()
        ]
        #: The inputs of the graph; those that are no arguments and belong to no State are constants.
        self._inputs: list[Any] = [*tensors, *captured]
        self.like = [Like(x.shape, x.dtype, x.device) for x in self._inputs]
        of_settings = self.settings.place(noted, found.recorded, self.given)
        of_states = [place for touched in self.touched for place in touched.places]
        known = {*of_settings, *of_states}
        self._constants = [
            (place, self.like[place]) for place in range(self.given, len(self._inputs)) if place not in known
        ]
        #: Which inputs autograd may follow: tensors that the function closes over, and those in settings.
        self._outer = [*of_settings, *[place for place, _ in self._constants]]
        # Given at each call; kept here they would keep the first values alive.
        for place in (*range(self.given), *of_states, *of_settings):
            self._inputs[place] = None
        self.result = _Slot(found.outputs[0], 0)
        self.changes: list[_Change] = []
        end = self.result.end
        written = frame.written()
        for state, template in zip([*written, *frame.created], found.outputs[1:], strict=True):
            self.changes.append(_Change(state, _Slot(template, end), state in frame.created))
            end = self.changes[-1].slot.end
        self._copied, self._shared = self._shared_results()
        self._abandon: Callable[[], None] | None = frame.abandon if frame.created else None
        self._machine: Machine | None = None
        self._is_spent = False
        self._recording, self._compiling = time.perf_counter() - begin, 0.0
        self._made, self._calls, self._running, self._waits = Made(), 0, 0.0, 0

    def _shared_results(self) -> tuple[list[int], list[int]]:
        """Which tensors of the result have to be copied, and which show a part of a new State value.

        A result that is a view of an input or of another result, or expanded, is copied: a result can be written in
        place.
        """
        of, nodes, end = memory(self.graph), outputs(self.graph), self.result.end
        found = [of[node] for node in nodes]
        uses, of_states = Counter(found[:end]), set(found[end:])
        copied = {
            i
            for i in range(end)
            if found[i].op == "placeholder" or uses[found[i]] > 1 or overlaps(nodes[i].meta["val"])
        }
        return sorted(copied), [i for i in range(end) if i not in copied and found[i] in of_states]

    def inputs(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor] | None:
        """The present inputs of the graph; None if a State, a setting or an object that it read has changed."""
        if self._is_spent:
            return None
        inputs = self._inputs.copy()
        inputs[: self.given] = tensors
        for touched in self.touched:
            # Cheapest first: a changed State is found before objects are compared.
            if not touched.fetch(inputs):
                return None
        for place, like in self._constants:
            x = inputs[place]
            if x.shape != like.shape or x.dtype != like.dtype or x.device != like.device:
                return None
        if self._replaced and not all(entry.holds() for entry in self._replaced):
            return None
        return inputs if self.settings.fetch(inputs) and self.watched.holds() else None

    def changed(self) -> set[str]:
        """What is not as it was when the program was recorded, in words."""
        inputs = self._inputs.copy()
        states = [touched.described() for touched in self.touched if not touched.fetch(inputs)]
        settings = [f"`{key}` of environ" for key in self.settings.changed(inputs)]
        return {*states, *settings, *self.watched.changed()}

    def is_attached(self, inputs: Sequence[torch.Tensor]) -> bool:
        """Whether autograd follows a tensor that the function closes over, or one in a setting."""
        return any(inputs[place].requires_grad for place in self._outer)

    def compile(self) -> None:
        """Compile now."""
        if is_profiled():
            profiled(f"compile {self.label}", self._compile)
        else:
            self._compile()

    def _compile(self) -> None:
        begin = time.perf_counter()
        with made() as self._made:
            for operation in operations_in(self.graph):
                operation.prepare()
            self._machine = self._graphed(compiled(self.graph, self.like, self.backend))
        self._compiling = time.perf_counter() - begin

    def _graphed(self, machine: Machine) -> Machine:
        """The machine as a CUDA graph, where that is wanted and can be."""
        device = graph_device(self.like)
        wanted = self.backend != "replay" if self._graphs is None else self._graphs
        if not wanted or all(x.device.type != "cuda" for x in self.like):
            return machine
        if device is None:
            self.hindrance = "its tensors lie on several devices"
        else:
            self.hindrance = hindrance(self.graph, self.like, self._made_inside)
        if self.hindrance is not None or device is None:
            return machine
        written = {change.ref() for change in self.changes}
        steady = [place for x in self.touched if x.ref() not in written for place in x.places]
        # Weights and constants stay where they are, so that a graph reads them without a copy.
        steady += [place for place, _ in self._constants if place not in self._made_inside]
        self._captured = Captured(machine, self.like, device, steady, self._made_inside, self._failed)
        return self._captured

    def _failed(self, error: BaseException) -> None:
        """The driver refused to record."""
        self._captured = None
        self.hindrance = f"recording failed: {' '.join(str(error).split())[:200]}"
        self.on_hindrance()

    #: Called when a graph turns out to be impossible.
    on_hindrance: Callable[[], None] = staticmethod(lambda: None)

    @property
    def _graph_state(self) -> str:
        """Whether it is one CUDA graph, in a word or two."""
        if self._captured is not None:
            return f"recorded {self._captured.recorded} x" if self._captured.recorded else "not yet"
        return "no" if self.hindrance is None else f"no: {self.hindrance}"

    def finish(self) -> None:
        """Wait until all of it is machine code, where that is made while it runs."""
        if self._machine is None:
            self.compile()
        self._made.finish()

    def cost(self) -> Cost:
        """What it costs."""
        results = [x.meta["val"] if isinstance(x, Node) else x for x in outputs(self.graph)]
        states = {id(entry.ref()) for entry in self.touched} | {id(change.ref()) for change in self.changes}
        return Cost(
            arguments=tuple([f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}" for x in self.like[: self.given]]),
            states=len(states),
            pieces=self._made.pieces,
            operations=self._made.operations,
            kernels=self._made.kernels,
            recording=self._recording,
            compiling=self._compiling,
            calls=self._calls,
            running=self._running,
            inputs=sum(x.shape.numel() * x.dtype.itemsize for x in self.like),
            outputs=size_of([x for x in results if isinstance(x, torch.Tensor)]),
            graph=self._graph_state,
            waits=self._waits,
            peak=peak(self.graph),
        )

    def __call__(self, inputs: list[torch.Tensor]) -> Any:
        """Run, write the States, all or none, and give the result."""
        if self._machine is None:
            self.compile()
        machine = self._machine
        assert machine is not None
        begin, waits = time.perf_counter(), WAITS.count
        try:
            given = [x if x.is_contiguous() else x.contiguous() for x in inputs]
            outcome = profiled(f"program {self.label}", machine, given) if is_profiled() else machine(given)
            if CONTEXT.traces or GLOBAL_HOOKS.active or any(touched.is_hooked() for touched in self.touched):
                self._tell()
            changes = [(change, change.value(outcome)) for change in self.changes]
            if self._copied or self._shared:
                outcome = list(outcome)
                for i in self._copied:
                    outcome[i] = outcome[i].clone(memory_format=torch.contiguous_format)
                for i in self._shared:
                    outcome[i] = apart(outcome[i])
            result = self.result.filled(outcome)
            self._commit(changes)
        except BaseException:
            if self._abandon is not None:
                self._abandon()
            raise
        self._abandon, self._is_spent = None, self._replaced is None
        self._calls += 1
        self._waits += WAITS.count - waits
        self._running += time.perf_counter() - begin
        return result

    def _commit(self, changes: Sequence[tuple["_Change", Any]]) -> None:
        """Write the States, all or none."""
        pairs = []
        for change, value in changes:
            state = change.ref()
            if state is not None and change.made and self._abandon is not None:
                state._hold(value)
            elif state is not None:
                pairs.append((state, value))
        if CONTEXT.traces or GLOBAL_HOOKS.active or any(state._hooks_manager.active for state, _ in pairs):
            # Hooks run in a frame: one that cancels a write, or raises, leaves every State as it was.
            run(_assign, (pairs,), {}).committed()
        else:
            put_all(pairs)
        for entry in self._replaced or ():
            entry.put()

    def _tell(self) -> None:
        """Let traces and hooks know what is read."""
        for touched in self.touched:
            state = touched.ref()
            if state is not None:
                state.value  # noqa: B018


def _assign(pairs: Sequence[tuple[State[Any], Any]]) -> None:
    for state, value in pairs:
        state.value = value


class _Slot:
    """Where a value stands among the outputs of a graph."""

    __slots__ = ("end", "lone", "start", "template")

    def __init__(self, template: Template, start: int) -> None:
        self.template, self.start, self.end = template, start, start + len(template.places)
        self.lone = template.spec is _tree.LEAF and len(template.places) == 1

    def filled(self, outputs: Sequence[torch.Tensor]) -> Any:
        """The value."""
        return outputs[self.start] if self.lone else combine(outputs[self.start : self.end], self.template)


class _Change:
    """A State that a program writes or makes."""

    __slots__ = ("made", "ref", "slot")

    def __init__(self, state: State[Any], slot: _Slot, made: bool) -> None:
        self.ref, self.slot, self.made = weakref.ref(state), slot, made

    def value(self, outputs: Sequence[torch.Tensor]) -> Any:
        """The value as a State holds it."""
        state = self.ref()
        return None if state is None else state._own(self.slot.filled(outputs))


class _Touched:
    """A State that a program touches, and the kind that its value must have."""

    __slots__ = ("intake", "name", "ref")

    def __init__(
        self, state: State[Any], value: Any, places: Sequence[int | None], dropped: Callable[[Any], None]
    ) -> None:
        self.ref = weakref.ref(state, dropped)
        self.name = f"the value of {kind_of(state)} made at {state.source_info}"
        self.intake = Intake(value, places)

    @property
    def places(self) -> list[int]:
        """The inputs of the graph that are tensors of the State."""
        return [place for _, place in self.intake.used]

    def is_hooked(self) -> bool:
        """Whether the State has hooks."""
        state = self.ref()
        return state is not None and state._hooks_manager.active

    def fetch(self, inputs: list[Any]) -> bool:
        """Put the tensors of the State into the inputs of the graph; False if its kind has changed."""
        state = self.ref()
        if state is None:
            return False
        return self.intake.fetch(state._held(), inputs)

    def described(self) -> str:
        """The State in words."""
        return self.name
