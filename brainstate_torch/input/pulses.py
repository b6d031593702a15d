"""Stimuli of pulses."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ..units import math as umath
from .basic import stacked
from .clock import Clock, finished, taken
from .descriptions import described

__all__ = ["burst", "double_exponential", "exponential_decay", "gaussian_pulse", "spike"]


def one_each(name: str, values: Any, count: int) -> list[Any]:
    """One value for each spike: those that are given, or one for all."""
    if not isinstance(values, (tuple, list)) and umath.size(values) == 1:
        return [umath.reshape(values, ()) if umath.ndim(values) else values] * count
    if len(values) != count:
        raise ValueError(f"`{name}` must have one value for each of `sp_times`. Got {len(values)} for {count}.")
    return list(values)


@described
def spike(sp_times: Sequence[Any], sp_lens: Any, sp_sizes: Any, duration: Any) -> Any:
    """Rectangular pulses; where two overlap, the later in the list holds.

    Parameters
    ----------
    sp_times
        When each begins.
    sp_lens
        How long each is; one for all, or a list.
    sp_sizes
        How high each is; one for all, or a list.

    Raises
    ------
    ValueError
        There are not as many lengths or heights as times.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.spike([1., 3.] * u.ms, 1. * u.ms, 0.5 * u.nA, 5. * u.ms)
    tensor([0.0000, 0.5000, 0.0000, 0.5000, 0.0000]) nA
    """
    if not isinstance(sp_times, Sequence) and umath.ndim(sp_times) != 1:
        raise ValueError(f"`sp_times` must be a list of times. Got {sp_times!r}.")
    clock, count = Clock(), len(sp_times)
    index = np.full(clock.steps("duration", duration), -1)
    lengths = one_each("sp_lens", sp_lens, count)
    sizes = one_each("sp_sizes", sp_sizes, count)
    for place, (time, length) in enumerate(zip(sp_times, lengths, strict=True)):
        begin, end = clock.number("sp_times", time), clock.number("sp_lens", length)
        if begin < 0:
            raise ValueError(f"`sp_times` must not be negative. Got {time}.")
        index[int(begin / clock.dt) : int((begin + end) / clock.dt)] = place
    return finished(taken(stacked(sizes), index)) if count else umath.zeros(len(index))


@described
def gaussian_pulse(amplitude: Any, center: Any, sigma: Any, duration: Any, n: int = 1) -> Any:
    """A bell.

    Parameters
    ----------
    center
        When it is highest.
    sigma
        How wide it is: the time in which it falls to 0.61 of its height.
    n
        How many equal columns to make.

    Returns
    -------
    Tensor or Quantity
        The stimulus, ``[steps]``, and ``[steps, n]`` for more than one column.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.gaussian_pulse(1. * u.nA, 1. * u.ms, 1. * u.ms, 3. * u.ms)
    tensor([0.6065, 1.0000, 0.6065]) nA
    """
    clock = Clock()
    times = clock.times(clock.steps("duration", duration))
    bell = torch.exp(-0.5 * ((times - clock.value("center", center)) / clock.value("sigma", sigma)) ** 2)
    return finished(amplitude * (bell if n == 1 else bell[:, None].expand(-1, n)))


def _from_start(clock: Clock, shape: Any, duration: Any, t_start: Any, t_end: Any) -> Any:
    """A function of the time since `t_start`, cut where the stimulus ends."""
    first = 0.0 if t_start is None else clock.number("t_start", t_start)
    last = clock.number("duration", duration) if t_end is None else clock.number("t_end", t_end)
    if not 0 <= first <= last:
        raise ValueError(f"`t_start` must lie between 0 and `t_end`. Got {first:g} and {last:g} {clock.unit}.")
    count = max(0, int(np.ceil((last - first) / clock.dt)))
    index = np.full(clock.steps("duration", duration), -1)
    part = index[int(first / clock.dt) :][:count]
    part[:] = np.arange(len(part))
    return finished(taken(shape(clock.times(count)), index))


@described
def exponential_decay(amplitude: Any, tau: Any, duration: Any, t_start: Any = None, t_end: Any = None) -> Any:
    """A jump that decays.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.exponential_decay(2. * u.nA, 1. * u.ms, 3. * u.ms, t_start=1. * u.ms)
    tensor([0.0000, 2.0000, 0.7358]) nA
    """
    clock = Clock()
    rate = clock.value("tau", tau)
    return _from_start(clock, lambda times: amplitude * torch.exp(-times / rate), duration, t_start, t_end)


@described
def double_exponential(
    amplitude: Any, tau_rise: Any, tau_decay: Any, duration: Any, t_start: Any = None, t_end: Any = None
) -> Any:
    """The difference of two exponentials, as high as `amplitude` where `tau_decay` is the longer one.

    Parameters
    ----------
    tau_rise
        The time constant of the rise.
    tau_decay
        The time constant of the decay.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.double_exponential(1. * u.nA, 1. * u.ms, 2. * u.ms, 3. * u.ms)
    tensor([0.0000, 0.9546, 0.9302]) nA
    """
    clock = Clock()
    rise, decay = (
        torch.as_tensor(clock.value(name, tau), dtype=torch.float64)
        for name, tau in (("tau_rise", tau_rise), ("tau_decay", tau_decay))
    )
    is_longer = decay > rise
    # Both sides of `where` are differentiated: the one that is not chosen must be finite.
    slower = torch.where(is_longer, decay, 2 * rise)
    peak = rise * slower / (slower - rise) * torch.log(slower / rise)
    height = torch.where(is_longer, torch.exp(-peak / slower) - torch.exp(-peak / rise), 1.0)

    def shape(times: torch.Tensor) -> Any:
        return amplitude * ((torch.exp(-times / decay) - torch.exp(-times / rise)) / height)

    return _from_start(clock, shape, duration, t_start, t_end)


@described
def burst(
    burst_amp: Any, burst_freq: Any, burst_duration: Any, inter_burst_interval: Any, n_bursts: int, duration: Any
) -> Any:
    """Bursts of a sine, each beginning at phase zero.

    Parameters
    ----------
    burst_amp
        The amplitude within a burst.
    burst_freq
        The frequency within a burst, in a unit such as Hz.
    burst_duration
        How long a burst is.
    inter_burst_interval
        The time between the end of one and the beginning of the next.
    n_bursts
        How many there are at most; those after the end are left out.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.burst(1. * u.nA, 250. * u.Hz, 2. * u.ms, 1. * u.ms, 2, 6. * u.ms)
    tensor([0., 1., 0., 0., 1., 0.]) nA
    """
    clock = Clock()
    length, pause = (
        clock.number("burst_duration", burst_duration),
        clock.number("inter_burst_interval", inter_burst_interval),
    )
    index = np.full(clock.steps("duration", duration), -1)
    count = clock.steps("burst_duration", burst_duration)
    for place in range(n_bursts):
        part = index[int(place * (length + pause) / clock.dt) :][:count]
        part[:] = np.arange(len(part))
    phase = 2 * torch.pi * clock.per_step_unit("burst_freq", burst_freq) * clock.times(count)
    return finished(taken(burst_amp * torch.sin(phase), index))
