"""Inputs as modules: spikes at given times, and Poisson spikes."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .. import _tree, environ, random
from .._arrays import placed
from .._state import State, maybe_state
from ..nn import Dynamics, Module
from ..nn.init import param
from ..nn.module.home import made_at_home
from ..typing import DTypeLike, Size
from ..units import as_quantity, get_unit, is_quantity, maybe_decimal
from ..units import math as um

__all__ = [
    "PoissonEncoder",
    "PoissonInput",
    "PoissonSpike",
    "SpikeTime",
    "poisson_input",
]

_ROUNDINGS: dict[str, Callable[[Any], Any]] = {"floor": torch.floor, "round": torch.round, "ceil": torch.ceil}


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

    @made_at_home
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
        # Indexing by a number on the device would wait for it.
        ends = self._ends.index_select(0, torch.stack([row, (row - 1).clamp(min=0)]))
        end = torch.where((step >= 0) & (step < rows), ends[0], 0)
        begin = torch.where(row > 0, ends[1], 0)
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

    @made_at_home
    @placed
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

    def update(self) -> Any:
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

    @placed
    def added(value: Any) -> Any:
        is_normal = um.logical_and(um.asarray(mean > 5), um.asarray(rest > 5))
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
