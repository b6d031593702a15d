"""Stimuli that repeat themselves."""

from collections.abc import Callable
from typing import Any

import torch

from ..transform._core.truth import is_undecided
from .clock import Clock, finished
from .descriptions import described
from .draws import normal

__all__ = ["chirp", "noisy_sinusoidal", "sawtooth", "sinusoidal", "square", "triangular"]


def _wave(
    shape: Callable[[torch.Tensor], Any],
    amplitude: Any,
    frequency: Any,
    duration: Any,
    t_start: Any,
    t_end: Any,
    bias: bool,
) -> Any:
    """A function of the phase, counted in periods since the beginning of the window."""
    clock = Clock()
    _, first, last = clock.window(duration, t_start, t_end)
    wave = shape(clock.per_step_unit("frequency", frequency) * clock.times(last - first))
    return finished(clock.in_window(amplitude * (wave + 1.0 if bias else wave), duration, t_start, t_end))


@described
def sinusoidal(
    amplitude: Any, frequency: Any, duration: Any, t_start: Any = None, t_end: Any = None, bias: bool = False
) -> Any:
    """A sine.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.sinusoidal(2. * u.nA, 250. * u.Hz, 2. * u.ms)
    tensor([0., 2.]) nA
    """
    return _wave(lambda phase: torch.sin(2 * torch.pi * phase), amplitude, frequency, duration, t_start, t_end, bias)


@described
def square(
    amplitude: Any,
    frequency: Any,
    duration: Any,
    t_start: Any = None,
    t_end: Any = None,
    duty_cycle: float = 0.5,
    bias: bool = False,
) -> Any:
    """A rectangular wave between `amplitude` and its negative.

    Parameters
    ----------
    duty_cycle
        The part of a period in which it is positive.

    Raises
    ------
    ValueError
        `duty_cycle` is not between 0 and 1.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.square(1. * u.nA, 250. * u.Hz, 4. * u.ms, duty_cycle=0.25)
    tensor([ 1., -1., -1., -1.]) nA
    """
    if not 0 <= duty_cycle <= 1:
        raise ValueError(f"`duty_cycle` must be between 0 and 1. Got {duty_cycle}.")

    def shape(phase: torch.Tensor) -> torch.Tensor:
        # In radians, as the original compares: a period that ends on a step must end on the same one.
        angle = torch.remainder(2 * torch.pi * phase, 2 * torch.pi)
        return torch.where(angle < duty_cycle * 2 * torch.pi, 1.0, -1.0).to(phase.dtype)

    return _wave(shape, amplitude, frequency, duration, t_start, t_end, bias)


@described
def triangular(
    amplitude: Any, frequency: Any, duration: Any, t_start: Any = None, t_end: Any = None, bias: bool = False
) -> Any:
    """A wave of straight lines between `amplitude` and its negative.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.triangular(1. * u.nA, 125. * u.Hz, 4. * u.ms)
    tensor([0.0000, 0.5000, 1.0000, 0.5000]) nA
    """

    def shape(phase: torch.Tensor) -> torch.Tensor:
        return 2.0 / torch.pi * torch.asin(torch.sin(2 * torch.pi * phase))

    return _wave(shape, amplitude, frequency, duration, t_start, t_end, bias)


@described
def sawtooth(
    amplitude: Any, frequency: Any, duration: Any, t_start: Any = None, t_end: Any = None, bias: bool = False
) -> Any:
    """A wave that rises from minus `amplitude` and falls back at once.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.sawtooth(1. * u.nA, 250. * u.Hz, 4. * u.ms)
    tensor([-1.0000, -0.5000,  0.0000,  0.5000]) nA
    """
    return _wave(
        lambda phase: 2 * (phase - torch.floor(phase) - 0.5), amplitude, frequency, duration, t_start, t_end, bias
    )


@described
def chirp(
    amplitude: Any,
    f_start: Any,
    f_end: Any,
    duration: Any,
    t_start: Any = None,
    t_end: Any = None,
    method: str = "linear",
    bias: bool = False,
) -> Any:
    """A sine whose frequency moves from one value to another.

    Parameters
    ----------
    f_start
        The first frequency.
    f_end
        The frequency at the end.
    method
        ``'linear'`` or ``'logarithmic'``.

    Raises
    ------
    ValueError
        `method` is unknown, or it is logarithmic and a frequency not positive.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.chirp(1. * u.nA, 0. * u.Hz, 250. * u.Hz, 4. * u.ms)
    tensor([0.0000, 0.1951, 0.7071, 0.9808]) nA
    """
    if method not in ("linear", "logarithmic"):
        raise ValueError(f"`method` must be 'linear' or 'logarithmic'. Got {method!r}.")
    clock = Clock()
    _, first, last = clock.window(duration, t_start, t_end)
    times = clock.times(last - first)
    begin, end = clock.per_step_unit("f_start", f_start), clock.per_step_unit("f_end", f_end)
    sweep = clock.value("duration" if t_end is None else "t_end", duration if t_end is None else t_end)
    sweep = sweep if t_start is None else sweep - clock.value("t_start", t_start)
    if method == "linear":
        phase = begin * times + 0.5 * (end - begin) * times**2 / sweep
    else:
        if any(not is_undecided(f) and f <= 0 for f in (begin, end)):
            raise ValueError(f"a logarithmic `method` must have positive frequencies. Got {f_start} and {f_end}.")
        growth = torch.log(torch.as_tensor(end / begin, dtype=torch.float64)) / sweep
        # Where both are equal the sweep is a sine: expm1(x) / x is one there.
        is_flat = growth == 0
        safe = torch.where(is_flat, 1.0, growth)
        phase = begin * torch.where(is_flat, times, torch.expm1(safe * times) / safe)
    wave = torch.sin(2 * torch.pi * phase)
    return finished(clock.in_window(amplitude * (wave + 1.0 if bias else wave), duration, t_start, t_end))


@described
def noisy_sinusoidal(
    amplitude: Any,
    frequency: Any,
    noise_amplitude: Any,
    duration: Any,
    t_start: Any = None,
    t_end: Any = None,
    seed: int | None = None,
) -> Any:
    """A sine with normal noise, independent at each step.

    Parameters
    ----------
    noise_amplitude
        The standard deviation of the noise, in the unit of `amplitude`.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.noisy_sinusoidal(1. * u.nA, 250. * u.Hz, 0.1 * u.nA, 2. * u.ms, seed=0)
    tensor([0.1764, 1.0400]) nA
    """
    clock = Clock()
    _, first, last = clock.window(duration, t_start, t_end)
    phase = 2 * torch.pi * clock.per_step_unit("frequency", frequency) * clock.times(last - first)
    wave = amplitude * torch.sin(phase) + noise_amplitude * normal(seed, (last - first,))
    return finished(clock.in_window(wave, duration, t_start, t_end))
