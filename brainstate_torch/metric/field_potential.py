"""The potential outside of neurons that comes from their spikes."""

from typing import Any

import torch

from .. import random, transform
from .._arrays import placed
from ..units import get_mantissa, math
from .spikes import as_matrix

__all__ = ["unitary_LFP"]

_LAYERS = {
    "soma layer": (0.48, 3.0),
    "deep layer": (-0.16, -0.2),
    "superficial layer": (0.24, -1.2),
    "surface layer": (-0.08, 0.3),
    "surface": (-0.08, 0.3),
}


@placed
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
    matrix = as_matrix("spikes", spikes)
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
