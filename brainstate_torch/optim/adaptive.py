"""Steps scaled by the size that gradients had, without a mean of them."""

from typing import Any

import torch

from ..units import get_mantissa
from .optimizer import Moments, Optimizer, check_between, check_positive
from .weights import Step

__all__ = ["Adadelta", "Adagrad", "Lion", "RMSprop", "Rprop"]

Moved = tuple[torch.Tensor, Moments]


class RMSprop(Optimizer):
    """RMSprop (Hinton, 2012): the gradient divided by the root of a running mean of its square.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    alpha
        How much of the mean square stays at a step.
    eps
        Added to the root.
    momentum
        How much of a step is added to the next one.
    centered
        Divide by the standard deviation.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.RMSprop (0.3.0). Differs: `eps` is added outside the root, as in torch.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.RMSprop(lr=0.1, alpha=0.75).register_trainable_weights(w).update(torch.tensor([3.]))
    >>> w.value
    tensor([0.8000])
    """

    def __init__(
        self,
        lr: Any = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_between("alpha", alpha)
        check_between("momentum", momentum)
        check_positive("eps", eps, or_zero=True)
        self.alpha, self.eps, self.momentum, self.centered = alpha, eps, momentum, centered
        self.remembers = ("square", *(["mean"] if centered else []), *(["buffer"] if momentum else []))
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        new = {"square": torch.addcmul(moments["square"] * self.alpha, grad, grad, value=1 - self.alpha)}
        square = new["square"]
        if self.centered:
            new["mean"] = torch.lerp(moments["mean"], grad, 1 - self.alpha)
            square = torch.addcmul(square, new["mean"], new["mean"], value=-1)
        root = square.sqrt() + self.eps
        if not self.momentum:
            return x - lr * grad / root, new
        new["buffer"] = torch.addcdiv(moments["buffer"] * self.momentum, grad, root)
        return x - lr * new["buffer"], new


class Adagrad(Optimizer):
    """Adagrad (Duchi et al., 2011): the gradient divided by the root of the sum of its squares so far.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    lr_decay
        The learning rate is divided by ``1 + (step - 1) * lr_decay``.
    initial_accumulator_value
        What the sum starts from.
    eps
        Added to the root.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Adagrad (0.3.0). Differs: `eps` is added outside the root, as in torch.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.Adagrad(lr=0.25).register_trainable_weights(w).update(torch.tensor([3.]))
    >>> w.value
    tensor([0.7500])
    """

    remembers = ("sum",)

    def __init__(
        self,
        lr: Any = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_positive("lr_decay", lr_decay, or_zero=True)
        check_positive("initial_accumulator_value", initial_accumulator_value, or_zero=True)
        check_positive("eps", eps, or_zero=True)
        self.lr_decay, self.initial_accumulator_value, self.eps = lr_decay, initial_accumulator_value, eps
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """The sum starts from `initial_accumulator_value`."""
        return torch.full_like(x, self.initial_accumulator_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        total = torch.addcmul(moments["sum"], grad, grad)
        return x - lr / (1 + (step - 1) * self.lr_decay) * grad / (total.sqrt() + self.eps), {"sum": total}


class Adadelta(Optimizer):
    """Adadelta (Zeiler, 2012): the gradient times the root mean square of earlier steps over that of the gradients.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`. `lr` is a plain number.
    rho
        How much of the mean squares stays at a step.
    eps
        Added to the mean squares.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Adadelta (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> brainstate.optim.Adadelta(rho=0., eps=1.).register_trainable_weights(w).update(torch.tensor([3.]))
    >>> w.value
    tensor([0.0513])
    """

    remembers = ("square", "step")
    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1.0,
        rho: float = 0.9,
        eps: float = 1e-6,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_between("rho", rho)
        check_positive("eps", eps, or_zero=True)
        self.rho, self.eps = rho, eps
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        square = torch.addcmul(moments["square"] * self.rho, grad, grad, value=1 - self.rho)
        moved = (moments["step"] + self.eps).sqrt() / (square + self.eps).sqrt() * grad
        steps = torch.addcmul(moments["step"] * self.rho, moved, moved, value=1 - self.rho)
        return x - lr * moved, {"square": square, "step": steps}


class Rprop(Optimizer):
    """Rprop (Riedmiller and Braun, 1993): steps along the sign of the gradient, longer while it stays the same.

    Parameters
    ----------
    lr
        The length of the first step, a plain number; a schedule has no effect on later ones.
    etas
        The factors of the length where the sign turns, and where it stays.
    step_sizes
        The least and the greatest length.
    grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Rprop (0.3.0). Differs: the first step has the length `lr` too, as in torch.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> optimizer = brainstate.optim.Rprop(lr=0.5).register_trainable_weights(w)
    >>> for grad in (7., 3., -2.):
    ...     optimizer.update(torch.tensor([grad]))
    >>> w.value
    tensor([-0.1000])
    """

    remembers = ("previous", "length")
    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1e-2,
        etas: tuple[float, float] = (0.5, 1.2),
        step_sizes: tuple[float, float] = (1e-6, 50.0),
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        if not 0 < etas[0] < 1 < etas[1]:
            raise ValueError(f"`etas` must be a factor below 1 and one above it. Got {etas}.")
        if not 0 <= step_sizes[0] <= step_sizes[1]:
            raise ValueError(f"`step_sizes` must be a least and a greatest length. Got {step_sizes}.")
        self.etas, self.step_sizes = etas, step_sizes
        super().__init__(lr, 0.0, grad_clip_norm, grad_clip_value)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """The length starts from the learning rate."""
        return torch.full_like(x, get_mantissa(self.base_lr)) if name == "length" else torch.zeros_like(x)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        turned, kept = (grad * moments["previous"] < 0), (grad * moments["previous"] > 0)
        factor = torch.where(turned, self.etas[0], torch.where(kept, self.etas[1], torch.ones_like(x)))
        length = (moments["length"] * factor).clamp(*self.step_sizes)
        grad = torch.where(turned, torch.zeros_like(grad), grad)
        return x - grad.sign() * length, {"previous": grad, "length": length}


class Lion(Optimizer):
    """Lion (Chen et al., 2023): steps along the sign of a running mean of the gradient.

    Parameters
    ----------
    lr, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    betas
        How much of the mean counts in the sign, and how much of it stays at a step.
    weight_decay
        As in :class:`AdamW`.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Lion (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 1.]))
    >>> brainstate.optim.Lion(lr=0.5).register_trainable_weights(w).update(torch.tensor([3., -0.1]))
    >>> w.value
    tensor([0.5000, 1.5000])
    """

    remembers = ("mean",)

    def __init__(
        self,
        lr: Any = 1e-4,
        betas: tuple[float, float] = (0.9, 0.99),
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_between("betas", *betas)
        self.betas = betas
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        mean = moments["mean"]
        along = torch.add(torch.lerp(mean, grad, 1 - self.betas[0]).sign(), x, alpha=self.weight_decay)
        return x - lr * along, {"mean": torch.lerp(mean, grad, 1 - self.betas[1])}
