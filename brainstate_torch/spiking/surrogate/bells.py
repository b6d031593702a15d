"""Surrogates whose derivative is a bell around the threshold."""

import math
from typing import Any

import torch

from .base import Surrogate

__all__ = [
    "GaussianGrad",
    "InvSquareGrad",
    "MultiGaussianGrad",
    "SlayerGrad",
    "gaussian_grad",
    "inv_square_grad",
    "multi_gaussian_grad",
    "slayer_grad",
]


class GaussianGrad(Surrogate):
    """A step with the derivative ``alpha N(x; 0, sigma)``, N the density of the normal distribution.

    Parameters
    ----------
    sigma
        The standard deviation.
    alpha
        The area.

    Notes
    -----
    Source: braintools.surrogate.GaussianGrad (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.GaussianGrad()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(0.3989)
    """

    def __init__(self, sigma: float = 0.5, alpha: float = 0.5) -> None:
        self.sigma = sigma
        self.alpha = alpha

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha * N(x; 0, sigma)``."""
        return self.alpha * _density(x, self.sigma)


def gaussian_grad(x: Any, sigma: float = 0.5, alpha: float = 0.5) -> torch.Tensor:
    """:class:`GaussianGrad` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    sigma, alpha
        As for :class:`GaussianGrad`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.gaussian_grad(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return GaussianGrad(sigma, alpha)(x)


class MultiGaussianGrad(Surrogate):
    """A step with the derivative ``scale ((1 + h) N(x; 0, sigma) - h N(x; ±sigma, s sigma))``: a bell and troughs.

    Parameters
    ----------
    h
        How deep the troughs are.
    s
        How much wider they are than the bell.
    sigma
        The standard deviation of the bell.
    scale
        What all is multiplied by.

    Notes
    -----
    Source: braintools.surrogate.MultiGaussianGrad (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.MultiGaussianGrad()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(0.4391)
    """

    def __init__(self, h: float = 0.15, s: float = 6.0, sigma: float = 0.5, scale: float = 0.5) -> None:
        self.h = h
        self.s = s
        self.sigma = sigma
        self.scale = scale

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``scale * ((1 + h) * N(x; 0, sigma) - h * N(x; sigma, s * sigma) - h * N(x; -sigma, s * sigma))``."""
        wide = self.s * self.sigma
        troughs = _density(x - self.sigma, wide) + _density(x + self.sigma, wide)
        return self.scale * ((1 + self.h) * _density(x, self.sigma) - self.h * troughs)


def multi_gaussian_grad(
    x: Any, h: float = 0.15, s: float = 6.0, sigma: float = 0.5, scale: float = 0.5
) -> torch.Tensor:
    """:class:`MultiGaussianGrad` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    h, s, sigma, scale
        As for :class:`MultiGaussianGrad`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.multi_gaussian_grad(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return MultiGaussianGrad(h, s, sigma, scale)(x)


class InvSquareGrad(Surrogate):
    """A step with the derivative ``1 / (alpha |x| + 1)²``.

    Parameters
    ----------
    alpha
        How narrow the bell is.

    Notes
    -----
    Source: braintools.surrogate.InvSquareGrad (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.InvSquareGrad()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.01))
    tensor(0.2500)
    """

    def __init__(self, alpha: float = 100.0) -> None:
        self.alpha = alpha

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``1 / (alpha * abs(x) + 1) ** 2``."""
        return 1 / (self.alpha * x.abs() + 1) ** 2


def inv_square_grad(x: Any, alpha: float = 100.0) -> torch.Tensor:
    """:class:`InvSquareGrad` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`InvSquareGrad`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.inv_square_grad(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return InvSquareGrad(alpha)(x)


class SlayerGrad(Surrogate):
    """A step with the derivative ``exp(-alpha |x|)``.

    Parameters
    ----------
    alpha
        How narrow the bell is.

    Notes
    -----
    Source: braintools.surrogate.SlayerGrad (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.SlayerGrad()
    >>> brainstate.transform.grad(spike)(torch.tensor(1.))
    tensor(0.3679)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``exp(-alpha * abs(x))``."""
        return torch.exp(-self.alpha * x.abs())


def slayer_grad(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`SlayerGrad` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`SlayerGrad`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.slayer_grad(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return SlayerGrad(alpha)(x)


def _density(x: torch.Tensor, sigma: float) -> torch.Tensor:
    return torch.exp(-0.5 * (x / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))
