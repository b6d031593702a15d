"""For how long a neuron rests or a transmitter stays."""

from typing import Any

from .. import environ
from ..nn.delay.delay_steps import ratio, rounded_up
from ..units import math as um

__all__ = ["is_within"]


def is_within(since: Any, time: Any) -> Any:
    """Whether a duration has not passed.

    In whole steps: the difference of two times is off by a rounding error, and so is a sum of steps. With the setting
    ``durations='times'`` the times are compared, as brainpy does, where that error decides.

    Raises
    ------
    ValueError
        The setting has another value.
    """
    counted = environ.get("durations", "steps")
    if counted not in ("steps", "times"):
        raise ValueError(f"`durations` of environ must be 'steps' or 'times'. Got {counted!r}.")
    if counted == "times":
        return since < time
    dt = environ.get_dt()
    steps, wait = ratio(since, dt, "t"), ratio(time, dt, "the duration")
    return um.asarray(steps).round() < rounded_up(wait)
