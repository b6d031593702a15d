"""Optimizers around others, and of second order: Lookahead, LBFGS."""

from collections.abc import Sequence
from typing import Any

import torch

from .._errors import kind_of
from ..units import Quantity, get_mantissa
from .optimizer import Moments, Optimizer, _as_gradient, check_positive
from .weights import Step, Weights, as_row, from_row

__all__ = ["LBFGS", "Lookahead"]


class Lookahead(Optimizer):
    """Lookahead (Zhang et al., 2019): weights that follow those of another optimizer, every few steps.

    Parameters
    ----------
    base_optimizer
        The other optimizer, without weights; its learning rate is the one that counts.
    sync_period
        After how many steps the slow weights follow, and the fast ones return to them.
    alpha
        How far they follow.
    lr
        Replaces the learning rate of `base_optimizer`; None to keep it.
    weight_decay
        Adds the weight times this to its gradient.
    grad_clip_norm, grad_clip_value
        See :class:`Optimizer`.

    Raises
    ------
    TypeError
        `base_optimizer` is not an optimizer.
    ValueError
        A number is out of its range, or `base_optimizer` has weights already.

    Notes
    -----
    Source: braintools.optim.Lookahead (0.3.0). Differs: the base is an optimizer of this package, not of optax, and
    `lr` takes effect.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1.]))
    >>> optimizer = brainstate.optim.Lookahead(brainstate.optim.SGD(lr=0.1), sync_period=2)
    >>> _ = optimizer.register_trainable_weights(w)
    >>> for _ in range(2):
    ...     optimizer.update(torch.tensor([1.]))
    >>> w.value
    tensor([0.9000])
    """

    def __init__(
        self,
        base_optimizer: Optimizer,
        sync_period: int = 5,
        alpha: float = 0.5,
        lr: Any = None,
        weight_decay: float = 0.0,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        if not isinstance(base_optimizer, Optimizer):
            raise TypeError(
                f"`base_optimizer` must be an optimizer of this package. Got {kind_of(base_optimizer)}. "
                "Write optim.Adam(lr=1e-3)."
            )
        if base_optimizer.opt_state is not None or isinstance(base_optimizer, LBFGS):
            raise ValueError("`base_optimizer` must have no weights yet, and a rule for each tensor. Got another one.")
        if sync_period < 1:
            raise ValueError(f"`sync_period` must be at least 1. Got {sync_period}.")
        check_positive("alpha", alpha)
        self.base_optimizer, self.sync_period, self.alpha = base_optimizer, sync_period, alpha
        self.lr_measures: Step = base_optimizer.lr_measures
        self.remembers = (*base_optimizer.remembers, "slow")
        clips = grad_clip_norm or base_optimizer.grad_clip_norm, grad_clip_value or base_optimizer.grad_clip_value
        super().__init__(base_optimizer.lr if lr is None else lr, weight_decay, *clips)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """The weight itself, for the slow weights."""
        return x.detach().as_subclass(torch.Tensor).clone() if name == "slow" else self.base_optimizer.first(name, x)

    def rule(
        self, x: torch.Tensor, grad: torch.Tensor, moments: Moments, lr: torch.Tensor, step: torch.Tensor
    ) -> tuple[torch.Tensor, Moments]:
        """See the class."""
        slow = moments["slow"]
        own = {name: value for name, value in moments.items() if name != "slow"}
        fast, own = self.base_optimizer.rule(x, self._decayed(grad, x), own, lr, step)
        is_time = step % self.sync_period == 0
        slow = torch.where(is_time, slow + self.alpha * (fast - slow), slow)
        return torch.where(is_time, slow, fast), {**own, "slow": slow}


class LBFGS(Optimizer):
    """L-BFGS (Liu and Nocedal, 1989): the gradient, multiplied by an estimate of the inverse Hessian of all weights.

    The estimate comes from the last changes of weights and gradients. Steps of ``lr`` times that: no line search.

    Parameters
    ----------
    lr, grad_clip_norm, grad_clip_value
        See :class:`Optimizer`; `lr` is a plain number.
    memory_size
        How many changes to remember.
    scale_init_precond
        Whether to scale the identity, which the estimate starts from.
    linesearch
        Must be None.

    Raises
    ------
    ValueError
        A number is out of its range.
    NotImplementedError
        A line search is asked for.

    Notes
    -----
    Source: braintools.optim.LBFGS (0.3.0). Differs: no line search; `torch.optim.LBFGS` has one.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([3., 4.]))
    >>> optimizer = brainstate.optim.LBFGS().register_trainable_weights(w)
    >>> for _ in range(20):
    ...     optimizer.update(torch.tensor([1., 10.]) * w.value)
    >>> bool(w.value.abs().max() < 1e-3)
    True
    """

    remembers = ("weight", "gradient", "weights", "gradients")
    lr_measures: Step = "number"

    def __init__(
        self,
        lr: Any = 1.0,
        memory_size: int = 10,
        scale_init_precond: bool = True,
        linesearch: Any = None,
        grad_clip_norm: float | None = None,
        grad_clip_value: float | None = None,
    ) -> None:
        if memory_size < 1:
            raise ValueError(f"`memory_size` must be at least 1. Got {memory_size}.")
        if linesearch is not None:
            raise NotImplementedError(
                f"`linesearch` must be None. Got {linesearch!r}. Take `torch.optim.LBFGS(model.parameters(), "
                "line_search_fn='strong_wolfe')`, or choose `lr`."
            )
        self.memory_size, self.scale_init_precond, self.linesearch = memory_size, scale_init_precond, linesearch
        super().__init__(lr, 0.0, grad_clip_norm, grad_clip_value)

    def first(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """Zeros; of changes, as many as are remembered, the newest last."""
        return x.new_zeros((self.memory_size, *x.shape)) if name.endswith("s") else torch.zeros_like(x)

    def update(self, grads: Any, value: Any = None, value_fn: Any = None) -> None:
        """Make one step.

        Parameters
        ----------
        grads
            As for :meth:`Optimizer.update`.
        value, value_fn
            Without effect: they are for a line search.
        """
        super().update(grads)

    def _moved(
        self, weights: Weights, grads: Sequence[Any], used: Sequence[int], step: torch.Tensor
    ) -> tuple[list[torch.Tensor], dict[str, list[torch.Tensor]]]:
        assert self.opt_state is not None
        lr: Any = self.current_lr
        unit = lr.unit if isinstance(lr, Quantity) else None
        scales, _ = weights.factors(grads, used, unit, self.lr_measures)
        new = [row.value for row in weights.rows]
        flat = self._clipped([_as_gradient(grads[i], new[i], scale) for i, scale in zip(used, scales, strict=True)])
        moments = {name: list(column) for name, column in self.opt_state.value.items()}
        if not used:
            return new, moments
        rows = [as_row(new[i]) for i in used]
        is_first = step == 1
        old = {name: [moments[name][i] for i in used] for name in self.remembers}
        changes = {}
        for name, now in (("weight", rows), ("gradient", flat)):
            since = [torch.where(is_first, torch.zeros_like(y), y - x) for x, y in zip(old[name], now, strict=True)]
            changes[f"{name}s"] = [
                torch.cat([past[1:], each[None]]) for past, each in zip(old[f"{name}s"], since, strict=True)
            ]
        steps, turns = (torch.cat([x.flatten(1) for x in changes[name]], 1) for name in ("weights", "gradients"))
        along = self._preconditioned(torch.cat([x.flatten() for x in flat]), steps, turns, is_first)
        parts = torch.split(along, [x.numel() for x in rows])
        for place, i in enumerate(used):
            new[i] = from_row(rows[place] - get_mantissa(lr) * parts[place].reshape(rows[place].shape), new[i])
            moments["weight"][i], moments["gradient"][i] = rows[place], flat[place]
            moments["weights"][i], moments["gradients"][i] = changes["weights"][place], changes["gradients"][place]
        return new, moments

    def _preconditioned(
        self, grad: torch.Tensor, steps: torch.Tensor, turns: torch.Tensor, is_first: torch.Tensor
    ) -> torch.Tensor:
        """The gradient ``[N]`` times the estimate, from changes ``[memory, N]``, the newest last."""
        curvature = (steps * turns).sum(1)
        # Near the minimum changes are so small that their reciprocal is infinite; then they are ignored.
        tells = curvature.abs() > torch.finfo(curvature.dtype).tiny
        weight = torch.where(tells, 1.0 / torch.where(tells, curvature, 1.0), 0.0)
        shares = []
        for s, y, rho in reversed(list(zip(steps, turns, weight, strict=True))):
            share = rho * (s @ grad)
            shares.append(share)
            grad = grad - share * y
        grad = grad * self._scale(grad, curvature[-1], turns[-1], is_first)
        for s, y, rho, share in zip(steps, turns, weight, reversed(shares), strict=True):
            grad = grad + s * (share - rho * (y @ grad))
        return grad

    def _scale(self, grad: torch.Tensor, curvature: torch.Tensor, turn: torch.Tensor, is_first: torch.Tensor) -> Any:
        if not self.scale_init_precond:
            return 1.0
        size = (turn**2).sum()
        tells = size > torch.finfo(size.dtype).tiny
        scale = torch.where(tells, curvature / torch.where(tells, size, 1.0), 1.0)
        # In the first step nothing has changed the gradient yet.
        return torch.where(is_first, (1.0 / torch.linalg.vector_norm(grad)).clamp(max=1.0), scale)
