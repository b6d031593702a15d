"""A choice between functions as one operation: the one that is chosen runs, forward and backward.

On a GPU all of them run where that takes less time than waiting for the index.
"""

from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import is_real
from .._host.functorch import enclosing, jvp
from .backend import Program, compiled
from .every_branch import all_at_once, is_better
from .operation import (
    SETTINGS,
    Body,
    Cotangents,
    Operation,
    Pull,
    Tensors,
    apart,
    in_lanes,
    pullback,
    replaced,
    zeros,
)
from .recording import Like
from .waits import waited

__all__ = ["Branch"]


class Branch(Operation):
    """index, operands -> the results of the function with that number, which takes the operands.

    Parameters
    ----------
    branches
        Functions of the same operands, with results of the same shapes, dtypes and devices.
    """

    def __init__(self, branches: Sequence[Body]) -> None:
        self.branches = list(branches)
        self.backend = SETTINGS.backend
        self.count = len(branches[0].results)
        self._programs: dict[int, Program] = {}
        #: By the dtype of the index.
        self._every: dict[torch.dtype, Program] = {}

    title = "choice"

    def bodies(self) -> list[Body]:
        return self.branches

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        return [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self.branches[0].results]

    def source(self, parts: Sequence[str]) -> list[str]:
        return [f"return [{', '.join(parts)}][int(tensors[0])](*tensors[1:])"]

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        index, *operands = tensors
        if is_better(self.branches, index.device):
            extras = [x for body in self.branches for x in body.extras]
            found = self._all_at_once(index)([index, *[x.contiguous() for x in operands], *extras])
            return apart(found, operands)
        chosen = int(waited(index))
        found = self._program(chosen)([*[x.contiguous() for x in operands], *self.branches[chosen].extras])
        return apart(found, operands)

    def _all_at_once(self, index: torch.Tensor) -> Program:
        known = self._every.get(index.dtype)
        if known is None:
            body = all_at_once(self.branches, index)
            known = self._every[index.dtype] = compiled(body.graph, body.like, self.backend)
        return known

    def _program(self, index: int) -> Program:
        known = self._programs.get(index)
        if known is None:
            body = self.branches[index]
            known = self._programs[index] = compiled(body.graph, list[Any]((*body.like, *body.extras)), self.backend)
        return known

    def prepare(self) -> None:
        # The device of the index is not known here; it is most likely that of the operands.
        device = next((x.device for body in self.branches for x in (*body.like, *body.results)), torch.device("cpu"))
        if not is_better(self.branches, device):
            for index in range(len(self.branches)):
                self._program(index)

    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        return Pull(self, self._backward)

    def _backward(
        self, needs: Sequence[bool], tensors: Tensors, kept: Tensors, cotangents: Cotangents
    ) -> list[torch.Tensor | None]:
        like = self.branches[0].like
        places = [i for i, x in enumerate(like) if is_real(x) and needs[i + 1]]
        results = [(i, x) for i, x in enumerate(self.branches[0].results) if is_real(x)]
        given = [i for i, _ in results if cotangents[i] is not None]

        # Nothing is kept: what is worth keeping depends on the branch, so the derivative of each runs it again.
        def derived(body: Body) -> Body:
            def fun(*arguments: torch.Tensor) -> Tensors:
                slopes = dict(zip(given, arguments[len(like) :], strict=True))
                full = [slopes[i] if i in slopes else zeros(x) for i, x in results]
                return pullback(body, arguments[: len(like)], full, places)[1]

            return Body(fun, [*like, *[body.results[i] for i in given]])

        found = Branch([derived(body) for body in self.branches]).apply(
            [*tensors, *[x for x in cotangents if x is not None]]
        )
        derivatives: list[torch.Tensor | None] = [None] * len(tensors)
        for place, x in zip(places, found, strict=True):
            derivatives[place + 1] = x
        return derivatives

    def pushed(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        like = self.branches[0].like
        moving = [i for i, x in enumerate(like) if is_real(x) and tangents[i + 1] is not None]
        results = [i for i, x in enumerate(self.branches[0].results) if is_real(x)]

        def dual(body: Body) -> Body:
            def fun(*arguments: torch.Tensor) -> Tensors:
                primals, motion = arguments[: len(like)], arguments[len(like) :]

                def moved(*some: torch.Tensor) -> tuple[torch.Tensor, ...]:
                    found = body(*replaced(primals, moving, some))
                    return tuple([found[i] for i in results])

                return jvp(moved, tuple([primals[i] for i in moving]), tuple(motion))[1]  # type: ignore[no-any-return]

            return Body(fun, [*like, *[like[i] for i in moving]])

        motion = [x for i in moving if (x := tangents[i + 1]) is not None]
        slopes = dict(
            zip(results, Branch([dual(body) for body in self.branches]).apply([*tensors, *motion]), strict=True)
        )
        return [slopes.get(i) for i in range(self.count)]

    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        index, *operands = [x if dim is None else x.movedim(dim, 0) for x, dim in zip(tensors, dims, strict=True)]
        flags = [dim is not None for dim in dims]
        ins = tuple([0 if flag else None for flag in flags[1:]])
        # With an index for each lane, even branches of equal results may take different ones.
        results = [True] * self.count if flags[0] else self.spread(flags, randomness)
        outs = tuple([0 if flag else None for flag in results])
        like = [
            Like(torch.Size((size, *x.shape)), x.dtype, x.device) if flag else x
            for x, flag in zip(self.branches[0].like, flags[1:], strict=True)
        ]

        if not flags[0]:
            lanes = [body.mapped(ins, outs, size, randomness, like) for body in self.branches]
            found = Branch(lanes).apply([index, *operands])
            return found, [None if out is None else 0 for out in outs]

        # Where each lane has a choice of its own, all functions run.
        def every(number: int, body: Body) -> Tensors:
            def masked(lane: torch.Tensor, *xs: torch.Tensor) -> Tensors:
                # The derivative of what was not chosen may be infinite, and zero times infinity is NaN.
                return body(*[torch.where(lane == number, x, x.detach()) if is_real(x) else x for x in xs])

            fun, given = (masked, [index, *operands]) if is_followed else (body, operands)
            return in_lanes(fun, (0, *ins) if is_followed else ins, 0, size, randomness)(*given)  # type: ignore[no-any-return]

        is_followed = not {"Grad", "Jvp"}.isdisjoint(enclosing())
        rows = [every(number, body) for number, body in enumerate(self.branches)]
        chosen = list(rows[-1])
        for number, results_of in enumerate(rows[:-1]):
            mask = index == number
            chosen = [
                torch.where(mask.reshape(mask.shape + (1,) * (x.ndim - 1)), x, y)
                for x, y in zip(results_of, chosen, strict=True)
            ]
        return chosen, [0] * self.count

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        if flags[0]:
            return [True] * self.count
        each = [body.spread(flags[1:], randomness) for body in self.branches]
        return [any(column) for column in zip(*each, strict=True)]
