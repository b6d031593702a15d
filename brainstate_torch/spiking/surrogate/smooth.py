"""Surrogates whose derivative is that of a smooth curve."""

import math
from typing import Any

import torch

from .base import Surrogate

__all__ = [
    "ERF",
    "S2NN",
    "Arctan",
    "NonzeroSignLog",
    "PiecewiseExp",
    "QPseudoSpike",
    "Sigmoid",
    "SoftSign",
    "SquarewaveFourierSeries",
    "arctan",
    "erf",
    "nonzero_sign_log",
    "piecewise_exp",
    "q_pseudo_spike",
    "s2nn",
    "sigmoid",
    "soft_sign",
    "squarewave_fourier_series",
]


class Sigmoid(Surrogate):
    """A step with the derivative of ``sigmoid(alpha x)``.

    Parameters
    ----------
    alpha
        How steep the curve is.

    Notes
    -----
    Source: braintools.surrogate.Sigmoid (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.Sigmoid()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(1.)
    """

    def __init__(self, alpha: float = 4.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``sigmoid(alpha * x)``."""
        return torch.sigmoid(self.alpha * x)

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha * s * (1 - s), s = sigmoid(alpha * x)``."""
        s = torch.sigmoid(self.alpha * x)
        return self.alpha * s * (1 - s)


def sigmoid(x: Any, alpha: float = 4.0) -> torch.Tensor:
    """:class:`Sigmoid` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`Sigmoid`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.sigmoid(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return Sigmoid(alpha)(x)


class SoftSign(Surrogate):
    """A step with the derivative ``alpha / (2 (1 + |alpha x|)²)``.

    Parameters
    ----------
    alpha
        How steep the curve is.

    Notes
    -----
    Source: braintools.surrogate.SoftSign (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.SoftSign()
    >>> brainstate.transform.grad(spike)(torch.tensor(1.))
    tensor(0.1250)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``x / (2 / alpha + 2 * abs(x)) + 1 / 2``."""
        return x / (2 / self.alpha + 2 * x.abs()) + 0.5

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha / (2 * (1 + abs(alpha * x)) ** 2)``."""
        return self.alpha / (2 * (1 + (self.alpha * x).abs()) ** 2)


def soft_sign(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`SoftSign` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`SoftSign`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.soft_sign(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return SoftSign(alpha)(x)


class Arctan(Surrogate):
    """A step with the derivative ``alpha / (2 (1 + (π alpha x / 2)²))``.

    Parameters
    ----------
    alpha
        How steep the curve is.

    Notes
    -----
    Source: braintools.surrogate.Arctan (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.Arctan()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(0.5000)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``arctan(pi / 2 * alpha * x) / pi + 1 / 2``."""
        return torch.arctan(math.pi / 2 * self.alpha * x) / math.pi + 0.5

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha / (2 * (1 + (pi / 2 * alpha * x) ** 2))``."""
        return self.alpha / (2 * (1 + (math.pi / 2 * self.alpha * x) ** 2))


def arctan(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`Arctan` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`Arctan`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.arctan(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return Arctan(alpha)(x)


class NonzeroSignLog(Surrogate):
    """A step with the derivative ``1 / (1 / alpha + |x|)``.

    Parameters
    ----------
    alpha
        How steep the curve is.

    Notes
    -----
    Source: braintools.surrogate.NonzeroSignLog (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.NonzeroSignLog()
    >>> brainstate.transform.grad(spike)(torch.tensor(1.))
    tensor(0.5000)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``log(1 + abs(alpha * x))``, negative where x is."""
        return torch.where(x < 0, -1.0, 1.0).to(x.dtype) * torch.log1p((self.alpha * x).abs())

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``1 / (1 / alpha + abs(x))``."""
        return 1 / (1 / self.alpha + x.abs())


def nonzero_sign_log(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`NonzeroSignLog` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`NonzeroSignLog`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.nonzero_sign_log(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return NonzeroSignLog(alpha)(x)


class ERF(Surrogate):
    """A step with the derivative ``alpha exp(-(alpha x)²) / √π``.

    Parameters
    ----------
    alpha
        How steep the curve is.

    Notes
    -----
    Source: braintools.surrogate.ERF (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.ERF()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(0.5642)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``(1 + erf(alpha * x)) / 2``."""
        return 0.5 * (1 + torch.erf(self.alpha * x))

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha / sqrt(pi) * exp(-((alpha * x) ** 2))``."""
        return self.alpha / math.sqrt(math.pi) * torch.exp(-((self.alpha * x) ** 2))


def erf(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`ERF` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`ERF`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.erf(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return ERF(alpha)(x)


class PiecewiseExp(Surrogate):
    """A step with the derivative ``alpha exp(-alpha |x|) / 2``.

    Parameters
    ----------
    alpha
        How steep the curve is.

    Notes
    -----
    Source: braintools.surrogate.PiecewiseExp (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.PiecewiseExp()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(0.5000)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``exp(alpha * x) / 2 where x < 0, else 1 - exp(-alpha * x) / 2``."""
        tail = torch.exp(-self.alpha * x.abs()) / 2
        return torch.where(x < 0, tail, 1 - tail)

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha / 2 * exp(-alpha * abs(x))``."""
        return self.alpha / 2 * torch.exp(-self.alpha * x.abs())


def piecewise_exp(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`PiecewiseExp` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`PiecewiseExp`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.piecewise_exp(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return PiecewiseExp(alpha)(x)


class QPseudoSpike(Surrogate):
    """A step with the derivative ``(1 + 2 |x| / (alpha + 1)) ** -alpha``.

    Parameters
    ----------
    alpha
        How fast the tails fall.

    Notes
    -----
    Source: braintools.surrogate.QPseudoSpike (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.QPseudoSpike()
    >>> brainstate.transform.grad(spike)(torch.tensor(1.5))
    tensor(0.2500)
    """

    def __init__(self, alpha: float = 2.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """The integral of :meth:`surrogate_grad`, 1/2 at zero."""
        alpha = torch.as_tensor(self.alpha, dtype=x.dtype, device=x.device)
        base = 1 + 2 / (alpha + 1) * x.abs()
        rest = torch.where(alpha == 1, 1.0, 1 - alpha)  # at 1 the power becomes a logarithm
        power = torch.where(alpha == 1, torch.log(base), (base**rest - 1) / rest)
        return 0.5 + torch.sign(x) * (alpha + 1) / 2 * power

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``(1 + 2 * abs(x) / (alpha + 1)) ** -alpha``."""
        return (1 + 2 / (self.alpha + 1) * x.abs()) ** -self.alpha


def q_pseudo_spike(x: Any, alpha: float = 2.0) -> torch.Tensor:
    """:class:`QPseudoSpike` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`QPseudoSpike`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.q_pseudo_spike(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return QPseudoSpike(alpha)(x)


class S2NN(Surrogate):
    """A step with the derivative of ``sigmoid(alpha x)`` below the threshold and ``beta / (x + 1)`` above it.

    Parameters
    ----------
    alpha
        How steep the curve is below the threshold.
    beta
        The derivative at the threshold, from above.
    epsilon
        A constant added to ``x + 1``.

    Notes
    -----
    Source: braintools.surrogate.S2NN (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.S2NN()
    >>> brainstate.transform.grad(spike)(torch.tensor(1.))
    tensor(0.5000)
    """

    def __init__(self, alpha: float = 4.0, beta: float = 1.0, epsilon: float = 1e-8) -> None:
        self.alpha = alpha
        self.beta = beta
        self.epsilon = epsilon

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``sigmoid(alpha * x) where x < 0, else beta * log(x + 1 + epsilon) + 1 / 2``."""
        above = self.beta * torch.log((x + 1).abs() + self.epsilon) + 0.5
        return torch.where(x < 0, torch.sigmoid(self.alpha * x), above)

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha * s * (1 - s) where x < 0, else beta / (x + 1 + epsilon)``."""
        s = torch.sigmoid(self.alpha * x)
        above = self.beta / (x.abs() + (1 + self.epsilon))
        return torch.where(x < 0, self.alpha * s * (1 - s), above)


def s2nn(x: Any, alpha: float = 4.0, beta: float = 1.0, epsilon: float = 1e-8) -> torch.Tensor:
    """:class:`S2NN` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha, beta, epsilon
        As for :class:`S2NN`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.s2nn(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return S2NN(alpha, beta, epsilon)(x)


class SquarewaveFourierSeries(Surrogate):
    """A step with the derivative of the first terms of a square wave's Fourier series.

    Parameters
    ----------
    n
        The number of terms.
    t_period
        The period of the wave.

    Notes
    -----
    Source: braintools.surrogate.SquarewaveFourierSeries (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.SquarewaveFourierSeries()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.))
    tensor(1.)
    """

    def __init__(self, n: int = 2, t_period: float = 8.0) -> None:
        self.n = n
        self.t_period = t_period

    def _waves(self) -> list[float]:
        return [2 * i - 1.0 for i in range(1, self.n + 1)]

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``1 / 2 + 2 / pi * sum(sin(c * w * x) / c)``, ``w = 2 * pi / t_period`` and c = 1, 3, … ``2 * n - 1``."""
        w = 2 * math.pi / self.t_period
        return 0.5 + 2 / math.pi * sum((torch.sin(c * w * x) / c for c in self._waves()), torch.zeros_like(x))

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``4 / t_period * sum(cos(c * w * x))``, as in :meth:`surrogate_fun`."""
        w = 2 * math.pi / self.t_period
        return 4 / self.t_period * sum((torch.cos(c * w * x) for c in self._waves()), torch.zeros_like(x))


def squarewave_fourier_series(x: Any, n: int = 2, t_period: float = 8.0) -> torch.Tensor:
    """:class:`SquarewaveFourierSeries` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    n, t_period
        As for :class:`SquarewaveFourierSeries`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.squarewave_fourier_series(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return SquarewaveFourierSeries(n, t_period)(x)
