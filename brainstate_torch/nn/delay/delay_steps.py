"""Times as numbers of time steps."""

import math
from typing import Any

import numpy as np
import torch

from ..._arrays import as_tensor
from ...units import UnitMismatchError, get_unit, is_quantity

__all__ = ["as_steps", "ratio", "rounded_up", "whole_multiple"]


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

    A rounding error (1.1 / 0.1) does not add a step, see :func:`rounded_up`.

    Raises
    ------
    ValueError
        The delay is negative, infinite or no number.
    """
    steps = ratio(time, step, "time")
    if isinstance(steps, (int, float, np.generic)):
        number = float(steps)
        _check(math.isfinite(number) and number >= 0, time)
        return int(rounded_up(number))
    many = as_tensor(steps)
    _check(bool((many.isfinite() & (many >= 0)).all()), time)
    return rounded_up(many).to(torch.int32)


def rounded_up(steps: Any) -> Any:
    """A number or tensor of steps, rounded up, unless it is as near to a whole number as a rounding error.

    A time in single precision divided by a step is off by some 1e-7 of itself.
    """
    if not isinstance(steps, torch.Tensor):
        nearest = round(steps)
        return nearest if abs(steps - nearest) <= _slack(abs(steps)) else math.ceil(steps)
    whole = steps.round()
    return torch.where((steps - whole).abs() <= _slack(steps.abs()), whole, steps.ceil())


def _slack(steps: Any) -> Any:
    return 1e-4 + 4e-7 * steps


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
    steps = -int(rounded_up(-float(ratio(time, step, "update_every"))))
    if steps < 1:
        raise ValueError(f"`update_every` must be >= dt ({step}). Got {time}.")
    return steps


def check_same_step(now: Any, then: Any) -> None:
    """Raise if a time step is not the one that delays were counted in.

    Raises
    ------
    ValueError
        It is another.
    """
    found = now / then
    if isinstance(found, torch.Tensor) and found.is_meta:
        return
    if is_quantity(found) or abs(float(found) - 1.0) > 1e-5:
        raise ValueError(
            f"a delay must be used with the time step that it was made with, dt = {then}, in which it counts. "
            f"Got dt = {now}. Set `dt` before the model is made."
        )
