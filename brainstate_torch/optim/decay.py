"""Schedules that go down, or up, by a formula of the epoch."""

from collections.abc import Sequence
from typing import Any

import torch

from .schedule import LRScheduler

__all__ = [
    "ExponentialDecayLR",
    "ExponentialLR",
    "LinearLR",
    "MultiStepLR",
    "PiecewiseConstantSchedule",
    "PolynomialLR",
    "StepLR",
    "WarmupScheduler",
    "count",
]


def count(name: str, number: Any, least: int = 1) -> Any:
    """The number of epochs, checked."""
    if not number >= least:
        raise ValueError(f"`{name}` must be at least {least}. Got {number}.")
    return number


class StepLR(LRScheduler):
    """``base_lr * gamma ** (epoch // step_size)``.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    step_size
        After how many epochs the rate changes.
    gamma
        The factor of the change.

    Raises
    ------
    ValueError
        `step_size` is not positive.

    Notes
    -----
    Source: braintools.optim.StepLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.StepLR(1., step_size=2, gamma=0.5)
    >>> schedule.step(5)
    >>> float(schedule.get_last_lr()[0])
    0.25
    """

    def __init__(self, base_lr: Any = 1e-3, step_size: int = 30, gamma: float = 0.1, last_epoch: int = 0) -> None:
        self.step_size, self.gamma = count("step_size", step_size), gamma
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return base * self.gamma ** torch.floor(epoch / self.step_size)


class MultiStepLR(LRScheduler):
    """``base_lr * gamma ** n`` with n the number of milestones that were reached.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    milestones
        The epochs.
    gamma
        The factor at each.

    Notes
    -----
    Source: braintools.optim.MultiStepLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.MultiStepLR(1., milestones=(2, 5), gamma=0.5)
    >>> schedule.step(5)
    >>> float(schedule.get_last_lr()[0])
    0.25
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        milestones: Sequence[int] = (30, 60, 90),
        gamma: float = 0.1,
        last_epoch: int = 0,
    ) -> None:
        self.milestones, self.gamma = tuple(sorted(milestones)), gamma
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        reached = sum(((epoch >= milestone).to(epoch.dtype) for milestone in self.milestones), torch.zeros_like(epoch))
        return base * self.gamma**reached


class ExponentialLR(LRScheduler):
    """``base_lr * gamma ** epoch``.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    gamma
        The factor of an epoch.

    Notes
    -----
    Source: braintools.optim.ExponentialLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.ExponentialLR(1., gamma=0.5)
    >>> schedule.step(3)
    >>> float(schedule.get_last_lr()[0])
    0.125
    """

    def __init__(self, base_lr: Any = 1e-3, gamma: float = 0.95, last_epoch: int = 0) -> None:
        self.gamma = gamma
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        return base * self.gamma**epoch


class ExponentialDecayLR(LRScheduler):
    """``base_lr * decay_rate ** ((epoch - transition_begin) / decay_steps)``.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    decay_steps
        In how many epochs the rate changes by `decay_rate`.
    decay_rate
        The factor.
    transition_begin
        The epoch up to which the rate stays.
    staircase
        Change at whole multiples of `decay_steps` only.
    end_value
        A bound that the rate does not pass, in the unit of `base_lr`.

    Raises
    ------
    ValueError
        A number is out of its range.

    Notes
    -----
    Source: braintools.optim.ExponentialDecayLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.ExponentialDecayLR(1., decay_steps=2, decay_rate=0.25)
    >>> schedule.step(3)
    >>> float(schedule.get_last_lr()[0])
    0.125
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        decay_steps: int = 1000,
        decay_rate: float = 0.96,
        transition_begin: int = 0,
        staircase: bool = False,
        end_value: Any = None,
        last_epoch: int = 0,
    ) -> None:
        self.decay_steps = count("decay_steps", decay_steps)
        self.transition_begin = count("transition_begin", transition_begin, 0)
        if decay_rate <= 0:
            raise ValueError(f"`decay_rate` must be positive. Got {decay_rate}.")
        self.decay_rate, self.staircase, self.end_value = decay_rate, staircase, end_value
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        passed = (epoch - self.transition_begin).clamp(min=0.0) / self.decay_steps
        rate = base * self.decay_rate ** (torch.floor(passed) if self.staircase else passed)
        if self.end_value is None:
            return rate
        end: float = self._number("end_value", self.end_value)
        return rate.clamp(min=end) if self.decay_rate < 1 else rate.clamp(max=end)


