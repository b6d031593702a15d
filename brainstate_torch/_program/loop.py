"""A loop as one operation: its step is compiled once, and so is the step of its derivative."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch

from .._arrays import is_real
from .._host.dispatch import is_profiled
from .._host.functorch import jvp
from . import cpp_code, triton_code
from .ahead import ahead, pays
from .backend import TIERED, Program, compiled, counted, steps_per_piece
from .calls import profiled
from .fused_loop import FusedLoop, fused, writer_for
from .halves import split
from .invariant import hoisted
from .nodes import arguments
from .operation import SETTINGS, Body, Cotangents, Operation, Pull, Tensors, apart, pullback, replaced, zeros
from .purity import pure
from .recording import Like, record

__all__ = ["Layout", "Loop"]

Watch = Callable[[Tensors, Tensors], None]


class Layout(NamedTuple):
    """How many of a step's arguments are carried on, constant, and read anew at each step."""

    carry: int
    constants: int
    inputs: int

    def parts(self, arguments: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any], Sequence[Any]]:
        """The arguments by kind."""
        end = self.carry + self.constants
        return arguments[: self.carry], arguments[self.carry : end], arguments[end:]


class Loop(Operation):
    """Steps over inputs ``[length, ...]``, which hand a carry on and give outputs ``[length, ...]``.

    Parameters
    ----------
    step
        carry, constants, inputs -> carry, outputs.
    layout
        How the arguments of the step are divided.
    length, reverse
        How many steps, and whether the last inputs come first.
    forgetful
        Keep nothing but the carry for the backward pass.
    unroll
        How many steps to compile as one piece; None to choose by the size of a step.
    watch
        Called after each step with the carry and the outputs.
    """

    def __init__(
        self,
        step: Body,
        layout: Layout,
        length: int,
        reverse: bool = False,
        *,
        forgetful: bool = False,
        unroll: int | None = None,
        watch: Watch | None = None,
    ) -> None:
        self.step, self.layout, self.length, self.reverse = step, layout, length, reverse
        self.forgetful, self.unroll, self.watch = forgetful, unroll, watch
        self.backend = SETTINGS.backend
        self.count = len(step.results)
        given = arguments(step.graph)
        self._hoisted = hoisted(step.graph, [*given[: layout.carry], *layout.parts(given)[2][: layout.inputs]])
        # A loop that keeps nothing but the carry has no memory for the products of all steps.
        self._ahead = ahead(self._hoisted.step, layout, not forgetful and pays(step.like))
        self._before: Program | None = None
        self._programs: dict[int, Program] = {}

    def over(self, step: Body, layout: Layout, *, backward: bool = False) -> "Loop":
        """A loop of as many other steps."""
        return Loop(
            step,
            layout,
            self.length,
            self.reverse ^ backward,
            forgetful=self.forgetful,
            unroll=self.unroll,
            watch=None if backward else self.watch,
        )

    def bodies(self) -> list[Body]:
        return [self.step]

    @property
    def title(self) -> str:  # type: ignore[override]
        return f"loop_of_{self.length}"

    @property
    def parts(self) -> list[str]:
        return ["step"]

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        carried = self.layout.carry
        like = [x if i < carried else _repeated(x, self.length) for i, x in enumerate(self.step.results)]
        return [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in like]

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        first, constants, inputs = self.layout.parts([x.contiguous() for x in tensors])
        fixed = self._constants([*constants, *self.step.extras])
        read = self._read([*inputs, *self._ahead.computed(inputs, fixed)])
        fixed = [fixed[i] for i in self._ahead.kept]
        if self._fused is not None:
            return apart(self._fused(first, fixed, read), tensors)
        outputs = [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self._outputs]
        sizes = self._sizes
        # Views of the stacks: a piece writes its rows into their place.
        columns = [x.split_with_sizes(sizes) for x in (*read, *outputs)]
        carry: Tensors = first
        labelled = is_profiled()
        for i in reversed(range(len(sizes))) if self.reverse else range(len(sizes)):
            program, arguments = self._program(sizes[i]), [*carry, *fixed, *[column[i] for column in columns]]
            carry = profiled(f"{sizes[i]} steps", program, arguments) if labelled else program(arguments)
            if self.watch is not None:
                self.watch(carry, [column[i][0] for column in columns[len(read) :]])
        return apart(carry, tensors) + outputs

    def _read(self, inputs: Tensors) -> list[torch.Tensor]:
        """The inputs that a step reads, products among them."""
        return [x for x, is_used in zip(inputs, self._ahead.used, strict=True) if is_used]

    @functools.cached_property
    def _fused(self) -> FusedLoop | None:
        """All steps as one kernel, where that is possible."""
        # A watch has to be told of each step, which a kernel cannot.
        if self.backend == "replay" or self.watch is not None:
            return None
        writer = writer_for(self.step.like)
        # A replay comes first where the compiler works beside the program.
        if writer is None or (writer is cpp_code and self.backend == TIERED):
            return None
        layout = (self.layout.carry, len(self._ahead.kept), len(self._ahead.used))
        found = fused(writer, self._ahead.step, layout, self._ahead.used, self.length, self.reverse)
        if found is None or writer is triton_code:
            return found
        if not found.load():
            return None
        counted(self._ahead.step, 1)
        return found

    def _constants(self, constants: Tensors) -> list[torch.Tensor]:
        """What each step reads: the constants, and what is computed from them alone."""
        before = self._program_before()
        return [*constants, *([] if before is None else [x.contiguous() for x in before(list(constants))])]

    @functools.cached_property
    def _outputs(self) -> list[Like]:
        """What the outputs are like."""
        return [_repeated(x, self.length) for x in self.step.results[self.layout.carry :]]

    @functools.cached_property
    def _sizes(self) -> list[int]:
        """How many steps each piece has."""
        size = self._piece()
        # Steps that are left over would need another program.
        even = next(n for n in range(size, 0, -1) if self.length % n == 0)
        # A divisor far below the wanted size would cost more calls than a second program does.
        size = even if 2 * even >= size else size
        return [size] * (self.length // size) + [1] * (self.length % size)

    def _piece(self) -> int:
        # Replay runs each operation by itself, so that unrolling gains nothing.
        if self.watch is not None or self.backend == "replay":
            return 1
        wanted = steps_per_piece(self._ahead.step) if self.unroll is None else self.unroll
        return max(1, min(wanted, self.length))

    def source(self, parts: Sequence[str]) -> list[str]:
        first, (start, end) = self.layout.carry, _ends(self.layout)[1]
        steps = f"range({self.length})"
        return [
            f"carry, constants, inputs = tensors[:{first}], tensors[{start}:{end}], tensors[{end}:]",
            "rows = []",
            f"for i in {f'reversed({steps})' if self.reverse else steps}:",
            f"    found = {parts[0]}(*carry, *constants, *[x[i] for x in inputs])",
            f"    carry, rows = found[:{first}], [*rows, found[{first}:]]",
            f"return [*carry, *map(torch.stack, zip(*rows{'[::-1]' if self.reverse else ''}))]",
        ]

    def prepare(self) -> None:
        self._program_before()
        if self._fused is not None:
            return
        for size in set(self._sizes):
            self._program(size)

    def _program_before(self) -> Program | None:
        if self._before is None and self._hoisted.before is not None:
            like = [*self.layout.parts(self.step.like)[1], *self.step.extras]
            self._before = compiled(self._hoisted.before, like, self.backend)
        return self._before

    def _program(self, size: int) -> Program:
        known = self._programs.get(size)
        if known is None:
            known = self._programs[size] = self._compiled(size)
        return known

    def _compiled(self, size: int) -> Program:
        """Several steps in a row, which write their outputs into the stacks."""
        graph, layout, reverse, used = self._ahead.step, self.layout, self.reverse, self._ahead.used
        carry, constants, inputs = layout.parts(self.step.like)
        every = [*constants, *self.step.extras, *self._hoisted.values]
        fixed_like = [every[i] for i in self._ahead.kept]
        ends = [layout.carry, layout.carry + len(fixed_like), layout.carry + len(fixed_like) + sum(used)]

        def piece(*tensors: torch.Tensor) -> Tensors:
            carry: Tensors = tensors[: ends[0]]
            fixed, read = tensors[ends[0] : ends[1]], iter(tensors[ends[1] : ends[2]])
            columns = [next(read).unbind(0) if is_used else [None] * size for is_used in used]
            rows: list[Any] = [None] * size
            for i in reversed(range(size)) if reverse else range(size):
                results = graph(*carry, *fixed, *[column[i] for column in columns])
                # A step was recorded for contiguous arguments.
                carry, rows[i] = [x.contiguous() for x in results[: ends[0]]], results[ends[0] :]
            for place, column in zip(tensors[ends[2] :], zip(*rows, strict=True), strict=True):
                # On the CPU `write_parts` makes one store per row of it, and the stack is never built.
                place.copy_(torch.stack(column))
            return carry

        like = [*carry, *fixed_like]
        like += [_repeated(x, size) for x in self._read([*inputs, *self._ahead.like])]
        like += [_repeated(x, size) for x in self.step.results[layout.carry :]]
        return compiled(record(piece, like).graph, like, self.backend)

    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        # The cut of `_keeping` is made for one derivative. One that is differentiated again recomputes from the
        # carries.
        return _recomputing(self) if higher or self.forgetful else _keeping(self, self.places(needs))

    def places(self, needs: Sequence[bool]) -> list[int]:
        """The arguments of a step that have a derivative: what is carried, and of the others what is needed."""
        carried = self.layout.carry
        return [i for i, x in enumerate(self.step.like) if is_real(x) and (i < carried or needs[i])]

    def pushed(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        step, layout = self.step, self.layout
        moving = [i for i, x in enumerate(step.like) if is_real(x) and (i < layout.carry or tangents[i] is not None)]
        results = [i for i, x in enumerate(step.results) if is_real(x)]
        kinds = [sum(part[0] <= i < part[1] for i in moving) for part in _ends(layout)]
        dual = Layout(layout.carry + kinds[0], layout.constants + kinds[1], layout.inputs + kinds[2])

        def forward(*arguments: torch.Tensor) -> Tensors:
            parts = dual.parts(arguments)
            primals = [x for part, n in zip(parts, layout, strict=True) for x in part[:n]]
            motion = [x for part, n in zip(parts, layout, strict=True) for x in part[n:]]

            def moved(*some: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
                found = step(*replaced(primals, moving, some))
                return tuple([found[i] for i in results]), tuple(found)

            # One run gives values and tangents: the loop over duals replaces the one over values.
            _, slopes, found = jvp(moved, tuple([primals[i] for i in moving]), tuple(motion), has_aux=True)
            slope = dict(zip(results, slopes, strict=True))
            carry = [slope[i] for i in results if i < layout.carry]
            return [*found[: layout.carry], *carry, *found[layout.carry :], *[slope[i] for i in results[len(carry) :]]]

        motion = [_tangent(tensors[i], tangents[i]) for i in moving]
        split_at = [kinds[0], kinds[0] + kinds[1]]
        groups = [motion[: split_at[0]], motion[split_at[0] : split_at[1]], motion[split_at[1] :]]
        arguments = [x for part, more in zip(layout.parts(tensors), groups, strict=True) for x in (*part, *more)]
        moves = [[step.like[i] for i in moving if a <= i < b] for a, b in _ends(layout)]
        like = [x for part, more in zip(layout.parts(step.like), moves, strict=True) for x in (*part, *more)]
        found = self.over(Body(forward, like), dual).apply(arguments)
        slopes = [*found[layout.carry : dual.carry], *found[dual.carry + self.count - layout.carry :]]
        of = dict(zip(results, slopes, strict=True))
        return [of.get(i) for i in range(self.count)]

    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        step, layout = self.step, self.layout
        flags, results = self._spread([dim is not None for dim in dims], randomness)
        ins = tuple([0 if flag else None for flag in flags])
        outs = tuple([0 if flag else None for flag in results])

        like = [_repeated(x, size) if flag else x for x, flag in zip(step.like, flags, strict=True)]
        moved = []
        for i, (x, dim, flag) in enumerate(zip(tensors, dims, flags, strict=True)):
            if not flag:
                moved.append(x)
                continue
            x = x.movedim(dim, 0) if dim is not None else x.expand(size, *x.shape)
            # Time stays in front in what each step reads: [length, lanes, ...].
            moved.append(x.movedim(0, 1) if i >= layout.carry + layout.constants else x)
        found = self.over(step.mapped(ins, outs, size, randomness, like), layout).apply(moved)
        where = [None if out is None else int(i >= layout.carry) for i, out in enumerate(outs)]
        return found, where

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        return self._spread(flags, randomness)[1]

    def _spread(self, flags: Sequence[bool], randomness: str) -> tuple[list[bool], list[bool]]:
        """Which arguments of a step, and which of its results, differ from lane to lane."""
        flags, carried = list(flags), self.layout.carry
        while True:
            # To a fixed point: a carry that one step makes batched is batched from the start, and may make others so.
            results = self.step.spread(flags, randomness)
            after = [old or new for old, new in zip(flags[:carried], results, strict=False)]
            if after == flags[:carried]:
                return flags, [*after, *results[carried:]]
            flags[:carried] = after


#: constants, inputs, kept, cotangents -> the derivatives at the places chosen.
Derivative = Callable[[Tensors, Tensors, Tensors, Tensors], Tensors]


def _recomputing(loop: Loop) -> Pull:
    """Keeps what is carried into each step, and runs the step again."""
    step, carried = loop.step, loop.layout.carry
    saving = Body(
        lambda *arguments: [*step(*arguments), *arguments[:carried]],
        step.like,
        lambda *arguments: [*step.replay(*arguments), *arguments[:carried]],
    )
    # Where a derivative is differentiated again, others see what is kept.
    forward = loop.over(saving, loop.layout)

    def backward(
        needs: Sequence[bool], tensors: Tensors, kept: Tensors, cotangents: Cotangents
    ) -> list[torch.Tensor | None]:
        places = loop.places(needs)

        def derivative(constants: Tensors, inputs: Tensors, kept: Tensors, cotangents: Tensors) -> Tensors:
            return pullback(saving, [*kept, *constants, *inputs], cotangents, places)[1]

        return _backward(forward, step.like[:carried], derivative, places, tensors, kept, cotangents)[0]

    return Pull(forward, backward)


def _keeping(loop: Loop, places: Sequence[int]) -> Pull:
    """Keeps what is expensive to recompute, for one derivative."""
    step, layout = loop.step, loop.layout
    count = len(step.like)
    slopes = [x for x in step.results if is_real(x)]

    def joint(*tensors: torch.Tensor) -> Tensors:
        results, found = pullback(step, tensors[:count], tensors[count:], places)
        return [*results, *found]

    graph, _, extras, *_ = record(joint, [*step.like, *slopes])
    graph = pure(graph, [*step.like, *slopes, *extras])
    kinds = [sum([a <= i < b for i in places]) for a, b in _ends(layout)]
    halves = split(graph, [*layout, len(slopes)], loop.count, kinds)
    saving = Body(lambda *arguments: halves.forward(*arguments, *extras), step.like)

    def derivative(constants: Tensors, inputs: Tensors, kept: Tensors, cotangents: Tensors) -> Tensors:
        return halves.backward(*constants, *inputs, *kept, *cotangents, *extras)  # type: ignore[no-any-return]

    def backward(
        needs: Sequence[bool], tensors: Tensors, kept: Tensors, cotangents: Cotangents
    ) -> list[torch.Tensor | None]:
        like = saving.results[loop.count :]
        stated = [place for i, place in enumerate(places) if i not in halves.postponed]
        found, outputs = _backward(loop, like, derivative, stated, tensors, kept, cotangents[: loop.count])
        # What was postponed is one product over all steps, after the loop.
        stacks = [*layout.parts(tensors)[2], *kept, *outputs]
        for i, postponed in halves.postponed.items():
            found[places[i]] = postponed.computed(stacks)
        return found

    return Pull(loop.over(saving, layout), backward)


def _backward(
    loop: Loop,
    kept_like: Sequence[Like],
    derivative: Derivative,
    places: Sequence[int],
    tensors: Tensors,
    kept: Tensors,
    cotangents: Cotangents,
) -> tuple[list[torch.Tensor | None], list[torch.Tensor]]:
    """The derivatives of a loop, by a loop from the last step to the first; and what that returns at each step.

    What `derivative` returns after the derivatives is returned, too.
    """
    layout = loop.layout
    _, constants, inputs = layout.parts(tensors)
    like = loop.step.like
    carry = [i for i in places if i < layout.carry]
    summed = [i for i in places if layout.carry <= i < layout.carry + layout.constants]
    results = [i for i, x in enumerate(loop.step.results) if is_real(x)]
    # An output without a cotangent is left out: zeros would be a stack to read.
    given = [i for i in results if i >= layout.carry and cotangents[i] is not None]
    counts = [layout.inputs, len(kept), len(given)]

    def step(*arguments: torch.Tensor) -> Tensors:
        carried, fixed, read = back.parts(arguments)
        slope = dict(zip(carry, carried, strict=False)) | dict(zip(given, read[counts[0] + counts[1] :], strict=True))
        all_cotangents = [slope[i] if i in slope else zeros(loop.step.results[i]) for i in results]
        found = derivative(fixed, read[: counts[0]], read[counts[0] : counts[0] + counts[1]], all_cotangents)
        # Derivatives of constants add up over the steps; those of inputs are one row a step.
        sums = [total + more for total, more in zip(carried[len(carry) :], found[len(carry) :], strict=False)]
        return [*found[: len(carry)], *sums, *found[len(carry) + len(summed) :]]

    back = Layout(len(carry) + len(summed), layout.constants, sum(counts))
    outputs = loop.step.results
    first = [zeros(like[i]) if (x := cotangents[i]) is None else x for i in carry]
    start = [*first, *[zeros(like[i]) for i in summed]]
    given_tensors = [x for i in given if (x := cotangents[i]) is not None]
    body = Body(
        step,
        [
            *[like[i] for i in (*carry, *summed)],
            *layout.parts(like)[1],
            *layout.parts(like)[2],
            *kept_like,
            *[outputs[i] for i in given],
        ],
    )
    found = loop.over(body, back, backward=True).apply([*start, *constants, *inputs, *kept, *given_tensors])
    derivatives: list[torch.Tensor | None] = [None] * len(tensors)
    for place, x in zip(places, found, strict=False):
        derivatives[place] = x
    return derivatives, found[back.carry :]


def _ends(layout: Layout) -> list[tuple[int, int]]:
    """Begin and end of the arguments of each kind."""
    middle = layout.carry + layout.constants
    return [(0, layout.carry), (layout.carry, middle), (middle, middle + layout.inputs)]


def _tangent(x: torch.Tensor, tangent: torch.Tensor | None) -> torch.Tensor:
    return torch.zeros_like(x) if tangent is None else tangent


def _repeated(x: Any, size: int) -> Like:
    """Shape, dtype and device of a stack of `length` such tensors."""
    return Like(torch.Size((size, *x.shape)), x.dtype, x.device)
