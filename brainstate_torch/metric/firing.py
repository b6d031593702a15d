"""Measures of spike trains: rates, distances, and how much neurons fire together."""

import math as _math
from typing import Any

import numpy as np
import torch

from .. import environ, random, transform
from ..units import Hz, as_quantity, get_mantissa, is_quantity, math, second

__all__ = [
    "burst_synchrony_index",
    "correlation_index",
    "cross_correlation",
    "firing_rate",
    "phase_locking_value",
    "raster_plot",
    "spike_time_tiling_coefficient",
    "spike_train_synchrony",
    "unitary_LFP",
    "van_rossum_distance",
    "victor_purpura_distance",
]


def _matrix(name: str, spikes: Any) -> torch.Tensor:
    """Spikes as numbers, ``[time, neurons]``."""
    matrix: torch.Tensor = get_mantissa(math.asarray(spikes))
    if matrix.ndim != 2:
        raise ValueError(f"`{name}` must have two axes, time and neurons. Got shape {tuple(matrix.shape)}.")
    return matrix


def _step(dt: Any) -> Any:
    return environ.get_dt() if dt is None else dt


def _steps(time: Any, dt: Any) -> float:
    """A time as a number of steps."""
    ratio = time / dt
    return float(ratio.to_decimal() if is_quantity(ratio) else ratio)


def _pairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    first, second_ = torch.triu_indices(count, count, offset=1)
    return first, second_


def raster_plot(sp_matrix: Any, times: Any) -> tuple[Any, Any]:
    """The spikes as points: which neuron, and when.

    Parameters
    ----------
    sp_matrix
        The spikes, ``[time, neurons]``: what is above zero is one.
    times
        The time of each step, ``[time]``.

    Returns
    -------
    tuple
        The neurons and the times of the spikes, ``[spikes]``.

    Notes
    -----
    Source: braintools.metric.raster_plot (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.raster_plot(torch.tensor([[0., 1.], [1., 0.]]), torch.tensor([0.5, 1.5]))
    (tensor([1, 0]), tensor([0.5000, 1.5000]))
    """
    step, neuron = (_matrix("sp_matrix", sp_matrix) > 0).nonzero().unbind(1)
    return neuron, math.asarray(times)[step]


def firing_rate(spikes: Any, width: Any, dt: Any = None) -> torch.Tensor:
    """The mean rate of a population, smoothed with a rectangular window; in Hz where times have a unit.

    Parameters
    ----------
    spikes
        The spikes, ``[time, neurons]``.
    width
        The width of the window, a time.
    dt
        The time step; None for that of `environ`.

    Returns
    -------
    Tensor
        The rate, ``[time]``, as a plain number.

    Notes
    -----
    Source: braintools.metric.firing_rate (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch.units as u
    >>> from brainstate_torch import metric
    >>> metric.firing_rate(torch.tensor([[0.], [1.], [0.], [0.]]), 2. * u.ms, 1. * u.ms)
    tensor([333.3333, 333.3333, 333.3333,   0.0000])
    """
    dt = _step(dt)
    count = int(_steps(width, dt) / 2) * 2 + 1
    height = 1.0 / (count * dt)
    height = float(height.to_decimal(Hz) if is_quantity(height) else height)
    matrix = _matrix("spikes", spikes)
    mean = matrix.to(environ.dftype() if not matrix.is_floating_point() else matrix.dtype).mean(1)
    window = torch.full((1, 1, count), height, dtype=mean.dtype, device=mean.device)
    long, short = (mean, window.reshape(-1)) if len(mean) >= count else (window.reshape(-1), mean)
    # "same" of numpy: as long as the longer of both, around the middle.
    whole = torch.nn.functional.conv1d(long[None, None], short.flip(0)[None, None], padding=len(short) - 1)[0, 0]
    first = (len(short) - 1) // 2
    return whole[first : first + len(long)]


def _times(*trains: Any) -> tuple[list[Any], Any]:
    """Spike times as numbers in the unit of the first."""
    unit = as_quantity(math.asarray(trains[0])).unit
    return [as_quantity(math.asarray(x)).in_unit(unit).mantissa for x in trains], unit


