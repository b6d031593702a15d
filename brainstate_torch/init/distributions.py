"""Initial values from distributions, as braintools parametrises them."""

from dataclasses import dataclass
from typing import Any

import torch

from ..typing import ArrayLike
from ..units import UNITLESS, Unit, as_quantity, get_mantissa, split_mantissa_unit
from ..units import math as umath
from .base import Initialization, check, drawn_by, in_unit, old_unit, shape_of, with_units

__all__ = [
    "Beta",
    "Constant",
    "Exponential",
    "Gamma",
    "LogNormal",
    "Normal",
    "TruncatedNormal",
    "Uniform",
    "Weibull",
    "ZeroInit",
]


def _check_order(low: Any, high: Any) -> None:
    if bool(umath.any(umath.asarray(low) >= umath.asarray(high))):
        raise ValueError(f"`low` must be less than `high`. Got {low} and {high}.")


@dataclass(eq=False, repr=False)
class Constant(Initialization):
    """One value everywhere.

    Parameters
    ----------
    value
        The value.
    unit
        Deprecated: a unit for a plain value.

    Raises
    ------
    ValueError
        `value` is None.

    Notes
    -----
    Source: braintools.init.Constant (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.init.Constant(2. * u.mS)((2,))
    tensor([2., 2.]) mS
    """

    value: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        if self.value is None:
            raise ValueError("`value` must be a number, an array or a quantity. Got None.")
        self.unit = old_unit(self.unit, self.value)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        return with_units(umath.full(shape_of(size), self.value, dtype=kwargs.get("dtype")), self.unit)


class ZeroInit(Constant):
    """Zeros.

    Parameters
    ----------
    unit
        Their unit.

    Notes
    -----
    Source: braintools.init.ZeroInit (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.init.ZeroInit(unit=u.mV)((2,))
    tensor([0., 0.]) mV
    """

    def __init__(self, unit: Unit | None = UNITLESS) -> None:
        self.value, self.unit = 0.0, UNITLESS if unit is None else unit


@dataclass(eq=False, repr=False)
class Uniform(Initialization):
    """Uniform between two values.

    Parameters
    ----------
    low, high
        The bounds.
    unit
        Deprecated: a unit for plain bounds.

    Raises
    ------
    ValueError
        `low` is not less than `high`.

    Notes
    -----
    Source: braintools.init.Uniform (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> x = brainstate.init.Uniform(1. * u.mV, 2. * u.mV)((100,))
    >>> bool(((x >= 1. * u.mV) & (x < 2. * u.mV)).all())
    True
    """

    low: ArrayLike
    high: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        _check_order(self.low, self.high)
        self.unit = old_unit(self.unit, self.low, self.high)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        low, unit = split_mantissa_unit(self.low)
        return with_units(rng.uniform(low, in_unit(self.high, unit), shape_of(size), dtype=dtype), unit, self.unit)


@dataclass(eq=False, repr=False)
class Normal(Initialization):
    """Normal numbers.

    Parameters
    ----------
    mean, std
        The mean and the standard deviation.
    unit
        Deprecated: a unit for plain parameters.

    Raises
    ------
    ValueError
        `std` is negative.

    Notes
    -----
    Source: braintools.init.Normal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.init.Normal(2. * u.mV, 0. * u.mV)((2,))
    tensor([2., 2.]) mV
    """

    mean: ArrayLike
    std: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        check(std=(self.std, ">=0"))
        self.unit = old_unit(self.unit, self.mean, self.std)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        mean, unit = split_mantissa_unit(self.mean)
        return with_units(rng.normal(mean, in_unit(self.std, unit), shape_of(size), dtype=dtype), unit, self.unit)


@dataclass(eq=False, repr=False)
class LogNormal(Initialization):
    """Log-normal numbers with a given mean and standard deviation of their own, not of their logarithm.

    Parameters
    ----------
    mean, std
        The mean and the standard deviation.
    unit
        Deprecated: a unit for plain parameters.

    Raises
    ------
    ValueError
        `mean` is not positive, or `std` negative.

    Notes
    -----
    Source: braintools.init.LogNormal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.init.LogNormal(2. * u.mV, 0. * u.mV)((2,))
    tensor([2., 2.]) mV
    """

    mean: ArrayLike
    std: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        check(mean=(self.mean, ">0"), std=(self.std, ">=0"))
        self.unit = old_unit(self.unit, self.mean, self.std)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        unit = as_quantity(self.mean).unit
        mean, std = (umath.asarray(in_unit(x, unit), dtype=torch.float64) for x in (self.mean, self.std))
        spread = torch.log(1 + (std / mean) ** 2)
        place = torch.log(mean) - spread / 2
        drawn = rng.lognormal(place.to(dtype), torch.sqrt(spread).to(dtype), shape_of(size), dtype=dtype)
        return with_units(drawn, unit, self.unit)


@dataclass(eq=False, repr=False)
class Gamma(Initialization):
    """Gamma distributed numbers.

    Parameters
    ----------
    shape
        The shape parameter, a plain number.
    scale
        The scale.
    unit
        Deprecated: a unit for a plain scale.

    Raises
    ------
    ValueError
        `shape` has a unit or is not positive.

    Notes
    -----
    Source: braintools.init.Gamma (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> bool((brainstate.init.Gamma(2., 1. * u.mV)((100,)) > 0. * u.mV).all())
    True
    """

    shape: ArrayLike
    scale: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        check(shape=(self.shape, "plain"))
        self.unit = old_unit(self.unit, self.scale)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        scale, unit = split_mantissa_unit(self.scale)
        drawn = rng.gamma(get_mantissa(self.shape), scale, shape_of(size), dtype=dtype)
        return with_units(drawn, unit, self.unit)


