"""Random stimuli."""

from typing import Any

import torch

from ..units import as_quantity
from .clock import Clock, finished, recurrence
from .descriptions import described
from .draws import normal, uniform

__all__ = ["ou_process", "poisson", "wiener_process"]


def _shape(steps: int, n: int) -> tuple[int, ...]:
    return (steps,) if n == 1 else (steps, n)


@described
def wiener_process(
    duration: Any, sigma: Any = 1.0, n: int = 1, t_start: Any = None, t_end: Any = None, seed: int | None = None
) -> Any:
    """The increments of a Wiener process: normal numbers times the square root of `dt`.

    Parameters
    ----------
    sigma
        The amplitude, in the unit of the stimulus; the root of `dt` counts as a number.

    Returns
    -------
    Tensor or Quantity
        The stimulus, ``[steps]``, and ``[steps, n]`` for more than one column.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=0.25 * u.ms):
    ...     brainstate.input.wiener_process(0.5 * u.ms, 2. * u.nA, seed=0)
    tensor([1.7641, 0.4002]) nA
    """
    clock = Clock()
    _, first, last = clock.window(duration, t_start, t_end)
    noise = sigma * (normal(seed, _shape(last - first, n)) * clock.dt**0.5)
    return finished(clock.in_window(noise, duration, t_start, t_end))


@described
def ou_process(
    mean: Any,
    sigma: Any,
    tau: Any,
    duration: Any,
    n: int = 1,
    t_start: Any = None,
    t_end: Any = None,
    seed: int | None = None,
) -> Any:
    """An Ornstein-Uhlenbeck process that begins at its mean.

    Parameters
    ----------
    mean
        What the process returns to.
    sigma
        The amplitude of the noise, in the unit of `mean`; the root of `dt` counts as a number.
    tau
        The time in which it forgets.

    Returns
    -------
    Tensor or Quantity
        The stimulus, ``[steps]``, and ``[steps, n]`` for more than one column.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.ou_process(1. * u.nA, 0. * u.nA, 10. * u.ms, 3. * u.ms)
    tensor([1., 1., 1.]) nA
    """
    clock = Clock()
    _, first, last = clock.window(duration, t_start, t_end)
    mean = as_quantity(mean)
    noise = as_quantity(sigma).in_unit(mean.unit).mantissa * (normal(seed, _shape(last - first, n)) * clock.dt**0.5)
    # The distance from the mean is a linear recurrence from zero.
    away = recurrence(1.0 - clock.dt / clock.value("tau", tau), noise)
    return finished(clock.in_window((mean.mantissa + away) * mean.unit, duration, t_start, t_end))


@described
def poisson(
    rate: Any,
    duration: Any,
    amplitude: Any = 1.0,
    n: int = 1,
    t_start: Any = None,
    t_end: Any = None,
    seed: int | None = None,
) -> Any:
    """Spikes of a Poisson process: in each step with the probability ``rate * dt``.

    Parameters
    ----------
    rate
        The rate, in a unit such as Hz.
    amplitude
        The height of a spike.

    Returns
    -------
    Tensor or Quantity
        The stimulus, ``[steps]``, and ``[steps, n]`` for more than one column.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.poisson(600. * u.Hz, 4. * u.ms, 2. * u.nA, seed=0)
    tensor([2., 0., 0., 2.]) nA
    """
    clock = Clock()
    _, first, last = clock.window(duration, t_start, t_end)
    probability = clock.per_step_unit("rate", rate) * clock.dt
    spikes = (uniform(seed, _shape(last - first, n)) < probability).to(torch.float64)
    return finished(clock.in_window(amplitude * spikes, duration, t_start, t_end))
