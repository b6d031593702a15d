"""The gamma distribution and those derived from it."""

from typing import Any

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import (
    aligned,
    as_float,
    check,
    checked_broadcast,
    device_of,
    float_dtype,
    located,
    plain,
    shape_of,
    with_unit,
)
from ._draws import Draws, Sampler

__all__ = ["GammaFamily"]


class GammaFamily(Sampler):
    """The gamma distribution and those derived from it. :class:`RandomState` documents the arguments that they share.

    Gamma numbers are differentiable with respect to their shape parameter.
    """

    def standard_gamma(
        self, shape: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Gamma numbers with scale 1.

        Parameters
        ----------
        shape
            The shape parameter `[*N]`; the result is NaN where it is negative.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.standard_gamma(2., size=100) > 0).all())
        True
        """
        return self.gamma(shape, None, size, key, dtype)  # type: ignore[no-any-return]

    def gamma(
        self,
        shape: ArrayLike,
        scale: ArrayLike | None = None,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> Any:
        """Gamma numbers.

        Parameters
        ----------
        shape
            The shape parameter `[*N]`, a plain number; the result is NaN where it is negative.
        scale
            The scale `[*N]`, 1 if None. May carry a unit.
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
        >>> brainstate.random.gamma(2., 3. * u.ms, size=2).unit
        Unit("ms")
        """
        concentration = plain("shape", shape)
        (scale,), unit = aligned(scale)
        whole = shape_of(size, concentration, scale)
        drawn = self._draws(key).gamma(
            as_float(concentration, float_dtype(dtype), device_of(concentration, scale), whole)
        )
        return with_unit(located(None, scale, drawn), unit)

    def loggamma(
        self, a: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """The logarithm of gamma numbers with scale 1, exact also where those underflow.

        Parameters
        ----------
        a
            The shape parameter `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool(brainstate.random.loggamma(1e-6, size=100).isfinite().all())
        True
        """
        a = plain("a", a)
        return self._draws(key).log_gamma(as_float(a, float_dtype(dtype), device_of(a), shape_of(size, a)))

    def beta(
        self,
        a: ArrayLike,
        b: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Beta numbers on [0, 1], with a density proportional to ``x ** (a - 1) * (1 - x) ** (b - 1)``.

        Parameters
        ----------
        a, b
            The two shape parameters `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.beta(2., 3., size=100)
        >>> bool(((0 <= x) & (x <= 1)).all())
        True
        """
        a, b = plain("a", a), plain("b", b)
        shape, kind, device = shape_of(size, a, b), float_dtype(dtype), device_of(a, b)
        first, second = self._draws(key).split(2)
        log_a = first.log_gamma(as_float(a, kind, device, shape))
        log_b = second.log_gamma(as_float(b, kind, device, shape))
        return torch.sigmoid(log_a - log_b)

    def dirichlet(
        self,
        alpha: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Dirichlet vectors: probabilities that sum to 1.

        Parameters
        ----------
        alpha
            The concentrations `[*B, n]`, positive.
        size
            The shape of the result without its last axis, `[*B]` by default.
        key, dtype
            Seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Probabilities `[*size, n]`.

        Raises
        ------
        ValueError
            `alpha` has no axis, or does not broadcast to `size`.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> x = brainstate.random.dirichlet([1., 2., 3.], size=4)
        >>> x.shape, torch.allclose(x.sum(-1), torch.ones(4))
        (torch.Size([4, 3]), True)
        """
        alpha = plain("alpha", alpha)
        if not isinstance(alpha, torch.Tensor) or alpha.ndim == 0:
            raise ValueError("`alpha` must have alpha.ndim >= 1, shape [*B, n]. Got a number. Pass one for each entry.")
        shape = tuple(alpha.shape[:-1]) if size is None else shape_of(size)
        checked_broadcast("dirichlet", shape, alpha.shape[:-1])
        whole = (*shape, alpha.shape[-1])
        drawn = self._draws(key).log_gamma(as_float(alpha, float_dtype(dtype), alpha.device, whole))
        return drawn.softmax(-1)

    def chisquare(
        self,
        df: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
        check_valid: bool = True,
    ) -> torch.Tensor:
        """Chi-square numbers.

        Parameters
        ----------
        df
            The degrees of freedom `[*N]`, any positive number.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.
        check_valid
            Whether to check the parameters; tensors on a GPU are not checked, since the host would wait.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Raises
        ------
        ValueError
            `df` is not positive.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.chisquare(2., size=100) > 0).all())
        True
        """
        degrees = plain("df", df)
        if check_valid:
            check("`df` must be > 0. Got one that is not. Pass `check_valid=False` to skip this.", degrees <= 0)
        return _chisquare(
            self._draws(key), as_float(degrees, float_dtype(dtype), device_of(degrees), shape_of(size, degrees))
        )

    def noncentral_chisquare(
        self,
        df: ArrayLike,
        nonc: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Noncentral chi-square numbers.

        Parameters
        ----------
        df
            The degrees of freedom `[*N]`, any positive number.
        nonc
            The noncentrality `[*N]`, not negative.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.noncentral_chisquare(2., 1., size=100) > 0).all())
        True
        """
        df, nonc = plain("df", df), plain("nonc", nonc)
        shape, kind, device = shape_of(size, df, nonc), float_dtype(dtype), device_of(df, nonc)
        return _noncentral_chisquare(
            self._split_draws(key, 3), as_float(df, kind, device, shape), as_float(nonc, kind, device, shape)
        )

    def f(
        self,
        dfnum: ArrayLike,
        dfden: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """F numbers: the ratio of two chi-square ones, each divided by its degrees of freedom.

        Parameters
        ----------
        dfnum, dfden
            The degrees of freedom of numerator and denominator `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.f(5., 10., size=100) > 0).all())
        True
        """
        dfnum, dfden = plain("dfnum", dfnum), plain("dfden", dfden)
        shape, kind, device = shape_of(size, dfnum, dfden), float_dtype(dtype), device_of(dfnum, dfden)
        above, below = (as_float(x, kind, device, shape) for x in (dfnum, dfden))
        first, second = self._draws(key).split(2)
        return (_chisquare(first, above) / above) / (_chisquare(second, below) / below)

    def noncentral_f(
        self,
        dfnum: ArrayLike,
        dfden: ArrayLike,
        nonc: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """F numbers with a noncentral numerator.

        Parameters
        ----------
        dfnum, dfden
            The degrees of freedom of numerator and denominator `[*N]`, positive.
        nonc
            The noncentrality of the numerator `[*N]`, not negative.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`, not negative.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.noncentral_f(5., 10., 1., size=100) > 0).all())
        True
        """
        dfnum, dfden, nonc = plain("dfnum", dfnum), plain("dfden", dfden), plain("nonc", nonc)
        shape, kind, device = shape_of(size, dfnum, dfden, nonc), float_dtype(dtype), device_of(dfnum, dfden, nonc)
        above, below, shift = (as_float(x, kind, device, shape) for x in (dfnum, dfden, nonc))
        first, second = self._draws(key).split(2)
        numerator = _noncentral_chisquare(first.split(3), above, shift) / above
        return numerator / (_chisquare(second, below) / below)

    def standard_t(
        self, df: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Student's t numbers.

        Parameters
        ----------
        df
            The degrees of freedom `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.standard_t(3., size=2).shape
        torch.Size([2])
        """
        df = plain("df", df)
        half = as_float(df, float_dtype(dtype), device_of(df), shape_of(size, df)) / 2
        return _student(self._draws(key).split(2), half)

    def t(
        self, df: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Student's t numbers; unlike :meth:`standard_t` it checks that `df` broadcasts to `size`.

        Parameters
        ----------
        df
            The degrees of freedom `[*N]`, positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Numbers `[*size]`.

        Raises
        ------
        ValueError
            `df` does not broadcast to `size`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.t(3., size=2).shape
        torch.Size([2])
        """
        df = plain("df", df)
        shape = shape_of(size, df)
        checked_broadcast("t", shape, shape_of(None, df))
        half = as_float(df, float_dtype(dtype), device_of(df), shape) / 2
        return _student(self._split_draws(key, 2), half)


def _chisquare(draws: Draws, df: torch.Tensor) -> torch.Tensor:
    return 2.0 * draws.gamma(0.5 * df)


def _noncentral_chisquare(draws: list[Draws], df: torch.Tensor, nonc: torch.Tensor) -> torch.Tensor:
    """A square of a shifted normal number and the rest, or for few degrees of freedom a Poisson mixture."""
    for_poisson, for_normal, for_gamma = draws
    shifted = for_normal.normal(df.shape, df.dtype, df.device) + nonc.sqrt()
    many = df > 1.0
    extra = 2.0 * for_poisson.poisson(0.5 * nonc)
    rest = _chisquare(for_gamma, torch.where(many, df - 1.0, df + extra))
    return torch.where(many, rest + shifted * shifted, rest)


def _student(draws: list[Draws], half: torch.Tensor) -> torch.Tensor:
    for_normal, for_gamma = draws
    return for_normal.normal(half.shape, half.dtype, half.device) * (half / for_gamma.gamma(half)).sqrt()
