"""Gradient descent, with momentum or without."""

from typing import Any

import torch

from .optimizer import Moments, Optimizer, check_between
from .weights import Step

__all__ = ["SGD", "Momentum", "MomentumNesterov"]


class SGD(Optimizer):
    """Gradient descent: ``x -= lr * grad``; with momentum ``buffer = momentum * buffer + grad; x -= lr * buffer``.

    Parameters
    ----------
    lr, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.
    momentum
        How much of the buffer stays, in [0, 1).
    nesterov
        Step along ``grad + momentum * buffer``.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.SGD (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> v = brainstate.ParamState(torch.tensor([2.]) * u.mV)
    >>> optimizer = brainstate.optim.SGD(lr=0.25).register_trainable_weights(v)
    >>> grads = brainstate.transform.grad(lambda: (v.value ** 2).sum(), v, unit_aware=True)()
    >>> optimizer.update(grads)
    >>> v.value
    tensor([1.]) mV
    """

    lr_measures: Step = "per gradient"

    def __init__(
        self,
        lr: Any = 1e-3,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        check_between("momentum", momentum)
        self.momentum, self.nesterov = momentum, nesterov
        self.remembers = ("buffer",) if momentum else ()
        super().__init__(lr, weight_decay, grad_clip_norm, grad_clip_value)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> tuple[torch.Tensor, Moments]:
        """See the class."""
        grad = self._decayed(grad, x)
        if not self.momentum:
            return x - lr * grad, moments
        buffer = moments["buffer"] * self.momentum + grad
        along = torch.add(grad, buffer, alpha=self.momentum) if self.nesterov else buffer
        return x - lr * along, {"buffer": buffer}


class Momentum(SGD):
    """:class:`SGD` with momentum 0.9.

    Parameters
    ----------
    lr, momentum, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`SGD`.

    Notes
    -----
    Source: braintools.optim.Momentum (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> optimizer = brainstate.optim.Momentum(lr=0.1, momentum=0.5).register_trainable_weights(w)
    >>> for _ in range(2):
    ...     optimizer.update(torch.tensor([1.]))
    >>> w.value
    tensor([0.7500])
    """

    def __init__(
        self,
        lr: Any = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, momentum, weight_decay, False, grad_clip_norm, grad_clip_value)


class MomentumNesterov(SGD):
    """:class:`SGD` with Nesterov's momentum 0.9.

    Parameters
    ----------
    lr, momentum, weight_decay, grad_clip_norm, grad_clip_value
        See :class:`SGD`.

    Notes
    -----
    Source: braintools.optim.MomentumNesterov (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> optimizer = brainstate.optim.MomentumNesterov(lr=0.1, momentum=0.5).register_trainable_weights(w)
    >>> optimizer.update(torch.tensor([1.]))
    >>> w.value
    tensor([0.8500])
    """

    def __init__(
        self,
        lr: Any = 1e-3,
        momentum: float = 0.9,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        super().__init__(lr, momentum, weight_decay, True, grad_clip_norm, grad_clip_value)
