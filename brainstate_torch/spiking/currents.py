"""Inputs as modules: currents of the time."""

from typing import Any

import torch

from .. import environ, random
from .._state import HiddenState
from ..nn import Dynamics
from ..nn.module.home import made_at_home
from ..typing import Size
from ..units import Hz, Quantity, as_quantity, get_unit, maybe_decimal, second, split_mantissa_unit
from ..units import math as um

__all__ = [
    "ConstantInput",
    "OUProcessInput",
    "RampInput",
    "SectionInput",
    "SinusoidalInput",
    "StepInput",
    "WienerProcessInput",
]


def now() -> Any:
    """The time of the step: `i` times `dt` where ``environ`` has the number of the step, else `t`."""
    i = environ.get("i", None)
    return environ.get("t", desc="The time of the step.") if i is None else i * environ.get_dt()


class _Current(Dynamics):
    """A current of the time. A subclass defines :meth:`_height`."""

    _unit: Any

    @made_at_home
    def update(self) -> Any:
        """The input of the present step, ``[*N]``."""
        height = um.asarray(self._height(), dtype=environ.dftype())
        return maybe_decimal(height.broadcast_to(self.varshape) * self._unit)

    def _height(self) -> Any:
        raise NotImplementedError


def _numbers(values: Any, unit: Any) -> torch.Tensor:
    numbers: torch.Tensor = um.asarray(as_quantity(values).in_unit(unit).mantissa, dtype=environ.dftype())
    return numbers


