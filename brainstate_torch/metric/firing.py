"""Spikes as points, and the rate of a population."""

from typing import Any

import torch

from .. import environ
from .._arrays import placed
from ..units import Hz, is_quantity, math
from .spikes import as_matrix, step_of, steps_in

__all__ = ["firing_rate", "raster_plot"]


@placed
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
    step, neuron = (as_matrix("sp_matrix", sp_matrix) > 0).nonzero().unbind(1)
    return neuron, math.asarray(times)[step]


@placed
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
    dt = step_of(dt)
    count = int(steps_in(width, dt) / 2) * 2 + 1
    height = 1.0 / (count * dt)
    height = float(height.to_decimal(Hz) if is_quantity(height) else height)
    matrix = as_matrix("spikes", spikes)
    mean = matrix.to(environ.dftype() if not matrix.is_floating_point() else matrix.dtype).mean(1)
    window = torch.full((1, 1, count), height, dtype=mean.dtype, device=mean.device)
    long, short = (mean, window.reshape(-1)) if len(mean) >= count else (window.reshape(-1), mean)
    # "same" of numpy: as long as the longer of both, around the middle.
    whole = torch.nn.functional.conv1d(long[None, None], short.flip(0)[None, None], padding=len(short) - 1)[0, 0]
    first = (len(short) - 1) // 2
    return whole[first : first + len(long)]
