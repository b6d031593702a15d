"""Schedules along a cosine, and those that go up and down."""

import math
from typing import Any

import torch

from .decay import count
from .schedule import LRScheduler

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts", "OneCycleLR", "WarmupCosineSchedule"]


def _falling(part: torch.Tensor) -> torch.Tensor:
    """Half a period of the cosine, from 1 at 0 to 0 at 1."""
    return (1 + torch.cos(math.pi * part)) / 2


class CosineAnnealingLR(LRScheduler):
    """Cosine annealing: from ``base_lr`` to `eta_min` along half a cosine, and `eta_min` from `T_max` on.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    T_max
        The epoch of the end.
    eta_min
        The last learning rate, in the unit of `base_lr`.

    Raises
    ------
    ValueError
        `T_max` is not positive.

    Notes
    -----
    Source: braintools.optim.CosineAnnealingLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.CosineAnnealingLR(1., T_max=4)
    >>> schedule.step(2)
    >>> round(float(schedule.get_last_lr()[0]), 6)
    0.5
    """

    def __init__(self, base_lr: Any = 1e-3, T_max: int = 50, eta_min: Any = 0, last_epoch: int = 0) -> None:
        self.T_max, self.eta_min = count("T_max", T_max), eta_min
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        least: float = self._number("eta_min", self.eta_min)
        return least + (base - least) * _falling(epoch.clamp(max=float(self.T_max)) / self.T_max)


class WarmupCosineSchedule(LRScheduler):
    """From `warmup_start_lr` to ``base_lr`` in a line, then to `eta_min` along half a cosine.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    warmup_steps, total_steps
        The epochs of the top and of the end.
    warmup_start_lr, eta_min
        The first and the last learning rate, in the unit of `base_lr`.

    Notes
    -----
    Source: braintools.optim.WarmupCosineSchedule (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.WarmupCosineSchedule(1., warmup_steps=2, total_steps=6)
    >>> schedule.step(1)
    >>> float(schedule.get_last_lr()[0])
    0.5
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        warmup_steps: int = 1000,
        total_steps: int = 10000,
        warmup_start_lr: Any = 0.0,
        eta_min: Any = 0.0,
        last_epoch: int = 0,
    ) -> None:
        self.warmup_steps = count("warmup_steps", warmup_steps, 0)
        self.total_steps = count("total_steps", total_steps, 0)
        self.warmup_start_lr, self.eta_min = warmup_start_lr, eta_min
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        start: float = self._number("warmup_start_lr", self.warmup_start_lr)
        least: float = self._number("eta_min", self.eta_min)
        rising = (epoch / max(self.warmup_steps, 1)).clamp(0.0, 1.0)
        passed = ((epoch - self.warmup_steps) / max(self.total_steps - self.warmup_steps, 1)).clamp(0.0, 1.0)
        up, down = start + (base - start) * rising, least + (base - least) * _falling(passed)
        return torch.where(epoch < self.warmup_steps, up, down)


class CosineAnnealingWarmRestarts(LRScheduler):
    """From ``base_lr`` to `eta_min` along half a cosine, again and again, each time `T_mult` times as long.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    T_0
        The length of the first one.
    T_mult
        The factor, a whole number.
    eta_min
        The least learning rate, in the unit of `base_lr`.

    Raises
    ------
    ValueError
        A number is below 1.

    Notes
    -----
    Source: braintools.optim.CosineAnnealingWarmRestarts (0.3.0). Differs: it is a formula of the epoch, right also
    where `last_epoch` does not start from 0.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.CosineAnnealingWarmRestarts(1., T_0=2, T_mult=2)
    >>> schedule.step(4)
    >>> round(float(schedule.get_last_lr()[0]), 6)
    0.5
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        T_0: int = 10,
        T_mult: int = 1,
        eta_min: Any = 0,
        last_epoch: int = 0,
    ) -> None:
        self.T_0, self.T_mult, self.eta_min = count("T_0", T_0), count("T_mult", T_mult), eta_min
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        least: float = self._number("eta_min", self.eta_min)
        if self.T_mult == 1:
            part = torch.remainder(epoch, self.T_0) / self.T_0
        else:
            # The sum of a geometric series, solved for the number of its terms; the epoch is whole, so that half a step
            # keeps the logarithm off its edge.
            whole = torch.floor(torch.log((epoch + 0.5) / self.T_0 * (self.T_mult - 1) + 1) / math.log(self.T_mult))
            length = self.T_0 * self.T_mult**whole
            part = (epoch - (length - self.T_0) / (self.T_mult - 1)) / length
        return least + (base - least) * _falling(part)


class OneCycleLR(LRScheduler):
    """One cycle: up to `max_lr` in a line, then down to ``max_lr / final_div_factor``.

    Parameters
    ----------
    max_lr
        The greatest learning rate.
    total_steps, epochs, steps_per_epoch
        The length: either `total_steps`, or the product of the two others.
    pct_start
        The part of the length that goes up, in (0, 1).
    anneal_strategy
        ``'cos'`` or ``'linear'``: the way down.
    div_factor
        It starts from ``max_lr / div_factor``.
    final_div_factor
        See above.
    last_epoch
        See :class:`LRScheduler`.

    Raises
    ------
    ValueError
        A number is out of its range, or no length is given.

    Notes
    -----
    Source: braintools.optim.OneCycleLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.OneCycleLR(1., total_steps=10, pct_start=0.5)
    >>> schedule.step(5)
    >>> float(schedule.get_last_lr()[0])
    1.0
    """

    def __init__(
        self,
        max_lr: Any = 1e-2,
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        last_epoch: int = 0,
    ) -> None:
        if total_steps is None:
            if epochs is None or steps_per_epoch is None:
                raise ValueError("`total_steps` must be given, or `epochs` and `steps_per_epoch`. Got neither.")
            total_steps = epochs * steps_per_epoch
        if not 0.0 < pct_start < 1.0:
            raise ValueError(f"`pct_start` must lie in (0, 1). Got {pct_start}.")
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"`anneal_strategy` must be 'cos' or 'linear'. Got {anneal_strategy!r}.")
        self.total_steps, self.pct_start = count("total_steps", total_steps), pct_start
        self.anneal_strategy, self.div_factor, self.final_div_factor = anneal_strategy, div_factor, final_div_factor
        super().__init__(max_lr[0] / div_factor if isinstance(max_lr, list) else max_lr / div_factor, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        greatest, up = base * self.div_factor, self.pct_start * self.total_steps
        least = greatest / self.final_div_factor
        passed = ((epoch - up) / ((1 - self.pct_start) * self.total_steps)).clamp(0.0, 1.0)
        falling = _falling(passed) if self.anneal_strategy == "cos" else 1 - passed
        rising = base + (epoch / up).clamp(max=1.0) * (greatest - base)
        return torch.where(epoch <= up, rising, least + falling * (greatest - least))