def victor_purpura_distance(spike_times_1: Any, spike_times_2: Any, cost_factor: Any = 1.0) -> float:
    """The least cost of changing one spike train into another: 1 for each spike removed or added, or its shift.

    Parameters
    ----------
    spike_times_1, spike_times_2
        The times of the spikes, ``[N]`` and ``[M]``.
    cost_factor
        The cost of a shift per unit of time; a plain number is per unit of `spike_times_1`.

    Returns
    -------
    float
        The distance.

    Notes
    -----
    Source: braintools.metric.victor_purpura_distance (0.3.0). Differs: times in two units are compared.

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.victor_purpura_distance([1., 2.], [1.25])
    1.25
    """
    (first, other), unit = _times(spike_times_1, spike_times_2)
    cost = float(as_quantity(cost_factor).in_unit(unit**-1).mantissa if is_quantity(cost_factor) else cost_factor)
    first, other = first.tolist(), other.tolist()
    row = [float(j) for j in range(len(other) + 1)]
    for i, mine in enumerate(first, 1):
        above, row = row, [float(i)]
        for j, its in enumerate(other, 1):
            row.append(min(above[j - 1] + cost * abs(mine - its), above[j] + 1.0, row[j - 1] + 1.0))
    return row[-1]


def van_rossum_distance(spike_times_1: Any, spike_times_2: Any, tau: Any = 1.0, t_max: Any = None) -> Any:
    """The distance of two spike trains after each spike was replaced by an exponential, on a grid of ``tau / 20``.

    Parameters
    ----------
    spike_times_1, spike_times_2
        The times of the spikes, ``[N]`` and ``[M]``.
    tau
        The time constant, in the unit of the times.
    t_max
        The end of the grid; None for five time constants after the last spike.

    Returns
    -------
    Tensor
        The distance, a number per root of the unit of the times.

    Notes
    -----
    Source: braintools.metric.van_rossum_distance (0.3.0). Differs: a tensor, with a derivative by the times; it is a
    number also where times have a unit.

    Examples
    --------
    >>> from brainstate_torch import metric
    >>> metric.van_rossum_distance([1.], [1.])
    tensor(0.)
    """
    (first, other), unit = _times(spike_times_1, spike_times_2)
    first, other = (x if x.is_floating_point() else x.to(environ.dftype()) for x in (first, other))
    width = float(as_quantity(tau).in_unit(unit).mantissa if is_quantity(tau) else tau)
    if t_max is None:
        if not len(first) and not len(other):
            return torch.zeros(())
        t_max = float(torch.cat([first, other]).detach().max()) + 5 * width
    end = float(as_quantity(t_max).in_unit(unit).mantissa if is_quantity(t_max) else t_max)
    dt = width / 20
    grid = torch.arange(_math.ceil((end + dt) / dt), dtype=first.dtype, device=first.device) * dt

    def smooth(times: torch.Tensor) -> torch.Tensor:
        since = grid[:, None] - times
        return torch.where(since >= 0, torch.exp(-since.clamp(min=0) / width) / width, 0.0).sum(1)

    square = ((smooth(first) - smooth(other)) ** 2).sum() * dt
    # The root has no derivative at zero.
    return torch.where(square > 0, torch.sqrt(torch.where(square > 0, square, 1.0)), 0.0)


def _near(matrix: torch.Tensor, reach: int) -> torch.Tensor:
    """Where a neuron has a spike within `reach` steps, ``[time, neurons]``."""
    wide = torch.nn.functional.max_pool1d(matrix.mT[None].float(), 2 * reach + 1, stride=1, padding=reach)[0]
    return wide.mT > 0


