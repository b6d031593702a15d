"""Initial weights whose variance follows from the number of inputs and outputs, so that signals keep their size."""

import math
from typing import Any

from ...typing import SeedOrKey
from ...units import UNITLESS, Unit, UnitMismatchError, get_unit, is_quantity
from .base import RandomInitializer

__all__ = [
    "KaimingNormal",
    "KaimingUniform",
    "LecunNormal",
    "LecunUniform",
    "VarianceScaling",
    "XavierNormal",
    "XavierUniform",
    "calculate_init_gain",
]

_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("truncated_normal", "normal", "uniform")
#: The standard deviation of a standard normal number, given that it lies between -2 and 2.
_TRUNCATED_STD = 0.87962566103423978


class VarianceScaling(RandomInitializer):
    """Weights of mean zero and variance ``scale / fan``.

    Parameters
    ----------
    scale
        The numerator.
    mode
        ``'fan_in'``, the number of inputs of one output; ``'fan_out'``, of outputs of one input; or their mean,
        ``'fan_avg'``.
    distribution
        ``'truncated_normal'`` (at two standard deviations), ``'normal'`` or ``'uniform'``.
    in_axis, out_axis
        The axes of inputs and outputs. What the other axes hold counts in both.
    seed
        The seed of an independent stream; None: the common one.
    unit
        The unit of the weights.

    Raises
    ------
    ValueError
        There is no such mode or distribution.
    UnitMismatchError
        `scale` has a unit.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> scaling = brainstate.nn.init.VarianceScaling(3., 'fan_in', 'uniform')
    >>> bool((scaling((4, 100)).abs() <= (3 * 3 / 4) ** 0.5).all())
    True
    """

    def __init__(
        self,
        scale: float,
        mode: str,
        distribution: str,
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        if mode not in _MODES:
            raise ValueError(f"`mode` must be one of {_MODES}. Got {mode!r}.")
        if distribution not in _DISTRIBUTIONS:
            raise ValueError(f"`distribution` must be one of {_DISTRIBUTIONS}. Got {distribution!r}.")
        if is_quantity(scale):
            raise UnitMismatchError(
                f"`scale` must be a plain number, a part of the variance. Got one in {get_unit(scale)}. Give the "
                "weights their unit with `unit=`.",
                get_unit(scale),
                UNITLESS,
            )
        super().__init__(unit, seed)
        self.scale, self.mode, self.distribution = scale, mode, distribution
        self.in_axis, self.out_axis = in_axis, out_axis

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        # Without elements there is no fan to divide by.
        std = 0.0 if 0 in shape else math.sqrt(self.scale / self._fan(shape))
        if self.distribution == "truncated_normal":
            return rng.truncated_normal(-2.0, 2.0, size=shape, dtype=dtype) * (std / _TRUNCATED_STD)
        if self.distribution == "normal":
            return rng.normal(size=shape, dtype=dtype) * std
        return rng.uniform(low=-1.0, high=1.0, size=shape, dtype=dtype) * (math.sqrt(3.0) * std)

    def _fan(self, shape: tuple[int, ...]) -> float:
        field = math.prod(shape) / shape[self.in_axis] / shape[self.out_axis]
        fan_in, fan_out = shape[self.in_axis] * field, shape[self.out_axis] * field
        return {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2}[self.mode]


class KaimingUniform(VarianceScaling):
    """He et al.: variance 2 / fan_in, for layers before a ReLU.

    Parameters
    ----------
    scale, mode, distribution, in_axis, out_axis, seed, unit
        As for :class:`VarianceScaling`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.KaimingUniform().mode, brainstate.nn.init.KaimingUniform().distribution
    ('fan_in', 'uniform')
    """

    def __init__(
        self,
        scale: float = 2.0,
        mode: str = "fan_in",
        distribution: str = "uniform",
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(scale, mode, distribution, in_axis, out_axis, seed, unit)


class KaimingNormal(VarianceScaling):
    """He et al.: variance 2 / fan_in, for layers before a ReLU.

    Parameters
    ----------
    scale, mode, distribution, in_axis, out_axis, seed, unit
        As for :class:`VarianceScaling`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.KaimingNormal().mode, brainstate.nn.init.KaimingNormal().distribution
    ('fan_in', 'truncated_normal')
    """

    def __init__(
        self,
        scale: float = 2.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(scale, mode, distribution, in_axis, out_axis, seed, unit)


class XavierUniform(VarianceScaling):
    """Glorot and Bengio: variance 1 / fan_avg, for layers before a symmetric function.

    Parameters
    ----------
    scale, mode, distribution, in_axis, out_axis, seed, unit
        As for :class:`VarianceScaling`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.XavierUniform().mode, brainstate.nn.init.XavierUniform().distribution
    ('fan_avg', 'uniform')
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_avg",
        distribution: str = "uniform",
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(scale, mode, distribution, in_axis, out_axis, seed, unit)


class XavierNormal(VarianceScaling):
    """Glorot and Bengio: variance 1 / fan_avg, for layers before a symmetric function.

    Parameters
    ----------
    scale, mode, distribution, in_axis, out_axis, seed, unit
        As for :class:`VarianceScaling`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.XavierNormal().mode, brainstate.nn.init.XavierNormal().distribution
    ('fan_avg', 'truncated_normal')
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_avg",
        distribution: str = "truncated_normal",
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(scale, mode, distribution, in_axis, out_axis, seed, unit)


class LecunUniform(VarianceScaling):
    """LeCun et al.: variance 1 / fan_in, for layers before a SELU.

    Parameters
    ----------
    scale, mode, distribution, in_axis, out_axis, seed, unit
        As for :class:`VarianceScaling`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.LecunUniform().mode, brainstate.nn.init.LecunUniform().distribution
    ('fan_in', 'uniform')
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "uniform",
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(scale, mode, distribution, in_axis, out_axis, seed, unit)


class LecunNormal(VarianceScaling):
    """LeCun et al.: variance 1 / fan_in, for layers before a SELU.

    Parameters
    ----------
    scale, mode, distribution, in_axis, out_axis, seed, unit
        As for :class:`VarianceScaling`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.LecunNormal().mode, brainstate.nn.init.LecunNormal().distribution
    ('fan_in', 'truncated_normal')
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        in_axis: int = -2,
        out_axis: int = -1,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(scale, mode, distribution, in_axis, out_axis, seed, unit)


_GAINS = {
    "linear": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
    **{f"conv{transposed}{n}d": 1.0 for transposed in ("", "_transpose") for n in (1, 2, 3)},
}


def calculate_init_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor by which the weights before a function should be larger for signals to keep their size.

    Parameters
    ----------
    nonlinearity
        The name of the function.
    param
        The slope of ``'leaky_relu'`` below zero; by default 0.01.

    Returns
    -------
    float
        The factor.

    Raises
    ------
    ValueError
        The function is unknown, or `param` is not a number.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.calculate_init_gain('leaky_relu', 1.)
    1.0
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        if isinstance(slope, bool) or not isinstance(slope, (int, float)):
            raise ValueError(f"`param` must be a number. Got {slope!r}, which is not a valid number.")
        return math.sqrt(2.0 / (1 + slope**2))
    if nonlinearity not in _GAINS:
        raise ValueError(
            f"Unsupported nonlinearity: it must be one of {['leaky_relu', *_GAINS]}. Got {nonlinearity!r}."
        )
    return _GAINS[nonlinearity]
