"""Relatives of Adam and Adagrad that measure the gradient in other ways, or remember less of it."""

import functools
from typing import Any

import torch

from .adam import Betas, Moved, _WithBetas
from .optimizer import Moments, Optimizer, check_between, check_positive

__all__ = ["SM3", "AdaBelief", "Adafactor", "Novograd", "Yogi"]


class Yogi(_WithBetas):
    """Yogi (Zaheer et al., 2018): :class:`Adam` whose mean square changes by a bounded amount.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    betas, eps
        See :class:`Adam`.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Yogi (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> optimizer = brainstate.optim.Yogi(lr=0.1).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([2.]))
    >>> w.value
    tensor([0.9001])
    """

    def __init__(
        self,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-3,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, betas, eps, weight_decay, grad_clip_norm, grad_clip_value)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """A small number, as in optax."""
        return torch.full_like(x, 1e-6)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        beta1, beta2 = self.betas
        mean, power = torch.lerp(moments["mean"], grad, 1 - beta1), grad**2
        square = moments["square"] - (1 - beta2) * torch.sign(moments["square"] - power) * power
        root = (square / (1 - beta2**step)).sqrt() + self.eps
        return x - lr / (1 - beta1**step) * mean / root, {"mean": mean, "square": square}


class AdaBelief(_WithBetas):
    """AdaBelief (Zhuang et al., 2020): :class:`Adam` with the mean square of what the mean did not foresee.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    betas, eps
        See :class:`Adam`.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.AdaBelief (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> optimizer = brainstate.optim.AdaBelief(lr=0.09).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([2.]))
    >>> w.value
    tensor([0.9000])
    """

    def __init__(
        self,
        lr: Any = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: float = 1e-16,
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
        square = moments["square"] * beta2 + (1 - beta2) * (grad - mean) ** 2 + 1e-16
        root = (square / (1 - beta2**step)).sqrt() + self.eps
        return x - lr / (1 - beta1**step) * mean / root, {"mean": mean, "square": square}


class Novograd(_WithBetas):
    """NovoGrad (Ginsburg et al., 2019): momentum of gradients that are divided by their norm, one for each tensor.

    Parameters
    ----------
    lr, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    betas
        How much of the momentum and of the mean square norm stays at a step.
    eps
        Added to the root of the mean square norm.
    weight_decay
        Adds the weight times this to the divided gradient.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Novograd (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 1.]))
    >>> optimizer = brainstate.optim.Novograd(lr=0.1).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([3., 4.]))
    >>> w.value
    tensor([0.9400, 0.9200])
    """

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

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Zeros; the mean square is one number."""
        return x.new_zeros(1) if name == "square" else torch.zeros_like(x)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        beta1, beta2 = self.betas
        power, is_first = (grad**2).sum().reshape(1), step == 1
        square = torch.where(is_first, power, beta2 * moments["square"] + (1 - beta2) * power)
        # The momentum is zero before the first step.
        mean = beta1 * moments["mean"] + self._decayed(grad / (square.sqrt() + self.eps), x)
        return x - lr * mean, {"mean": mean, "square": square}


class SM3(Optimizer):
    """SM3 (Anil et al., 2019): Adagrad that remembers one number for each row and column of a matrix.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    momentum
        How much of the running mean of steps stays, in [0, 1).
    eps
        Added to the sum of squares, before the root.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.SM3 (0.3.0). What is remembered of an axis lies in a tensor of the weight's size for up to
    one axis, and else in one row of the length of all axes together.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 1.]))
    >>> optimizer = brainstate.optim.SM3(lr=0.1, momentum=0.).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([3., -4.]))
    >>> w.value
    tensor([0.9000, 1.1000])
    """

    remembers = ("mean", "greatest")

    def __init__(
        self,
        lr: Any = 1.0,
        momentum: float = 0.9,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_between("momentum", momentum)
        check_positive("eps", eps, or_zero=True)
        self.momentum, self.eps = momentum, eps
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Zeros; the greatest sums of squares lie one axis after the other."""
        return x.new_zeros(sum(x.shape)) if name == "greatest" else torch.zeros_like(x)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        grad = self._decayed(grad, x)
        axes = range(x.ndim)
        parts = torch.split(moments["greatest"], list(x.shape))
        bounds = [part.reshape([-1 if i == axis else 1 for i in axes]) for axis, part in zip(axes, parts, strict=True)]
        total = grad**2 + functools.reduce(torch.minimum, bounds)
        along = torch.where(total > 0, grad * torch.rsqrt(total + self.eps), torch.zeros_like(grad))
        mean = torch.lerp(along, moments["mean"], self.momentum)
        others = [[i for i in axes if i != axis] for axis in axes]
        greatest = torch.cat([total.amax(dim=other) if other else total for other in others])
        return x - lr * mean, {"mean": mean, "greatest": greatest}