class SectionInput(_Current):
    """Values that are held one after the other, and zero after the last.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    values
        The values, ``[K]``.
    durations
        How long each is held, ``[K]``.
    name
        A name, for display.

    Raises
    ------
    ValueError
        There are not as many durations as values.

    Notes
    -----
    Source: brainpy.state.SectionInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> current = brainstate.spiking.SectionInput(2, [1., 3.] * u.nA, [5., 5.] * u.ms)
    >>> with brainstate.environ.context(t=7. * u.ms):
    ...     current()
    tensor([3., 3.]) nA
    """

    def __init__(self, in_size: Size, values: Any, durations: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        if len(values) != len(durations):
            raise ValueError(f"`values` and `durations` must be as many. Got {len(values)} and {len(durations)}.")
        self._unit, self._time = get_unit(um.asarray(values)), get_unit(um.asarray(durations))
        self._heights = _numbers(um.asarray(values), self._unit)
        self._ends = torch.cumsum(_numbers(um.asarray(durations), self._time), 0)

    def _height(self) -> Any:
        place = torch.searchsorted(self._ends, _numbers(now(), self._time), right=True)
        last = len(self._ends) - 1
        return torch.where(place <= last, self._heights[place.clamp(max=last)], 0.0)


class ConstantInput(_Current):
    """One value for some time, and zero after it.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    value
        The value.
    duration
        How long it is held.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.ConstantInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(t=7. * u.ms):
    ...     brainstate.spiking.ConstantInput(2, 3. * u.nA, 10. * u.ms)()
    tensor([3., 3.]) nA
    """

    def __init__(self, in_size: Size, value: Any, duration: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self._value, self._unit = split_mantissa_unit(value)
        self._duration = duration

    def _height(self) -> Any:
        return um.where(um.asarray(now() < self._duration), self._value, 0.0)


class StepInput(_Current):
    """Values that hold from a time on, until the next one; zero before the first.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    amplitudes
        The values, ``[K]``.
    step_times
        When each begins, in any order, ``[K]``.
    name
        A name, for display.

    Raises
    ------
    ValueError
        There are not as many times as values.

    Notes
    -----
    Source: brainpy.state.StepInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> current = brainstate.spiking.StepInput(2, [1., 3.] * u.nA, [2., 5.] * u.ms)
    >>> with brainstate.environ.context(t=4. * u.ms):
    ...     current()
    tensor([1., 1.]) nA
    """

    def __init__(self, in_size: Size, amplitudes: Any, step_times: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        if len(amplitudes) != len(step_times):
            raise ValueError(
                f"`amplitudes` and `step_times` must be as many. Got {len(amplitudes)} and {len(step_times)}."
            )
        self._unit, self._time = get_unit(um.asarray(amplitudes)), get_unit(um.asarray(step_times))
        self._times, order = torch.sort(_numbers(um.asarray(step_times), self._time), stable=True)
        self._heights = _numbers(um.asarray(amplitudes), self._unit)[order]

    def _height(self) -> Any:
        place = torch.searchsorted(self._times, _numbers(now(), self._time), right=True) - 1
        return torch.where(place >= 0, self._heights[place.clamp(min=0)], 0.0)


class RampInput(_Current):
    """A straight line between two values, and zero elsewhere.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    c_start, c_end
        The values at the beginning and at the end.
    duration
        How long it takes.
    t_start
        When it begins; None for at once.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.RampInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(t=5. * u.ms):
    ...     brainstate.spiking.RampInput(2, 0. * u.nA, 3. * u.nA, 10. * u.ms)()
    tensor([1.5000, 1.5000]) nA
    """

    def __init__(
        self, in_size: Size, c_start: Any, c_end: Any, duration: Any, t_start: Any = None, name: str | None = None
    ) -> None:
        super().__init__(in_size, name=name)
        self._from, self._unit = split_mantissa_unit(c_start)
        self._to = as_quantity(c_end).in_unit(self._unit).mantissa
        self._duration, self._time = split_mantissa_unit(duration)
        self._begin = 0.0 if t_start is None else as_quantity(t_start).in_unit(self._time).mantissa

    def _height(self) -> Any:
        since = _numbers(now(), self._time) - self._begin
        inside = (since >= 0) & (since < self._duration)
        return um.where(inside, self._from + (self._to - self._from) * (since / self._duration), 0.0)


class SinusoidalInput(_Current):
    """A sine for some time, and zero after it.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    amplitude
        The amplitude.
    frequency
        The frequency.
    duration
        How long it lasts.
    bias
        What is added to the sine, in the unit of `amplitude`; None for nothing.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.SinusoidalInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(t=25. * u.ms):
    ...     brainstate.spiking.SinusoidalInput(2, 2. * u.nA, 10. * u.Hz, 100. * u.ms)()
    tensor([2., 2.]) nA
    """

    def __init__(
        self,
        in_size: Size,
        amplitude: Any,
        frequency: Any,
        duration: Any,
        bias: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        self._amplitude, self._unit = split_mantissa_unit(amplitude)
        self._bias = 0.0 if bias is None else as_quantity(bias).in_unit(self._unit).mantissa
        self._frequency = as_quantity(frequency).to_decimal(Hz)
        self._duration = as_quantity(duration).to_decimal(second)

    def _height(self) -> Any:
        t = _numbers(now(), second)
        wave = self._amplitude * torch.sin(2 * torch.pi * self._frequency * t) + self._bias
        return um.where((t >= 0.0) & (t < self._duration), wave, 0.0)


def _root_of_step() -> tuple[Any, Any]:
    step, unit = split_mantissa_unit(environ.get_dt())
    return step**0.5, unit


class WienerProcessInput(_Current):
    """Normal noise, independent at each step, times the root of `dt`; zero after some time.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    sigma
        The amplitude; the root of `dt` counts as a number.
    duration
        How long it lasts.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.WienerProcessInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> noise = brainstate.spiking.WienerProcessInput(2, 2. * u.nA, 10. * u.ms)
    >>> with brainstate.environ.context(t=20. * u.ms, dt=0.1 * u.ms):
    ...     noise()
    tensor([0., 0.]) nA
    """

    def __init__(self, in_size: Size, sigma: Any, duration: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self._sigma, self._unit = split_mantissa_unit(sigma)
        self._duration = duration

    def _height(self) -> Any:
        noise = random.randn(*self.varshape) * self._sigma * _root_of_step()[0]
        return um.where(um.asarray(now() < self._duration), noise, 0.0)


class OUProcessInput(_Current):
    """An Ornstein-Uhlenbeck process that begins at its mean; zero after some time.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    mean
        What it returns to.
    sigma
        The amplitude of the noise, in the unit of `mean`; the root of `dt` counts as a number.
    tau
        The time in which it forgets.
    duration
        How long it lasts.
    name
        A name, for display.

    Attributes
    ----------
    x
        The process without its unit, a HiddenState ``[*N]``.

    Notes
    -----
    Source: brainpy.state.OUProcessInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> noise = brainstate.spiking.OUProcessInput(2, 2. * u.nA, 0. * u.nA, 10. * u.ms, 100. * u.ms)
    >>> _ = brainstate.nn.init_all_states(noise)
    >>> with brainstate.environ.context(t=20. * u.ms, dt=0.1 * u.ms):
    ...     noise()
    tensor([2., 2.]) nA
    """

    x: HiddenState[Any]

    def __init__(self, in_size: Size, mean: Any, sigma: Any, tau: Any, duration: Any, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self._mean, self._unit = split_mantissa_unit(mean)
        self._sigma = as_quantity(sigma).in_unit(self._unit).mantissa
        self._tau, self._duration = tau, duration

    def init_state(self, *args: Any, **kwargs: Any) -> None:
        """Make the process, ``[*N]``."""
        self.x = HiddenState(um.full(self.varshape, self._mean, dtype=environ.dftype()))

    def _height(self) -> Any:
        part = environ.get_dt() / self._tau
        part = part.to_decimal() if isinstance(part, Quantity) else part
        x = self.x.value
        noise = random.randn(*self.varshape)
        moved = x + (self._mean - x) * part + self._sigma * _root_of_step()[0] * noise
        lasts = um.asarray(now() < self._duration)
        x = self.x.value = um.where(lasts, moved, x)
        return um.where(lasts, x, 0.0)