def spike_train_synchrony(spike_matrix: Any, window_size: Any, dt: Any = None) -> float:
    """How many spikes have one of the other neuron within half a window, as a mean over pairs of neurons.

    Parameters
    ----------
    spike_matrix
        The spikes, ``[time, neurons]``.
    window_size
        The window, a time.
    dt
        The time step; None for that of `environ`.

    Returns
    -------
    float
        From 0 to 1.

    Notes
    -----
    Source: braintools.metric.spike_train_synchrony (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.spike_train_synchrony(torch.eye(3), 2., dt=1.)
    0.6666666666666666
    """
    spikes = _matrix("spike_matrix", spike_matrix) > 0
    count = spikes.shape[1]
    reach = _math.floor(_steps(window_size, _step(dt)) / 2 + 1e-9)
    together = _coincident(spikes, reach)
    numbers = spikes.sum(0).to(torch.float64)
    first, second_ = _pairs(count)
    both = (numbers[first] > 0) & (numbers[second_] > 0)
    if not bool(both.any()):
        return 0.0
    part = (together[first, second_] + together[second_, first]) / (numbers[first] + numbers[second_]).clamp(min=1)
    return float(part[both].mean())


def _coincident(spikes: torch.Tensor, reach: int) -> torch.Tensor:
    """How many spikes of neuron i have one of neuron j within `reach` steps, ``[i, j]``."""
    return spikes.to(torch.float64).mT @ _near(spikes, reach).to(torch.float64)


def spike_time_tiling_coefficient(spike_matrix: Any, dt: Any = None, tau: Any = 0.005) -> torch.Tensor:
    """The spike time tiling coefficient (Cutts and Eglen, 2014) of each pair of neurons.

    Parameters
    ----------
    spike_matrix
        The spikes, ``[time, neurons]``.
    dt
        The time step; None for that of `environ`.
    tau
        How far two spikes may be apart; a plain number is in the unit of `dt`.

    Returns
    -------
    Tensor
        From -1 to 1, ``[neurons, neurons]``; 0 where a neuron has no spike, 1 on the diagonal.

    Notes
    -----
    Source: braintools.metric.spike_time_tiling_coefficient (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.spike_time_tiling_coefficient(torch.tensor([[1., 1.], [0., 0.], [0., 0.]]), dt=1., tau=0.)
    tensor([[1., 1.],
            [1., 1.]])
    """
    spikes = _matrix("spike_matrix", spike_matrix) > 0
    dt = _step(dt)
    wait = tau if is_quantity(tau) else tau * as_quantity(dt).unit
    reach = round(_steps(wait, dt))
    numbers = spikes.sum(0).to(torch.float64)
    part = _coincident(spikes, reach) / numbers.clamp(min=1)[:, None]
    covered = _near(spikes, reach).to(torch.float64).mean(0)
    rest = 1.0 - part * covered
    term = torch.where(rest != 0, (part - covered) / torch.where(rest != 0, rest, 1.0), 0.0)
    found = torch.where((numbers[:, None] > 0) & (numbers > 0), (term + term.mT) / 2, 0.0)
    return found.fill_diagonal_(1.0).to(environ.dftype())


def burst_synchrony_index(spike_matrix: Any, burst_threshold: int = 3, max_isi: Any = 100.0, dt: Any = None) -> float:
    """The part of bursts that overlap with one of another neuron.

    Parameters
    ----------
    spike_matrix
        The spikes, ``[time, neurons]``.
    burst_threshold
        How many spikes make a burst.
    max_isi
        The longest interval within a burst; a plain number is in the unit of `dt`.
    dt
        The time step; None for that of `environ`.

    Returns
    -------
    float
        From 0 to 1.

    Notes
    -----
    Source: braintools.metric.burst_synchrony_index (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.burst_synchrony_index(torch.ones(3, 2), dt=1.)
    1.0
    """
    spikes = (_matrix("spike_matrix", spike_matrix) > 0).numpy(force=True)
    dt = _step(dt)
    longest = _steps(max_isi if is_quantity(max_isi) else max_isi * as_quantity(dt).unit, dt) + 1e-9
    bursts = []
    for neuron in range(spikes.shape[1]):
        steps = np.flatnonzero(spikes[:, neuron])
        for part in np.split(steps, np.flatnonzero(np.diff(steps) > longest) + 1):
            if len(part) >= burst_threshold:
                bursts.append((neuron, part[0], part[-1]))
    overlapping = [
        any(neuron != other and min(end, its_end) >= max(start, its_start) for other, its_start, its_end in bursts)
        for neuron, start, end in bursts
    ]
    return sum(overlapping) / len(bursts) if bursts else 0.0


