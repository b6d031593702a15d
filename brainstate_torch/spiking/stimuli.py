"""Inputs as modules: spikes at given times, Poisson spikes, and currents of the time."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .. import _tree, environ, random
from .._state import HiddenState, State, maybe_state
from ..nn import Dynamics, Module
from ..nn.init import param
from ..typing import DTypeLike, Size
from ..units import Hz, Quantity, as_quantity, get_unit, is_quantity, maybe_decimal, second, split_mantissa_unit
from ..units import math as um

__all__ = [
    "ConstantInput",
    "OUProcessInput",
    "PoissonEncoder",
    "PoissonInput",
    "PoissonSpike",
    "RampInput",
    "SectionInput",
    "SinusoidalInput",
    "SpikeTime",
    "StepInput",
    "WienerProcessInput",
    "poisson_input",
]

_ROUNDINGS: dict[str, Callable[[Any], Any]] = {"floor": torch.floor, "round": torch.round, "ceil": torch.ceil}


def now() -> Any:
    """The time of the step: `i` times `dt` where ``environ`` has the number of the step, else `t`."""
    i = environ.get("i", None)
    return environ.get("t", desc="The time of the step.") if i is None else i * environ.get_dt()


class SpikeTime(Dynamics):
    """Spikes of given neurons at given times.

    A call gives the spikes of the step that ``environ``'s `i` or `t` names, or of an index or time.

    Parameters
    ----------
    in_size
        The number of neurons.
    indices, times
        Which neuron spikes, and when, ``[spikes]``.
    weights
        The height of all spikes, or of each, ``[spikes]``.
    time_as_step
        How a time becomes a step: ``'floor'``, ``'round'``, ``'ceil'``, or a function.
    name
        A name, for display.

    Raises
    ------
    ValueError
        Indices, times and weights are not as many, an index is no neuron, or there is more than one axis of neurons.
    KeyError
        ``environ`` has no `dt` when it is made.

    Notes
    -----
    Source: brainpy.state.SpikeTime (brainpy_state 0.1.0). Differs: indices of no neuron are refused.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     spikes = brainstate.spiking.SpikeTime(3, [0, 2, 2], [1., 0., 1.] * u.ms)
    >>> spikes(0), spikes(1), spikes(2)
    (tensor([0., 0., 1.]), tensor([1., 0., 1.]), tensor([0., 0., 0.]))
    """

    def __init__(
        self,
        in_size: Size,
        indices: Sequence[int] | Any,
        times: Sequence[Any] | Any,
        weights: Any = 1.0,
        time_as_step: str | Callable[[Any], Any] = "round",
        name: str | None = None,
    ) -> None:
        super().__init__(in_size, name=name)
        if len(self.varshape) != 1:
            raise ValueError(f"`in_size` must be one number of neurons. Got {self.varshape}.")
        if not callable(time_as_step) and time_as_step not in _ROUNDINGS:
            raise ValueError(f"`time_as_step` must be 'floor', 'round', 'ceil' or a function. Got {time_as_step!r}.")
        if len(indices) != len(times):
            raise ValueError(f"`indices` and `times` must be as many. Got {len(indices)} and {len(times)}.")
        self.num_times = len(times)
        self.rounding = time_as_step if callable(time_as_step) else _ROUNDINGS[time_as_step]
        weights = um.asarray(weights, dtype=environ.dftype())
        if weights.ndim and len(weights) != self.num_times:
            raise ValueError(f"`weights` must be one, or as many as `times`. Got {len(weights)} for {self.num_times}.")
        self.weights = weights
        if not self.num_times:
            return
        self.indices = um.asarray(indices).long()
        if bool(((self.indices < 0) | (self.indices >= self.varshape[0])).any()):
            raise ValueError(f"`indices` must name one of {self.varshape[0]} neurons. Got {indices}.")
        steps = self._step_of(um.asarray(times) / environ.get_dt()).long()
        order = torch.argsort(steps, stable=True)
        self.indices, steps = self.indices[order], steps[order]
        self.weights = weights[order] if weights.ndim else weights
        rows = int(steps.max()) + 1
        counts = torch.bincount(steps, minlength=rows) if rows > 0 else steps.new_zeros(0)
        self._most = int(counts.max())
        self._ends = torch.cumsum(counts, 0)

    def _step_of(self, ratio: Any) -> torch.Tensor:
        ratio = ratio.to_decimal() if is_quantity(ratio) else ratio
        steps: torch.Tensor = um.asarray(self.rounding(um.asarray(ratio, dtype=environ.dftype())))
        return steps

    def update(self, index: Any = None, time: Any = None) -> Any:
        """The spikes of a step, ``[*N]``: of `index`, of `time`, or of the present one."""
        nothing = um.zeros(self.varshape, dtype=self.weights.dtype, unit=get_unit(self.weights))
        if not self.num_times:
            return nothing
        if index is None and time is None:
            index = environ.get("i", None)
        if index is None:
            time = environ.get("t", desc="The time of the step.") if time is None else time
            index = self._step_of(time / environ.get_dt())
        step = um.asarray(index).long()
        rows = len(self._ends)
        row = step.clamp(0, rows - 1)
        end = torch.where((step >= 0) & (step < rows), self._ends[row], 0)
        begin = torch.where(row > 0, self._ends[(row - 1).clamp(min=0)], 0)
        places = begin + torch.arange(self._most, device=self._ends.device)
        there = places < end
        places = places.clamp(max=self.num_times - 1)
        heights = self.weights[places] if self.weights.ndim else self.weights
        found = um.where(there, heights, um.zeros_like(heights))
        unit = get_unit(found)
        return maybe_decimal(torch.index_add(nothing / unit, 0, self.indices[places], found / unit) * unit)


def spike_probability(freqs: Any) -> Any:
    """How probable one spike or more of a Poisson process is in a step."""
    mean = freqs * environ.get_dt()
    mean = mean.to_decimal() if is_quantity(mean) else mean
    return -torch.expm1(-mean) if isinstance(mean, torch.Tensor) else -math.expm1(-mean)


class PoissonEncoder(Dynamics):
    """Poisson spikes with the rates that each call is given.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    spk_type
        The dtype of the spikes.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.PoissonEncoder (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.spiking.PoissonEncoder(3)([0., 1e9, 1e9] * u.Hz)
    tensor([False,  True,  True])
    """

    def __init__(self, in_size: Size, spk_type: DTypeLike = bool, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self.spk_type = spk_type

    def update(self, freqs: Any) -> Any:
        """The spikes of a step, ``[*N]``, for rates that broadcast to ``[*N]``."""
        return um.asarray(random.rand(*self.varshape) <= spike_probability(freqs), dtype=self.spk_type)


class PoissonSpike(PoissonEncoder):
    """Poisson spikes with given rates.

    Parameters
    ----------
    in_size
        The shape ``[*N]``.
    freqs
        The rates: one, ``[*N]``, or an initialiser.
    spk_type
        The dtype of the spikes.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.PoissonSpike (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> spikes = brainstate.spiking.PoissonSpike(2, 1e9 * u.Hz, spk_type=float)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     spikes()
    tensor([1., 1.])
    """

    def __init__(self, in_size: Size, freqs: Any, spk_type: DTypeLike = bool, name: str | None = None) -> None:
        super().__init__(in_size, spk_type, name)
        self.freqs = param(freqs, self.varshape, allow_none=False)

    def update(self) -> Any:  # type: ignore[override]
        """The spikes of a step, ``[*N]``."""
        return super().update(self.freqs)


def poisson_input(
    freq: Any, num_input: int, weight: Any, target: State[Any], indices: Any = None, refractory: Any = None
) -> None:
    """Add the spikes of many Poisson inputs to a State, each times a weight.

    How many come is drawn from a binomial distribution, or from a normal one where five or more are to be expected.

    Parameters
    ----------
    freq
        The rate of one input.
    num_input
        The number of inputs of each neuron.
    weight
        What a spike adds, in the unit of the State.
    target
        The State, ``[*N]``.
    indices
        Which neurons have inputs; None for all.
    refractory
        Where nothing is added, booleans ``[*N]``.

    Raises
    ------
    TypeError
        `target` is no State.

    Notes
    -----
    Source: brainpy.state.poisson_input (brainpy_state 0.1.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> V = brainstate.HiddenState(torch.zeros(2) * u.mV)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.spiking.poisson_input(1e9 * u.Hz, 100, 0.5 * u.mV, V)
    >>> V.value
    tensor([50., 50.]) mV
    """
    if not isinstance(target, State):
        raise TypeError(f"`target` must be a State. Got {type(target).__name__}. Pass neuron.V, not its value.")
    weight, p = maybe_state(weight), spike_probability(maybe_state(freq))
    mean, rest = num_input * p, num_input * (1 - p)
    is_normal = um.logical_and(um.asarray(mean > 5), um.asarray(rest > 5))

    def added(value: Any) -> Any:
        part = value if indices is None else value[indices]
        spread = um.sqrt(um.asarray(rest * p))
        normal = torch.clamp(torch.round(random.normal(mean, spread, tuple(part.shape), dtype=part.dtype)), min=0.0)
        exact = random.binomial(num_input, p, tuple(part.shape), dtype=part.dtype)
        jump = torch.where(is_normal, normal, exact) * weight
        if indices is None:
            new = value + jump
        else:
            unit = get_unit(value)
            places = (um.asarray(indices).long(),)
            jump = as_quantity(jump).in_unit(unit).mantissa.to(value.dtype)
            new = maybe_decimal(torch.index_put(value / unit, places, jump, accumulate=True) * unit)
        return new if refractory is None else um.where(refractory, value, new)

    target.value = _tree.map(added, target.value, is_leaf=is_quantity)


class PoissonInput(Module):
    """:func:`poisson_input` as a module, to a State that is looked up at each step.

    Parameters
    ----------
    target
        The State, as ``neuron.prefetch('V')``.
    indices
        Which neurons have inputs; None for all.
    num_input
        The number of inputs of each neuron.
    freq
        The rate of one input.
    weight
        What a spike adds, in the unit of the State.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.PoissonInput (brainpy_state 0.1.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> neuron = brainstate.nn.init_all_states(brainstate.spiking.LIF(2))
    >>> spikes = brainstate.spiking.PoissonInput(neuron.prefetch('V'), None, 100, 1e9 * u.Hz, 0.5 * u.mV)
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     spikes()
    >>> neuron.V.value
    tensor([50., 50.]) mV
    """

    def __init__(
        self, target: Any, indices: Any, num_input: int, freq: Any, weight: Any, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self.target, self.indices = target, indices
        self.num_input, self.freq, self.weight = num_input, freq, weight

    def update(self) -> None:
        """One step."""
        target = getattr(self.target.module, self.target.item)
        poisson_input(self.freq, self.num_input, self.weight, target, self.indices)


class _Current(Dynamics):
    """A current of the time. A subclass defines :meth:`_height`."""

    _unit: Any

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
