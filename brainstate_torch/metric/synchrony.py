"""Measures of synchrony between neurons, and with an oscillation."""

import math as _math
from typing import Any

import numpy as np
import torch

from .. import environ
from .._arrays import placed
from ..units import Hz, as_quantity, is_quantity, second
from .correlation import column_correlations
from .spikes import as_matrix, pairs, step_of, steps_in

__all__ = [
    "burst_synchrony_index",
    "correlation_index",
    "cross_correlation",
    "phase_locking_value",
    "spike_time_tiling_coefficient",
    "spike_train_synchrony",
]


@placed
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
    spikes = as_matrix("spike_matrix", spike_matrix) > 0
    count = spikes.shape[1]
    reach = _math.floor(steps_in(window_size, step_of(dt)) / 2 + 1e-9)
    together = _coincident(spikes, reach)
    numbers = spikes.sum(0).to(torch.float64)
    first, second_ = pairs(count)
    both = (numbers[first] > 0) & (numbers[second_] > 0)
    if not bool(both.any()):
        return 0.0
    part = (together[first, second_] + together[second_, first]) / (numbers[first] + numbers[second_]).clamp(min=1)
    return float(part[both].mean())


def _coincident(spikes: torch.Tensor, reach: int) -> torch.Tensor:
    """How many spikes of neuron i have one of neuron j within `reach` steps, ``[i, j]``."""
    return spikes.to(torch.float64).mT @ _near(spikes, reach).to(torch.float64)


def _near(matrix: torch.Tensor, reach: int) -> torch.Tensor:
    """Where a neuron has a spike within `reach` steps, ``[time, neurons]``."""
    wide = torch.nn.functional.max_pool1d(matrix.mT[None].float(), 2 * reach + 1, stride=1, padding=reach)[0]
    return wide.mT > 0


@placed
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
    spikes = as_matrix("spike_matrix", spike_matrix) > 0
    dt = step_of(dt)
    wait = tau if is_quantity(tau) else tau * as_quantity(dt).unit
    reach = round(steps_in(wait, dt))
    numbers = spikes.sum(0).to(torch.float64)
    part = _coincident(spikes, reach) / numbers.clamp(min=1)[:, None]
    covered = _near(spikes, reach).to(torch.float64).mean(0)
    rest = 1.0 - part * covered
    term = torch.where(rest != 0, (part - covered) / torch.where(rest != 0, rest, 1.0), 0.0)
    found = torch.where((numbers[:, None] > 0) & (numbers > 0), (term + term.mT) / 2, 0.0)
    return found.fill_diagonal_(1.0).to(environ.dftype())


@placed
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
    spikes = (as_matrix("spike_matrix", spike_matrix) > 0).numpy(force=True)
    dt = step_of(dt)
    longest = steps_in(max_isi if is_quantity(max_isi) else max_isi * as_quantity(dt).unit, dt) + 1e-9
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


@placed
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
    spikes = (as_matrix("spike_matrix", spike_matrix) > 0).to(torch.float64)
    dt = step_of(dt)
    dt = float(dt.to_decimal(second) if is_quantity(dt) else dt)
    rate = float(reference_freq.to_decimal(Hz) if is_quantity(reference_freq) else reference_freq)
    phase = 2 * torch.pi * rate * dt * torch.arange(len(spikes), dtype=torch.float64, device=spikes.device)
    length = torch.hypot(torch.cos(phase) @ spikes, torch.sin(phase) @ spikes)
    return (length / spikes.sum(0).clamp(min=1)).to(environ.dftype())


@placed
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
    spikes = as_matrix("spike_matrix", spike_matrix).to(torch.float64)
    width = max(1, int(steps_in(window_size, step_of(dt))))
    count, neurons = len(spikes) // width, spikes.shape[1]
    if neurons < 2 or count < 2:
        return 0.0
    counts = spikes[: count * width].reshape(count, width, neurons).sum(1)
    return round(float(column_correlations(counts)[pairs(neurons)].mean().clamp(-1.0, 1.0)), 12)


@placed
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
    dt = step_of(dt)
    width = round(steps_in(bin, dt))
    if width < 1:
        raise ValueError(f"`bin` must be at least as long as a step. Got {bin} and a step of {dt}.")
    matrix = as_matrix("spikes", spikes)
    count, neurons = _math.ceil(len(matrix) / width), matrix.shape[1]
    if neurons < 2:
        return torch.zeros(())
    filled = torch.nn.functional.pad(matrix.to(environ.dftype()), (0, 0, 0, count * width - len(matrix)))
    active = (filled.reshape(count, width, neurons).sum(1) > 0).to(filled.dtype)
    size = torch.sqrt(active.sum(0))
    size = size[:, None] * size
    return torch.where(size > 0, active.mT @ active / torch.where(size > 0, size, 1.0), 0.0)[pairs(neurons)].mean()