def phase_locking_value(spike_matrix: Any, reference_freq: Any, dt: Any = None) -> torch.Tensor:
    """How much the spikes of each neuron keep to one phase of an oscillation.

    Parameters
    ----------
    spike_matrix
        The spikes, ``[time, neurons]``.
    reference_freq
        The frequency, in Hz or with a unit.
    dt
        The time step, in seconds or with a unit; None for that of `environ`.

    Returns
    -------
    Tensor
        From 0 to 1, ``[neurons]``; 0 where there is no spike.

    Notes
    -----
    Source: braintools.metric.phase_locking_value (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.phase_locking_value(torch.tensor([[1.], [0.], [1.]]), 0.5, dt=1.)
    tensor([1.])
    """
    spikes = (_matrix("spike_matrix", spike_matrix) > 0).to(torch.float64)
    dt = _step(dt)
    dt = float(dt.to_decimal(second) if is_quantity(dt) else dt)
    rate = float(reference_freq.to_decimal(Hz) if is_quantity(reference_freq) else reference_freq)
    phase = 2 * torch.pi * rate * dt * torch.arange(len(spikes), dtype=torch.float64, device=spikes.device)
    length = torch.hypot(torch.cos(phase) @ spikes, torch.sin(phase) @ spikes)
    return (length / spikes.sum(0).clamp(min=1)).to(environ.dftype())


def _correlations(rows: torch.Tensor) -> torch.Tensor:
    """The correlation of each pair of columns, ``[time, N]`` to ``[N, N]``; 0 where one does not vary."""
    away = rows.to(torch.float64)
    away = away - away.mean(0)
    size = torch.linalg.vector_norm(away, dim=0)
    unit = away / torch.where(size > 0, size, 1.0)
    return (unit.mT @ unit).to(rows.dtype)


def correlation_index(spike_matrix: Any, window_size: Any, dt: Any = None) -> Any:
    """The mean correlation of spike counts in windows, over pairs of neurons.

    Parameters
    ----------
    spike_matrix
        The spikes, ``[time, neurons]``.
    window_size
        The window, a time; what does not fill one at the end is left out.
    dt
        The time step; None for that of `environ`.

    Returns
    -------
    float
        From -1 to 1.

    Notes
    -----
    Source: braintools.metric.correlation_index (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.correlation_index(torch.tensor([[1., 1.], [0., 0.], [0., 0.], [0., 0.]]), 2., dt=1.)
    1.0
    """
    spikes = _matrix("spike_matrix", spike_matrix).to(torch.float64)
    width = max(1, int(_steps(window_size, _step(dt))))
    count, neurons = len(spikes) // width, spikes.shape[1]
    if neurons < 2 or count < 2:
        return 0.0
    counts = spikes[: count * width].reshape(count, width, neurons).sum(1)
    return round(float(_correlations(counts)[_pairs(neurons)].mean().clamp(-1.0, 1.0)), 12)


def cross_correlation(spikes: Any, bin: Any, dt: Any = None, method: str = "loop") -> torch.Tensor:
    """How often pairs of neurons fire in the same bin (Wang and Buzsaki, 1996), as a mean over pairs.

    Parameters
    ----------
    spikes
        The spikes, ``[time, neurons]``.
    bin
        The length of a bin, a time.
    dt
        The time step; None for that of `environ`.
    method
        ``'loop'`` or ``'vmap'``; makes no difference.

    Returns
    -------
    Tensor
        From 0 to 1.

    Raises
    ------
    ValueError
        A bin is shorter than a step, or `method` is unknown.

    Notes
    -----
    Source: braintools.metric.cross_correlation (0.3.0).

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.cross_correlation(torch.tensor([[1., 0.], [0., 1.], [1., 0.], [0., 0.]]), 2., dt=1.)
    tensor(0.7071)
    """
    if method not in ("loop", "vmap"):
        raise ValueError(f"`method` must be 'loop' or 'vmap'. Got {method!r}.")
    dt = _step(dt)
    width = round(_steps(bin, dt))
    if width < 1:
        raise ValueError(f"`bin` must be at least as long as a step. Got {bin} and a step of {dt}.")
    matrix = _matrix("spikes", spikes)
    count, neurons = _math.ceil(len(matrix) / width), matrix.shape[1]
    if neurons < 2:
        return torch.zeros(())
    filled = torch.nn.functional.pad(matrix.to(environ.dftype()), (0, 0, 0, count * width - len(matrix)))
    active = (filled.reshape(count, width, neurons).sum(1) > 0).to(filled.dtype)
    size = torch.sqrt(active.sum(0))
    size = size[:, None] * size
    return torch.where(size > 0, active.mT @ active / torch.where(size > 0, size, 1.0), 0.0)[_pairs(neurons)].mean()


