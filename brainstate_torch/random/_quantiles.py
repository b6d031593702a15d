"""Distributions on the line whose numbers are a function of one uniform number each."""

import math
from typing import Any

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import aligned, as_float, check, device_of, float_dtype, located, shape_of, with_unit
from ._draws import Sampler

__all__ = ["Inverting", "QuantileFamily"]


class Inverting(Sampler):
    """Distributions drawn by inversion: a function of one uniform number."""

    def _unit(
        self, shape: tuple[int, ...], key: SeedOrKey | None, kind: torch.dtype, device: torch.device, low: float = 0.0
    ) -> torch.Tensor:
        return self._draws(key).uniform(shape, kind, device, low, 1.0)


class QuantileFamily(Inverting):
    """Distributions on the line drawn by inversion. :class:`RandomState` documents the arguments that they share."""

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
