"""Transforms of whole vectors, along the last axis."""

from typing import Any

import torch

from ..activations import log_sigmoid
from ..module.operand import floating
from .base import Transform
from .formulas import inverse_softplus, logit

__all__ = ["OrderedT", "SimplexT", "UnitVectorT"]

#: Added to a squared norm, so that the slope at zero is finite.
_SMALL = 1e-8


class OrderedT(Transform):
    """Increasing vectors: the first number, and steps that are ``log(1 + exp(x))``. ``[*N, K]`` to ``[*N, K]``.

    Notes
    -----
    Source: brainstate.nn.OrderedT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.OrderedT()
    >>> t(torch.tensor([-1., 50., 25.])), t.inverse(torch.tensor([-1., 49., 74.]))
    (tensor([-1., 49., 74.]), tensor([-1., 50., 25.]))
    """

    def forward(self, x: Any) -> Any:
        x = floating(x)
        first, steps = x[..., :1], -log_sigmoid(-x[..., 1:])
        return torch.cat([first, first + steps.cumsum(-1)], -1)

    def inverse(self, y: Any) -> Any:
        y = floating(y)
        return torch.cat([y[..., :1], inverse_softplus(y[..., 1:] - y[..., :-1])], -1)


class SimplexT(Transform):
    """Positive vectors of sum one, by breaking a stick. ``[*N, K - 1]`` to ``[*N, K]``.

    Each unconstrained number is the logit of the fraction that its element takes of what is left.

    Notes
    -----
    Source: brainstate.nn.SimplexT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.SimplexT()
    >>> t(torch.zeros(2)), t.inverse(torch.tensor([0.5, 0.25, 0.25])).abs() < 1e-6
    (tensor([0.5000, 0.2500, 0.2500]), tensor([True, True]))
    """

    def forward(self, x: Any) -> Any:
        x = floating(x)
        # In logarithms: the derivative of cumprod branches on zeros in its input, which cannot be traced.
        left = log_sigmoid(-x).cumsum(-1)
        before = torch.cat([torch.zeros_like(x[..., :1]), left[..., :-1]], -1)
        return torch.exp(torch.cat([log_sigmoid(x) + before, left[..., -1:]], -1))

    def inverse(self, y: Any) -> Any:
        y = floating(y)
        head, eps = y[..., :-1], torch.finfo(y.dtype).eps
        left = 1 - head.cumsum(-1) + head
        return logit((head / (left + eps)).clamp(eps, 1 - eps))


class UnitVectorT(Transform):
    """Vectors of length one, by division. ``[*N, K]`` to ``[*N, K]``.

    Notes
    -----
    Source: brainstate.nn.UnitVectorT (0.5.4). The inverse is the vector itself, one of many.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.UnitVectorT()(torch.tensor([3., 4.]))
    tensor([0.6000, 0.8000])
    """

    def forward(self, x: Any) -> Any:
        x = floating(x)
        return x / torch.sqrt((x**2).sum(-1, keepdim=True) + _SMALL)

    def inverse(self, y: Any) -> Any:
        return y
