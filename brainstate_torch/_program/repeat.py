"""A loop with a condition as one operation."""

from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import is_real
from .._host.functorch import jvp
from .backend import Program, compiled
from .operation import SETTINGS, Body, Cotangents, Operation, Pull, Tensors, apart
from .recording import Like, record
from .waits import waited

__all__ = ["Repeat"]


class Repeat(Operation):
    """carry, constants -> the first carry for which the condition does not hold.

    Parameters
    ----------
    test
        carry, constants -> one boolean.
    step
        carry, constants -> carry.
    carried
        The number of tensors that are carried.
    """

    def __init__(self, test: Body, step: Body, carried: int) -> None:
        self.test, self.step, self.count = test, step, carried
        self.backend = SETTINGS.backend
        self._programs: tuple[Program, Program] | None = None

    title = "repeat"

    def bodies(self) -> list[Body]:
        return [self.test, self.step]

    @property
    def parts(self) -> list[str]:
        return ["test", "step"]

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        return [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self.step.like[: self.count]]

    def source(self, parts: Sequence[str]) -> list[str]:
        test, step = parts
        return [
            f"carry, constants = tensors[:{self.count}], tensors[{self.count}:]",
            f"while {test}(*carry, *constants)[0]:",
            f"    carry = {step}(*carry, *constants)",
            "return carry",
        ]

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        self.prepare()
        assert self._programs is not None
        test, step = self._programs
        tensors = [x.contiguous() for x in tensors]
        carry, constants = tensors[: self.count], tensors[self.count :]
        found: Tensors = carry
        # A step and the condition after it are one program, so that the host waits once a step.
        keep = test([*found, *constants, *self.test.extras])[0]
        while bool(waited(keep)):
            keep, *found = step([*found, *constants, *self.test.extras, *self.step.extras])
        return apart(found, tensors)

    def prepare(self) -> None:
        if self._programs is not None:
            return
        test, step, count = self.test, self.step, self.count
        own = len(test.extras)

        def advanced(*tensors: torch.Tensor) -> Tensors:
            """One step, and whether the condition holds for another."""
            middle = len(step.like)
            arguments, extras = tensors[:middle], tensors[middle:]
            found = [x.contiguous() for x in step.graph(*arguments, *extras[own:])]
            return [*test.graph(*found, *arguments[count:], *extras[:own]), *found]

        like: list[Any] = [*step.like, *test.extras, *step.extras]
        self._programs = (
            compiled(test.graph, _with(test), self.backend),
            compiled(record(advanced, like).graph, like, self.backend),
        )

    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        raise ValueError(
            "a compiled `while_loop` must not be differentiated backward: the number of its steps is not known. Got it "
            "under a gradient in `jit`. Use `bounded_while_loop` or `scan`, or take the gradient outside of `jit`."
        )

    def pushed(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        like, count = self.step.like, self.count
        moving = [i for i, x in enumerate(like) if is_real(x) and (i < count or tangents[i] is not None)]
        carried = [i for i in moving if i < count]
        middle = count + len(carried)

        def parts(arguments: Tensors) -> tuple[Tensors, Tensors]:
            end = middle + len(like) - count
            return [*arguments[:count], *arguments[middle:end]], [*arguments[count:middle], *arguments[end:]]

        def step(*arguments: torch.Tensor) -> Tensors:
            primals, motion = parts(arguments)

            def moved(*some: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], tuple[torch.Tensor, ...]]:
                given = list(primals)
                for i, x in zip(moving, some, strict=True):
                    given[i] = x
                found = tuple(self.step(*given))
                return tuple([found[i] for i in carried]), found

            _, slopes, found = jvp(moved, tuple([primals[i] for i in moving]), tuple(motion), has_aux=True)
            return [*found, *slopes]

        motion = [torch.zeros_like(tensors[i]) if (t := tangents[i]) is None else t for i in moving]
        arguments = [*tensors[:count], *motion[: len(carried)], *tensors[count:], *motion[len(carried) :]]
        kinds = [*like[:count], *[like[i] for i in carried], *like[count:], *[like[i] for i in moving[len(carried) :]]]
        # The condition sees values alone: it has no derivative.
        dual = Repeat(Body(lambda *xs: self.test(*parts(xs)[0]), kinds), Body(step, kinds), middle)
        slopes = dict(zip(carried, dual.apply(arguments)[count:], strict=True))
        return [slopes.get(i) for i in range(count)]

    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        count = self.count
        # Each carry is batched, since lanes end at different steps.
        flags = [True] * count + [dim is not None for dim in dims[count:]]
        ins = tuple([0 if flag else None for flag in flags])
        like = [
            Like(torch.Size((size, *x.shape)), x.dtype, x.device) if flag else x
            for x, flag in zip(self.step.like, flags, strict=True)
        ]

        each_test, each_step = (body.mapped(ins, 0, size, randomness, like) for body in (self.test, self.step))

        def test(keep: Tensors) -> Tensors:
            return [keep[0].any()]

        def step(arguments: Tensors, keeps: Tensors, found: Tensors) -> Tensors:
            keep = keeps[0]
            pairs = zip(found, arguments, strict=False)
            # A lane that has ended keeps its values while others go on.
            return [torch.where(keep.reshape(keep.shape + (1,) * (new.ndim - 1)), new, old) for new, old in pairs]

        tests = Body(lambda *xs: test(each_test(*xs)), like, lambda *xs: test(each_test.replay(*xs)))
        steps = Body(
            lambda *xs: step(xs, each_test(*xs), each_step(*xs)),
            like,
            lambda *xs: step(xs, each_test.replay(*xs), each_step.replay(*xs)),
        )

        moved = [
            x if not flag else x.movedim(dim, 0) if dim is not None else x.expand(size, *x.shape)
            for x, dim, flag in zip(tensors, dims, flags, strict=True)
        ]
        return Repeat(tests, steps, count).apply(moved), [0] * count

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        return [any(flags) or self.draws] * self.count


def _with(body: Body) -> list[Any]:
    """Shape, dtype and device of all inputs of a function's graph."""
    return [*body.like, *body.extras]
