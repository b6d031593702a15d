"""Rules of eligibility traces: what is kept for a weight, how it goes on in time, and the gradient that it gives.

A rule gives the gradient as a *term*: a function of the weight whose value nobody uses, and whose derivative by the
weight is the trace. Added to a hidden state, less its own value, it hands the derivative of the loss by the state to
the weight, in every transform that knows sums and products.
"""

from collections.abc import Sequence
from typing import Any, Protocol

import torch
import torch.nn.functional as F

from .._host.fx import map_arg
from .errors import NotSupportedError
from .jacobians import Jacobians
from .relations import Relation

__all__ = ["FactoredRule", "FullRule", "Rule"]

_aten = torch.ops.aten


class Rule(Protocol):
    """What is kept for one weight at one operation and one group of hidden states."""

    def start(self, relation: Relation, width: int, dtype: torch.dtype) -> list[torch.Tensor]:
        """The trace before the first step; `width` is the number of states in the group."""

    def advanced(
        self, relation: Relation, old: Sequence[torch.Tensor], found: Jacobians, transition: torch.Tensor, x: Any
    ) -> list[torch.Tensor]:
        """The trace after a step. `transition` is ``[*Y, S, S]``, `x` the other factor of a product."""

    def term(self, relation: Relation, trace: Sequence[torch.Tensor], weight: torch.Tensor, count: Any) -> torch.Tensor:
        """``[*Y, S]``, linear in the weight; `count` is the number of steps that the trace has gone through."""


class FullRule:
    """One number for each element of a weight, sample and hidden state: ``e = D e + diag(D_f) x``.

    Parameters
    ----------
    kappa
        With it the gradient is that of ``k = kappa * k + e``.
    """

    def __init__(self, kappa: float = 0.0) -> None:
        self.kappa = kappa

    def start(self, relation: Relation, width: int, dtype: torch.dtype) -> list[torch.Tensor]:
        """Zeros ``[*Y, S, I]``, without the last axis if the weight is no factor of a product."""
        y, weight = relation.node.meta["val"], relation.weight.meta["val"]
        shape = (*y.shape, width)
        if relation.x is not None:
            shape = (*shape, _aligned_weight(relation, torch.empty(weight.shape, device="meta")).shape[-1])
        zeros = torch.zeros(shape, dtype=dtype, device=y.device)
        return [zeros, zeros.clone()] if self.kappa else [zeros]

    def advanced(
        self, relation: Relation, old: Sequence[torch.Tensor], found: Jacobians, transition: torch.Tensor, x: Any
    ) -> list[torch.Tensor]:
        """The trace after a step."""
        entry, trace = found.entries[relation], old[0]
        if relation.x is None:
            new = _through(transition, trace.unsqueeze(-1)).squeeze(-1) + entry
        else:
            inputs = _aligned_input(relation, x).to(trace.dtype).unsqueeze(-2)
            new = torch.addcmul(_through(transition, trace), entry.unsqueeze(-1), inputs)
        return [new, self.kappa * old[1] + new] if self.kappa else [new]

    def term(self, relation: Relation, trace: Sequence[torch.Tensor], weight: torch.Tensor, count: Any) -> torch.Tensor:
        """The sum of trace times weight over the inputs."""
        used = trace[-1]
        if relation.x is None:
            return used * weight.expand(used.shape[:-1]).unsqueeze(-1)
        return _contracted(relation, used, weight)


