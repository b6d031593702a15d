"""The steps of a stimulus: times and rates as numbers in the unit of ``environ``'s `dt`."""

import math
from typing import Any

import numpy as np
import torch

from .. import environ
from .._errors import ConcretizationError
from ..transform._core.truth import is_undecided
from ..units import UNITLESS, Quantity, UnitMismatchError, as_quantity, get_mantissa, get_unit, maybe_decimal
from ..units import math as umath

__all__ = ["Clock", "finished", "recurrence", "taken"]

#: Terms of a recurrence that one product of matrices sums.
_BLOCK = 32


class Clock:
    """The time step at the moment a stimulus is made."""

    def __init__(self) -> None:
        dt = as_quantity(environ.get_dt())
        self.unit = dt.unit
        self.dt: float = _number("dt", dt.mantissa)

    def value(self, name: str, time: Any) -> Any:
        """A time in the unit of the step: a tensor keeps its derivative, and has double precision."""
        mantissa = self._mantissa(name, time)
        return mantissa.to(torch.float64) if isinstance(mantissa, torch.Tensor) else float(mantissa)

    def _mantissa(self, name: str, time: Any) -> Any:
        time = as_quantity(time)
        if time.unit.dim != self.unit.dim:
            raise UnitMismatchError(
                f"`{name}` must be a time in a unit like that of `dt` in `environ`. Got {time.unit} and a `dt` in "
                f"{self.unit}. Give both a unit, or none.",
                time.unit,
                self.unit,
            )
        return time.in_unit(self.unit).mantissa

    def number(self, name: str, time: Any) -> float:
        """A time in the unit of the step, as a number: it decides which step something happens in."""
        number: float = _number(name, self._mantissa(name, time))
        return number

    def steps(self, name: str, time: Any) -> int:
        """How many steps cover a time."""
        number = self.number(name, time)
        if number < 0:
            raise ValueError(f"`{name}` must not be negative. Got {time}.")
        return math.ceil(number / self.dt)

    def step(self, name: str, time: Any) -> int:
        """The step that a time is in."""
        return int(self.number(name, time) / self.dt)

    def times(self, count: int) -> torch.Tensor:
        """The beginnings of the first steps, in double precision, since phases of long stimuli need it."""
        return torch.arange(count, dtype=torch.float64) * self.dt

    def per_step_unit(self, name: str, rate: Any) -> Any:
        """A rate, as a number per unit of the step."""
        rate = as_quantity(rate)
        if (rate.unit * self.unit).dim != UNITLESS.dim or self.unit.is_unitless:
            raise UnitMismatchError(
                f"`{name}` must be a frequency, and `dt` in `environ` a time. Got {rate.unit} and {self.unit}. "
                "Write 10. * u.Hz and environ.set(dt=0.1 * u.ms).",
                rate.unit,
                self.unit,
            )
        mantissa = rate.in_unit(self.unit**-1).mantissa
        return mantissa.to(torch.float64) if isinstance(mantissa, torch.Tensor) else float(mantissa)

    def window(self, duration: Any, t_start: Any, t_end: Any) -> tuple[int, int, int]:
        """The number of steps, and the first and last one of a part; None stands for the beginning and the end."""
        count = self.steps("duration", duration)
        first = 0 if t_start is None else self.step("t_start", t_start)
        last = self.step("duration", duration) if t_end is None else self.step("t_end", t_end)
        if not 0 <= first <= last <= count:
            raise ValueError(
                "`t_start` and `t_end` must lie within `duration`, in this order. "
                f"Got steps {first} to {last} of {count}."
            )
        return count, first, last

    def in_window(self, signal: Any, duration: Any, t_start: Any, t_end: Any) -> Any:
        """A signal of ``[last - first, *N]`` steps in a stimulus that is zero elsewhere."""
        count, first, last = self.window(duration, t_start, t_end)
        steps = torch.arange(count)
        return taken(signal, torch.where((steps >= first) & (steps < last), steps - first, -1))


def _number(name: str, value: Any) -> Any:
    if is_undecided(value):
        raise ConcretizationError(
            f"`{name}` must be known when a stimulus is made: it decides how many steps there are. Got a tensor that a "
            "transform computes with. Write numbers, such as [1. * u.ms, 2. * u.ms] in the place of "
            "[1., 2.] * u.ms, or make the stimulus outside of the transform."
        )
    value = value.detach() if isinstance(value, torch.Tensor) else value
    if np.ndim(value):
        raise ValueError(f"`{name}` must be one time. Got shape {list(np.shape(value))}.")
    # A quotient by the step is rounded to 32 bits where the time was: 0.3 / 0.1 is 3 then, not a little more.
    return np.float32(value) if isinstance(value, torch.Tensor) and value.dtype == torch.float32 else float(value)


def taken(values: Any, index: Any) -> Any:
    """The rows of `values` at these places, `[T, *N]`, and zeros where a place is negative."""
    values = values if isinstance(values, Quantity) else umath.asarray(values)
    index = torch.as_tensor(index).to(get_mantissa(values).device)
    if not values.shape[0]:
        return umath.zeros((len(index), *values.shape[1:]), unit=get_unit(values))
    rows = values[index.clamp(min=0)]
    there = (index >= 0).reshape(-1, *[1] * (len(rows.shape) - 1))
    return umath.where(there, rows, umath.zeros_like(rows))


def finished(values: Any) -> Any:
    """A stimulus in the precision of `environ`; plain where it has no unit."""
    return maybe_decimal(as_quantity(values).to(environ.dftype()))


def recurrence(decay: Any, added: Any) -> Any:
    """``y[t] = decay * y[t - 1] + added[t]`` along the first axis, from ``y[-1] = 0``, without a loop over steps.

    Blocks are summed by one triangular matrix of powers; what a block hands on is the same recurrence, of fewer steps.
    """
    count = added.shape[0]
    if not count:
        return added
    size = min(_BLOCK, count)
    blocks = -(-count // size)
    padding = added.new_zeros((blocks * size - count, *added.shape[1:]))
    rows = torch.cat([added, padding]).reshape(blocks, size, -1)
    decay = torch.as_tensor(decay, dtype=added.dtype, device=added.device)
    place = torch.arange(size, device=added.device)
    power = (place[:, None] - place).clamp(min=0)
    summed = torch.where(place[:, None] >= place, decay**power, 0.0) @ rows
    if blocks > 1:
        ends = recurrence(decay**size, summed[:, -1])
        before = torch.cat([torch.zeros_like(ends[:1]), ends[:-1]])
        summed = summed + decay ** (place + 1)[:, None] * before[:, None]
    return summed.reshape(blocks * size, *added.shape[1:])[:count]