@dataclass(eq=False, repr=False)
class Exponential(Initialization):
    """Exponentially distributed numbers.

    Parameters
    ----------
    scale
        The mean.
    unit
        Deprecated: a unit for a plain scale.

    Notes
    -----
    Source: braintools.init.Exponential (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> bool((brainstate.init.Exponential(1. * u.mV)((100,)) > 0. * u.mV).all())
    True
    """

    scale: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        self.unit = old_unit(self.unit, self.scale)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        scale, unit = split_mantissa_unit(self.scale)
        return with_units(rng.exponential(scale, shape_of(size), dtype=dtype), unit, self.unit)


def truncated(rng: Any, shape: tuple[int, ...], dtype: Any, low: Any, high: Any) -> torch.Tensor:
    """Standard normal numbers between two bounds, by the quantiles of uniform ones; None for no bound."""
    begin = 0.0 if low is None else torch.special.ndtr(umath.asarray(low, dtype=dtype))
    end = 1.0 if high is None else torch.special.ndtr(umath.asarray(high, dtype=dtype))
    part = begin + rng.uniform(0.0, 1.0, shape, dtype=dtype) * (end - begin)
    drawn: torch.Tensor = torch.special.ndtri(part.clamp(1e-7, 1.0 - 1e-7))
    return drawn


@dataclass(eq=False, repr=False)
class TruncatedNormal(Initialization):
    """Normal numbers, given that they lie between two bounds.

    Parameters
    ----------
    mean, std
        The mean and the standard deviation before the restriction.
    low, high
        The bounds; None for none.
    unit
        Deprecated: a unit for plain parameters.

    Raises
    ------
    ValueError
        `std` is negative, or `low` not less than `high`.

    Notes
    -----
    Source: braintools.init.TruncatedNormal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> x = brainstate.init.TruncatedNormal(0. * u.mV, 1. * u.mV, low=0. * u.mV)((100,))
    >>> bool((x >= 0. * u.mV).all())
    True
    """

    mean: ArrayLike
    std: ArrayLike
    low: ArrayLike | None = None
    high: ArrayLike | None = None
    unit: Any = None

    def __post_init__(self) -> None:
        check(std=(self.std, ">=0"))
        if self.low is not None and self.high is not None:
            _check_order(self.low, self.high)
        given = [x for x in (self.mean, self.std, self.low, self.high) if x is not None]
        self.unit = old_unit(self.unit, *given)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        mean, unit = split_mantissa_unit(self.mean)
        mean = umath.asarray(mean, dtype=dtype)
        std = umath.asarray(in_unit(self.std, unit), dtype=dtype)
        low, high = (None if x is None else umath.asarray(in_unit(x, unit), dtype=dtype) for x in (self.low, self.high))
        safe = torch.where(std == 0, 1.0, std)
        bounds = [None if x is None else (x - mean) / safe for x in (low, high)]
        drawn = mean + std * truncated(rng, shape_of(size), dtype, *bounds)
        drawn = drawn if low is None else torch.maximum(drawn, low)
        return with_units(drawn if high is None else torch.minimum(drawn, high), unit, self.unit)


@dataclass(eq=False, repr=False)
class Beta(Initialization):
    """Beta distributed numbers between two bounds.

    Parameters
    ----------
    alpha, beta
        The parameters, plain numbers.
    low, high
        The bounds.
    unit
        Deprecated: a unit for plain bounds.

    Raises
    ------
    ValueError
        A parameter has a unit or is not positive, or `low` is not less than `high`.

    Notes
    -----
    Source: braintools.init.Beta (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> x = brainstate.init.Beta(2., 3., 0. * u.mV, 1. * u.mV)((100,))
    >>> bool(((x >= 0. * u.mV) & (x <= 1. * u.mV)).all())
    True
    """

    alpha: ArrayLike
    beta: ArrayLike
    low: ArrayLike
    high: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        check(alpha=(self.alpha, "plain"), beta=(self.beta, "plain"))
        _check_order(self.low, self.high)
        self.unit = old_unit(self.unit, self.low, self.high)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        drawn = rng.beta(get_mantissa(self.alpha), get_mantissa(self.beta), shape_of(size), dtype=dtype)
        low, unit = split_mantissa_unit(self.low)
        return with_units(low + (in_unit(self.high, unit) - low) * drawn, unit, self.unit)


@dataclass(eq=False, repr=False)
class Weibull(Initialization):
    """Weibull distributed numbers.

    Parameters
    ----------
    shape
        The shape parameter, a plain number.
    scale
        The scale.
    unit
        Deprecated: a unit for a plain scale.

    Raises
    ------
    ValueError
        `shape` has a unit or is not positive.

    Notes
    -----
    Source: braintools.init.Weibull (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> bool((brainstate.init.Weibull(2., 1. * u.mV)((100,)) > 0. * u.mV).all())
    True
    """

    shape: ArrayLike
    scale: ArrayLike
    unit: Any = None

    def __post_init__(self) -> None:
        check(shape=(self.shape, "plain"))
        self.unit = old_unit(self.unit, self.scale)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        drawn = rng.weibull(get_mantissa(self.shape), shape_of(size), dtype=dtype)
        return with_units(drawn * self.scale, self.unit)