class FactoredRule:
    """A factor for inputs and one for outputs: ``e_x = a e_x + x`` and ``e_f = a D e_f + (1 - a) D_f``.

    Parameters
    ----------
    decay_x, decay_f
        How much of the two factors is kept from step to step.
    """

    def __init__(self, decay_x: float, decay_f: float) -> None:
        self.decay_x, self.decay_f = decay_x, decay_f

    def start(self, relation: Relation, width: int, dtype: torch.dtype) -> list[torch.Tensor]:
        """Zeros like the outputs, ``[*Y, S]``; and like the inputs, for a factor of a product."""
        y = relation.node.meta["val"]
        outputs = torch.zeros((*y.shape, width), dtype=dtype, device=y.device)
        if relation.x is None:
            return [outputs]
        x = relation.x.meta["val"]
        shape = (*x.shape, relation.weight.meta["val"].shape[0]) if _is_embedding(relation) else x.shape
        return [outputs, torch.zeros(shape, dtype=dtype, device=y.device)]

    def advanced(
        self, relation: Relation, old: Sequence[torch.Tensor], found: Jacobians, transition: torch.Tensor, x: Any
    ) -> list[torch.Tensor]:
        """The trace after a step."""
        through = _through(transition, old[0].unsqueeze(-1)).squeeze(-1)
        new = [self.decay_f * through + (1 - self.decay_f) * found.entries[relation]]
        if relation.x is not None:
            x = F.one_hot(x, relation.weight.meta["val"].shape[0]) if _is_embedding(relation) else x
            new.append(self.decay_x * old[1] + x.to(old[1].dtype))
        return new

    def term(self, relation: Relation, trace: Sequence[torch.Tensor], weight: torch.Tensor, count: Any) -> torch.Tensor:
        """The operation on the trace of the inputs, times that of the outputs."""
        # The mean of the first steps lacks the weight of those before.
        missing = torch.clamp(1 - torch.as_tensor(self.decay_f, dtype=trace[0].dtype) ** count, min=1e-8)
        outputs = trace[0] / missing
        if relation.x is None:
            return outputs * weight.expand(outputs.shape[:-1]).unsqueeze(-1)
        return outputs * _product(relation, trace[1], weight).unsqueeze(-1)


def _through(transition: torch.Tensor, trace: torch.Tensor) -> torch.Tensor:
    """``[*Y, S, S]`` times ``[*Y, S, I]``."""
    return transition * trace if trace.shape[-2] == 1 else transition @ trace


def _is_embedding(relation: Relation) -> bool:
    return relation.node.target is _aten.embedding.default


def _product(relation: Relation, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """The operation of a relation for another input, with nothing added."""
    if _is_embedding(relation):
        return x @ weight
    node = relation.node
    if node.target is _aten.convolution.default:
        return _aten.convolution.default(x, weight, None, *node.args[3:])  # type: ignore[no-any-return]
    factors: Any = map_arg([node.args[-2], node.args[-1]], lambda n: weight if n is relation.weight else x)
    return torch.matmul(*factors)


#: On which side of a product the weight stands.
_RIGHT, _LEFT = "right", "left"


def _kind(relation: Relation) -> str:
    place, count = relation.place, len(relation.node.args)
    return _RIGHT if place == count - 1 else _LEFT


def _aligned_weight(relation: Relation, weight: torch.Tensor) -> torch.Tensor:
    """The weight such that its product with the aligned input, summed over the last axis, is the result."""
    if _is_embedding(relation):
        return weight.mT.expand(*[1] * (relation.x.meta["val"].ndim), *weight.mT.shape)  # type: ignore[union-attr]
    if relation.node.target is _aten.convolution.default:
        raise NotSupportedError(
            f"a full trace of a convolution would have one number for each weight and place. Got {relation.node}. "
            "Learn it by `pp_prop`, whose traces are like its inputs and outputs."
        )
    if _kind(relation) is _RIGHT:
        return weight.mT.unsqueeze(-3)
    return weight.unsqueeze(-2) if relation.node.meta["val"].ndim > 1 else weight


def _aligned_input(relation: Relation, x: torch.Tensor) -> torch.Tensor:
    if _is_embedding(relation):
        return F.one_hot(x, relation.weight.meta["val"].shape[0]).unsqueeze(-2)
    if _kind(relation) is _RIGHT:
        return x.unsqueeze(-2)
    return x.mT.unsqueeze(-3) if x.ndim > 1 else x.unsqueeze(0)


def _contracted(relation: Relation, trace: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    # As a product of many matrices with one row this took ten times as long; a compiler fuses the sum with its operand.
    return (trace * _aligned_weight(relation, weight).contiguous().unsqueeze(-2)).sum(-1)
