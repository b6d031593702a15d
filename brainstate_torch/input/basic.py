"""Stimuli made of straight pieces."""

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..units import as_quantity, maybe_decimal
from ..units import math as umath
from .clock import Clock, finished, taken
from .descriptions import described

__all__ = ["constant", "ramp", "section", "step"]


def stacked(values: Sequence[Any]) -> Any:
    """Values of shapes that broadcast, in the unit of the first, `[values, *N]`."""
    return umath.stack(list(umath.broadcast_arrays(*[umath.asarray(value) for value in values])))


@described
def section(values: Sequence[Any], durations: Sequence[Any], return_length: bool = False) -> Any:
    """Values that are held one after the other.

    Parameters
    ----------
    values
        The values, of shapes that broadcast to ``[*N]``, in one kind of unit.
    durations
        How long each is held.
    return_length
        Whether to give the sum of the durations, too.

    Returns
    -------
    Tensor or Quantity, or a pair
        The stimulus, ``[steps, *N]``, and with `return_length` its duration.

    Raises
    ------
    ValueError
        There are not as many durations as values.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.section([0., 2., 1.] * u.pA, [1., 2., 1.] * u.ms)
    tensor([0., 2., 2., 1.]) pA
    """
    if len(values) != len(durations):
        raise ValueError(f"`values` and `durations` must have the same length. Got {len(values)} and {len(durations)}.")
    clock = Clock()
    counts = [clock.steps("durations", duration) for duration in durations]
    stimulus = finished(taken(stacked(list(values)), np.repeat(np.arange(len(counts)), counts)))
    if not return_length:
        return stimulus
    total = sum(clock.number("durations", duration) for duration in durations)
    return stimulus, maybe_decimal(total * clock.unit)


@described
def constant(I_and_duration: Sequence[tuple[Any, Any]]) -> Any:
    """Values that are held one after the other, given as pairs.

    Parameters
    ----------
    I_and_duration
        Pairs of a value and how long it is held.

    Returns
    -------
    tuple
        The stimulus, ``[steps, *N]``, and its duration.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.constant([(0. * u.pA, 1. * u.ms), (2. * u.pA, 2. * u.ms)])
    (tensor([0., 2., 2.]) pA, 3.0 ms)
    """
    values, durations = zip(*I_and_duration, strict=True)
    return section(values, durations, return_length=True)


@described
def step(amplitudes: Sequence[Any], step_times: Sequence[Any], duration: Any = None) -> Any:
    """Values that hold from a time on, until the next one.

    Parameters
    ----------
    amplitudes
        The values.
    step_times
        When each begins, in any order.
    duration
        How long the stimulus is; None for the sum of the times, as in braintools.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.step([1., 3.] * u.pA, [1., 3.] * u.ms, 4. * u.ms)
    tensor([0., 1., 1., 3.]) pA
    """
    clock = Clock()
    duration = functools.reduce(operator.add, step_times) if duration is None else duration
    index = np.full(clock.step("duration", duration), -1)
    times = [clock.number("step_times", time) for time in step_times]
    for place in np.argsort(times, kind="stable"):
        index[int(times[place] / clock.dt) :] = place
    return finished(taken(stacked(list(amplitudes)), index))


@described
def ramp(c_start: Any, c_end: Any, duration: Any, t_start: Any = None, t_end: Any = None) -> Any:
    """A straight line between two values.

    Parameters
    ----------
    c_start
        The value at `t_start`.
    c_end
        The value at the last step before `t_end`.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.ramp(0. * u.pA, 2. * u.pA, 5. * u.ms, t_start=2. * u.ms)
    tensor([0., 0., 0., 1., 2.]) pA
    """
    clock = Clock()
    count = clock.steps("duration", duration)
    first = 0 if t_start is None else clock.steps("t_start", t_start)
    last = count if t_end is None else clock.steps("t_end", t_end)
    if not first <= last <= count:
        raise ValueError(
            f"`t_start` and `t_end` must lie within `duration`, in this order. Got steps {first} to {last} of {count}."
        )
    index = np.full(count, -1)
    index[first:last] = np.arange(last - first)
    start = as_quantity(c_start)
    rise = as_quantity(c_end).in_unit(start.unit) - start
    return finished(taken(start + rise * torch.linspace(0, 1, last - first, dtype=torch.float64), index))
