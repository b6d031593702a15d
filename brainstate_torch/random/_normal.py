"""Normal numbers, and what is made of them."""

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
    """Normal numbers, and what is made of them. What the arguments share is said at RandomState."""

    def randn(self, *dn: int, key: SeedOrKey | None = None, dtype: DTypeLike | None = None) -> torch.Tensor:
        """Normal with mean 0 and variance 1, with the lengths of the axes as arguments.

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
        """Normal with mean 0 and variance 1.

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
        """Normal with mean 0 and variance 1, with the shape, dtype and device of `input`; its unit is not taken.

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
        """Normal with mean `loc` (0 if None) and standard deviation `scale` (1 if None).

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
        """The exponential of a normal number with mean `mean` and standard deviation `sigma`.

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
        """Normal with mean `loc` and standard deviation `scale`, given that it lies between `lower` and `upper`.

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
        """Normal vectors with mean `[*B, n]` and covariance `[*B, n, n]`.

        Parameters
        ----------
        size
            The shape of the result without its last axis.
        method
            How to factor the covariance: 'cholesky', 'eigh' or 'svd'. The last two take a singular one.

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
        """The length of a vector of three normal numbers.

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
        """Orthogonal matrices `[*size, n, n]`, all equally likely.

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
        """Wald, or inverse Gaussian: when Brownian motion with drift first reaches a level.

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
