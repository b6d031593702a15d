"""Distributions whose numbers are a function of one uniform number each."""

import math
from typing import Any

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import aligned, as_float, check, device_of, float_dtype, located, plain, shape_of, with_unit
from ._draws import Sampler, finished

__all__ = ["QuantileFamily"]


class QuantileFamily(Sampler):
    """Continuous distributions drawn by inversion. :class:`RandomState` documents the arguments that they share."""

    def _unit(
        self, shape: tuple[int, ...], key: SeedOrKey | None, kind: torch.dtype, device: torch.device, low: float = 0.0
    ) -> torch.Tensor:
        return self._draws(key).uniform(shape, kind, device, low, 1.0)

    def standard_exponential(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Exponential numbers with mean 1.

        Parameters
        ----------
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.standard_exponential(100) >= 0).all())
        True
        """
        return -torch.log1p(-self._unit(shape_of(size), key, float_dtype(dtype), device_of()))

    def exponential(
        self,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Exponential numbers.

        Parameters
        ----------
        scale
            The mean `[*N]`, 1 if None. May carry a unit.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]`, not negative, in unit(scale).

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> import brainstate_torch.units as u
        >>> brainstate.random.exponential(2. * u.ms, size=3).unit
        Unit("ms")
        """
        (scale,), unit = aligned(scale)
        drawn = -torch.log1p(-self._unit(shape_of(size, scale), key, float_dtype(dtype), device_of(scale)))
        return with_unit(located(None, scale, drawn), unit)

    def gumbel(
        self,
        loc: ArrayLike | None = None,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Gumbel numbers, the limit distribution of a maximum.

        Parameters
        ----------
        loc
            The location `[*N]`, 0 if None. May carry a unit.
        scale
            The scale `[*N]`, 1 if None. May carry a unit, of the dimension of `loc`.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(loc); plain without one.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.gumbel(3., 0., size=2)
        tensor([3., 3.])
        """
        (loc, scale), unit = aligned(loc, scale)
        kind = float_dtype(dtype)
        uniform = self._unit(shape_of(size, loc, scale), key, kind, device_of(loc, scale), torch.finfo(kind).tiny)
        return with_unit(located(loc, scale, -(-uniform.log()).log()), unit)

    def laplace(
        self,
        loc: ArrayLike | None = None,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Laplace numbers: exponential on both sides of `loc`.

        Parameters
        ----------
        loc
            The location `[*N]`, 0 if None. May carry a unit.
        scale
            The scale `[*N]`, 1 if None. May carry a unit, of the dimension of `loc`.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(loc); plain without one.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.laplace(3., 0., size=2)
        tensor([3., 3.])
        """
        (loc, scale), unit = aligned(loc, scale)
        kind = float_dtype(dtype)
        low = torch.finfo(kind).eps / 2 - 1.0
        uniform = self._unit(shape_of(size, loc, scale), key, kind, device_of(loc, scale), low)
        return with_unit(located(loc, scale, uniform.sign() * torch.log1p(-uniform.abs())), unit)

    def logistic(
        self,
        loc: ArrayLike | None = None,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Logistic numbers, whose distribution function is the sigmoid.

        Parameters
        ----------
        loc
            The location `[*N]`, 0 if None. May carry a unit.
        scale
            The scale `[*N]`, 1 if None. May carry a unit, of the dimension of `loc`.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(loc); plain without one.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.logistic(3., 0., size=2)
        tensor([3., 3.])
        """
        (loc, scale), unit = aligned(loc, scale)
        kind = float_dtype(dtype)
        uniform = self._unit(shape_of(size, loc, scale), key, kind, device_of(loc, scale), torch.finfo(kind).tiny)
        return with_unit(located(loc, scale, uniform.log() - torch.log1p(-uniform)), unit)

    def standard_cauchy(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Cauchy numbers: the ratio of two standard normal ones.

        Parameters
        ----------
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.standard_cauchy(3).shape
        torch.Size([3])
        """
        kind = float_dtype(dtype)
        uniform = self._unit(shape_of(size), key, kind, device_of(), torch.finfo(kind).eps)
        return (math.pi * (uniform - 0.5)).tan()

    def pareto(
        self,
        a: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Pareto numbers, from 1 upward.

        Parameters
        ----------
        a
            The tail index `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, at least 1.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.pareto(3., size=100) >= 1).all())
        True
        """
        index, kind = plain("a", a), float_dtype(dtype)
        uniform = self._unit(shape_of(size, index), key, kind, device_of(index))
        return torch.exp(-torch.log1p(-uniform) / index)

    def power(
        self,
        a: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
        check_valid: bool = True,
    ) -> torch.Tensor:
        """Numbers on [0, 1] with a density proportional to ``x ** (a - 1)``.

        Parameters
        ----------
        a
            The exponent plus one `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.
        check_valid
            Whether to check the parameters, which on a GPU waits for their values.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Raises
        ------
        ValueError
            `a` is not positive.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.power(3., size=100)
        >>> bool(((0 <= x) & (x <= 1)).all())
        True
        """
        index, kind = plain("a", a), float_dtype(dtype)
        if check_valid:
            check("`a` must be > 0. Got one that is not. Pass `check_valid=False` to skip this.", index <= 0)
        device, tiny = device_of(index), torch.finfo(kind).tiny
        exponent = 1 / as_float(index, kind, device).clamp(min=tiny)
        return torch.pow(self._unit(shape_of(size, index), key, kind, device, tiny), exponent)

    def rayleigh(
        self,
        scale: ArrayLike | None = 1.0,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Rayleigh numbers: the length of a vector of two normal numbers.

        Parameters
        ----------
        scale
            The standard deviation of these normal numbers `[*N]`. May carry a unit.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]`, not negative, in unit(scale).

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> import brainstate_torch.units as u
        >>> brainstate.random.rayleigh(2. * u.mV, size=3).unit
        Unit("mV")
        """
        (scale,), unit = aligned(scale)
        kind = float_dtype(dtype)
        uniform = self._unit(shape_of(size, scale), key, kind, device_of(scale), torch.finfo(kind).tiny)
        return with_unit(located(None, scale, (-2.0 * uniform.log()).sqrt()), unit)

    def triangular(
        self,
        left: ArrayLike = 0.0,
        mode: ArrayLike = 0.5,
        right: ArrayLike = 1.0,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Triangular numbers: the density rises linearly from `left` to `mode` and falls linearly to `right`.

        Parameters
        ----------
        left, mode, right
            Lower end, peak and upper end `[*N]`. May carry units of one dimension.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(left); plain without one.

        Raises
        ------
        ValueError
            Not left <= mode <= right, or left = right.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.triangular(-1., 0., 3., size=100)
        >>> bool(((-1 <= x) & (x <= 3)).all())
        True
        """
        params, unit = aligned(left, mode, right)
        kind, device = float_dtype(dtype), device_of(*params)
        low, peak, high = (as_float(x, kind, device) for x in params)
        check(
            "`left`, `mode` and `right` must satisfy left <= mode <= right and left < right: triangular requires it. "
            "Got others. Sort them.",
            (low > peak) | (peak > high) | (low >= high),
        )
        uniform = self._unit(shape_of(size, low, peak, high), key, kind, device)
        span = high - low
        rising = low + (uniform * span * (peak - low)).sqrt()
        falling = high - ((1.0 - uniform) * span * (high - peak)).sqrt()
        return with_unit(torch.where(uniform < (peak - low) / span, rising, falling), unit)

    def weibull(
        self,
        a: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Weibull numbers with scale 1.

        Parameters
        ----------
        a
            The shape parameter `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Raises
        ------
        ValueError
            `a` is an array, and `size` is given.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.weibull(2., size=100) >= 0).all())
        True
        """
        return self.weibull_min(a, None, size, key, dtype)  # type: ignore[no-any-return]

    def weibull_min(
        self,
        a: ArrayLike,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Weibull numbers.

        Parameters
        ----------
        a
            The shape parameter `[*N]`, positive. A plain number.
        scale
            The scale `[*N]`, 1 if None. May carry a unit.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]`, not negative, in unit(scale).

        Raises
        ------
        ValueError
            `a` is an array, and `size` is given.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> import brainstate_torch.units as u
        >>> brainstate.random.weibull_min(2., 3. * u.ms, size=2).unit
        Unit("ms")
        """
        index = plain("a", a)
        (scale,), unit = aligned(scale)
        if size is not None and isinstance(index, torch.Tensor) and index.numel() > 1:
            raise ValueError(
                '`a` must be a scalar: "a" should be a scalar when "size" is provided. '
                f"Got shape {tuple(index.shape)}. Leave `size` out."
            )
        uniform = self._unit(shape_of(size, index, scale), key, float_dtype(dtype), device_of(index, scale))
        return with_unit(located(None, scale, (-torch.log1p(-uniform)) ** (1.0 / index)), unit)

    def vonmises(
        self,
        mu: ArrayLike,
        kappa: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Von Mises numbers: angles on the circle [-pi, pi), concentrated around `mu`.

        Parameters
        ----------
        mu
            The centre `[*N]`: an angle, a plain number in radian.
        kappa
            The concentration `[*N]`, a plain number; uniform where it is not positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Angles `[*size]` in radian.

        Raises
        ------
        ValueError
            `mu` or `kappa` has a dimension.

        Notes
        -----
        Source: brainstate.random.vonmises (0.5.4). Differs: a unit of `mu` is converted to radian, and refused if it
        is not one of angles.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.vonmises(0., 4., size=100)
        >>> bool((x.abs() <= 3.1416).all())
        True
        """
        centre, concentration, kind = plain("mu", mu), plain("kappa", kappa), float_dtype(dtype)
        device = device_of(centre, concentration)
        shape = shape_of(size, centre, concentration)
        angle: torch.Tensor = self._wrapped(as_float(concentration, kind, device, shape), key) + centre
        return (angle + math.pi).remainder(2 * math.pi) - math.pi

    def _wrapped(self, kappa: torch.Tensor, key: SeedOrKey | None) -> torch.Tensor:
        """Von Mises around 0, by rejection from a wrapped Cauchy distribution (Best and Fisher)."""
        flat, draws = self._draws(key).split(2)
        shape, kind, device = kappa.shape, kappa.dtype, kappa.device
        r = 1.0 + (1.0 + 4.0 * kappa**2).sqrt()
        rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa)
        cutoff = {torch.float16: 1.8e-1, torch.float64: 1.2e-4}.get(kind, 2e-2)
        s = torch.where(kappa > cutoff, (1.0 + rho**2) / (2.0 * rho), 1.0 / kappa)
        cosine, done = torch.zeros_like(s), kappa <= 0
        turn = torch.zeros_like(s)
        for rounds in range(1, 101):
            for_angle, for_test, draws = draws.split(3)
            turn = torch.where(done.all(), turn, for_angle.uniform(shape, kind, device, -1.0, 1.0))
            z = (math.pi * turn).cos()
            cosine = torch.where(done, cosine, (1.0 + s * z) / (s + z))
            y = kappa * (s - cosine)
            v = for_test.uniform(shape, kind, device)
            done = done | (y * (2.0 - y) >= v) | ((y / v).log() + 1.0 >= y)
            if finished(done, rounds, 24):
                break
        uniform = flat.uniform(shape, kind, device, -math.pi, math.pi)
        return torch.where(kappa <= 0, uniform, turn.sign() * cosine.acos())
