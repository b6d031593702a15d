"""Surrogates whose derivative is made of straight pieces."""

from typing import Any

import torch

from .base import Surrogate

__all__ = [
    "LeakyRelu",
    "LogTailedRelu",
    "PiecewiseLeakyRelu",
    "PiecewiseQuadratic",
    "ReluGrad",
    "leaky_relu",
    "log_tailed_relu",
    "piecewise_leaky_relu",
    "piecewise_quadratic",
    "relu_grad",
]


class ReluGrad(Surrogate):
    """A step with the derivative ``max(0, alpha (width - |x|))``, a triangle.

    Parameters
    ----------
    alpha
        The slope of its sides.
    width
        Half of its base.

    Notes
    -----
    Source: braintools.surrogate.ReluGrad (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.ReluGrad()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.5))
    tensor(0.1500)
    """

    def __init__(self, alpha: float = 0.3, width: float = 1.0) -> None:
        self.alpha = alpha
        self.width = width

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``relu(alpha * (width - abs(x)))``."""
        return torch.relu(self.alpha * (self.width - x.abs()))


def relu_grad(x: Any, alpha: float = 0.3, width: float = 1.0) -> torch.Tensor:
    """:class:`ReluGrad` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha, width
        As for :class:`ReluGrad`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.relu_grad(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return ReluGrad(alpha, width)(x)


class PiecewiseQuadratic(Surrogate):
    """A step with the derivative ``max(0, alpha - alpha² |x|)``, a triangle of area 1.

    Parameters
    ----------
    alpha
        Its height.

    Notes
    -----
    Source: braintools.surrogate.PiecewiseQuadratic (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.PiecewiseQuadratic()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.25))
    tensor(0.7500)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """A parabola to each side of 1/2, 0 and 1 beyond ``1 / alpha``."""
        inside = x.clamp(-1 / self.alpha, 1 / self.alpha)
        return (1 - self.alpha * inside.abs() / 2) * self.alpha * inside + 0.5

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``relu(alpha - alpha ** 2 * abs(x))``."""
        return torch.relu(self.alpha - self.alpha**2 * x.abs())


def piecewise_quadratic(x: Any, alpha: float = 1.0) -> torch.Tensor:
    """:class:`PiecewiseQuadratic` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`PiecewiseQuadratic`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.piecewise_quadratic(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return PiecewiseQuadratic(alpha)(x)


class PiecewiseLeakyRelu(Surrogate):
    """A step with the derivative ``1 / (2 w)`` where ``|x| <= w``, and c beyond.

    Parameters
    ----------
    c
        The derivative far from the threshold.
    w
        How far the middle piece reaches.

    Notes
    -----
    Source: braintools.surrogate.PiecewiseLeakyRelu (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.PiecewiseLeakyRelu()
    >>> brainstate.transform.grad(spike)(torch.tensor(0.5))
    tensor(0.5000)
    """

    def __init__(self, c: float = 0.01, w: float = 1.0) -> None:
        self.c = c
        self.w = w

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``x / (2 * w) + 1 / 2 where abs(x) <= w``, and slope c beyond."""
        inside = x.clamp(-self.w, self.w)
        return inside / (2 * self.w) + 0.5 + self.c * (x - inside)

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``1 / (2 * w) where abs(x) <= w, else c``."""
        return torch.where(x.abs() > self.w, self.c, 1 / (2 * self.w)).to(x.dtype)


def piecewise_leaky_relu(x: Any, c: float = 0.01, w: float = 1.0) -> torch.Tensor:
    """:class:`PiecewiseLeakyRelu` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    c, w
        As for :class:`PiecewiseLeakyRelu`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.piecewise_leaky_relu(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return PiecewiseLeakyRelu(c, w)(x)


class LeakyRelu(Surrogate):
    """A step with the derivative alpha below the threshold and beta above it.

    Parameters
    ----------
    alpha
        The derivative below.
    beta
        The derivative above.

    Notes
    -----
    Source: braintools.surrogate.LeakyRelu (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.LeakyRelu()
    >>> brainstate.transform.grad(spike)(torch.tensor(-1.))
    tensor(0.1000)
    """

    def __init__(self, alpha: float = 0.1, beta: float = 1.0) -> None:
        self.alpha = alpha
        self.beta = beta

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha * x where x < 0, else beta * x``."""
        return torch.where(x < 0, self.alpha * x, self.beta * x)

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha where x < 0, else beta``."""
        return torch.where(x < 0, self.alpha, self.beta).to(x.dtype)


def leaky_relu(x: Any, alpha: float = 0.1, beta: float = 1.0) -> torch.Tensor:
    """:class:`LeakyRelu` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha, beta
        As for :class:`LeakyRelu`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.leaky_relu(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return LeakyRelu(alpha, beta)(x)


class LogTailedRelu(Surrogate):
    """A step with the derivative alpha below the threshold, 1 up to ``x = 1``, and ``1 / x`` beyond.

    Parameters
    ----------
    alpha
        The derivative below.

    Notes
    -----
    Source: braintools.surrogate.LogTailedRelu (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> spike = brainstate.spiking.surrogate.LogTailedRelu()
    >>> brainstate.transform.grad(spike)(torch.tensor(4.))
    tensor(0.2500)
    """

    def __init__(self, alpha: float = 0.0) -> None:
        self.alpha = alpha

    def surrogate_fun(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha * x where x <= 0, x up to 1, and 1 + log(x) beyond``."""
        above = torch.where(x > 1, 1 + torch.log(x.clamp(min=1.0)), x)
        return torch.where(x > 0, above, self.alpha * x)

    def surrogate_grad(self, x: torch.Tensor) -> torch.Tensor:
        """``alpha where x <= 0, else 1 / max(x, 1)``."""
        return torch.where(x > 0, 1 / x.clamp(min=1.0), self.alpha)


def log_tailed_relu(x: Any, alpha: float = 0.0) -> torch.Tensor:
    """:class:`LogTailedRelu` as a function.

    Parameters
    ----------
    x
        ``[*N]``: how far above the threshold.
    alpha
        As for :class:`LogTailedRelu`.

    Returns
    -------
    Tensor
        Spikes, ``[*N]``: 1 where `x` is not negative, else 0. Their derivative is the surrogate's.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.spiking.surrogate.log_tailed_relu(torch.tensor([-1., 0., 2.]))
    tensor([0., 1., 1.])
    """
    return LogTailedRelu(alpha)(x)
