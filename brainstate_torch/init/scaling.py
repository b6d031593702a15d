"""Initial values whose size depends on the shape, and orthogonal ones, as braintools makes them."""

import math
import warnings
from dataclasses import dataclass
from typing import Any

import torch

from ..units import UNITLESS, Unit, split_mantissa_unit
from ..units import math as umath
from .base import Initialization, drawn_by, shape_of, with_units
from .distributions import truncated

__all__ = [
    "DeltaOrthogonal",
    "Identity",
    "KaimingNormal",
    "KaimingUniform",
    "LecunNormal",
    "LecunUniform",
    "Orthogonal",
    "VarianceScaling",
    "XavierNormal",
    "XavierUniform",
]

#: The standard deviation of a standard normal number between -2 and 2.
_TRUNCATED = 0.8796256610342398
_MODES = ("fan_in", "fan_out", "fan_avg")
_DISTRIBUTIONS = ("uniform", "normal", "truncated_normal")


@dataclass(eq=False, repr=False)
class VarianceScaling(Initialization):
    """Numbers whose variance is `scale` over the number of inputs or outputs.

    A matrix has ``[inputs, outputs]``, an array of more axes ``[outputs, inputs, *window]``.

    Parameters
    ----------
    scale
        The variance before the division; its unit is the values'.
    mode
        ``'fan_in'``, ``'fan_out'`` or ``'fan_avg'``: inputs, outputs, or their mean.
    distribution
        ``'uniform'``, ``'normal'`` or ``'truncated_normal'``.
    unit
        A unit of the values.

    Raises
    ------
    ValueError
        `mode` or `distribution` is unknown.

    Notes
    -----
    Source: braintools.init.VarianceScaling (0.3.0). :class:`brainstate_torch.nn.init.VarianceScaling` is brainstate's.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> x = brainstate.init.VarianceScaling(1., 'fan_in', 'uniform')((3, 5))
    >>> bool((x.abs() <= 1).all())
    True
    """

    scale: Any = 1.0
    mode: str = "fan_in"
    distribution: str = "normal"
    unit: Any = None

    def __post_init__(self) -> None:
        for name, allowed in (("mode", _MODES), ("distribution", _DISTRIBUTIONS)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"`{name}` must be one of {', '.join(allowed)}. Got {getattr(self, name)!r}.")
        self.unit = UNITLESS if self.unit is None else self.unit

    def _fan(self, shape: tuple[int, ...]) -> float:
        if len(shape) < 2:
            fans: tuple[float, float] = (shape[0] if shape else 1,) * 2
        elif len(shape) == 2:
            fans = shape[0], shape[1]
        else:
            window = math.prod(shape[2:])
            fans = shape[1] * window, shape[0] * window
        return {"fan_in": fans[0], "fan_out": fans[1], "fan_avg": sum(fans) / 2}[self.mode]

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        shape = shape_of(size)
        scale, unit = split_mantissa_unit(self.scale)
        variance = umath.asarray(scale, dtype=dtype) / max(1.0, self._fan(shape))
        if self.distribution == "uniform":
            limit = torch.sqrt(3.0 * variance)
            drawn = rng.uniform(-limit, limit, shape, dtype=dtype)
        elif self.distribution == "normal":
            drawn = rng.normal(0.0, torch.sqrt(variance), shape, dtype=dtype)
        else:
            drawn = truncated(rng, shape, dtype, -2.0, 2.0) * (torch.sqrt(variance) / _TRUNCATED)
        return with_units(drawn, unit, self.unit)


class _Kaiming(VarianceScaling):
    _distribution: str

    def __init__(
        self,
        scale: Any | None = None,
        mode: str = "fan_in",
        nonlinearity: str = "relu",
        negative_slope: float = 0.01,
        unit: Unit | None = None,
    ) -> None:
        if scale is None:
            if nonlinearity not in ("relu", "leaky_relu"):
                raise ValueError(f"`nonlinearity` must be 'relu' or 'leaky_relu'. Got {nonlinearity!r}.")
            scale = 2.0 if nonlinearity == "relu" else 2.0 / (1 + negative_slope**2)
        super().__init__(scale, mode, self._distribution, unit)
        self.nonlinearity, self.negative_slope = nonlinearity, negative_slope


class KaimingUniform(_Kaiming):
    """He et al.: uniform, with the variance 2 / fan for layers before a ReLU.

    Parameters
    ----------
    scale
        The variance before the division; None for that of `nonlinearity`.
    mode
        As for :class:`VarianceScaling`.
    nonlinearity
        ``'relu'`` or ``'leaky_relu'``.
    negative_slope
        The slope of a leaky ReLU.
    unit
        A unit of the values.

    Notes
    -----
    Source: braintools.init.KaimingUniform (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.KaimingUniform().scale
    2.0
    """

    _distribution = "uniform"


class KaimingNormal(_Kaiming):
    """He et al.: normal, with the variance 2 / fan for layers before a ReLU.

    Parameters
    ----------
    scale, mode, nonlinearity, negative_slope, unit
        As for :class:`KaimingUniform`.

    Notes
    -----
    Source: braintools.init.KaimingNormal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.KaimingNormal(nonlinearity='leaky_relu', negative_slope=1.).scale
    1.0
    """

    _distribution = "normal"


