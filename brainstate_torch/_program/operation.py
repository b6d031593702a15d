"""Operations: parts of a program that stand as one node in its graph and compile by themselves."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch

from .._arrays import is_real
from .._host.functorch import (
    AutogradFunction,
    Dual,
    alive,
    below,
    dual_of,
    enclosing,
    innermost_map,
    is_constant,
    lane_marker,
    lanes_of,
    level,
    level_of,
    moving,
    unmapped,
    untracked,
    vjp,
    vmap,
)
from .._host.fx import GraphModule
from .calls import call, target
from .chosen_lanes import CHOSEN
from .nodes import acts, number_of, numbers_in, outputs
from .purity import pure
from .recording import Like, check_numbers, is_recording, local, record, recording

__all__ = [
    "SETTINGS",
    "Applied",
    "Body",
    "Cotangents",
    "Flat",
    "Operation",
    "Pull",
    "Tensors",
    "apart",
    "compiling",
    "in_lanes",
    "operations_in",
    "pullback",
    "replaced",
    "zeros",
]

Tensors = Sequence[torch.Tensor]
Cotangents = Sequence[torch.Tensor | None]
Flat = Callable[..., Sequence[torch.Tensor]]


class _Settings(threading.local):
    """Per thread: for which backend operations are made, and whether for a derivative."""

    backend = "inductor"
    #: Whether a backward pass runs, whose forward pass has run the effects already.
    backward = False
    #: In which recording it is.
    place: Any = None


SETTINGS = _Settings()


@contextmanager
def compiling(backend: str) -> Iterator[None]:
    """Within: operations are made for this backend."""
    before, SETTINGS.backend = SETTINGS.backend, backend
    try:
        yield
    finally:
        SETTINGS.backend = before


def replaced(arguments: Tensors, places: Sequence[int], values: Tensors) -> list[torch.Tensor]:
    """The arguments with some of them replaced."""
    found = list(arguments)
    for place, value in zip(places, values, strict=True):
        found[place] = value
    return found


def apart(results: Tensors, arguments: Tensors) -> list[torch.Tensor]:
    """The results, each contiguous, none sharing memory with another or with an argument."""
    held = {x.untyped_storage().data_ptr() for x in arguments}
    found = []
    for x in results:
        if x.untyped_storage().data_ptr() in held:
            x = x.clone(memory_format=torch.contiguous_format)
        held.add(x.untyped_storage().data_ptr())
        found.append(x.contiguous())
    return found


def zeros(x: Any) -> torch.Tensor:
    """Zeros of a kind."""
    return torch.zeros(x.shape, dtype=x.dtype, device=x.device)


def in_lanes(fun: Flat, ins: Any, outs: Any, size: int, randomness: str) -> Callable[..., Any]:
    """The function mapped over `size` lanes, also if no argument is batched."""

    def mapped(*arguments: torch.Tensor) -> Any:
        # torch.vmap refuses a call without a mapped input.
        lane = torch.empty(size, 0)
        return vmap(lambda _, *xs: tuple(fun(*xs)), (0, *ins), outs, randomness=randomness)(lane, *arguments)

    return mapped


def pullback(fun: Flat, arguments: Tensors, cotangents: Tensors, places: Sequence[int]) -> tuple[Tensors, Tensors]:
    """The results of a function, and the derivatives at some places for cotangents of the results that have one."""

    def moved(*some: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
        results = tuple(fun(*replaced(arguments, places, some)))
        return tuple([x for x in results if is_real(x)]), results

    _, pull, results = vjp(moved, *[arguments[i] for i in places], has_aux=True)
    return results, pull(tuple(cotangents))


class Body:
    """A function of tensors, recorded when its graph is asked for.

    Parameters
    ----------
    fun
        The function. It is run again to make derivatives, so that the user's own derivative rules are used.
    like
        Tensors like its arguments.
    primal
        A function with the same values that is faster to record.
    """

    def __init__(self, fun: Flat, like: Sequence[Any], primal: Flat | None = None) -> None:
        self.fun: Flat | None = fun
        self.like = [Like(x.shape, x.dtype, x.device) for x in like]
        self._primal: Flat | None = primal or fun
        self._graph: GraphModule | None = None
        #: Tensors that the graph takes besides the arguments.
        self.extras: list[torch.Tensor] = []

    @property
    def graph(self) -> GraphModule:
        """What the function does."""
        if self._graph is None:
            assert self._primal is not None
            recorded = record(self._primal, self.like)
            # Whatever is recorded around it, the program of an operation takes tensors with numbers.
            self.extras = recorded.originals
            # Running the function again may meet other tensors, as after ``y = cond(pred, f, g, x); f.scale = z``.
            check_numbers(self.extras)
            self._graph = pure(recorded.graph, [*self.like, *self.extras])
        return self._graph

    @property
    def results(self) -> list[Like]:
        """What the results are like."""
        found = [x.meta["val"] for x in outputs(self.graph)]
        return [Like(x.shape, x.dtype, x.device) for x in found]

    def __call__(self, *tensors: torch.Tensor) -> Tensors:
        return self.replay(*tensors) if self.fun is None else self.fun(*tensors)

    def replay(self, *tensors: torch.Tensor) -> Tensors:
        """The same values, from the graph."""
        return self.graph(*tensors, *self.extras)  # type: ignore[no-any-return]

    def mapped(self, ins: Any, outs: Any, size: int, randomness: str, like: Sequence[Any]) -> "Body":
        """The function mapped over `size` lanes; `like` are its arguments.

        The graph is made from this body's graph: running the function again for each map would take time exponential in
        the depth of nested maps and loops. Draws from torch's generators are recorded again from the function: their
        nodes take whole tensors, since torch maps such an operation before a recording sees it.
        """
        lanes, replayed = (in_lanes(fun, ins, outs, size, randomness) for fun in (self, self.replay))
        return Body(lanes, like, None if self.draws else replayed)

    @property
    def draws(self) -> bool:
        """Whether it draws random numbers."""
        return any(_operation(number).draws for number in numbers_in(self.graph))

    def seal(self) -> None:
        """Forget the function, and with it what it closes over; the graph stays."""
        self.graph  # noqa: B018
        self.fun = self._primal = None

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        """Which results are batched where the chosen arguments are."""
        found: dict[Any, Any] = {}
        supply = iter(flags)
        for node in self.graph.graph.nodes:
            given = [found[x] for x in node.all_input_nodes]
            if node.op == "placeholder":
                found[node] = next(supply, False)
            elif (number := number_of(node)) is not None:
                found[node] = _operation(number).spread([found[x] for x in node.all_input_nodes], randomness)
            elif given and isinstance(given[0], list):
                found[node] = given[0][node.args[1]]
            else:
                found[node] = any(given)
        return [found[x] for x in outputs(self.graph)]


class Pull(NamedTuple):
    """How an operation is differentiated backwards.

    Attributes
    ----------
    forward
        Gives the results, and after them what the backward pass needs.
    backward
        (needs, arguments, what was kept, cotangents or None) -> a derivative, or None, for each argument. Where the
        derivative is differentiated again, there are cotangents of what was kept, too.
    """

    forward: "Operation"
    backward: Callable[[Sequence[bool], Tensors, Tensors, Cotangents], list[torch.Tensor | None]]


class Operation(ABC):
    """A function of tensors that is one node of a graph."""

    #: How many results it has.
    count: int
    #: Whether the results have no derivatives.
    constant = False
    #: What it is called where a graph is printed.
    title = "operation"

    def apply(self, tensors: Tensors) -> list[torch.Tensor]:
        """The results, inside whatever transforms are active."""
        branches = CHOSEN.branches
        if not branches:
            return self._applied(tensors)
        # Below, the levels are left one by one, and a mask that belongs to one of them is unknown.
        CHOSEN.branches = ()
        try:
            for branch in reversed(branches):
                tensors = [branch.taken(x) for x in tensors]
            found = self._applied(tensors)
        finally:
            CHOSEN.branches = branches
        for branch in branches:
            for x in found:
                branch.computed(x)
        return found

    def _applied(self, tensors: Tensors) -> list[torch.Tensor]:
        kinds = enclosing()
        if not kinds or kinds[-1] == "Functionalize":
            return _call(self, tensors)
        # Outer tensors are looked up by `id`; unwrapping a dead wrapper first would lose it.
        tensors = [alive(local(x)) for x in tensors]
        if kinds[-1] == "Vmap":
            return self._mapped(tensors)
        here = level()
        # torch.func would enable gradients again for the levels outside of the innermost one.
        if self.constant or not self.count or is_constant():
            with below(here):
                return self.apply([untracked(x, here) for x in tensors])
        if kinds[-1] == "Jvp":
            return self._moved(tensors)
        needs = [is_real(x) and level_of(x) == here and x.requires_grad for x in tensors]
        if not any(needs):
            with below(here):
                return self.apply([untracked(x, here) for x in tensors])
        if kinds.count("Jvp") > 1:
            raise NotImplementedError(
                "a compiled loop or branch must not be differentiated backward and then forward twice: torch would "
                "give zero. Got `jacfwd` or `jvp` of another one of a gradient. Take the gradient last."
            )
        derivatives = sum([kind in ("Grad", "Jvp") for kind in kinds])
        if SETTINGS.backward and SETTINGS.place is _place() and derivatives == 1:
            # torch.func records its backward pass as if that were differentiated again, which it rarely is.
            pull = Pull(self, self._pulled_late)
        else:
            pull = self.pulled(needs, higher=derivatives > 1)
        marker = lane_marker() if "Vmap" in kinds and self.draws else None
        return list(Applied.apply(self, pull, marker, *tensors)[: self.count])  # type: ignore[no-untyped-call]

    def _moved(self, tensors: Tensors) -> list[torch.Tensor]:
        """The results inside a forward derivative.

        Not by the `jvp` rule of an autograd.Function, which torch cannot differentiate forward a second time.
        """
        here = level()
        duals = [dual_of(x, here) for x in tensors]
        with below(here):
            results = self.apply([dual.primal for dual in duals])
            tangents = [dual.tangent for dual in duals]
            slopes = (
                [None] * self.count
                if tangents == [None] * len(tangents)
                else self._pushed_quietly([dual.primal for dual in duals], tangents)
            )
        return [moving(Dual(x, slope)) for x, slope in zip(results, slopes, strict=True)]

    def _pushed_quietly(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        """The tangents of the results; side effects, which have run with the results, do not run again."""
        outer = SETTINGS.backward, SETTINGS.place
        if not SETTINGS.backward:
            # No recording is this place: an inner reverse derivative keeps what it needs as it does elsewhere.
            SETTINGS.backward, SETTINGS.place = True, self
        try:
            return self.pushed(tensors, tangents)
        finally:
            SETTINGS.backward, SETTINGS.place = outer

    def _pulled_late(
        self, needs: Sequence[bool], tensors: Tensors, kept: Tensors, cotangents: Cotangents
    ) -> list[torch.Tensor | None]:
        """The backward pass of an operation that kept nothing for it."""
        pull = self.pulled(needs, higher=True)
        found = pull.forward.apply(tensors)[self.count :]
        return pull.backward(needs, tensors, found, [*cotangents, *[None for _ in found]])

    def _mapped(self, tensors: Tensors) -> list[torch.Tensor]:
        """The results inside a vmap."""
        here = level()
        whole, dims = zip(*[unmapped(x, here) for x in tensors], strict=True)
        size, randomness = innermost_map()
        with below(here):
            if all(dim is None for dim in dims) and (randomness == "same" or not self.draws):
                return self.apply(whole)
            results, axes = self.batched(whole, dims, size, randomness)
        return [x if axis is None else lanes_of(x, axis, here) for x, axis in zip(results, axes, strict=True)]

    @property
    def draws(self) -> bool:
        """Whether any of its bodies draws random numbers."""
        return any(body.draws for body in self.bodies())

    @property
    def acts(self) -> bool:
        """Whether any of its bodies has side effects."""
        return any(acts(body.graph) for body in self.bodies())

    @abstractmethod
    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        """The results for tensors with numbers."""

    @abstractmethod
    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        """Empty tensors like the results."""

    @abstractmethod
    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        """How to differentiate backwards with respect to the chosen arguments.

        Parameters
        ----------
        higher
            The derivative is differentiated again.
        """

    @abstractmethod
    def pushed(self, tensors: Tensors, tangents: Sequence[torch.Tensor | None]) -> list[torch.Tensor | None]:
        """The tangents of the results."""

    @abstractmethod
    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        """The results for arguments with one more axis, and where the results have it."""

    @abstractmethod
    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        """Which results are batched where the chosen arguments are."""

    @abstractmethod
    def bodies(self) -> list[Body]:
        """The functions that it runs."""

    @property
    def parts(self) -> list[str]:
        """What the bodies are called where a graph is printed."""
        return [f"part {i}" for i in range(len(self.bodies()))]

    def source(self, parts: Sequence[str]) -> list[str]:
        """The lines of a Python function that does the same with `tensors`, where functions of these names are bodies.

        Each body takes tensors and gives a list, and so does this.
        """
        raise NotImplementedError(
            "a program must do no more than compute to be written as code. Got one that draws random numbers, or "
            f"checks numbers as `jit_error_if` does ({self.title}). Draw before, and pass what was drawn."
        )

    @abstractmethod
    def prepare(self) -> None:
        """Compile, so that a run need not."""


def _operation(number: int) -> Operation:
    found = target(number)
    assert isinstance(found, Operation)
    return found


def operations_in(graph: GraphModule) -> "list[Operation]":
    """The operations that a graph runs, those inside others first; what they were recorded from is forgotten."""
    found: dict[Operation, None] = {}
    for number in numbers_in(graph):
        operation = _operation(number)
        for body in operation.bodies():
            body.seal()
            found |= dict.fromkeys(operations_in(body.graph))
        found[operation] = None
    return list(found)


def _place() -> Any:
    """The recording under way, if there is one."""
    return recording() if is_recording() else None


def _call(operation: Operation, tensors: Tensors) -> list[torch.Tensor]:
    if is_recording():
        recording().held.append(operation)
    return call(operation, tensors)


class Applied(AutogradFunction):
    """An operation as torch.func and autograd see it."""

    @staticmethod
    def forward(operation: Operation, pull: Pull, marker: Any, *tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return tuple(_call(pull.forward, tensors))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[torch.Tensor, ...]) -> None:
        operation, pull, _, *tensors = inputs
        ctx.pull, ctx.count = pull, len(tensors)
        ctx.set_materialize_grads(False)
        kept = output[operation.count :]
        ctx.save_for_backward(*tensors, *kept)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, *cotangents: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        saved = ctx.saved_tensors
        outer = SETTINGS.backward, SETTINGS.place
        SETTINGS.backward, SETTINGS.place = True, _place()
        try:
            found = ctx.pull.backward(ctx.needs_input_grad[3:], saved[: ctx.count], saved[ctx.count :], cotangents)
        finally:
            SETTINGS.backward, SETTINGS.place = outer
        return None, None, None, *found

    @staticmethod
    def jvp(ctx: Any, *tangents: torch.Tensor | None) -> tuple[torch.Tensor | None, ...]:
        return tuple(ctx.pull.forward._pushed_quietly(ctx.saved_tensors, tangents[3:]))

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[Any, ...],
        operation: Operation,
        pull: Pull,
        marker: Any,
        *tensors: torch.Tensor,
    ) -> tuple[tuple[torch.Tensor, ...], tuple[int | None, ...]]:
        results, dims = pull.forward.batched(tensors, in_dims[3:], info.batch_size, info.randomness)
        return tuple(results), tuple(dims)
