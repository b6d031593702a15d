"""Checks and conversions of arguments for measures of spike trains."""

from typing import Any

import torch

from .. import environ
from ..units import get_mantissa, is_quantity, math

__all__ = ["as_matrix", "pairs", "step_of", "steps_in"]


def as_matrix(name: str, spikes: Any) -> torch.Tensor:
    """Spikes as numbers, ``[time, neurons]``."""
    matrix: torch.Tensor = get_mantissa(math.asarray(spikes))
    if matrix.ndim != 2:
        raise ValueError(f"`{name}` must have two axes, time and neurons. Got shape {tuple(matrix.shape)}.")
    return matrix


def step_of(dt: Any) -> Any:
    """The time step, by default that of `environ`."""
    return environ.get_dt() if dt is None else dt


def steps_in(time: Any, dt: Any) -> float:
    """A time as a number of steps."""
    ratio = time / dt
    return float(ratio.to_decimal() if is_quantity(ratio) else ratio)


def pairs(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The indices of each pair of neurons, ``[pairs]`` and ``[pairs]``."""
    first, second_ = torch.triu_indices(count, count, offset=1)
    return first, second_
