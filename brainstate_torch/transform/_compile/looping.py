"""A loop over a stateful function while a graph is recorded: one operation, whose step is recorded once."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ..._program.loop import Layout, Loop
from ..._program.nodes import outputs
from ..._program.operation import Body
from ..._program.recording import Like
from ..._program.repeat import Repeat
from ..._state import Frame, State
from .._core.functional import combine, partition
from .recorded import StateFrame, record_stateful

__all__ = ["StatefulLoop"]

#: (carry, x) -> (the tensors of the carry, y); it raises where these are not like the ones before.
Step = Callable[[Any, Any], tuple[list[torch.Tensor], Any]]
Values = dict[State[Any], Any]


class StatefulLoop:
    """Steps ``carry, y = f(carry, x)`` over the leading axis of `xs`, as one operation.

    Parameters
    ----------
    f
        One step; it gives the tensors of the carry in the order of `init`, and y.
    init, xs
        Trees of tensors.
    accept
        Called after each run of a step with its frame; it raises if a State has another structure, shape or dtype.
    """

    def __init__(self, name: str, f: Step, init: Any, xs: Any, accept: Callable[[Frame], None]) -> None:
        self.f, self.accept = f, accept
        self.init, self.init_template = partition(init)
        self.xs, self.xs_template = partition(xs)
        values: Values = {}
        # As in JAX, a Python number in the carry takes the dtype that a step gives it; the step is then recorded again.
        while not self._record(name, values):
            pass

    def _record(self, name: str, values: Values) -> bool:
        """Record a step; False if a number in the carry or in a State has become wider, and it must be done again."""
        frame = StateFrame(name, values)
        like = [*self.init, *[Like(x.shape[1:], x.dtype, x.device) for x in self.xs]]
        found = self.found = record_stateful(self.f, like, self._arguments, frame, self._accepted)
        self.graph, captured, *_ = found.recorded
        self.output, *self._after = found.outputs
        self.written = frame.written()
        before = [partition(frame.given[state][0]) for state in self.written]
        self.carry = [*self.init, *[x for tensors, _ in before for x in tensors]]
        after = [node.meta["val"] for node in outputs(self.graph)]
        self.outputs = len(self.output.places) - len(self.init)
        carried = [*after[: len(self.init)], *after[len(self.output.places) :]]
        if all(x.dtype == y.dtype for x, y in zip(self.carry, carried, strict=False)):
            self._place(found.places, captured)
            return True
        frame.abandon()
        wide = [x.to(y.dtype) for x, y in zip(self.carry, carried, strict=True)]
        self.init, rest = tuple(wide[: len(self.init)]), iter(wide[len(self.init) :])
        for state, (tensors, template) in zip(self.written, before, strict=True):
            values[state] = combine([next(rest) for _ in tensors], template)
        return False

    def _place(self, places: dict[State[Any], list[int | None]], captured: Sequence[torch.Tensor]) -> None:
        """Which of the captured tensors are carried on, and which are constant."""
        of_states = [place for state in self.written for place in places[state]]
        self._carried = {place: len(self.init) + k for k, place in enumerate(of_states) if place is not None}
        self._constant = [i for i in range(len(captured)) if i not in self._carried]
        self.constants = [captured[i] for i in self._constant]

    def _arguments(self, tensors: Sequence[torch.Tensor]) -> tuple[list[Any], dict[str, Any]]:
        n = len(self.init)
        return [combine(tensors[:n], self.init_template), combine(tensors[n:], self.xs_template)], {}

    def _accepted(self, result: Any, frame: Frame) -> Any:
        self.accept(frame)
        return result

    @property
    def layout(self) -> Layout:
        """How many tensors are carried, constant, and read at each step."""
        return Layout(len(self.carry), len(self.constants), len(self.xs))

    def body(self) -> Body:
        """The step as a function of tensors."""
        like = [*self.carry, *self.constants, *[Like(x.shape[1:], x.dtype, x.device) for x in self.xs]]
        return Body(self._again, like, self._replayed)

    def _replayed(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """The step from its graph: carry, constants, x -> carry, y."""
        carry, constants, xs = self.layout.parts(tensors)
        captured = dict(zip(self._constant, constants, strict=True)) | {i: carry[k] for i, k in self._carried.items()}
        found = self.graph(*carry[: len(self.init)], *xs, *[captured[i] for i in range(len(captured))])
        return self._ordered(found)

    def _ordered(self, found: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        n, end = len(self.init), len(self.output.places)
        return [*found[:n], *found[end : end + len(self.carry) - n], *found[n:end]]

    def _again(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """The same step by the user's own function, for derivatives."""
        carry, constants, xs = self.layout.parts(tensors)
        rest = iter(carry[len(self.init) :])
        values = {state: [next(rest) for _ in self.found.before(state)] for state in self.written}
        args, _ = self._arguments([*carry[: len(self.init)], *xs])
        captured = dict(zip(self._constant, constants, strict=True))
        return self._ordered(self.found.again(args, captured, values))

    def while_(self) -> Any:
        """Put into the graph a loop that goes on while y, one boolean, holds; the last carry."""
        body, count = self.body(), len(self.carry)
        # Two bodies of one step: dead code elimination leaves in each what it needs.
        test = Body(lambda *xs: body(*xs)[count:], body.like, lambda *xs: body.replay(*xs)[count:])
        step = Body(lambda *xs: body(*xs)[:count], body.like, lambda *xs: body.replay(*xs)[:count])
        return self._committed(Repeat(test, step, count).apply([*self.carry, *self.constants]))

    def shown(self, carry: Sequence[torch.Tensor], y: Sequence[torch.Tensor]) -> tuple[Any, Any]:
        """The carry and the output of one step, as the user knows them."""
        n = len(self.init)
        return combine(carry[:n], self.init_template), combine([*carry[:n], *y], self.output)[1]

    def run(self, loop: Loop) -> tuple[Any, Any]:
        """Put the loop into the graph, and commit States; the last carry and the outputs."""
        found = loop.apply([*self.carry, *self.constants, *self.xs])
        carry = self._committed(found)
        return carry, combine([*found[: len(self.init)], *found[len(self.carry) :]], self.output)[1]

    def _committed(self, found: Sequence[torch.Tensor]) -> Any:
        """The carry, after writing the States."""
        n, m = len(self.init), len(self.carry)
        after = iter(found[n:m])
        values = [
            combine([next(after) for _ in template.places], template) for template in self._after[: len(self.written)]
        ]
        self.found.commit(values)
        return combine(found[:n], self.init_template)
