"""Distances of two spike trains, which are given by the times of their spikes."""

import math as _math
from typing import Any

import torch

from .. import environ
from .._arrays import placed
from ..units import as_quantity, is_quantity, math

__all__ = ["van_rossum_distance", "victor_purpura_distance"]


def _times(*trains: Any) -> tuple[list[Any], Any]:
    """Spike times as numbers in the unit of the first."""
    unit = as_quantity(math.asarray(trains[0])).unit
    return [as_quantity(math.asarray(x)).in_unit(unit).mantissa for x in trains], unit


@placed
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


@placed
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
