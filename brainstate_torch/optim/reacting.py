"""Cyclic schedules, and those that react to a measure."""

from collections.abc import Callable
from typing import Any

import torch

from ..transform._core.functional import run_and_commit
from ..units import as_quantity, get_mantissa
from .decay import count
from .saved import Saved
from .schedule import LRScheduler
from .state import OptimState

__all__ = ["CyclicLR", "ReduceLROnPlateau"]


def _one_of(name: str, seen: Any, *allowed: str) -> Any:
    if seen not in allowed:
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Got {seen!r}.")
    return seen


class CyclicLR(LRScheduler):
    """Up from `base_lr` to `max_lr` and down again, in straight lines.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    max_lr
        The greatest rate.
    step_size_up, step_size_down
        How many epochs go up, and down; None for as many as up.
    mode
        ``'triangular'``, ``'triangular2'`` (half as high with each cycle) or ``'exp_range'`` (``gamma ** epoch``).
    gamma
        See `mode`.
    scale_fn
        A function that gives the height in the place of `mode`.
    scale_mode
        What it takes: the number of the ``'cycle'``, from 1, or of ``'iterations'``.

    Raises
    ------
    ValueError
        A number of epochs is not positive, or a mode unknown.

    Notes
    -----
    Source: braintools.optim.CyclicLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.CyclicLR(0., 1., step_size_up=4)
    >>> schedule.step(5)
    >>> float(schedule.get_last_lr()[0])
    0.75
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        max_lr: Any = 1e-2,
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[Any], Any] | None = None,
        scale_mode: str = "cycle",
        last_epoch: int = 0,
    ) -> None:
        self.step_size_up = count("step_size_up", step_size_up)
        self.step_size_down = step_size_up if step_size_down is None else count("step_size_down", step_size_down)
        self.mode = _one_of("mode", mode, "triangular", "triangular2", "exp_range")
        self.scale_mode = _one_of("scale_mode", scale_mode, "cycle", "iterations")
        self.gamma, self.scale_fn = gamma, scale_fn
        self._top = as_quantity(max_lr[0] if isinstance(max_lr, (list, tuple)) else max_lr)
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        # As in braintools: a cycle's position counts steps of its rise.
        cycle = torch.floor(1 + epoch / (self.step_size_up + self.step_size_down))
        place = torch.abs(epoch / self.step_size_up - 2 * cycle + 1)
        if self.scale_fn is not None:
            height = self.scale_fn(cycle if self.scale_mode == "cycle" else epoch)
        elif self.mode == "triangular2":
            height = 0.5 ** (cycle - 1)
        else:
            height = self.gamma**epoch if self.mode == "exp_range" else 1.0
        top = get_mantissa(self._top.in_unit(self._unit))
        rate: torch.Tensor = base + (top - base) * height * torch.clamp(1 - place, min=0)
        return rate


class ReduceLROnPlateau(LRScheduler):
    """A rate that is reduced when a measure has not become better for some epochs.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    mode
        ``'min'`` where less is better, ``'max'`` where more is.
    factor
        What the rate is multiplied by.
    patience
        For how many epochs to wait.
    threshold, threshold_mode
        How much better counts: a part of the best, ``'rel'``, or an amount, ``'abs'``.
    cooldown
        For how many epochs to look away after a reduction.
    min_lr
        The least rate.
    eps
        Without effect, as in braintools.

    Attributes
    ----------
    best, num_bad_epochs, cooldown_counter
        The best measure and the counters, OptimStates.

    Raises
    ------
    ValueError
        `factor` is not below 1, or a mode is unknown.

    Notes
    -----
    Source: braintools.optim.ReduceLROnPlateau (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.ReduceLROnPlateau(1., factor=0.5, patience=1)
    >>> for loss in [3., 2., 2., 2.]:
    ...     schedule.step(loss)
    >>> float(schedule.get_last_lr()[0])
    0.5
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: Any = 0,
        eps: float = 1e-8,
        last_epoch: int = 0,
    ) -> None:
        if factor >= 1.0:
            raise ValueError(f"`factor` must be below 1. Got {factor}.")
        self.mode = _one_of("mode", mode, "min", "max")
        self.threshold_mode = _one_of("threshold_mode", threshold_mode, "rel", "abs")
        self.factor, self.patience, self.threshold, self.cooldown, self.eps = factor, patience, threshold, cooldown, eps
        super().__init__(base_lr, last_epoch)
        least = list(min_lr) if isinstance(min_lr, (list, tuple)) else [min_lr] * len(self._bases)
        if len(least) != len(self._bases):
            raise ValueError(f"`min_lr` must be one number, or {len(self._bases)} as `base_lr`. Got {len(least)}.")
        self._least = [self._number("min_lr", lr) for lr in least]
        worst = float("inf") if mode == "min" else -float("inf")
        self.best: OptimState[torch.Tensor] = OptimState(torch.tensor(worst, dtype=torch.float64))
        self.num_bad_epochs: OptimState[torch.Tensor] = OptimState(torch.tensor(0))
        self.cooldown_counter: OptimState[torch.Tensor] = OptimState(torch.tensor(0))

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """The rate to start from: the epoch does not say."""
        return torch.full((), base, dtype=torch.float64)

    def get_lr(self) -> list[Any]:
        """The learning rates as they are.

        Returns
        -------
        list of Tensor or Quantity
            One for each in `base_lr`.
        """
        return self.get_last_lr() if hasattr(self, "current_lrs") else super().get_lr()

    def step(self, metric: Any, epoch: Any = None) -> None:  # type: ignore[override]
        """Take the measure of an epoch, and reduce the rate if it is time.

        Parameters
        ----------
        metric
            The measure, a number.
        epoch
            The epoch to go to; None: the next one.
        """
        run_and_commit(self._seen, (metric, epoch))

    def _seen(self, metric: Any, epoch: Any) -> None:
        home = self.last_epoch.value.device
        metric = torch.as_tensor(get_mantissa(metric), dtype=torch.float64).to(home)
        best, bad, cool = (x.value.to(home) for x in (self.best, self.num_bad_epochs, self.cooldown_counter))
        cools = cool > 0
        # As in braintools: a part of the best itself, whatever its sign.
        sign = 1.0 if self.mode == "min" else -1.0
        bound = best * (1 - sign * self.threshold) if self.threshold_mode == "rel" else best - sign * self.threshold
        is_better = metric < bound if self.mode == "min" else metric > bound
        self.best.value = torch.where(~cools & is_better, metric, best)
        bad = torch.where(cools, bad, torch.where(is_better, 0, bad + 1))
        is_time = ~cools & (bad > self.patience)
        self.num_bad_epochs.value = torch.where(is_time, 0, bad)
        self.cooldown_counter.value = torch.where(is_time, self.cooldown, torch.where(cools, cool - 1, cool))
        rates = map(get_mantissa, self.current_lrs.value)
        self.current_lrs.value = [
            self._dressed(torch.where(is_time, (rate * self.factor).clamp(min=least), rate))
            for rate, least in zip(rates, self._least, strict=True)
        ]
        self.last_epoch.value = self.last_epoch.value + 1 if epoch is None else torch.as_tensor(epoch)

    def state_dict(self) -> dict[str, Any]:
        """Epoch, rate, best measure and counters.

        Returns
        -------
        dict
            By name.
        """
        own = {name: getattr(self, name).value for name in _WATCHED}
        plain = {name: value.detach().as_subclass(torch.Tensor).clone() for name, value in own.items()}
        return {**super().state_dict(), **plain}

    def checked(self, state_dict: Any) -> Any:
        """What :meth:`state_dict` gave, checked."""
        saved = Saved(state_dict, ("last_epoch", "base_lr", "current_lr", "unit", *_WATCHED))
        plain = {key: value for key, value in state_dict.items() if key not in _WATCHED}
        return *super().checked(plain), [torch.as_tensor(saved.entry(name)) for name in _WATCHED]

    def take(self, bases: list[float], rates: list[Any], epoch: torch.Tensor, watched: Any = None) -> None:
        """Take over what was checked."""
        super().take(bases, rates, epoch)
        for name, value in zip(_WATCHED, watched or (), strict=False):
            getattr(self, name).value = value


_WATCHED = ("best", "num_bad_epochs", "cooldown_counter")
