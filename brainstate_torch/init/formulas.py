"""Profiles given by formulas of the distance."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ..typing import ArrayLike
from ..units import Unit, as_quantity, get_mantissa, um
from ..units import math as umath
from .base import check, in_unit
from .profiles import DistanceProfile

__all__ = [
    "BimodalProfile",
    "DoGProfile",
    "ExponentialProfile",
    "GaussianProfile",
    "LinearProfile",
    "LogisticProfile",
    "MexicanHatProfile",
    "PowerLawProfile",
    "SigmoidProfile",
    "StepProfile",
]


class _Formula(DistanceProfile):
    """A profile given by a formula of the distance, in the unit of its first length, and zero beyond a distance."""

    #: Lengths, which must be positive; the first gives the unit.
    _lengths: tuple[str, ...] = ()
    max_distance: Any = None

    def __post_init__(self) -> None:
        given = {name: getattr(self, name) for name in (*self._lengths, "max_distance")}
        check(**{name: (value, ">0") for name, value in given.items() if value is not None})

    def _unit(self, distances: Any) -> Unit:
        return as_quantity(getattr(self, self._lengths[0])).unit

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        raise NotImplementedError

    def probability(self, distances: Any) -> Any:
        unit = self._unit(distances)

        def length(value: Any) -> Any:
            return in_unit(value, unit)

        distance = umath.asarray(get_mantissa(as_quantity(distances).in_unit(unit)))
        values = self._formula(distance, length)
        return values if self.max_distance is None else torch.where(distance > length(self.max_distance), 0.0, values)


@dataclass(eq=False, repr=False)
class GaussianProfile(_Formula):
    """A bell.

    Parameters
    ----------
    sigma
        The standard deviation, a length.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.GaussianProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.GaussianProfile(1. * u.um, 1.5 * u.um)([0., 1., 2.] * u.um)
    tensor([1.0000, 0.6065, 0.0000])
    """

    sigma: ArrayLike
    max_distance: ArrayLike | None = None
    _lengths = ("sigma",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        return torch.exp(-0.5 * (distance / length(self.sigma)) ** 2)


@dataclass(eq=False, repr=False)
class ExponentialProfile(_Formula):
    """An exponential decay.

    Parameters
    ----------
    decay_constant
        The length in which it falls to 1/e.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.ExponentialProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.ExponentialProfile(2. * u.um)([0., 2.] * u.um)
    tensor([1.0000, 0.3679])
    """

    decay_constant: ArrayLike
    max_distance: ArrayLike | None = None
    _lengths = ("decay_constant",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        return torch.exp(-distance / length(self.decay_constant))


@dataclass(eq=False, repr=False)
class PowerLawProfile(_Formula):
    """A power of the distance, one below `min_distance`.

    Parameters
    ----------
    exponent
        The exponent, with a minus before it.
    min_distance
        Where the decay begins; None for one micrometre, or 1 where distances have no unit.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.PowerLawProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.PowerLawProfile(2.)([0.5, 2.] * u.um)
    tensor([1.0000, 0.2500])
    """

    exponent: float
    min_distance: ArrayLike | None = None
    max_distance: ArrayLike | None = None
    _lengths = ("min_distance",)

    def _unit(self, distances: Any) -> Unit:
        return as_quantity(distances).unit

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        begin = self.min_distance
        if begin is None:
            begin = 1.0 if self._is_plain else 1.0 * um
        first = length(begin)
        return (torch.clamp(distance, min=first) / first) ** (-self.exponent)

    def probability(self, distances: Any) -> Any:
        self._is_plain = as_quantity(distances).is_unitless
        return super().probability(distances)


@dataclass(eq=False, repr=False)
class LinearProfile(_Formula):
    """A straight line from one down to zero.

    Parameters
    ----------
    max_distance
        Where it is zero.

    Notes
    -----
    Source: braintools.init.LinearProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.LinearProfile(2. * u.um)([0., 1., 3.] * u.um)
    tensor([1.0000, 0.5000, 0.0000])
    """

    max_distance: ArrayLike
    _lengths = ("max_distance",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        return torch.clamp(1 - distance / length(self.max_distance), min=0.0)


@dataclass(eq=False, repr=False)
class StepProfile(_Formula):
    """One value up to a distance, and another beyond.

    Parameters
    ----------
    threshold
        The distance.
    inside_prob, outside_prob
        The two values.

    Notes
    -----
    Source: braintools.init.StepProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.StepProfile(2. * u.um, 0.9, 0.1)([2., 3.] * u.um)
    tensor([0.9000, 0.1000])
    """

    threshold: ArrayLike
    inside_prob: ArrayLike = 1.0
    outside_prob: ArrayLike = 0.0
    _lengths = ("threshold",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        return umath.where(distance <= length(self.threshold), self.inside_prob, self.outside_prob)


@dataclass(eq=False, repr=False)
class SigmoidProfile(_Formula):
    """A smooth step down.

    Parameters
    ----------
    midpoint
        The distance where it is one half.
    slope
        How steep it is, per unit of `midpoint`.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.SigmoidProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.SigmoidProfile(2. * u.um, 1.)([2., 4.] * u.um)
    tensor([0.5000, 0.1192])
    """

    midpoint: ArrayLike
    slope: float = 0.05
    max_distance: ArrayLike | None = None
    _lengths = ("midpoint",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        return torch.sigmoid(-self.slope * (distance - length(self.midpoint)))


@dataclass(eq=False, repr=False)
class LogisticProfile(_Formula):
    """A smooth step down, like :class:`SigmoidProfile`, with the steepness first.

    Parameters
    ----------
    growth_rate
        How steep it is, per unit of `midpoint`.
    midpoint
        The distance where it is one half.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.LogisticProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.LogisticProfile(1., 2. * u.um)([2., 4.] * u.um)
    tensor([0.5000, 0.1192])
    """

    growth_rate: float
    midpoint: ArrayLike
    max_distance: ArrayLike | None = None
    _lengths = ("midpoint",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        return torch.sigmoid(-self.growth_rate * (distance - length(self.midpoint)))


@dataclass(eq=False, repr=False)
class DoGProfile(_Formula):
    """The difference of two bells, where it is positive.

    Parameters
    ----------
    sigma_center, sigma_surround
        The standard deviations.
    amplitude_center, amplitude_surround
        The heights.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.DoGProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.DoGProfile(1. * u.um, 2. * u.um)([0., 1., 3.] * u.um)
    tensor([0.5000, 0.1653, 0.0000])
    """

    sigma_center: ArrayLike
    sigma_surround: ArrayLike
    amplitude_center: Any = 1.0
    amplitude_surround: Any = 0.5
    max_distance: ArrayLike | None = None
    _lengths = ("sigma_center", "sigma_surround")

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        center, surround = (
            torch.exp(-0.5 * (distance / length(sigma)) ** 2) for sigma in (self.sigma_center, self.sigma_surround)
        )
        return torch.clamp(self.amplitude_center * center - self.amplitude_surround * surround, min=0.0)


@dataclass(eq=False, repr=False)
class BimodalProfile(_Formula):
    """The sum of two bells.

    Parameters
    ----------
    sigma1, sigma2
        The standard deviations.
    center1, center2
        The distances where they are highest; None for zero.
    amplitude1, amplitude2
        The heights.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.BimodalProfile (0.3.0). Differs: the centers are zero in any unit, not in um alone.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.BimodalProfile(1. * u.um, 1. * u.um, center2=3. * u.um)([0., 3.] * u.um)
    tensor([1.0111, 1.0111])
    """

    sigma1: ArrayLike
    sigma2: ArrayLike
    center1: ArrayLike | None = None
    center2: ArrayLike | None = None
    amplitude1: Any = 1.0
    amplitude2: Any = 1.0
    max_distance: ArrayLike | None = None
    _lengths = ("sigma1", "sigma2")

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        peaks = (
            (self.amplitude1, self.center1, self.sigma1),
            (self.amplitude2, self.center2, self.sigma2),
        )
        total: Any = 0.0
        for amplitude, center, sigma in peaks:
            away = distance if center is None else distance - length(center)
            total = total + amplitude * torch.exp(-0.5 * (away / length(sigma)) ** 2)
        return total


@dataclass(eq=False, repr=False)
class MexicanHatProfile(_Formula):
    """The second derivative of a bell, where it is positive.

    Parameters
    ----------
    sigma
        The standard deviation of the bell.
    amplitude
        The height.
    max_distance
        Beyond this distance it is zero; None for nowhere.

    Notes
    -----
    Source: braintools.init.MexicanHatProfile (0.3.0).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> from brainstate_torch import init
    >>> init.MexicanHatProfile(2. * u.um)([0., 1., 2.] * u.um)
    tensor([1.0000, 0.6619, 0.0000])
    """

    sigma: ArrayLike
    amplitude: Any = 1.0
    max_distance: ArrayLike | None = None
    _lengths = ("sigma",)

    def _formula(self, distance: Any, length: Callable[[Any], Any]) -> Any:
        squares = (distance / length(self.sigma)) ** 2
        return torch.clamp(self.amplitude * (1 - squares) * torch.exp(-squares / 2), min=0.0)
