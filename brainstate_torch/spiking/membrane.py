"""Exact steps of linear equations, by which neurons and synapses move."""

import math
from collections.abc import Callable
from typing import Any

import torch

from .. import environ
from ..nn import exp_euler_step
from ..units import UnitMismatchError, get_unit, is_quantity
from ..units import math as um
from ..units.exprel import exprel_of
from .dynamics import Dynamics, lasts
from .outputs import PassingCurrent, SynapticCurrent

__all__ = ["current_of", "decay", "linear_step", "membrane_step", "moved_potential", "relaxation"]


def _in_steps(tau: Any) -> Any:
    """The time step in units of a time constant."""
    dt = environ.get_dt()
    ratio = dt / tau
    if not is_quantity(ratio):
        return ratio
    if not ratio.unit.dim.is_dimensionless:
        time = get_unit(tau)
        raise UnitMismatchError(
            f"`dt` must have the dimension of the time constants, {_named(time)}. Got {_seen(dt)}. "
            + ("Write `environ.set(dt=0.1 * u.ms)`." if is_quantity(tau) else "Give the time constants a unit, too."),
            get_unit(dt),
            time,
        )
    return ratio.to_decimal()


def _named(unit: Any) -> str:
    return "a plain number" if unit.dim.is_dimensionless else str(unit)


def _seen(x: Any) -> str:
    return f"one in {x.unit}" if is_quantity(x) else "a plain number"


def decay(tau: Any) -> Any:
    """The fraction left after one time step of a decay with `tau`: ``exp(-dt / tau)``."""
    steps = _in_steps(tau)
    return torch.exp(-steps) if isinstance(steps, torch.Tensor) else math.exp(-steps)


def relaxation(tau: Any) -> Any:
    """How far a time step goes towards the target: ``1 - exp(-dt / tau)``."""
    steps = _in_steps(tau)
    return -torch.expm1(-steps) if isinstance(steps, torch.Tensor) else -math.expm1(-steps)


def membrane_step(neuron: Dynamics, V: Any, x: Any, *, tau: Any, R: Any, rest: Any) -> Any:
    """A time step of ``tau dV/dt = rest - V + R I(V)``, with the current `x` and those of the neuron's inputs.

    By the exponential Euler method. It is exact where the currents are linear in V, as those of CUBA and COBA are; then
    their slope takes part in the rate, and no derivative need be computed.
    """
    try:
        return _membrane_step(neuron, V, x, tau, R, rest)
    except UnitMismatchError as error:
        _refuse_units(neuron, V, x, R)
        raise error
    except RuntimeError as error:
        _refuse_shape(neuron, x)
        raise error


def _refuse_units(neuron: Dynamics, V: Any, x: Any, R: Any) -> None:
    """Say that the input is at fault, where it is."""
    wanted = get_unit(V)
    if (get_unit(R) * get_unit(x)).dim != wanted.dim:
        raise UnitMismatchError(
            f"`{type(neuron).__name__}` takes a current, x * R in {_named(wanted)}, which is one in "
            f"{wanted / get_unit(R)}. Got {_seen(x)}. Give the input that unit.",
            get_unit(x),
            wanted,
        )


def _refuse_shape(neuron: Dynamics, x: Any) -> None:
    """Say that the shape of the input is at fault, where it is."""
    size, shape = tuple(neuron.varshape), tuple(um.shape(x))
    if any(a != b and 1 not in (a, b) for a, b in zip(reversed(size), reversed(shape), strict=False)):
        raise ValueError(
            f"the input of `{type(neuron).__name__}` must end with its shape, {size}, or broadcast to it. Got {shape}. "
            "Change the input, or make the neurons with another `in_size`."
        )


def _membrane_step(neuron: Dynamics, V: Any, x: Any, tau: Any, R: Any, rest: Any) -> Any:
    slopes = _slopes(neuron)
    if slopes is None:
        current = current_of(neuron, x)
        return exp_euler_step(lambda v: (rest - v + R * current(v)) / tau, V)
    drift = rest - V + R * neuron.sum_current_inputs(x, V)
    if not slopes:
        return V + relaxation(tau) * drift
    leak = 1.0 - R * sum(slopes[1:], slopes[0])
    leak = leak.to_decimal() if is_quantity(leak) else leak
    steps = _in_steps(tau)
    # Where the slopes outweigh the leak, it is zero, and the step is the limit.
    return V + steps * exprel_of(-steps * um.asarray(leak)) * drift


def _slopes(neuron: Dynamics) -> list[Any] | None:
    """The derivatives of the currents by the potential, where they are linear in it; None if one is not."""
    currents = [each for each in neuron._current_inputs.values() if callable(each)]
    if not all(isinstance(each, (SynapticCurrent, PassingCurrent)) and each.out.is_linear for each in currents):
        return None
    return [slope for each in currents if (slope := each.slope()) is not None]


def moved_potential(
    neuron: Dynamics,
    V: Any,
    x: Any,
    force: Callable[[Any], Any],
    slope: Callable[[Any], Any],
    R: Any = 1.0,
    tau: Any = 1.0,
) -> Any:
    """A step of ``tau dV/dt = F(V) + R I(V)`` by the exponential Euler method, and the jumps of the neuron's inputs.

    Parameters
    ----------
    force, slope
        F, and its derivative.
    """
    slopes = _slopes(neuron)
    if slopes is None:
        current = current_of(neuron, x)
        return neuron.sum_delta_inputs(exp_euler_step(lambda v: (force(v) + R * current(v)) / tau, V))
    drift = (force(V) + R * neuron.sum_current_inputs(x, V)) / tau
    rate = slope(V)
    for each in slopes:
        rate = rate + R * each
    return neuron.sum_delta_inputs(linear_step(V, drift, -rate / tau))


def current_of(neuron: Dynamics, x: Any) -> Callable[[Any], Any]:
    """The current of a step as a function of the potential, which can be called more than once.

    What counts for one step is taken from the neuron's inputs: a drift may be evaluated again.
    """
    taken = [neuron._current_inputs.pop(key) for key, each in list(neuron._current_inputs.items()) if not lasts(each)]
    passing = [each for each in taken if callable(each)]
    for value in taken:
        x = x if callable(value) else x + value

    def current(v: Any) -> Any:
        total = neuron.sum_current_inputs(x, v)
        for each in passing:
            total = total + each(v)
        return total

    return current


def linear_step(y: Any, drift: Any, rate: Any) -> Any:
    """A step of an equation whose drift is `drift` now and falls by `rate` times `y`: exact, at rate zero too."""
    step = environ.get_dt() * rate
    step = step.to_decimal() if is_quantity(step) else step
    return y + environ.get_dt() * exprel_of(-um.asarray(step)) * drift
