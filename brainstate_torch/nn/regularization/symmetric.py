"""Negative logarithms of densities on the whole line."""

import math
from typing import Any

import torch

from ... import random
from ..._state import maybe_state
from ...typing import Size
from ..module.operand import floating
from ..param_transforms.formulas import held
from .base import SMALL, WeightedReg, as_shape, positive

__all__ = ["CauchyReg", "GaussianReg", "HorseshoeReg", "SpikeAndSlabReg", "StudentTReg"]


class GaussianReg(WeightedReg):
    """``weight * (sum(precision * (value - mean)**2) - sum(log(precision)))``, with ``precision = 1 / std**2``.

    Parameters
    ----------
    mean, std
        Centre and width; they broadcast to the value.
    weight
        The factor.
    fit_hyper
        Train `mean` and `precision`.

    Notes
    -----
    Source: brainstate.nn.GaussianReg (0.5.4). As in brainstate, twice the negative logarithm of the density, and the
    logarithms are summed over the elements of `precision`, not of the value.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.GaussianReg(1., 1.)
    >>> reg.loss(torch.tensor([1., 3.])), reg.reset_value()
    (tensor(4.0000), tensor(1.))
    """

    def __init__(self, mean: Any, std: Any, weight: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.mean = self._hyper(mean)
        self.precision = self._hyper(1.0 / (self._constant(std) ** 2 + SMALL))

    def loss(self, value: Any) -> Any:
        precision = torch.relu(maybe_state(self.precision)) + 1e-6
        squares = precision * (floating(value) - maybe_state(self.mean)) ** 2
        return self.weight * (squares.sum() - torch.log(precision).sum())

    def sample_init(self, shape: Size) -> Any:
        std = 1.0 / torch.sqrt(positive(self.precision))
        return maybe_state(self.mean) + std * random.randn(*as_shape(shape))

    def reset_value(self) -> Any:
        return maybe_state(self.mean)


class StudentTReg(WeightedReg):
    """The negative logarithm of Student's t density: parabolic near zero, logarithmic far away.

    Parameters
    ----------
    weight
        The factor.
    df, scale
        Degrees of freedom, and width.
    fit_hyper
        Train `df` and `scale`.

    Notes
    -----
    Source: brainstate.nn.StudentTReg (0.5.4). As in brainstate, :meth:`sample_init` draws from the normal distribution
    of width `scale`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.StudentTReg(df=1.).loss(torch.tensor([0.]))  # log(pi)
    tensor(1.1447)
    """

    def __init__(self, weight: Any = 1.0, df: Any = 3.0, scale: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.df, self.scale = self._hyper(df), self._hyper(scale)

    def loss(self, value: Any) -> Any:
        value, df, scale = floating(value), positive(self.df), positive(self.scale)
        data = (0.5 * (df + 1.0) * torch.log(1.0 + (value / scale) ** 2 / df)).sum()
        norm = torch.lgamma(df / 2.0) + 0.5 * torch.log(df * math.pi) - torch.lgamma((df + 1.0) / 2.0)
        return self.weight * (data + value.numel() * (torch.log(scale) + norm))

    def sample_init(self, shape: Size) -> Any:
        return positive(self.scale) * random.randn(*as_shape(shape))


class _LogarithmicReg(WeightedReg):
    """``weight * sum(log(width) + log(1 + (value / width)**2))``."""

    def _loss(self, value: Any, width: Any) -> Any:
        value = floating(value)
        return self.weight * (torch.log(1.0 + (value / width) ** 2).sum() + value.numel() * torch.log(width))

    @staticmethod
    def _tan(shape: Size) -> Any:
        return torch.tan(math.pi * (random.rand(*as_shape(shape)) - 0.5))


class CauchyReg(_LogarithmicReg):
    """The negative logarithm of the Cauchy density, up to a constant: mild to numbers far from zero.

    Parameters
    ----------
    weight
        The factor.
    scale
        The width.
    fit_hyper
        Train `scale`.

    Notes
    -----
    Source: brainstate.nn.CauchyReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.CauchyReg().loss(torch.tensor([0., 1.]))  # log(2)
    tensor(0.6931)
    """

    def __init__(self, weight: Any = 1.0, scale: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.scale = self._hyper(scale)

    def loss(self, value: Any) -> Any:
        return self._loss(value, positive(self.scale))

    def sample_init(self, shape: Size) -> Any:
        return positive(self.scale) * self._tan(shape)


class HorseshoeReg(_LogarithmicReg):
    """A cost for few large numbers among many small ones, after the horseshoe prior.

    Parameters
    ----------
    weight
        The factor.
    tau
        The width.
    fit_hyper
        Train `tau`.

    Notes
    -----
    Source: brainstate.nn.HorseshoeReg (0.5.4). As in brainstate, the cost is that of :class:`CauchyReg`; only
    :meth:`sample_init` draws from the horseshoe.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.HorseshoeReg().loss(torch.tensor([0., 1.]))
    tensor(0.6931)
    """

    def __init__(self, weight: Any = 1.0, tau: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.tau = self._hyper(tau)

    def loss(self, value: Any) -> Any:
        return self._loss(value, positive(self.tau))

    def sample_init(self, shape: Size) -> Any:
        return positive(self.tau) * torch.abs(self._tan(shape)) * random.randn(*as_shape(shape))


class SpikeAndSlabReg(WeightedReg):
    """The negative logarithm of a narrow and a wide normal density, mixed, up to a constant.

    Parameters
    ----------
    weight
        The factor.
    spike_scale, slab_scale
        The widths.
    pi
        The probability of the narrow one.
    fit_hyper
        Train the widths and `pi`.

    Notes
    -----
    Source: brainstate.nn.SpikeAndSlabReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.SpikeAndSlabReg(spike_scale=1.).loss(torch.tensor([0., 2.]))
    tensor(2.0000)
    """

    def __init__(
        self,
        weight: Any = 1.0,
        spike_scale: Any = 0.01,
        slab_scale: Any = 1.0,
        pi: Any = 0.5,
        fit_hyper: bool = False,
    ) -> None:
        super().__init__(weight, fit_hyper)
        self.spike_scale, self.slab_scale = self._hyper(spike_scale), self._hyper(slab_scale)
        self.pi = self._hyper(pi)

    def _parts(self) -> tuple[Any, Any, Any]:
        share = held(maybe_state(self.pi), SMALL, 1.0 - SMALL)
        return positive(self.spike_scale), positive(self.slab_scale), share

    def loss(self, value: Any) -> Any:
        value, (spike, slab, share) = floating(value), self._parts()
        densities = [torch.exp(-0.5 * (value / width) ** 2) / width for width in (spike, slab)]
        mixture = share * densities[0] + (1 - share) * densities[1]
        return -self.weight * torch.log(mixture + SMALL).sum()

    def sample_init(self, shape: Size) -> Any:
        spike, slab, share = self._parts()
        size = as_shape(shape)
        is_spike = random.rand(*size) < share
        return torch.where(is_spike, spike * random.randn(*size), slab * random.randn(*size))