_LAYERS = {
    "soma layer": (0.48, 3.0),
    "deep layer": (-0.16, -0.2),
    "superficial layer": (0.24, -1.2),
    "surface layer": (-0.08, 0.3),
    "surface": (-0.08, 0.3),
}


def unitary_LFP(
    times: Any,
    spikes: Any,
    spike_type: str,
    xmax: float = 0.2,
    ymax: float = 0.2,
    va: float = 200.0,
    lambda_: float = 0.2,
    sig_i: float = 2.1,
    sig_e: float = 2.1 * 1.5,
    location: str = "soma layer",
    seed: Any = None,
) -> torch.Tensor:
    """The local field potential as a sum of one potential for each spike (Telenczuk et al., 2020).

    Parameters
    ----------
    times
        The time of each step in ms, ``[time]``.
    spikes
        The spikes, ``[time, neurons]``.
    spike_type
        ``'exc'`` or ``'inh'``.
    xmax, ymax
        The size of the patch of tissue, in mm; the electrode is in its middle.
    va
        The speed of axons, in mm/s.
    lambda_
        The length in which the potential decays, in mm.
    sig_i, sig_e
        The widths of the potentials, in ms.
    location
        ``'soma layer'``, ``'deep layer'``, ``'superficial layer'`` or ``'surface'``.
    seed
        For the places of the neurons; None for others each time.

    Returns
    -------
    Tensor
        The potential in uV, ``[time]``.

    Raises
    ------
    ValueError
        A kind or a place is unknown, or the shapes do not fit.

    Notes
    -----
    Source: braintools.metric.unitary_LFP (0.3.0). Differs: an unknown `location` is a ValueError.

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch import metric
    >>> metric.unitary_LFP(torch.arange(3.), torch.ones(3, 2), 'exc', seed=1).shape
    torch.Size([3])
    """
    if spike_type not in ("exc", "inh"):
        raise ValueError(f"`spike_type` must be 'exc' or 'inh'. Got {spike_type!r}.")
    if location not in _LAYERS:
        raise ValueError(f"`location` must be one of {', '.join(_LAYERS)}. Got {location!r}.")
    matrix = _matrix("spikes", spikes)
    clock = get_mantissa(math.asarray(times))
    if len(clock) != len(matrix):
        raise ValueError(f"`times` must have one for each step of `spikes`. Got {len(clock)} for {len(matrix)}.")
    places = random.RandomState(seed).rand(2, matrix.shape[1]) * torch.tensor([[xmax], [ymax]])
    distance = torch.hypot(places[0] - xmax / 2, places[1] - ymax / 2)
    exc, inh = _LAYERS[location]
    height = torch.exp(-distance / lambda_) * (exc if spike_type == "exc" else inh)
    delay = 10.4 + distance / va * 1000.0
    step, neuron = matrix.nonzero().unbind(1)
    peaks, heights = clock[step] + delay[neuron], height[neuron]
    width = 2 * (sig_e if spike_type == "exc" else sig_i) ** 2
    found: torch.Tensor = transform.for_loop(lambda t: (heights * torch.exp(-((t - peaks) ** 2) / width)).sum(), clock)
    return found
