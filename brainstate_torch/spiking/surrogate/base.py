"""Surrogate: a step whose derivative is replaced by one that is not zero everywhere."""

from collections.abc import Iterator
from typing import Any

import torch

from ..._host.functorch import applied, forward_levels, is_differentiated, is_spelled_out
from ...nn.module.operand import floating
from ...units import Quantity
from ...util import PrettyAttr, PrettyRepr, PrettyType

__all__ = ["Surrogate"]


class Surrogate(PrettyRepr):
    """Base of spike functions: 1 where ``x >= 0``, else 0, with a derivative that the subclass defines.

    A subclass defines :meth:`surrogate_grad`. The derivative of that is the second derivative.

    Raises
    ------
    TypeError
        `x` has a unit.
    NotImplementedError
        The subclass defines no derivative; or a forward-mode derivative of a forward-mode derivative is asked for.

    Notes
    -----
    Source: braintools.surrogate.Surrogate (0.3.0). Differs: the second derivative there is zero. As there, the
    derivative by a parameter of the curve is that of :meth:`surrogate_grad`, though the step does not depend on it.
    Within ``torch.compile`` of a user's own, only the first derivative is right: compile with ``transform.jit``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Box(brainstate.spiking.surrogate.Surrogate):
    ...     def surrogate_grad(self, x):
    ...         return (x.abs() < 0.5).to(x.dtype)
    >>> x = torch.tensor([-1., -0.2, 0.])
    >>> Box()(x), brainstate.transform.grad(lambda x: Box()(x).sum())(x)
    (tensor([0., 0., 1.]), tensor([0., 1., 1.]))
    """

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``[*N]`` to ``[*N]``: the derivative at each element."""
        raise NotImplementedError(f"{type(self).__name__} must define `surrogate_grad`. Got {tuple(x.shape)} values.")

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``[*N]`` to ``[*N]``: the curve whose derivative it is, for a picture; no transform needs it."""
        raise NotImplementedError(f"{type(self).__name__} defines no `surrogate_fun`. Got {tuple(x.shape)} values.")

    def __call__(self, x: Any) -> torch.Tensor:
        if type(x) is not torch.Tensor:
            x = _plain(x)
        learnt = [value for value in vars(self).values() if isinstance(value, torch.Tensor)]
        if learnt and is_differentiated(*learnt):
            by_parameters = self.surrogate_grad(x.detach())
            # Zero, with the derivative by the parameters; where the curve is infinite there is none.
            return self._spike(x) + torch.nan_to_num(by_parameters - by_parameters.detach())
        return self._spike(x)

    def _spike(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_dynamo_compiling() or is_spelled_out():
            return _spelled_out(x, self)
        if not is_differentiated(x):
            return _step(x)
        if forward_levels() > 1:
            raise NotImplementedError(
                "a spike function must not be differentiated in forward mode twice. Got nested `jvp` or `jacfwd`. "
                "Take one of the two derivatives in reverse mode, as `hessian` does."
            )
        return applied(_Spike, x, self)  # type: ignore[no-any-return]

    def __hash__(self) -> int:
        numbers = ((name, value) for name, value in vars(self).items() if isinstance(value, (bool, int, float, str)))
        return hash((type(self), *numbers))

    def __pretty_repr__(self) -> Iterator[PrettyType | PrettyAttr]:
        yield PrettyType(type(self))
        for name, value in vars(self).items():
            yield PrettyAttr(name, repr(value))


def _plain(x: Any) -> torch.Tensor:
    if isinstance(x, Quantity):
        raise TypeError(f"`x` must be a plain number. Got a quantity in {x.unit}. Divide it by a scale of its own.")
    return floating(x)  # type: ignore[no-any-return]


def _step(x: torch.Tensor) -> torch.Tensor:
    return (x >= 0).to(x.dtype)


def _spelled_out(x: torch.Tensor, rule: Surrogate) -> torch.Tensor:
    """For torch.compile, which refuses a Function with `jvp` and gives zeros for any under torch.func.grad.

    And for a graph that is differentiated after it was recorded.
    """
    held = x.detach()
    return _step(x) + (x - held) * rule.surrogate_grad(held)  # x - x is exactly 0 for every finite x


class _Spike(torch.autograd.Function):
    """A step with the derivative of a rule."""

    @staticmethod
    def forward(x: torch.Tensor, rule: Surrogate) -> torch.Tensor:
        return _step(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[torch.Tensor, Surrogate], output: torch.Tensor) -> None:
        x, ctx.rule = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return cotangent * ctx.rule.surrogate_grad(x), None

    @staticmethod
    def jvp(ctx: Any, tangent: torch.Tensor, _: None) -> Any:
        (x,) = ctx.saved_tensors
        return tangent * ctx.rule.surrogate_grad(x)

    @staticmethod
    def vmap(info: Any, in_dims: tuple[int | None, None], x: torch.Tensor, rule: Surrogate) -> Any:
        # Every rule works on each element alone, so that the axis of the lanes is one more axis.
        return _Spike.apply(x, rule), in_dims[0]  # type: ignore[no-untyped-call]
