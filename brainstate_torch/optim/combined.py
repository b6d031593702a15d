"""Schedules made of schedules."""

from collections.abc import Sequence

import torch

from .schedule import LRScheduler

__all__ = ["ChainedScheduler", "SequentialLR"]


def _checked(schedulers: Sequence[LRScheduler]) -> list[LRScheduler]:
    for scheduler in schedulers:
        if not isinstance(scheduler, LRScheduler):
            raise TypeError(f"`schedulers` must be LRSchedulers. Got {type(scheduler).__name__}.")
    if not schedulers:
        raise ValueError("`schedulers` must hold at least one LRScheduler. Got none.")
    return list(schedulers)


class ChainedScheduler(LRScheduler):
    """The product: the learning rate of the first schedule times the factors of the others against their start.

    Parameters
    ----------
    schedulers
        The schedules. They keep no epoch of their own here.

    Raises
    ------
    TypeError
        One is not an LRScheduler.
    ValueError
        There is none.

    Notes
    -----
    Source: braintools.optim.ChainedScheduler (0.3.0). Differs: the epoch is that of this schedule.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from brainstate_torch.optim import ChainedScheduler, ExponentialLR
    >>> schedule = ChainedScheduler([ExponentialLR(1., gamma=0.5), ExponentialLR(3., gamma=0.1)])
    >>> schedule.step()
    >>> round(float(schedule.get_last_lr()[0]), 6)
    0.05
    """

    def __init__(self, schedulers: Sequence[LRScheduler]) -> None:
        self.schedulers = _checked(schedulers)
        super().__init__(self.schedulers[0].base_lrs, int(self.schedulers[0].last_epoch.value))

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        first, *rest = self.schedulers
        rate = first.formula(base, epoch)
        for scheduler in rest:
            rate = rate * scheduler.formula(1.0, epoch)
        return rate


class SequentialLR(LRScheduler):
    """One schedule after the other; each counts its epochs from its own start.

    Parameters
    ----------
    schedulers
        The schedules, of learning rates in one unit.
    milestones
        The epochs at which the second and the later ones start.
    last_epoch
        See :class:`LRScheduler`.

    Raises
    ------
    TypeError
        One is not an LRScheduler.
    ValueError
        There is not one schedule more than milestones, or one has several learning rates.

    Notes
    -----
    Source: braintools.optim.SequentialLR (0.3.0). Differs: the epoch is that of this schedule.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from brainstate_torch.optim import ExponentialLR, SequentialLR, WarmupScheduler
    >>> schedule = SequentialLR([WarmupScheduler(1., 4), ExponentialLR(1., gamma=0.5)], milestones=[4])
    >>> schedule.step(5)
    >>> float(schedule.get_last_lr()[0])
    0.5
    """

    def __init__(self, schedulers: Sequence[LRScheduler], milestones: Sequence[int], last_epoch: int = 0) -> None:
        self.schedulers, self.milestones = _checked(schedulers), tuple(milestones)
        if len(self.schedulers) != len(self.milestones) + 1:
            raise ValueError(
                f"`schedulers` must be one more than `milestones`. Got {len(self.schedulers)} and "
                f"{len(self.milestones)}."
            )
        if any(len(scheduler.base_lrs) > 1 for scheduler in self.schedulers):
            raise ValueError(
                "`schedulers` must each have one learning rate. Got several, for groups of weights. Give each group "
                "its own: `optimizer.add_param_group(params, lr=SequentialLR(...))`."
            )
        super().__init__(self.schedulers[0].base_lrs[0], last_epoch)

    def formula(self, base: float, epoch: torch.Tensor) -> torch.Tensor:
        """See the class."""
        first, *rest = self.schedulers
        rate = first.formula(base, epoch)
        for milestone, scheduler in zip(self.milestones, rest, strict=True):
            start: float = self._number("schedulers", scheduler.base_lrs[0])
            # A formula need not be defined before its start.
            behind = scheduler.formula(start, (epoch - milestone).clamp(min=0.0))
            rate = torch.where(epoch >= milestone, behind, rate)
        return rate