class Adafactor(Optimizer):
    """Adafactor (Shazeer and Stern, 2018): the mean square of a large matrix as the product of a row and a column.

    Matrices of 128 rows and columns or more are factored, along their two longest axes.

    Parameters
    ----------
    lr
        See :class:`Optimizer`; None for 1e-3.
    eps
        The first is added to the square of the gradient.
    clip_threshold, beta1
        Without effect, as in braintools.
    decay_rate
        How fast the mean square forgets: ``1 - step ** -decay_rate`` stays.
    weight_decay
        Adds the weight times this to the direction.
    factored
        Whether to factor large matrices.
    grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.Adafactor (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 1.]))
    >>> optimizer = brainstate.optim.Adafactor(lr=0.1).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([3., -4.]))
    >>> w.value
    tensor([0.9000, 1.1000])
    """

    remembers = ("square", "row", "column")

    def __init__(
        self,
        lr: Any = None,
        eps: tuple[float, float] = (1e-30, 1e-3),
        clip_threshold: float = 1.0,
        decay_rate: float = 0.8,
        beta1: float | None = None,
        weight_decay: float = 0.0,
        factored: bool = True,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_positive("decay_rate", decay_rate)
        check_positive("eps", eps[0], or_zero=True)
        self.eps, self.clip_threshold, self.decay_rate, self.beta1 = eps, clip_threshold, decay_rate, beta1
        self.factored = factored
        super().__init__(1e-3 if lr is None else lr, weight_decay, grad_clip_norm, grad_clip_value)

    def _axes(self, x: torch.Tensor) -> tuple[int, int] | None:
        """The second longest and the longest axis, if the tensor is factored."""
        order = sorted(range(x.ndim), key=lambda axis: x.shape[axis])
        if not self.factored or x.ndim < 2 or x.shape[order[-2]] < 128:
            return None
        return order[-2], order[-1]

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Zeros; without the axis that is factored out."""
        axes = self._axes(x)
        if axes is None:
            return torch.zeros_like(x) if name == "square" else x.new_zeros(1)
        if name == "square":
            return x.new_zeros(1)
        gone = axes[1] if name == "row" else axes[0]
        return x.new_zeros([length for axis, length in enumerate(x.shape) if axis != gone])

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> Moved:
        """See the class."""
        kept = (1.0 - step ** (-self.decay_rate)).to(x.dtype)
        power, axes, new = grad**2 + self.eps[0], self._axes(x), dict(moments)
        if axes is None:
            square = new["square"] = torch.lerp(power, moments["square"], kept)
            along = grad * square**-0.5
        else:
            short, long = axes
            row = new["row"] = torch.lerp(power.mean(dim=long), moments["row"], kept)
            column = new["column"] = torch.lerp(power.mean(dim=short), moments["column"], kept)
            within = short - 1 if short > long else short
            factor = (row / row.mean(dim=within, keepdim=True)) ** -0.5
            along = grad * factor.unsqueeze(long) * (column**-0.5).unsqueeze(short)
        return x - lr * self._decayed(along, x), new
