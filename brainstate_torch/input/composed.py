"""Stimuli as objects: made when they are called, and combined by operators."""

import functools
import operator
from collections.abc import Callable
from typing import Any

import torch

from .. import environ
from .._errors import kind_of
from ..transform._core.truth import is_undecided
from ..units import as_quantity, get_mantissa, get_unit
from ..units import math as umath
from .clock import Clock, finished, recurrence

__all__ = [
    "Clipped",
    "Composite",
    "ConstantValue",
    "Input",
    "Repeated",
    "Sequential",
    "Smoothed",
    "TimeShifted",
    "Transformed",
]


class Input:
    """A stimulus, which operators combine with others and with numbers: ``+ - * /``, ``|`` for the larger of two,
    ``&`` for one after the other.

    A call makes it, in the steps of ``environ``'s `dt`, and keeps it for the next call with the same `dt`. What was
    made inside of a transform from values that it traces is not kept.

    Parameters
    ----------
    duration
        How long it is.

    Notes
    -----
    Source: braintools.input.Input (0.3.0). Differs: another `dt` makes the stimulus anew.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> stimulus = input.Ramp(0. * u.pA, 2. * u.pA, 3. * u.ms) * 2. & input.Constant([(1. * u.pA, 2. * u.ms)])
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     stimulus()
    tensor([0., 2., 4., 1., 1.]) pA
    """

    def __init__(self, duration: Any) -> None:
        self.duration = duration
        self._kept: tuple[Any, Any] | None = None

    @property
    def dt(self) -> Any:
        """The time step of `environ`."""
        return environ.get_dt()

    @property
    def n_steps(self) -> int:
        """How many steps it has."""
        return Clock().steps("duration", self.duration)

    @property
    def shape(self) -> Any:
        """The shape of the stimulus."""
        return tuple(self().shape)

    def __call__(self, recompute: bool = False) -> Any:
        clock = Clock()
        key = (clock.dt, str(clock.unit), environ.dftype())
        if self._kept is not None and self._kept[0] == key and not recompute:
            return self._kept[1]
        made = self.generate()
        tensor = get_mantissa(made)
        if not (tensor.requires_grad or is_undecided(tensor)):
            self._kept = key, made
        return made

    def generate(self) -> Any:
        """Make the stimulus; a subclass defines it.

        Returns
        -------
        Tensor or Quantity
            The stimulus, ``[steps, *N]``.

        Raises
        ------
        NotImplementedError
            The subclass does not.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `generate`.")

    def _with(self, other: Any, sign: str, is_right: bool = False) -> "Input":
        if not isinstance(other, Input):
            other = ConstantValue(other, self.duration)
        return Composite(other, self, sign) if is_right else Composite(self, other, sign)

    def __add__(self, other: Any) -> "Input":
        return self._with(other, "+")

    def __radd__(self, other: Any) -> "Input":
        return self._with(other, "+")

    def __sub__(self, other: Any) -> "Input":
        return self._with(other, "-")

    def __rsub__(self, other: Any) -> "Input":
        return self._with(other, "-", is_right=True)

    def __mul__(self, other: Any) -> "Input":
        return self._with(other, "*")

    def __rmul__(self, other: Any) -> "Input":
        return self._with(other, "*")

    def __truediv__(self, other: Any) -> "Input":
        return self._with(other, "/")

    def __rtruediv__(self, other: Any) -> "Input":
        return self._with(other, "/", is_right=True)

    def __and__(self, other: Any) -> "Input":
        return Sequential(self, _input(other, "&"))

    def __or__(self, other: Any) -> "Input":
        return Composite(self, _input(other, "|"), "max")

    def __neg__(self) -> "Input":
        return self.apply(operator.neg)

    def scale(self, factor: Any) -> "Input":
        """The stimulus times a number or quantity.

        Parameters
        ----------
        factor
            What to multiply with.

        Returns
        -------
        Input
            The product.
        """
        return self._with(factor, "*")

    def shift(self, time_shift: Any) -> "Input":
        """The stimulus, later; earlier for a negative time.

        Parameters
        ----------
        time_shift
            By how much.

        Returns
        -------
        Input
            The shifted one, as long as this one.
        """
        return TimeShifted(self, time_shift)

    def clip(self, min_val: Any = None, max_val: Any = None) -> "Input":
        """The stimulus between two values.

        Parameters
        ----------
        min_val, max_val
            The least and the largest value; None for no limit.

        Returns
        -------
        Input
            The limited one.
        """
        return Clipped(self, min_val, max_val)

    def smooth(self, tau: Any) -> "Input":
        """The stimulus through a filter of first order.

        Parameters
        ----------
        tau
            The time constant.

        Returns
        -------
        Input
            The smooth one.
        """
        return Smoothed(self, tau)

    def repeat(self, n_times: int) -> "Input":
        """The stimulus several times, one after the other.

        Parameters
        ----------
        n_times
            How often.

        Returns
        -------
        Input
            The longer one.
        """
        return Repeated(self, n_times)

    def apply(self, func: Callable[[Any], Any]) -> "Input":
        """A function of the stimulus.

        Parameters
        ----------
        func
            Takes the stimulus as an array, and gives one.

        Returns
        -------
        Input
            The result as a stimulus.
        """
        return Transformed(self, func)


def _input(other: Any, sign: str) -> Input:
    if not isinstance(other, Input):
        raise TypeError(f"the operand of {sign} must be another Input. Got {kind_of(other)}.")
    return other


def _zeros(count: int, like: Any) -> Any:
    return umath.zeros((count, *like.shape[1:]), dtype=like.dtype, unit=get_unit(like)).to(get_mantissa(like).device)


def _together(made: list[Any]) -> list[Any]:
    """Stimuli on one device: what is made of numbers alone lies on the default one."""
    default = torch.get_default_device()
    device = next((device for x in made if (device := get_mantissa(x).device) != default), default)
    return [x if get_mantissa(x).device == device else x.to(device) for x in made]


def _divided(a: Any, b: Any) -> Any:
    is_zero = get_mantissa(b) == 0
    # The quotient by zero, which is not taken, would make the derivative nan.
    return umath.where(is_zero, a, a / umath.where(is_zero, umath.ones_like(b), b))


_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divided,
    "max": umath.maximum,
    "min": umath.minimum,
}


class Composite(Input):
    """Two stimuli, step by step; the shorter one is zero at its end.

    Parameters
    ----------
    input1, input2
        The stimuli.
    operator
        ``'+'``, ``'-'``, ``'*'``, ``'/'`` (the first one where the second is zero), ``'max'`` or ``'min'``.

    Raises
    ------
    ValueError
        The operator is another one.

    Notes
    -----
    Source: braintools.input.Composite (0.3.0). Differs: another operator is refused at once.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.Composite(input.Ramp(0., 2., 3. * u.ms), input.Ramp(1., 1., 2. * u.ms), 'max')()
    tensor([1., 1., 2.])
    """

    def __init__(self, input1: Input, input2: Input, operator: str) -> None:
        if operator not in _OPERATORS:
            raise ValueError(f"`operator` must be one of {', '.join(_OPERATORS)}. Got {operator!r}.")
        super().__init__(umath.maximum(input1.duration, input2.duration))
        self.input1, self.input2, self.operator = input1, input2, operator

    def generate(self) -> Any:
        """Both, combined."""
        pair = _together([self.input1(), self.input2()])
        length = max(x.shape[0] for x in pair)
        return _OPERATORS[self.operator](
            *[umath.concatenate([x, _zeros(length - x.shape[0], x)]) if x.shape[0] < length else x for x in pair]
        )


class ConstantValue(Input):
    """One value for some time.

    Parameters
    ----------
    value
        The value.
    duration
        How long.

    Notes
    -----
    Source: braintools.input.ConstantValue (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     brainstate.input.ConstantValue(2. * u.pA, 3. * u.ms)()
    tensor([2., 2., 2.]) pA
    """

    def __init__(self, value: Any, duration: Any) -> None:
        super().__init__(duration)
        self.value = value

    def generate(self) -> Any:
        """The value at each step."""
        return finished(umath.ones(self.n_steps, dtype=environ.dftype()) * self.value)


class Sequential(Input):
    """Stimuli one after the other.

    Parameters
    ----------
    *inputs
        The stimuli.

    Notes
    -----
    Source: braintools.input.Sequential (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.Sequential(input.Ramp(0., 1., 2. * u.ms), input.Ramp(3., 4., 2. * u.ms))()
    tensor([0., 1., 3., 4.])
    """

    def __init__(self, *inputs: Input) -> None:
        super().__init__(functools.reduce(operator.add, [each.duration for each in inputs]))
        self.inputs = inputs

    def generate(self) -> Any:
        """The parts, joined."""
        return umath.concatenate(_together([each() for each in self.inputs]))


class _Changed(Input):
    """A stimulus that comes from another one."""

    def __init__(self, input_obj: Input, duration: Any = None) -> None:
        super().__init__(input_obj.duration if duration is None else duration)
        self.input_obj = input_obj


class TimeShifted(_Changed):
    """A stimulus at a later time, with zeros before.

    Parameters
    ----------
    input_obj
        The stimulus.
    time_shift
        By how much later; earlier where it is negative.

    Notes
    -----
    Source: braintools.input.TimeShifted (0.3.0). Differs: a shift by more than the duration leaves zeros of that
    duration.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.TimeShifted(input.Ramp(1., 3., 3. * u.ms), 1. * u.ms)()
    tensor([0., 1., 2.])
    """

    def __init__(self, input_obj: Input, time_shift: Any) -> None:
        super().__init__(input_obj)
        self.time_shift = time_shift

    def generate(self) -> Any:
        """The stimulus, moved."""
        values, steps = self.input_obj(), Clock().step("time_shift", self.time_shift)
        moved = min(abs(steps), values.shape[0])
        kept = values.shape[0] - moved
        parts = [_zeros(moved, values), values[:kept]] if steps > 0 else [values[moved:], _zeros(moved, values)]
        return umath.concatenate(parts) if moved else values


class Clipped(_Changed):
    """A stimulus between two values.

    Parameters
    ----------
    input_obj
        The stimulus.
    min_val, max_val
        The least and the largest value; None for no limit.

    Notes
    -----
    Source: braintools.input.Clipped (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.Clipped(input.Ramp(0., 2., 3. * u.ms), max_val=1.)()
    tensor([0., 1., 1.])
    """

    def __init__(self, input_obj: Input, min_val: Any = None, max_val: Any = None) -> None:
        super().__init__(input_obj)
        self.min_val, self.max_val = min_val, max_val

    def generate(self) -> Any:
        """The stimulus, limited."""
        values = self.input_obj()
        if self.min_val is not None:
            values = umath.maximum(values, self.min_val)
        return values if self.max_val is None else umath.minimum(values, self.max_val)


class Smoothed(_Changed):
    """A stimulus through a filter of first order, which begins at its first value.

    Parameters
    ----------
    input_obj
        The stimulus.
    tau
        The time constant of the filter.

    Notes
    -----
    Source: braintools.input.Smoothed (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.Smoothed(input.Step([0., 1.], [0., 1.] * u.ms, 3. * u.ms), 2. * u.ms)()
    tensor([0.0000, 0.5000, 0.7500])
    """

    def __init__(self, input_obj: Input, tau: Any) -> None:
        super().__init__(input_obj)
        self.tau = tau

    def generate(self) -> Any:
        """The stimulus, filtered."""
        clock, values = Clock(), as_quantity(self.input_obj())
        part = clock.dt / clock.value("tau", self.tau)
        added = values.mantissa.to(torch.float64)
        added = torch.cat([added[:1], part * added[1:]])
        return finished(recurrence(1.0 - part, added) * values.unit)


class Repeated(_Changed):
    """A stimulus several times.

    Parameters
    ----------
    input_obj
        The stimulus.
    n_times
        How often.

    Notes
    -----
    Source: braintools.input.Repeated (0.3.0). Differs: a stimulus of several columns is repeated in time, too.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.Repeated(input.Ramp(0., 1., 2. * u.ms), 2)()
    tensor([0., 1., 0., 1.])
    """

    def __init__(self, input_obj: Input, n_times: int) -> None:
        super().__init__(input_obj, input_obj.duration * n_times)
        self.n_times = n_times

    def generate(self) -> Any:
        """The stimulus, `n_times` over."""
        values = self.input_obj()
        return umath.tile(values, (self.n_times, *[1] * (len(values.shape) - 1)))


class Transformed(_Changed):
    """A function of a stimulus.

    Parameters
    ----------
    input_obj
        The stimulus.
    func
        Takes the stimulus as an array, and gives one.

    Notes
    -----
    Source: braintools.input.Transformed (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> from brainstate_torch import input
    >>> with brainstate.environ.context(dt=1. * u.ms):
    ...     input.Transformed(input.Ramp(0., 2., 3. * u.ms), lambda x: x ** 2)()
    tensor([0., 1., 4.])
    """

    def __init__(self, input_obj: Input, func: Callable[[Any], Any]) -> None:
        super().__init__(input_obj)
        self.func = func

    def generate(self) -> Any:
        """The stimulus, transformed."""
        return self.func(self.input_obj())
