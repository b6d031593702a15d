"""Step: one call of a model as a graph that can be differentiated, and how it meets States and arguments."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from .. import environ
from .._arrays import is_real
from .._errors import kind_of
from .._host.functorch import spelled_out
from .._host.fx import Node
from .._program.nodes import outputs
from .._program.purity import pure
from .._state import HiddenGroupState, HiddenState, ParamState, State
from ..environ._store import MISSING
from ..graph import states
from ..nn import Module
from ..transform._compile.intake import Intake
from ..transform._compile.program import Program
from ..transform._compile.setting_inputs import SettingInputs
from ..transform._core.functional import checked_arguments, combine, partition
from .errors import CompilationError, NotSupportedError

__all__ = ["Hidden", "Step", "Weight"]


class Hidden(NamedTuple):
    """A hidden state of a step.

    Attributes
    ----------
    path
        Where it is in the model.
    before
        The node of its value before the step; None if the step does not read it.
    after
        The node of its value after the step.
    output
        The place of that among the outputs of the graph.
    """

    path: tuple[Any, ...]
    before: Node | None
    after: Node
    output: int


class Weight(NamedTuple):
    """A tensor of a weight of a step: where the State is in the model, the State, and the node of the tensor."""

    path: tuple[Any, ...]
    state: State[Any]
    node: Node


class Step:
    """One call of a model, recorded for arguments and States of one kind.

    Parameters
    ----------
    model
        The module, whose States have been made.
    args
        What it is called with.

    Raises
    ------
    CompilationError
        The model makes States when it is called.
    NotSupportedError
        A hidden state is one array of several variables.
    """

    def __init__(self, model: Module, args: Sequence[Any]) -> None:
        args, _ = checked_arguments(args, {})
        self._arguments: tuple[Any, dict[str, Any]] = (tuple(args), {})
        tensors, self._static = partition(self._arguments)
        self._given = len(tensors)
        # `dt` belongs to what was compiled; other numbers of environ, such as `t`, are inputs.
        settings = SettingInputs(fixed={"dt"})
        with spelled_out():
            self._program = program = Program(
                model, self._arguments, tensors, "replay", None, lambda _: None, settings, (model,)
            )
        if made := [change for change in program.changes if change.made]:
            raise CompilationError(
                "a model must have its States before it is compiled for online learning. Got a call that makes "
                f"{len(made)} of them. Make them in `init_state`, and call `nn.init_all_states(model)`."
            )
        self.graph = pure(program.graph, program.like)
        self.nodes = list(self.graph.graph.nodes)
        self.inputs = [node for node in self.nodes if node.op == "placeholder"]
        self.outputs = outputs(self.graph)
        self._paths = {id(state): path for path, state in states(model).items()}
        self._touched: list[tuple[State[Any], Intake]] = [
            (state, touched.intake) for touched in program.touched if (state := touched.ref()) is not None
        ]
        self.hidden = self._hidden()
        self.weights = [
            Weight(self.path_of(state), state, self.inputs[place])
            for state, intake in self._touched
            if isinstance(state, ParamState)
            for _, place in intake.used
            if is_real(self.inputs[place].meta["val"])
        ]

    @property
    def carried(self) -> set[Node]:
        """The inputs that are values of States other than weights, from the step before."""
        return {
            self.inputs[place]
            for state, intake in self._touched
            if not isinstance(state, ParamState)
            for _, place in intake.used
        }

    def path_of(self, state: State[Any]) -> tuple[Any, ...]:
        """Where a State is in the model."""
        found: tuple[Any, ...] = self._paths.get(id(state), (state.name or kind_of(state),))
        return found

    def _hidden(self) -> list[Hidden]:
        before = {id(state): intake for state, intake in self._touched}
        found = []
        for change in self._program.changes:
            state = change.ref()
            if not isinstance(state, HiddenState):
                continue
            if isinstance(state, HiddenGroupState):
                raise NotSupportedError(
                    f"a hidden state that is learnt online must be one variable. Got {kind_of(state)} with "
                    f"{state.num_state} at {state.source_info}. Use a HiddenState for each."
                )
            after = self.outputs[change.slot.start]
            if not is_real(after.meta["val"]):
                continue
            used = before[id(state)].used if id(state) in before else []
            start = self.inputs[used[0][1]] if used else None
            found.append(Hidden(self.path_of(state), start, after, change.slot.start))
        return found

    @property
    def like(self) -> Sequence[Any]:
        """The shapes, dtypes and devices of the inputs."""
        return self._program.like

    @property
    def constants(self) -> dict[Node, torch.Tensor]:
        """The inputs that are tensors of the model's own, such as the indices of a connection."""
        made = self._program._inputs
        return {node: x for node, x in zip(self.inputs, made, strict=True) if x is not None}

    def fetch(self, args: Sequence[Any]) -> list[torch.Tensor]:
        """What the graph takes now.

        Raises
        ------
        CompilationError
            An argument, a State or a setting is not like the one that the step was compiled for.
        """
        args, _ = checked_arguments(args, {})
        tensors, static = partition((tuple(args), {}))
        like = self._program.like
        if static != self._static or any(
            x.shape != y.shape or x.dtype != y.dtype or x.device != y.device
            for x, y in zip(tensors, like[: self._given], strict=True)
        ):
            raise CompilationError(
                f"a learner must be called with what it was compiled for. Got {_described(args)}; it was compiled for "
                f"{_described(self._arguments[0])}. Compile it again."
            )
        inputs: list[Any] = self._program._inputs.copy()
        inputs[: self._given] = tensors
        for state, intake in self._touched:
            if not intake.fetch(state.value, inputs):
                raise CompilationError(
                    f"States must be what they were when the learner was compiled. Got the value of {kind_of(state)} "
                    f"made at {state.source_info}, now {_described([state.value])}. Set it as it was, or compile again."
                )
        program = self._program
        # A recording around the learner takes note of what is read by `get`.
        if not program.settings.fetch(inputs, lambda key: environ.get(key, MISSING)) or not program.watched.holds():
            changed = ", ".join(sorted(program.changed())) or "a setting"
            raise CompilationError(
                f"a model must be what it was when the learner was compiled. Got another value of {changed}. Call it "
                "in the contexts in which it was compiled, reset States by `nn.reset_all_states`, which keeps "
                "them, or compile again."
            )
        return inputs

    def commit(self, found: Sequence[torch.Tensor]) -> Any:
        """Write the States, and give the result."""
        result = self._program.result.filled(found)
        values = [
            (state, combine(found[change.slot.start : change.slot.end], change.slot.template))
            for change in self._program.changes
            if (state := change.ref()) is not None
        ]
        for state, value in values:
            state.value = value
        return result


def _described(values: Sequence[Any]) -> str:
    tensors, _ = partition(list(values))
    return ", ".join([f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}" for x in tensors]) or "no tensor"
