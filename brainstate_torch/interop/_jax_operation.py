"""A program of JAX's as one operation of torch: its derivatives and maps are programs of JAX's again."""

import contextlib
from collections.abc import Sequence
from typing import Any

import torch

from .._arrays import is_real
from .._host.functorch import AutogradFunction, is_differentiated, is_transformed
from .._program.operation import Applied, Body, Cotangents, Operation, Pull, Tensors, zeros
from .._program.recording import is_recording
from .._state.value import StateParameter, Value
from ._borrowed import Borrowed
from ._extras import jax
from ._jax_program import JaxProgram

__all__ = ["JaxOperation"]

#: Tensors with numbers that nothing traces.
_PLAIN = {torch.Tensor, torch.nn.Parameter, Value, StateParameter, Borrowed}
#: Programs that a graph outside of this package calls, which cannot keep them alive.
_KEPT: list[Operation] = []


class JaxOperation(Operation):
    """Maps tensors to what a program gives for them.

    Parameters
    ----------
    program
        The program.
    numbers
        The numbers of Python that it takes besides tensors.
    """

    draws = False

    def __init__(self, program: JaxProgram, numbers: Sequence[Any]) -> None:
        self.program, self.numbers = program, numbers
        self.count = len(program.results)
        self.constant = not any(program.real)
        self.title = program.name

    def apply(self, tensors: Tensors) -> list[torch.Tensor]:
        """The results, inside whatever transforms and tracers are active."""
        if is_recording() or is_transformed():
            return super().apply(tensors)
        if not _are_plain(tensors):
            _KEPT.append(self)
            return self._traced(tensors)
        if self.constant or not is_differentiated(*tensors):
            return self.run(tensors)
        needs = tuple([x.requires_grad for x in tensors])
        if torch.is_grad_enabled() and True in needs:
            return list(_OnTape.apply(self, needs, *tensors))  # type: ignore[no-untyped-call]
        return self._traced(tensors)

    def _traced(self, tensors: Tensors) -> list[torch.Tensor]:
        if self.constant:
            return super().apply(tensors)
        pull = self.pulled([x.requires_grad for x in tensors], higher=True)
        return list(Applied.apply(self, pull, None, *tensors)[: self.count])  # type: ignore[no-untyped-call]

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        return self.program(self.numbers, tensors)

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        return [torch.empty(x.shape, dtype=x.dtype, device=x.device) for x in self.program.results]

    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        return Pull(self, self.pulled_back)

    def pulled_back(
        self, needs: Sequence[bool], tensors: Tensors, kept: Tensors, cotangents: Cotangents
    ) -> list[torch.Tensor | None]:
        """The derivatives by the chosen arguments, as an operation."""
        given = tuple([x is not None and r for x, r in zip(cotangents, self.program.real, strict=True)])
        needs = tuple([need and is_real(x) for need, x in zip(needs, tensors, strict=True)])
        if not any(given) or not any(needs):
            return [None] * len(needs)
        chosen = [x for x, is_given in zip(cotangents, given, strict=True) if is_given and x is not None]
        operation = JaxOperation(self.program.vjp(needs, given), self.numbers)
        found = iter(operation.apply([*tensors, *chosen]))
        return [next(found) if need else None for need in needs]

    def pushed(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        moving = tuple([t is not None and is_real(x) for t, x in zip(tangents, tensors, strict=True)])
        if not any(moving) or self.constant:
            return [None] * self.count
        chosen = [t for t, moves in zip(tangents, moving, strict=True) if moves and t is not None]
        found = iter(JaxOperation(self.program.jvp(moving), self.numbers).apply([*tensors, *chosen]))
        return [next(found) if r else None for r in self.program.real]

    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        operation = JaxOperation(self.program.mapped(tuple(dims), size), self.numbers)
        return operation.apply(tensors), [0] * self.count

    def spread(self, flags: Sequence[bool], randomness: str) -> list[bool]:
        return [any(flags)] * self.count

    def bodies(self) -> list[Body]:
        return []

    def prepare(self) -> None:
        """Do nothing: JAX compiles at the first run."""


def _are_plain(tensors: Tensors) -> bool:
    """Whether all have numbers and nothing traces them."""
    for x in tensors:  # noqa: SIM110  a generator takes three times as long, and this is on the way of each call
        if type(x) not in _PLAIN:
            return False
    return True


class _OnTape(AutogradFunction):
    """The operation for autograd alone, outside of torch.func: what the backward pass needs stays on JAX's side."""

    @staticmethod
    def forward(ctx: Any, operation: JaxOperation, needs: Any, *tensors: torch.Tensor) -> Any:
        results, pull = operation.program.keeping(needs).forward(operation.numbers, [x.detach() for x in tensors])
        ctx.operation, ctx.needs, ctx.pull = operation, needs, pull
        ctx.wide = jax().config.jax_enable_x64
        ctx.save_for_backward(*tensors)
        ctx.set_materialize_grads(False)
        if not all(operation.program.real):
            pairs = zip(results, operation.program.real, strict=True)
            ctx.mark_non_differentiable(*[x for x, is_real in pairs if not is_real])
        return tuple(results)

    @classmethod
    def backward(cls, ctx: Any, *cotangents: Any) -> Any:
        # JAX's setting is of the thread; the engine computes what lies on a GPU in another one.
        with jax().enable_x64(ctx.wide) if jax().config.jax_enable_x64 != ctx.wide else contextlib.nullcontext():
            return cls._pulled(ctx, cotangents)

    @staticmethod
    def _pulled(ctx: Any, cotangents: Any) -> Any:
        # Reading them raises if one was written in place since.
        tensors, operation, program = ctx.saved_tensors, ctx.operation, ctx.operation.program
        tracked = torch.is_grad_enabled() or is_recording() or is_transformed()
        if tracked or not _are_plain([x for x in cotangents if x is not None]):
            return None, None, *operation.pulled_back(ctx.needs, tensors, (), cotangents)
        given = [
            zeros(like) if x is None else x
            for x, like, r in zip(cotangents, program.results, program.real, strict=True)
            if r
        ]
        found = iter(program.keeping(ctx.needs).backward(ctx.pull, given))
        return None, None, *[next(found) if need else None for need in ctx.needs]
