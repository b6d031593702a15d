"""Optimizers whose step is as long as the weight is large: each tensor has its own rate."""

import warnings
from typing import Any

import torch

from .adam import Betas, Moved, _WithBetas
from .optimizer import Moments, Optimizer, check_between, check_positive
from .weights import Step

__all__ = ["Fromage", "Lamb", "Lars"]


def _trusted(along: torch.Tensor, x: torch.Tensor, least: float = 0.0, eps: float = 0.0) -> torch.Tensor:
    """A step along `along` as long as `x`, or as `along` where one of them is zero."""
    size, length = (torch.linalg.vector_norm(y).clamp(min=least) for y in (x, along))
    is_zero = (size == 0) | (length == 0)
    # The quotient by zero, which is not taken, would make a derivative nan.
    ratio = size / (torch.where(is_zero, torch.ones_like(length), length) + eps)
    return along * torch.where(is_zero, torch.ones_like(ratio), ratio)


class Lamb(_WithBetas):
    """LAMB (You et al., 2020): the direction of :class:`Adam`, with a step as long as ``lr`` times the weight.

    Parameters
    ----------
    lr, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`; `lr` is a plain number.
    betas, eps
        See :class:`Adam`.
    weight_decay
        Adds the weight times this to the direction.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Lamb (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([3., 4.]))
    >>> optimizer = brainstate.optim.Lamb(lr=0.1).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([1., 0.]))
    >>> w.value
    tensor([2.5000, 4.0000])
    """

    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        new = self._means(grad, moments)
        beta1, beta2 = self.betas
        root = (new["square"] / (1 - beta2**step)).sqrt() + self.eps
        along = self._decayed(new["mean"] / (1 - beta1**step) / root, x)
        return x - lr * _trusted(along, x), new


class Lars(Optimizer):
    """LARS (You et al., 2017): the gradient, as long as the weight times `trust_coefficient`, with momentum.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`; `lr` is a plain number.
    momentum
        How much of the buffer stays, in [0, 1).
    trust_coefficient
        The length of a step, as a part of the weight.
    eps
        Added to the norm of the gradient.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Lars (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([3., 4.]))
    >>> optimizer = brainstate.optim.Lars(lr=1., trust_coefficient=0.1).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([1., 0.]))
    >>> w.value
    tensor([2.5000, 4.0000])
    """

    remembers = ("buffer",)
    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1.0,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        trust_coefficient: float = 0.001,
        eps: float = 1e-8,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_between("momentum", momentum)
        check_positive("trust_coefficient", trust_coefficient)
        check_positive("eps", eps, or_zero=True)
        self.momentum, self.trust_coefficient, self.eps = momentum, trust_coefficient, eps
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        size, length = torch.linalg.vector_norm(x), torch.linalg.vector_norm(grad)
        ratio = self.trust_coefficient * size / (length + self.eps)
        ratio = torch.where((size == 0) | (length == 0), torch.ones_like(ratio), ratio)
        buffer = grad * ratio + self.momentum * moments["buffer"]
        return x - lr * buffer, {"buffer": buffer}


class Fromage(Optimizer):
    """Fromage (Bernstein et al., 2020): a step of a given angle, after which the weight is as large as before.

    Parameters
    ----------
    lr, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`; `lr` is a plain number.
    momentum
        Without effect; for braintools' signature.

    Warns
    -----
    UserWarning
        A momentum is given.

    Notes
    -----
    Source: braintools.optim.Fromage (0.3.0). Differs: a schedule as `lr` takes effect.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([3., 4.]))
    >>> optimizer = brainstate.optim.Fromage(lr=0.75).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([1., 0.]))
    >>> w.value
    tensor([-0.6000,  3.2000])
    """

    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1.0,
        momentum: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        if momentum:
            warnings.warn(
                f"`momentum` has no effect on Fromage. Got {momentum}. Leave it out.", UserWarning, stacklevel=3
            )
        self.momentum = momentum
        super().__init__(lr, 0.0, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        return (x - lr * _trusted(grad, x, least=1e-6)) / (1 + lr**2) ** 0.5, moments
