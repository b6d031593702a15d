"""How many time steps a time is."""

import math
from typing import Any

import numpy as np
import torch

from ..._arrays import as_tensor
from ...units import UnitMismatchError, get_unit, is_quantity

__all__ = ["as_steps", "ratio", "whole_multiple"]


def ratio(time: Any, step: Any, name: str) -> Any:
    """A time in steps, a plain number or tensor.

    Raises
    ------
    UnitMismatchError
        The time has another dimension than the step.
    """
    found = time / step
    if is_quantity(found):
        raise UnitMismatchError(
            f"`{name}` must have the dimension of the time step. Got the unit {get_unit(time)}, and {get_unit(step)} "
            "for the step. Give both a unit of time, or neither.",
            get_unit(time),
            get_unit(step),
        )
    return found


def as_steps(time: Any, step: Any) -> Any:
    """The number of steps of a delay, rounded up: an int, or an integer tensor like `time`.

    Counted in single precision, so that a rounding error of double precision (1.1 / 0.1) does not add a step.

    Raises
    ------
    ValueError
        The delay is negative, infinite or no number.
    """
    steps = ratio(time, step, "time")
    if isinstance(steps, (int, float, np.generic)):
        narrow = float(np.asarray(steps, dtype=np.float32))
        _check(math.isfinite(narrow) and narrow >= 0, time)
        return math.ceil(narrow)
    narrow_steps = as_tensor(steps).to(torch.float32)
    _check(bool((narrow_steps.isfinite() & (narrow_steps >= 0)).all()), time)
    return narrow_steps.ceil().to(torch.int32)


def _check(holds: bool, time: Any) -> None:
    if not holds:
        seen = time if not getattr(time, "ndim", 0) else f"{tuple(time.shape)} values, some of which are not"
        raise ValueError(f"a delay must be a finite time, zero or more. Got {seen}.")


def whole_multiple(time: Any, step: Any) -> int:
    """How many whole steps fit into `time`.

    Raises
    ------
    ValueError
        Not even one.
    """
    steps = math.floor(np.asarray(ratio(time, step, "update_every"), dtype=np.float32))
    if steps < 1:
        raise ValueError(f"`update_every` must be >= dt ({step}). Got {time}.")
    return steps