class _Fixed(VarianceScaling):
    _mode: str
    _distribution: str

    def __init__(self, scale: Any = 1.0, unit: Unit | None = None) -> None:
        super().__init__(scale, self._mode, self._distribution, unit)


class XavierUniform(_Fixed):
    """Glorot and Bengio: uniform, with the variance over the mean of inputs and outputs.

    Parameters
    ----------
    scale, unit
        As for :class:`VarianceScaling`.

    Notes
    -----
    Source: braintools.init.XavierUniform (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.XavierUniform().mode
    'fan_avg'
    """

    _mode, _distribution = "fan_avg", "uniform"


class XavierNormal(_Fixed):
    """Glorot and Bengio: normal, with the variance over the mean of inputs and outputs.

    Parameters
    ----------
    scale, unit
        As for :class:`VarianceScaling`.

    Notes
    -----
    Source: braintools.init.XavierNormal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.XavierNormal().distribution
    'normal'
    """

    _mode, _distribution = "fan_avg", "normal"


class LecunUniform(_Fixed):
    """LeCun et al.: uniform, with the variance over the number of inputs.

    Parameters
    ----------
    scale, unit
        As for :class:`VarianceScaling`.

    Notes
    -----
    Source: braintools.init.LecunUniform (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.LecunUniform().mode
    'fan_in'
    """

    _mode, _distribution = "fan_in", "uniform"


class LecunNormal(_Fixed):
    """LeCun et al.: normal, with the variance over the number of inputs.

    Parameters
    ----------
    scale, unit
        As for :class:`VarianceScaling`.

    Notes
    -----
    Source: braintools.init.LecunNormal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.LecunNormal().distribution
    'normal'
    """

    _mode, _distribution = "fan_in", "normal"


def _old(unit: Unit | None) -> Unit:
    if unit is None:
        return UNITLESS
    warnings.warn("`unit` is deprecated: multiply the initialiser by it.", DeprecationWarning, stacklevel=4)
    return unit


@dataclass(eq=False, repr=False)
class Orthogonal(Initialization):
    """Matrices with orthonormal rows or columns; all axes but the last count as rows.

    Parameters
    ----------
    scale
        What to multiply with.
    unit
        Deprecated: a unit of the values.

    Raises
    ------
    ValueError
        When called: the shape has less than two axes.

    Notes
    -----
    Source: braintools.init.Orthogonal (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> q = brainstate.init.Orthogonal()((3, 2))
    >>> bool(torch.allclose(q.T @ q, torch.eye(2), atol=1e-5))
    True
    """

    scale: Any = 1.0
    unit: Any = None

    def __post_init__(self) -> None:
        self.unit = _old(self.unit)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        rng, dtype = drawn_by(kwargs)
        shape = shape_of(size)
        if len(shape) < 2:
            raise ValueError(f"`size` must have two axes at least for orthogonal values. Got {shape}.")
        rows, columns = math.prod(shape[:-1]), shape[-1]
        matrix = rng.normal(0.0, 1.0, (rows, columns), dtype=dtype)
        q, r = torch.linalg.qr(matrix.T if rows < columns else matrix)
        # The sign of the diagonal makes the decomposition unique.
        q = q * torch.sign(torch.diagonal(r))
        return with_units((q.T if rows < columns else q).reshape(shape) * self.scale, self.unit)


@dataclass(eq=False, repr=False)
class DeltaOrthogonal(Initialization):
    """Kernels ``[outputs, inputs, *window]`` that are orthogonal in the middle, and zero elsewhere.

    Parameters
    ----------
    scale
        What to multiply with.
    unit
        Deprecated: a unit of the values.

    Raises
    ------
    ValueError
        When called: the shape has less than three axes.

    Notes
    -----
    Source: braintools.init.DeltaOrthogonal (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> int((brainstate.init.DeltaOrthogonal()((2, 2, 3)) != 0).sum())
    4
    """

    scale: Any = 1.0
    unit: Any = None

    def __post_init__(self) -> None:
        self.unit = _old(self.unit)

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        shape = shape_of(size)
        if len(shape) < 3:
            raise ValueError(f"`size` must have three axes at least: outputs, inputs and a window. Got {shape}.")
        middle = Orthogonal(self.scale)(shape[:2], **kwargs)
        for length in shape[2:]:
            place = torch.arange(length, device=middle.device) == length // 2
            middle = torch.where(place, middle[..., None], 0.0)
        return with_units(middle, self.unit)


@dataclass(eq=False, repr=False)
class Identity(Initialization):
    """Ones on the diagonal of the last two axes; a vector of ones for one axis.

    Parameters
    ----------
    scale
        What to multiply with.
    unit
        A unit of the values.

    Notes
    -----
    Source: braintools.init.Identity (0.3.0).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.init.Identity(2.)((2, 2))
    tensor([[2., 0.],
            [0., 2.]])
    """

    scale: Any = 1.0
    unit: Unit = UNITLESS

    def __call__(self, size: Any, **kwargs: Any) -> Any:
        shape = shape_of(size)
        _, dtype = drawn_by(kwargs)
        ones = torch.ones(shape, dtype=dtype) if len(shape) < 2 else torch.eye(*shape[-2:], dtype=dtype).expand(shape)
        return with_units(ones * self.scale, self.unit)
