"""Initial values from a distribution with given parameters."""

from typing import Any

from ...typing import ArrayLike, SeedOrKey
from ...units import UNITLESS, Unit
from .base import RandomInitializer

__all__ = ["Exponential", "Gamma", "Normal", "TruncatedNormal", "Uniform"]


class Normal(RandomInitializer):
    """Normal, with mean `mean` and standard deviation `scale`.

    Parameters
    ----------
    mean, scale
        The mean and the standard deviation: numbers in `unit`, or quantities.
    unit
        The unit of the values.
    seed
        The seed of an independent stream; None: the common one.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.Normal(mean=2., scale=0.)((2,))
    tensor([2., 2.])
    """

    def __init__(
        self,
        mean: ArrayLike = 0.0,
        scale: ArrayLike = 1.0,
        unit: Unit = UNITLESS,
        seed: SeedOrKey | None = None,
    ) -> None:
        super().__init__(unit, seed)
        self.mean, self.scale = mean, scale

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        return rng.normal(loc=self.mean, scale=self.scale, size=shape, dtype=dtype)


class TruncatedNormal(RandomInitializer):
    """Normal, given that it lies between `lower` and `upper`.

    Parameters
    ----------
    loc, scale
        The mean and the standard deviation before the restriction: numbers in `unit`, or quantities.
    unit
        The unit of the values.
    lower, upper
        The bounds of the values: numbers in `unit`, or quantities.
    seed
        The seed of an independent stream; None: the common one.

    Raises
    ------
    ValueError
        `scale` is not positive.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> x = brainstate.nn.init.TruncatedNormal(lower=-1., upper=1.)((100,))
    >>> bool((x.abs() <= 1).all())
    True
    """

    def __init__(
        self,
        loc: ArrayLike = 0.0,
        scale: Any = 1.0,
        unit: Unit = UNITLESS,
        lower: ArrayLike = -2.0,
        upper: ArrayLike = 2.0,
        seed: SeedOrKey | None = None,
    ) -> None:
        if not scale > 0:
            raise ValueError(f"`scale` must be positive. Got {scale}.")
        super().__init__(unit, seed)
        self.loc, self.scale, self.lower, self.upper = loc, scale, lower, upper

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        bounds = {"lower": self.lower, "upper": self.upper}
        return rng.truncated_normal(**bounds, loc=self.loc, scale=self.scale, size=shape, dtype=dtype)


class Gamma(RandomInitializer):
    """Gamma, with the given shape and scale.

    Parameters
    ----------
    shape
        The shape parameter, a plain number.
    unit
        The unit of the values.
    scale
        The scale, 1 if None. A number in `unit`, or a quantity.
    seed
        The seed of an independent stream; None: the common one.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> bool((brainstate.nn.init.Gamma(2.)((100,)) > 0).all())
    True
    """

    def __init__(
        self,
        shape: ArrayLike,
        unit: Unit = UNITLESS,
        scale: ArrayLike | None = None,
        seed: SeedOrKey | None = None,
    ) -> None:
        super().__init__(unit, seed)
        self.shape, self.scale = shape, scale

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        return rng.gamma(self.shape, scale=self.scale, size=shape, dtype=dtype)


class Exponential(RandomInitializer):
    """Exponential, with mean `scale`.

    Parameters
    ----------
    scale
        The mean, 1 if None. A number in `unit`, or a quantity.
    seed
        The seed of an independent stream; None: the common one.
    unit
        The unit of the values.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> bool((brainstate.nn.init.Exponential(2.)((100,)) > 0).all())
    True
    """

    def __init__(self, scale: ArrayLike | None = None, seed: SeedOrKey | None = None, unit: Unit = UNITLESS) -> None:
        super().__init__(unit, seed)
        self.scale = scale

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        return rng.exponential(scale=self.scale, size=shape, dtype=dtype)


class Uniform(RandomInitializer):
    """Uniform between `min_val` and `max_val`.

    Parameters
    ----------
    min_val, max_val
        The bounds: numbers in `unit`, or quantities.
    seed
        The seed of an independent stream; None: the common one.
    unit
        The unit of the values.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> x = brainstate.nn.init.Uniform(1., 2.)((100,))
    >>> bool(((x >= 1) & (x < 2)).all())
    True
    """

    def __init__(
        self,
        min_val: ArrayLike = 0.0,
        max_val: ArrayLike = 1.0,
        seed: SeedOrKey | None = None,
        unit: Unit = UNITLESS,
    ) -> None:
        super().__init__(unit, seed)
        self.min_val, self.max_val = min_val, max_val

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        return rng.uniform(low=self.min_val, high=self.max_val, size=shape, dtype=dtype)
