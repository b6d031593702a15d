"""Distributions of positive numbers that are a function of one uniform number each."""

from typing import Any

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import aligned, as_float, check, device_of, float_dtype, located, plain, shape_of, with_unit
from ._quantiles import Inverting

__all__ = ["HalfLineFamily"]


class HalfLineFamily(Inverting):
    """Distributions of positive numbers drawn by inversion. :class:`RandomState` documents the shared arguments."""

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
            Whether to check the parameters; tensors on a GPU are not checked, since the host would wait.

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
