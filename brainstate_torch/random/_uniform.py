"""Uniform numbers and integers."""

from typing import Any

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import (
    aligned,
    as_dtype,
    device_of,
    float_dtype,
    int_dtype,
    lengths,
    plain,
    shape_of,
    template,
    with_unit,
)
from ._draws import Sampler

__all__ = ["UniformFamily"]


class UniformFamily(Sampler):
    """Uniform numbers and integers. :class:`RandomState` documents the arguments that they share."""

    def rand(self, *dn: int, key: SeedOrKey | None = None, dtype: DTypeLike | None = None) -> torch.Tensor:
        """Uniform numbers on [0, 1); the lengths of the axes are the arguments.

        Parameters
        ----------
        *dn
            The lengths of the axes.
        key, dtype
            Seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*dn]`.

        Raises
        ------
        TypeError
            A length is not an integer.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.rand(2, 3)
        >>> x.shape, bool(((0 <= x) & (x < 1)).all())
        (torch.Size([2, 3]), True)
        """
        return self._draws(key).uniform(lengths(dn), float_dtype(dtype), device_of())

    def random(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Uniform numbers on [0, 1).

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
        >>> brainstate.random.random((2, 3)).shape
        torch.Size([2, 3])
        """
        return self._draws(key).uniform(shape_of(size), float_dtype(dtype), device_of())

    def random_sample(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Uniform numbers on [0, 1); an alias of :meth:`random`.

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
        >>> brainstate.random.random_sample(3).shape
        torch.Size([3])
        """
        return self.random(size, key, dtype)

    def ranf(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Uniform numbers on [0, 1); an alias of :meth:`random`.

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
        >>> brainstate.random.ranf(3).shape
        torch.Size([3])
        """
        return self.random(size, key, dtype)

    def sample(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Uniform numbers on [0, 1); an alias of :meth:`random`.

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
        >>> brainstate.random.sample(3).shape
        torch.Size([3])
        """
        return self.random(size, key, dtype)

    def uniform(
        self,
        low: ArrayLike = 0.0,
        high: ArrayLike = 1.0,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Uniform numbers on [low, high).

        Parameters
        ----------
        low
            The lower bound `[*N]`, included. May carry a unit.
        high
            The upper bound `[*N]`, excluded. May carry a unit, of the dimension of `low`.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(low); plain without one.

        Raises
        ------
        UnitMismatchError
            The bounds have different dimensions.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> import brainstate_torch.units as u
        >>> v = brainstate.random.uniform(-70. * u.mV, -60. * u.mV, size=100)
        >>> v.unit, bool((v >= -70. * u.mV).all() and (v < -60. * u.mV).all())
        (Unit("mV"), True)
        """
        (low, high), unit = aligned(low, high)
        shape = shape_of(size, low, high)
        drawn = self._draws(key).uniform(shape, float_dtype(dtype), device_of(low, high), low, high)
        return with_unit(drawn, unit)

    def randint(
        self,
        low: ArrayLike,
        high: ArrayLike | None = None,
        size: Size | None = None,
        dtype: DTypeLike | None = None,
        key: SeedOrKey | None = None,
    ) -> torch.Tensor:
        """Uniform integers of [low, high), or of [0, low) without `high`.

        Parameters
        ----------
        low
            The smallest integer `[*N]`; without `high` the upper bound.
        high
            The upper bound `[*N]`, excluded. Where it is not above `low`, the result is `low`.
        size, dtype, key
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Integers `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        TypeError
            `dtype` is not an integer dtype.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.randint(1, 7, size=100)
        >>> x.dtype, bool(((1 <= x) & (x <= 6)).all())
        (torch.int32, True)
        """
        low, high = (0, low) if high is None else (low, high)
        return self._integers(plain("low", low), plain("high", high), size, key, dtype)

    def random_integers(
        self,
        low: ArrayLike,
        high: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Uniform integers of [low, high], both ends included, or of [1, low] without `high`.

        Parameters
        ----------
        low
            The smallest integer `[*N]`; without `high` the largest one.
        high
            The largest integer `[*N]`, included.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Integers `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        TypeError
            `dtype` is not an integer dtype.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.random_integers(6, size=100)
        >>> bool(((1 <= x) & (x <= 6)).all())
        True
        """
        low, high = (1, low) if high is None else (low, high)
        return self._integers(plain("low", low), plain("high", high) + 1, size, key, dtype)

    def _integers(
        self, low: Any, high: Any, size: Size | None, key: SeedOrKey | None, dtype: DTypeLike | None
    ) -> torch.Tensor:
        kind = int_dtype(dtype)
        if kind.is_floating_point or kind.is_complex or kind is torch.bool:
            raise TypeError(f"`dtype` must be an integer dtype. Got {kind}. Convert the result, or use `uniform`.")
        low, high = (x if isinstance(x, torch.Tensor) else int(x) for x in (low, high))
        return self._draws(key).integers(low, high, shape_of(size, low, high), kind, device_of(low, high))

    def rand_like(self, input: ArrayLike, dtype: DTypeLike | None = None, key: SeedOrKey | None = None) -> torch.Tensor:
        """Uniform numbers on [0, 1) with the shape, dtype and device of a tensor; a unit is left out.

        Parameters
        ----------
        input
            The tensor or quantity `[*N]` to take shape, dtype and device from.
        dtype, key
            Dtype (by default that of `input`) and seed of the result, see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*N]`.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> brainstate.random.rand_like(torch.zeros(2, 3)).shape
        torch.Size([2, 3])
        """
        like = template(input)
        drawn = self._draws(key).uniform(like.shape, float_dtype(None), like.device)
        return drawn.to(like.dtype if dtype is None else as_dtype(dtype))

    def randint_like(
        self,
        input: ArrayLike,
        low: ArrayLike = 0,
        high: ArrayLike | None = None,
        dtype: DTypeLike | None = None,
        key: SeedOrKey | None = None,
    ) -> torch.Tensor:
        """Uniform integers of [low, high) with the shape, dtype and device of a tensor.

        Parameters
        ----------
        input
            The tensor or quantity `[*N]` to take shape, dtype and device from.
        low
            The smallest integer `[*N]`.
        high
            The upper bound `[*N]`, excluded. None: the maximum of `input`.
        dtype, key
            Dtype (by default that of `input`) and seed of the result, see :class:`RandomState`.

        Returns
        -------
        Tensor
            Integers `[*N]`, in the dtype of `input` by default.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> brainstate.random.randint_like(torch.zeros(3), 1, 2)
        tensor([1., 1., 1.])
        """
        like = template(input)
        top = plain("input", input).max() if high is None else plain("high", high)
        low, high = (x if isinstance(x, torch.Tensor) else int(x) for x in (plain("low", low), top))
        drawn = self._draws(key).integers(low, high, like.shape, int_dtype(None), like.device)
        return drawn.to(like.dtype if dtype is None else as_dtype(dtype))
