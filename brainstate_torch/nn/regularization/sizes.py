"""Costs of the size of a value, of its parts, or of its steps."""

import math
from typing import Any

import torch

from ... import random
from ..._state import maybe_state
from ...typing import Size
from ...units import get_unit
from ...units import math as um
from ..module.operand import floating
from ..param_transforms.formulas import held, with_unit
from .base import SMALL, CentredReg, WeightedReg, as_shape, positive

__all__ = ["ElasticNetReg", "GroupLassoReg", "HuberReg", "L1Reg", "L2Reg", "NormalInitReg", "TotalVariationReg"]


class NormalInitReg(WeightedReg):
    """A cost whose values start normally distributed, the narrower the more they cost."""

    def sample_init(self, shape: Size) -> Any:
        return random.randn(*as_shape(shape)) / torch.sqrt(positive(self.weight))


def laplace(scale: Any, shape: Size) -> Any:
    """Numbers with a Laplace distribution around zero."""
    centred = random.rand(*as_shape(shape)) - 0.5
    return scale * torch.sign(centred) * torch.log(1 - 2 * torch.abs(centred) + SMALL)


class L1Reg(WeightedReg):
    """``weight * sum(abs(value))``; the value may have a unit.

    Parameters
    ----------
    weight
        The factor.
    fit_hyper
        No effect: there is nothing to train.

    Notes
    -----
    Source: brainstate.nn.L1Reg (0.5.4). Differs: the slope at zero is 0, where the cost is lowest; JAX's is `weight`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.L1Reg(0.5).loss(torch.tensor([1., -3.]))
    tensor(2.)
    """

    def __init__(self, weight: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)

    def loss(self, value: Any) -> Any:
        return self.weight * torch.abs(floating(value)).sum()

    def sample_init(self, shape: Size) -> Any:
        return laplace(1.0 / (self.weight + SMALL), shape)


class L2Reg(NormalInitReg):
    """``weight * sum(value**2)``; the value may have a unit.

    Parameters
    ----------
    weight
        The factor; a negative one counts as zero.
    fit_hyper
        No effect: there is nothing to train.

    Notes
    -----
    Source: brainstate.nn.L2Reg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.L2Reg(0.5).loss(torch.tensor([1., -3.]))
    tensor(5.)
    """

    def __init__(self, weight: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)

    def loss(self, value: Any) -> Any:
        return torch.relu(self.weight) * (floating(value) ** 2).sum()


class ElasticNetReg(CentredReg):
    """``alpha * l1_weight * sum(abs(value)) + (1 - alpha) * l2_weight * sum(value**2)``.

    Parameters
    ----------
    l1_weight, l2_weight
        The factors.
    alpha
        The share of the first cost, held in [0, 1].
    fit_hyper
        Train `alpha`.

    Notes
    -----
    Source: brainstate.nn.ElasticNetReg (0.5.4). Differs: the slope at zero is 0, as for :class:`L1Reg`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ElasticNetReg(1., 2., alpha=0.5).loss(torch.tensor([1., -3.]))
    tensor(12.)
    """

    def __init__(self, l1_weight: Any = 1.0, l2_weight: Any = 1.0, alpha: Any = 0.5, fit_hyper: bool = False) -> None:
        super().__init__(fit_hyper)
        self.l1_weight, self.l2_weight = self._constant(l1_weight), self._constant(l2_weight)
        self.alpha = self._hyper(alpha)

    def _share(self) -> Any:
        return held(maybe_state(self.alpha), 0.0, 1.0)

    def loss(self, value: Any) -> Any:
        value, share = floating(value), self._share()
        first, second = self.l1_weight * torch.abs(value).sum(), self.l2_weight * (value**2).sum()
        return share * first + (1.0 - share) * second

    def sample_init(self, shape: Size) -> Any:
        share = self._share()
        normal = random.randn(*as_shape(shape)) / torch.sqrt(positive(self.l2_weight))
        return share * laplace(1.0 / positive(self.l1_weight), shape) + (1.0 - share) * normal


class HuberReg(NormalInitReg):
    """``weight * sum(h)``, with `h` a parabola ``value**2 / 2`` up to `delta` from zero, and its tangent beyond.

    Parameters
    ----------
    weight
        The factor.
    delta
        Where the parabola becomes a line.
    fit_hyper
        Train `delta`.

    Notes
    -----
    Source: brainstate.nn.HuberReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.HuberReg(delta=1.).loss(torch.tensor([1., -3.]))
    tensor(3.)
    """

    def __init__(self, weight: Any = 1.0, delta: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.delta = self._hyper(delta)

    def loss(self, value: Any) -> Any:
        value, delta = floating(value), positive(self.delta)
        size = torch.abs(value)
        return self.weight * torch.where(size <= delta, 0.5 * value**2, delta * (size - 0.5 * delta)).sum()


class GroupLassoReg(NormalInitReg):
    """The weighted sum of the norms of groups of consecutive numbers; the value may have a unit.

    Parameters
    ----------
    weight
        The factor.
    group_size
        How many numbers of the flat value are one group; the last one may have fewer.
    fit_hyper
        No effect: there is nothing to train.

    Raises
    ------
    TypeError
        `group_size` is not an integer.
    ValueError
        `group_size` is not positive.

    Notes
    -----
    Source: brainstate.nn.GroupLassoReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.GroupLassoReg(group_size=2).loss(torch.tensor([3., 4., 2.]))
    tensor(7.)
    """

    def __init__(self, weight: Any = 1.0, group_size: int = 1, fit_hyper: bool = False) -> None:
        if not isinstance(group_size, int):
            raise TypeError(f"`group_size` must be an int. Got {type(group_size).__name__}.")
        if group_size <= 0:
            raise ValueError(f"`group_size` must be a positive integer. Got {group_size}.")
        super().__init__(weight, fit_hyper)
        self.group_size = group_size

    def loss(self, value: Any) -> Any:
        flat = floating(value).reshape(-1)
        flat = torch.nn.functional.pad(flat, (0, -flat.shape[0] % self.group_size))
        squares = (flat.reshape(-1, self.group_size) ** 2).sum(1)
        return self.weight * torch.sqrt(squares + with_unit(SMALL, get_unit(squares))).sum()


class TotalVariationReg(NormalInitReg):
    """``weight * sum(abs(steps))`` between consecutive numbers of the flat value, which may have a unit.

    Parameters
    ----------
    weight
        The factor.
    order
        1 for steps, 2 for the steps of steps.
    fit_hyper
        No effect: there is nothing to train.

    Raises
    ------
    ValueError
        `order` is another number.

    Notes
    -----
    Source: brainstate.nn.TotalVariationReg (0.5.4). Differs: the slope at a step of zero is 0, as for :class:`L1Reg`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.TotalVariationReg().loss(torch.tensor([1., 3., 2.]))
    tensor(3.)
    """

    def __init__(self, weight: Any = 1.0, order: int = 1, fit_hyper: bool = False) -> None:
        if order not in (1, 2):
            raise ValueError(f"`order` must be 1 or 2. Got {order}.")
        super().__init__(weight, fit_hyper)
        self.order = order

    def loss(self, value: Any) -> Any:
        flat = floating(value).reshape(-1)
        return self.weight * torch.abs(um.diff(flat, self.order)).sum()

    def sample_init(self, shape: Size) -> Any:
        steps = super().sample_init(shape)
        return steps.reshape(-1).cumsum(0).reshape(as_shape(shape)) / math.sqrt(steps.numel())