class PolynomialLR(LRScheduler):
    """``base_lr * (1 - epoch / total_iters) ** power``, and zero from `total_iters` on.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    total_iters
        The epoch of the end.
    power
        The power.

    Raises
    ------
    ValueError
        `total_iters` is not positive.

    Notes
    -----
    Source: braintools.optim.PolynomialLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.PolynomialLR(1., total_iters=4, power=2.)
    >>> schedule.step(2)
    >>> float(schedule.get_last_lr()[0])
    0.25
    """

    def __init__(self, base_lr: Any = 1e-3, total_iters: int = 5, power: float = 1.0, last_epoch: int = 0) -> None:
        self.total_iters, self.power = count("total_iters", total_iters), power
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        left: torch.Tensor = (1 - epoch.clamp(max=float(self.total_iters)) / self.total_iters) ** self.power
        return base * left


class PiecewiseConstantSchedule(LRScheduler):
    """The value of the interval that the epoch lies in; each boundary belongs to the interval after it.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`; `base_lr` says the unit alone.
    boundaries
        The epochs between the intervals, ascending; None: 1000 and 2000.
    values
        The learning rates, in the unit of `base_lr`; None: 1, 0.1 and 0.01.

    Raises
    ------
    ValueError
        There is not one value more than boundaries.

    Notes
    -----
    Source: braintools.optim.PiecewiseConstantSchedule (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.PiecewiseConstantSchedule(boundaries=[2, 4], values=[1., 0.5, 0.25])
    >>> schedule.step(2)
    >>> float(schedule.get_last_lr()[0])
    0.5
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        boundaries: Sequence[int] | None = None,
        values: Sequence[Any] | None = None,
        last_epoch: int = 0,
    ) -> None:
        self.boundaries = tuple([1000, 2000] if boundaries is None else boundaries)
        self.values = tuple([1.0, 0.1, 0.01] if values is None else values)
        if len(self.values) != len(self.boundaries) + 1:
            raise ValueError(
                f"`values` must be one more than `boundaries`. Got {len(self.values)} and {len(self.boundaries)}."
            )
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        first, *rest = (float(self._number("values", value)) for value in self.values)
        rate = torch.full_like(epoch, first)
        for boundary, value in zip(self.boundaries, rest, strict=True):
            rate = torch.where(epoch >= boundary, value, rate)
        return rate


class LinearLR(LRScheduler):
    """``base_lr`` times a factor that goes from `start_factor` to `end_factor` in a line.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    start_factor, end_factor
        The factors.
    total_iters
        The epoch of the end.

    Raises
    ------
    ValueError
        `total_iters` is negative.

    Notes
    -----
    Source: braintools.optim.LinearLR (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.LinearLR(1., start_factor=0.5, total_iters=4)
    >>> schedule.step(2)
    >>> float(schedule.get_last_lr()[0])
    0.75
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = 0,
    ) -> None:
        self.start_factor, self.end_factor = start_factor, end_factor
        self.total_iters = count("total_iters", total_iters, 0)
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        part = (epoch / self.total_iters).clamp(0.0, 1.0) if self.total_iters else torch.ones_like(epoch)
        return base * (self.start_factor + (self.end_factor - self.start_factor) * part)


class WarmupScheduler(LRScheduler):
    """From `warmup_start_lr` to ``base_lr`` in a line, and ``base_lr`` from `warmup_epochs` on.

    Parameters
    ----------
    base_lr, last_epoch
        See :class:`LRScheduler`.
    warmup_epochs
        The length of the line.
    warmup_start_lr
        Where it starts, in the unit of `base_lr`.

    Raises
    ------
    ValueError
        `warmup_epochs` is negative.

    Notes
    -----
    Source: braintools.optim.WarmupScheduler (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> schedule = brainstate.optim.WarmupScheduler(1., warmup_epochs=4)
    >>> schedule.step()
    >>> float(schedule.get_last_lr()[0])
    0.25
    """

    def __init__(
        self,
        base_lr: Any = 1e-3,
        warmup_epochs: int = 5,
        warmup_start_lr: Any = 0.0,
        last_epoch: int = 0,
    ) -> None:
        self.warmup_epochs, self.warmup_start_lr = count("warmup_epochs", warmup_epochs, 0), warmup_start_lr
        super().__init__(base_lr, last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        start: float = self._number("warmup_start_lr", self.warmup_start_lr)
        part = (epoch / self.warmup_epochs).clamp(max=1.0) if self.warmup_epochs else torch.ones_like(epoch)
        return start + (base - start) * part
