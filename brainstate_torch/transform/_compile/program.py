"""Program: one recording of a stateful function, compiled, and how it is called."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike
from ..._program.backend import compiled
from ..._program.nodes import memory, outputs
from ..._program.operation import compiling, operations_in
from ..._program.recording import Like
from ..._state import State
from ..._state.context import CONTEXT
from ..._state.frame import put_all
from ..._state.hooked import GLOBAL_HOOKS
from ..._state.value import Value
from ...environ._store import observed
from .._core.carry import protected
from .._core.functional import Static, combine, partition, run
from .._core.memory import overlaps
from .recorded import StateFrame, record_stateful

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
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        arguments: Any,
        tensors: Sequence[torch.Tensor],
        backend: str,
        name: str | None,
        dropped: Callable[[Any], None],
    ) -> None:
        with observed() as self.settings, compiling(backend):
            static = partition(arguments)[1]
            found = record_stateful(fun, tensors, lambda some: protected(combine(some, static)), StateFrame(name))
        frame = found.frame
        self.graph, captured, *_ = found.recorded
        self.backend = backend
        self.given = len(tensors)
        self.touched = [
            _Touched(state, value, [None if i is None else i + self.given for i in found.places[state]], dropped)
            for state, (value, _) in frame.given.items()
        ]
        #: The inputs of the graph; those that are no arguments and belong to no State are constants.
        self._inputs: list[Any] = [*tensors, *captured]
        self.like = [Like(x.shape, x.dtype, x.device) for x in self._inputs]
        of_states = [place for touched in self.touched for _, place in touched.used]
        for place in (*range(self.given), *of_states):
            self._inputs[place] = None
        #: Does the function close over a tensor that autograd follows?
        self.attached = any(x is not None and x.requires_grad for x in self._inputs)
        self._result = _Slot(found.outputs[0], 0)
        self._changes: list[_Change] = []
        end = self._result.end
        written = frame.written()
        for state, static in zip([*written, *frame.created], found.outputs[1:], strict=True):
            self._changes.append(_Change(state, _Slot(static, end), state in frame.created))
            end = self._changes[-1].slot.end
        self._copied, self._shared = self._shared_results()
        self._abandon: Callable[[], None] | None = frame.abandon if frame.created else None
        self._machine: Machine | None = None

    def _shared_results(self) -> tuple[list[int], list[int]]:
        """Which tensors of the result have to be copied, and which show a part of a new State value.

        Copied is what shows a part of an input or of another result, or is expanded: a result can be written in place.
        """
        of, nodes, end = memory(self.graph), outputs(self.graph), self._result.end
        found = [of[node] for node in nodes]
        copied = [
            i
            for i in range(end)
            if found[i].op == "placeholder" or found[:end].count(found[i]) > 1 or overlaps(nodes[i].meta["val"])
        ]
        return copied, [i for i in range(end) if i not in copied and found[i] in found[end:]]

    def inputs(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor] | None:
        """What the graph takes now; None if a State or a setting is not what it was."""
        inputs = self._inputs.copy()
        inputs[: self.given] = tensors
        for touched in self.touched:
            if not touched.fetch(inputs):
                return None
        return inputs if self.settings.holds() else None

    def compile(self) -> None:
        """Compile now."""
        for operation in operations_in(self.graph):
            operation.prepare()
        self._machine = compiled(self.graph, self.like, self.backend)

    def __call__(self, inputs: list[torch.Tensor]) -> Any:
        """Run, write the States, all or none, and give the result."""
        if self._machine is None:
            self.compile()
        machine = self._machine
        assert machine is not None
        try:
            outcome = machine([x if x.is_contiguous() else x.contiguous() for x in inputs])
            if CONTEXT.traces or GLOBAL_HOOKS.active or any(touched.is_hooked() for touched in self.touched):
                self._tell()
            changes = [(change, change.value(outcome)) for change in self._changes]
            if self._copied or self._shared:
                outcome = list(outcome)
                for i in self._copied:
                    outcome[i] = outcome[i].clone(memory_format=torch.contiguous_format)
                for i in self._shared:
                    outcome[i] = outcome[i].as_subclass(Value)
            result = self._result.filled(outcome)
            self._commit(changes)
        except BaseException:
            if self._abandon is not None:
                self._abandon()
            raise
        self._abandon = None
        return result

    def _commit(self, changes: Sequence[tuple["_Change", Any]]) -> None:
        """Write the States, all or none."""
        pairs = []
        for change, value in changes:
            state = change.ref()
            if state is not None and change.made:
                state._value = value
            elif state is not None:
                pairs.append((state, value))
        if CONTEXT.traces or GLOBAL_HOOKS.active or any(state._hooks_manager.active for state, _ in pairs):
            # Hooks run in a frame: one that cancels a write, or raises, leaves every State as it was.
            run(_assign, (pairs,), {}).committed()
        else:
            put_all(pairs)

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

    __slots__ = ("end", "lone", "start", "static")

    def __init__(self, static: Static, start: int) -> None:
        self.static, self.start, self.end = static, start, start + len(static.places)
        self.lone = static.spec is _tree.LEAF and len(static.places) == 1

    def filled(self, outputs: Sequence[torch.Tensor]) -> Any:
        """The value."""
        return outputs[self.start] if self.lone else combine(outputs[self.start : self.end], self.static)


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
    """A State that a program touches, and what its value must be like."""

    __slots__ = ("leaves", "ref", "spec", "used")

    def __init__(
        self, state: State[Any], value: Any, places: Sequence[int | None], dropped: Callable[[Any], None]
    ) -> None:
        self.ref = weakref.ref(state, dropped)
        leaves, self.spec = _tree.flatten(value)
        self.leaves = [_kind(leaf) for leaf in leaves]
        tensors = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        #: (leaf, input) for the leaves that are inputs of the graph.
        self.used = [(leaf, place) for leaf, place in zip(tensors, places, strict=True) if place is not None]

    def is_hooked(self) -> bool:
        """Has the State hooks?"""
        state = self.ref()
        return state is not None and state._hooks_manager.active

    def fetch(self, inputs: list[Any]) -> bool:
        """Put the tensors of the State where the graph takes them; False if it is not what it was."""
        state = self.ref()
        if state is None:
            return False
        value = state._value if state._parameters is None else state._mirrored()
        if type(value) is Value:
            if self.spec is not _tree.LEAF or self.leaves[0] != (value.shape, value.dtype, value.device):
                return False
            for _, place in self.used:
                inputs[place] = value
            return True
        leaves, spec = _tree.flatten(value)
        if spec != self.spec:
            return False
        leaves = [as_tensor(leaf) if is_arraylike(leaf) else leaf for leaf in leaves]
        if any(_kind(leaf) != kind for leaf, kind in zip(leaves, self.leaves, strict=True)):
            return False
        for leaf, place in self.used:
            inputs[place] = leaves[leaf]
        return True


def _kind(leaf: Any) -> Any:
    """What must stay the same: shape, dtype and device of a tensor; any other leaf itself."""
    return (leaf.shape, leaf.dtype, leaf.device) if isinstance(leaf, torch.Tensor) else leaf
