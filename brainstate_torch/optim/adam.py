"""Adam and its variants: running means of the gradient and of its square."""

from typing import Any

import torch

from .optimizer import Moments, Optimizer, check_between, check_positive
from .weights import Step

__all__ = ["Adam", "AdamW", "Adamax", "Nadam", "RAdam"]

Betas = tuple[float, float]
Moved = tuple[torch.Tensor, Moments]


class _WithBetas(Optimizer):
    """An optimizer with two rates of forgetting and an eps."""

    remembers: tuple[str, ...] = ("mean", "square")

    def __init__(
        self,
        lr: Any,
        betas: Betas,
        eps: float,
        weight_decay: float,
        grad_clip_norm: float | None,
        grad_clip_value: float | None,
    ) -> None:
        check_between("betas", *betas)
        check_positive("eps", eps, or_zero=True)
        self.betas, self.eps = (float(betas[0]), float(betas[1])), float(eps)
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def _means(self, grad: torch.Tensor, moments: Moments) -> Moments:
        """The running means with a new gradient."""
        beta1, beta2 = self.betas
        mean = torch.lerp(moments["mean"], grad, 1 - beta1)
        square = torch.addcmul(moments["square"] * beta2, grad, grad, value=1 - beta2)
        return {**moments, "mean": mean, "square": square}


class Adam(_WithBetas):
    """Adam (Kingma and Ba, 2015): the step is ``lr * mean / (sqrt(square) + eps)``.

    `mean` and `square` are running means of the gradient and of its square, corrected for their start at zero.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    betas
        How much of the mean and of the mean square stays at a step.
    beta1, beta2
        Another way to give the two.
    eps
        Added to the root of the mean square.
    amsgrad
        Divide by the greatest mean square so far.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Adam (0.3.0). Differs: `beta1` and `beta2` give no warning; `amsgrad` takes the greatest of
    the means before the bias is taken off, as torch does.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> model = brainstate.nn.Linear(2, 1, w_init=torch.zeros(2, 1), b_init=None)
    >>> weights = model.states(brainstate.ParamState)
    >>> optimizer = brainstate.optim.Adam(lr=0.1)
    >>> _ = optimizer.register_trainable_weights(weights)
    >>> optimizer.update(brainstate.transform.grad(lambda: (model(torch.ones(2)) - 1).square().sum(), weights)())
    >>> model.weight.value['weight'].flatten()
    tensor([0.1000, 0.1000])
    """

    def __init__(
        self,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        beta1: float | None = None,
        beta2: float | None = None,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        amsgrad: bool = False,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        betas = (betas[0] if beta1 is None else beta1, betas[1] if beta2 is None else beta2)
        self.amsgrad = amsgrad
        self.remembers = ("mean", "square", "greatest") if amsgrad else ("mean", "square")
        super().__init__(lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        new = self._means(self._decayed(grad, x), moments)
        square = new["square"]
        if self.amsgrad:
            square = new["greatest"] = torch.maximum(moments["greatest"], square)
        beta1, beta2 = self.betas
        root = square.sqrt() / (1 - beta2**step).sqrt() + self.eps
        return x - lr / (1 - beta1**step) * new["mean"] / root, new


class AdamW(Adam):
    """AdamW (Loshchilov and Hutter, 2019): :class:`Adam` after a decay of the weights, ``x *= 1 - lr * weight_decay``.

    Parameters
    ----------
    lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Adam`.

    Notes
    -----
    Source: braintools.optim.AdamW (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.AdamW(lr=0.1, weight_decay=0.5).register_trainable_weights(w).update(torch.tensor([0.]))
    >>> w.value
    tensor([0.9500])
    """

    def __init__(
        self,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.01,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(
            lr,
            betas,
            eps=eps,
            weight_decay=weight_decay,
            grad_clip_norm=grad_clip_norm,
            grad_clip_value=grad_clip_value,
        )

    def _decayed(self, grad: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
        return grad

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        return super().rule(x * (1 - lr * self.weight_decay), grad, moments, lr, step)


class Adamax(_WithBetas):
    """Adamax (Kingma and Ba, 2015): :class:`Adam` with a decaying maximum of ``abs(grad)`` as the divisor.

    Parameters
    ----------
    lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Adam`; `eps` is added to the size of the gradient.

    Notes
    -----
    Source: braintools.optim.Adamax (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.Adamax(lr=0.25).register_trainable_weights(w).update(torch.tensor([7.]))
    >>> w.value
    tensor([0.7500])
    """

    remembers = ("mean", "greatest")

    def __init__(
        self,
        lr: Any = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        beta1, beta2 = self.betas
        mean = torch.lerp(moments["mean"], grad, 1 - beta1)
        greatest = torch.maximum(moments["greatest"] * beta2, grad.abs() + self.eps)
        return x - lr / (1 - beta1**step) * mean / greatest, {"mean": mean, "greatest": greatest}


class Nadam(_WithBetas):
    """NAdam (Dozat, 2016): :class:`Adam` with Nesterov's momentum, which grows with the steps.

    Parameters
    ----------
    lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Adam`.
    momentum_decay
        How fast the momentum grows.

    Notes
    -----
    Source: braintools.optim.Nadam (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.Nadam(lr=0.1).register_trainable_weights(w).update(torch.tensor([7.]))
    >>> bool(w.value < 1)
    True
    """

    remembers = ("mean", "square", "product")

    def __init__(
        self,
        lr: Any = 2e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum_decay: float = 4e-3,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_positive("momentum_decay", momentum_decay, or_zero=True)
        self.momentum_decay = momentum_decay
        super().__init__(lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """The product of the momenta so far is one number, 1."""
        return torch.ones((), dtype=torch.float64) if name == "product" else super().first(name, x)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        new = self._means(grad, moments)
        now = self.betas[0] * (1 - 0.5 * 0.96 ** (step * self.momentum_decay))
        later = self.betas[0] * (1 - 0.5 * 0.96 ** ((step + 1) * self.momentum_decay))
        product = new["product"] = moments["product"] * now
        root = (new["square"] / (1 - self.betas[1] ** step)).sqrt() + self.eps
        x = x - lr * (1 - now) / (1 - product) * grad / root
        return x - lr * later / (1 - product * later) * new["mean"] / root, new


class RAdam(_WithBetas):
    """RAdam (Liu et al., 2020): :class:`Adam` that steps along the mean alone until the mean square is reliable.

    Parameters
    ----------
    lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Adam`. `lr` is a plain number.

    Notes
    -----
    Source: braintools.optim.RAdam (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.RAdam(lr=0.1).register_trainable_weights(w).update(torch.tensor([5.]))
    >>> w.value
    tensor([0.5000])
    """

    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        new = self._means(self._decayed(grad, x), moments)
        beta1, beta2 = self.betas
        unbiased = 1 - beta2**step
        limit = 2 / (1 - beta2) - 1
        known = limit - 2 * step * beta2**step / unbiased
        enough = known > 5
        # The root of a negative number is never used, but its derivative would be.
        safe = torch.where(enough, known, torch.full_like(known, limit))
        rectified = ((safe - 4) * (safe - 2) * limit / ((limit - 4) * (limit - 2) * safe)).sqrt()
        adapted = unbiased.sqrt() / (new["square"].sqrt() + self.eps)
        factor = torch.where(enough, rectified * adapted, torch.ones_like(adapted))
        return x - new["mean"] / (1 - beta1**step) * lr * factor, new
