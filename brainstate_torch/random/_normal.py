"""Normal numbers and distributions derived from them."""

import math
from typing import Any

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ..units import UNITLESS, Quantity, UnitMismatchError
from ._arguments import (
    aligned,
    as_dtype,
    as_float,
    check,
    checked_broadcast,
    device_of,
    float_dtype,
    lengths,
    located,
    number,
    plain,
    shape_of,
    template,
    together,
    with_unit,
)
from ._draws import Sampler

__all__ = ["NormalFamily"]

_FACTORS = ("svd", "eigh", "cholesky")


class NormalFamily(Sampler):
    """Distributions built from normal numbers. :class:`RandomState` documents the arguments that they share."""

    def randn(self, *dn: int, key: SeedOrKey | None = None, dtype: DTypeLike | None = None) -> torch.Tensor:
        """Standard normal numbers; the lengths of the axes are the arguments.

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
        >>> brainstate.random.randn(2, 3).shape
        torch.Size([2, 3])
        """
        return self._draws(key).normal(lengths(dn), float_dtype(dtype), device_of())

    def standard_normal(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Normal numbers with mean 0 and variance 1.

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
        >>> brainstate.random.standard_normal((2, 3)).shape
        torch.Size([2, 3])
        """
        return self._draws(key).normal(shape_of(size), float_dtype(dtype), device_of())

    def randn_like(
        self, input: ArrayLike, dtype: DTypeLike | None = None, key: SeedOrKey | None = None
    ) -> torch.Tensor:
        """Standard normal numbers with the shape, dtype and device of a tensor; a unit is left out.

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
        >>> brainstate.random.randn_like(torch.zeros(2, 3)).shape
        torch.Size([2, 3])
        """
        like = template(input)
        drawn = self._draws(key).normal(like.shape, float_dtype(None), like.device)
        return drawn.to(like.dtype if dtype is None else as_dtype(dtype))

    def normal(
        self,
        loc: ArrayLike | None = None,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Normal numbers.

        Parameters
        ----------
        loc
            The mean `[*N]`, 0 if None. May carry a unit.
        scale
            The standard deviation `[*N]`, 1 if None. May carry a unit, of the dimension of `loc`.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(loc); plain without one.

        Raises
        ------
        UnitMismatchError
            `loc` and `scale` have different dimensions.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> import brainstate_torch.units as u
        >>> brainstate.random.normal(-65. * u.mV, 0. * u.volt, size=2)
        tensor([-65., -65.]) mV
        """
        (loc, scale), unit = aligned(loc, scale)
        drawn = self._draws(key).normal(shape_of(size, loc, scale), float_dtype(dtype), device_of(loc, scale))
        return with_unit(located(loc, scale, drawn), unit)

    def lognormal(
        self,
        mean: ArrayLike | None = None,
        sigma: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Log-normal numbers: the exponential of normal ones.

        Parameters
        ----------
        mean
            The mean `[*N]` of the logarithm, 0 if None. A plain number.
        sigma
            The standard deviation `[*N]` of the logarithm, 1 if None. A plain number.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.lognormal(0., 0., size=2)
        tensor([1., 1.])
        """
        mean, sigma = plain("mean", mean), plain("sigma", sigma)
        drawn = self._draws(key).normal(shape_of(size, mean, sigma), float_dtype(dtype), device_of(mean, sigma))
        return located(mean, sigma, drawn).exp()

    def truncated_normal(
        self,
        lower: ArrayLike,
        upper: ArrayLike,
        size: Size | None = None,
        loc: ArrayLike = 0.0,
        scale: ArrayLike = 1.0,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
        check_valid: bool = True,
    ) -> Any:
        """Normal numbers restricted to an interval.

        Parameters
        ----------
        lower, upper
            The bounds `[*N]`. May carry a unit.
        size
            The shape of the result, as for every distribution: see :class:`RandomState`.
        loc, scale
            The mean and standard deviation `[*N]` before the restriction, in the dimension of the bounds.
        key, dtype
            Seed and dtype of the result, as for every distribution: see :class:`RandomState`.
        check_valid
            Whether to check the parameters; tensors on a GPU are not checked, since the host would wait.

        Returns
        -------
        Tensor or Quantity
            Numbers `[*size]` in unit(lower); plain without one.

        Raises
        ------
        ValueError
            `loc` is more than two `scale` outside of the bounds, where the method is not accurate.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.truncated_normal(-1., 2., size=100)
        >>> bool(((-1 <= x) & (x <= 2)).all())
        True
        """
        params, unit = aligned(lower, upper, loc, scale)
        kind, device = float_dtype(dtype), device_of(*params)
        low, high, mean, deviation = (as_float(x, kind, device) for x in params)
        if check_valid:
            check(
                "`loc` must be near [lower, upper] for accurate numbers: the mean is more than 2 std from it in "
                "truncated_normal. Pass `check_valid=False` to draw them nevertheless.",
                (mean < low - 2 * deviation) | (mean > high + 2 * deviation),
            )
        shape = shape_of(size, low, high, mean, deviation)
        above = torch.tensor(torch.inf, dtype=kind, device=device)
        first, last = (torch.erf((x - mean) / deviation / math.sqrt(2)) for x in (low, high))
        unit_draw = self._draws(key).uniform(shape, kind, device, first.nextafter(above), last.nextafter(-above))
        drawn = torch.erfinv(unit_draw) * deviation * math.sqrt(2) + mean
        inside = drawn.clamp(low.detach().nextafter(above), high.detach().nextafter(-above))
        return with_unit(inside, unit)

    def multivariate_normal(
        self,
        mean: ArrayLike,
        cov: ArrayLike,
        size: Size | None = None,
        method: str = "cholesky",
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Normal vectors with a given covariance.

        Parameters
        ----------
        mean
            The mean `[*B, n]`. May carry a unit.
        cov
            The covariance `[*B, n, n]` in unit(mean)².
        size
            The shape of the result without its last axis, `[*B]` by default.
        method
            How to factor the covariance: ``'cholesky'``, ``'eigh'`` or ``'svd'``. The last two accept a singular
            one.
        key, dtype
            Seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Vectors `[*size, n]` in unit(mean).

        Raises
        ------
        UnitMismatchError
            The unit of `cov` is not the square of the one of `mean`.
        ValueError
            The shapes do not fit, or there is no such method.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> brainstate.random.multivariate_normal(torch.zeros(2), torch.eye(2), size=(3,)).shape
        torch.Size([3, 2])
        """
        if method not in _FACTORS:
            raise ValueError(f"`method` must be one of {', '.join(map(repr, _FACTORS))}. Got {method!r}.")
        mean, cov = number(mean), number(cov)
        unit = mean.unit if isinstance(mean, Quantity) else UNITLESS
        cov_unit = cov.unit if isinstance(cov, Quantity) else UNITLESS
        if unit**2 != cov_unit:
            raise UnitMismatchError(
                f"`cov` must have the unit of `mean` squared. Got {cov_unit}, and {unit} for `mean`. Convert one.",
                cov_unit,
                unit,
            )
        mean, cov = (getattr(x, "mantissa", x) for x in (mean, cov))
        kind, device = float_dtype(dtype), device_of(mean, cov)
        mean, cov = as_float(mean, kind, device), as_float(cov, kind, device)
        if mean.ndim < 1 or cov.ndim < 2 or cov.shape[-2:] != (mean.shape[-1],) * 2:
            raise ValueError(
                "`mean` must have mean.ndim >= 1, shape [*B, n], and `cov` cov.ndim >= 2, cov.shape == (..., n, n). "
                f"Got {tuple(mean.shape)} and {tuple(cov.shape)}."
            )
        batch = together(mean.shape[:-1], cov.shape[:-2])
        shape = batch if size is None else shape_of(size)
        checked_broadcast("multivariate_normal", shape, batch)
        drawn = self._draws(key).normal((*shape, mean.shape[-1]), kind, device)
        return with_unit(mean + (_factor(_factorable(cov), method).to(kind) @ drawn.unsqueeze(-1)).squeeze(-1), unit)

    def maxwell(
        self, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Maxwell numbers: the length of a vector of three standard normal numbers.

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
        >>> bool((brainstate.random.maxwell(100) > 0).all())
        True
        """
        drawn = self._draws(key).normal((*shape_of(size), 3), float_dtype(dtype), device_of())
        return drawn.square().sum(-1).sqrt()

    def orthogonal(
        self, n: int, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Orthogonal matrices, uniform over the orthogonal group (Haar measure).

        Parameters
        ----------
        n
            The number of rows and columns.
        size, key, dtype
            Shape without the matrix axes, seed and dtype of the result: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Matrices `[*size, n, n]`.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> q = brainstate.random.orthogonal(3)
        >>> torch.allclose(q @ q.T, torch.eye(3), atol=1e-5)
        True
        """
        drawn = self._draws(key).normal((*shape_of(size), n, n), float_dtype(dtype), device_of())
        q, r = torch.linalg.qr(_factorable(drawn))
        signs = r.diagonal(dim1=-2, dim2=-1).sign()
        return torch.mul(q, signs.unsqueeze(-2)).to(drawn.dtype)

    def wald(
        self,
        mean: ArrayLike,
        scale: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Wald (inverse Gaussian) numbers: the time at which Brownian motion with drift first reaches a level.

        Parameters
        ----------
        mean
            The mean `[*N]`. May carry a unit.
        scale
            The shape parameter `[*N]`, in the dimension of `mean`; a plain number counts as given in unit(mean).
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            Positive numbers `[*size]` in unit(mean).

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> import brainstate_torch.units as u
        >>> brainstate.random.wald(2. * u.ms, 1., size=3).unit
        Unit("ms")
        """
        params, unit = aligned(mean, scale)
        kind, device = float_dtype(dtype), device_of(*params)
        mu, concentration = (as_float(x, kind, device) for x in params)
        shape = shape_of(size, mu, concentration)
        normal, uniform = self._draws(key).split(2)
        square = normal.normal(shape, kind, device) ** 2
        # Of the roots of Michael, Schucany and Haas the smaller, in a form in which nothing cancels.
        ratio = 4 * concentration / (mu * square)
        finite = torch.where(ratio < torch.inf, ratio, 1.0)
        root = torch.expm1(0.5 * torch.log1p(finite)) / (1.0 + torch.sqrt(finite + 1.0))
        small = mu * torch.where(ratio < torch.inf, root, 1.0)
        takes_small = uniform.uniform(shape, kind, device) <= mu / (mu + small)
        return with_unit(torch.where(takes_small, small, mu**2 / small), unit)


def _factorable(x: torch.Tensor) -> torch.Tensor:
    """The matrix in a dtype that torch can factor: 32 bit at least."""
    return x.to(torch.promote_types(x.dtype, torch.float32))


def _factor(cov: torch.Tensor, method: str) -> torch.Tensor:
    """A matrix whose product with its transpose is the covariance."""
    if method == "cholesky":
        factor: torch.Tensor = torch.linalg.cholesky(cov)
        return factor
    if method == "eigh":
        values, vectors = torch.linalg.eigh(cov)
    else:
        vectors, values, _ = torch.linalg.svd(cov)
    return torch.mul(vectors, values.clamp(min=0).sqrt().unsqueeze(-2))
