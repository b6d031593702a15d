"""Discrete distributions."""

import math
from typing import Any

import torch

from .. import environ
from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import as_float, check, checked_broadcast, device_of, int_dtype, plain, shape_of
from ._draws import Sampler

__all__ = ["Counts"]

_COUNT = "`n` must be a number of trials, at least 0. Got one that is not."
_IN_RANGE = "`p` must be within [0, 1]: Parameter p should be within [0, 1]. Got one that is not."


class Counts(Sampler):
    """Discrete distributions. :class:`RandomState` documents the shared arguments; `dtype` is an integer dtype."""

    def bernoulli(
        self,
        p: ArrayLike = 0.5,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        check_valid: bool = True,
    ) -> torch.Tensor:
        """True with probability `p`.

        Parameters
        ----------
        p
            The probability `[*N]`.
        size, key
            Shape and seed of the result, as for every distribution: see :class:`RandomState`.
        check_valid
            Whether to check the parameters; tensors on a GPU are not checked, since the host would wait.

        Returns
        -------
        Tensor
            Booleans `[*size]`.

        Raises
        ------
        ValueError
            A probability is not within [0, 1].

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.bernoulli([0., 1.])
        tensor([False,  True])
        """
        chance = plain("p", p)
        if check_valid:
            check(_IN_RANGE, (chance < 0) | (chance > 1))
        kind = chance.dtype if isinstance(chance, torch.Tensor) and chance.is_floating_point() else torch.float32
        return torch.lt(self._draws(key).uniform(shape_of(size, chance), kind, device_of(chance)), chance)

    def binomial(
        self,
        n: ArrayLike,
        p: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
        check_valid: bool = True,
    ) -> torch.Tensor:
        """The number of successes among `n` independent trials.

        Parameters
        ----------
        n
            The number of trials `[*N]`.
        p
            The probability of a success `[*N]`.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.
        check_valid
            Whether to check the parameters; tensors on a GPU are not checked, since the host would wait.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        ValueError
            A probability is not within [0, 1], or a number of trials is negative or infinite.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.binomial(10, [0., 1.])
        tensor([ 0, 10], dtype=torch.int32)
        """
        trials, chance = plain("n", n), plain("p", p)
        if check_valid:
            # What is not a number differs from itself, and is not below a bound.
            check(_IN_RANGE, (chance < 0) | (chance > 1) | (chance != chance))
            check(_COUNT, (trials < 0) | (trials != trials) | (trials == math.inf))
        shape, kind, device = shape_of(size, trials, chance), _exact(), device_of(trials, chance)
        drawn = self._draws(key).binomial(as_float(trials, kind, device, shape), as_float(chance, kind, device, shape))
        return drawn.to(int_dtype(dtype))

    def poisson(
        self,
        lam: ArrayLike = 1.0,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Poisson counts.

        Parameters
        ----------
        lam
            The mean `[*N]`, not negative.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        ValueError
            A mean is negative or not a number.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.poisson(0., size=3)
        tensor([0, 0, 0], dtype=torch.int32)
        """
        mean = plain("lam", lam)
        check("`lam` must not be negative. Got one that is, or is not a number.", (mean < 0) | (mean != mean))
        rate = as_float(mean, _exact(), device_of(mean), shape_of(size, mean))
        return self._draws(key).poisson(rate).to(int_dtype(dtype))

    def geometric(
        self, p: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """The number of independent trials up to and including the first success.

        Parameters
        ----------
        p
            The probability of a success `[*N]`, in (0, 1].
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        ValueError
            A probability is not within (0, 1].

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.geometric(1., size=3)
        tensor([1, 1, 1], dtype=torch.int32)
        """
        chance = plain("p", p)
        check("`p` must be in the half-open interval (0, 1]. Got one that is not.", (chance <= 0) | (chance > 1))
        kind, device = environ.dftype(), device_of(chance)
        uniform = self._draws(key).uniform(shape_of(size, chance), kind, device)
        failures = (torch.log1p(-uniform) / torch.log1p(-as_float(chance, kind, device))).floor()
        return (failures + 1).to(int_dtype(dtype))

    def negative_binomial(
        self,
        n: ArrayLike,
        p: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """The number of failures before the `n`-th success.

        Parameters
        ----------
        n
            The number of successes `[*N]`, any positive number.
        p
            The probability of a success `[*N]`, in (0, 1].
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        ValueError
            An `n` is not positive, or a probability not within (0, 1].

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.negative_binomial(10, 1., size=3)
        tensor([0, 0, 0], dtype=torch.int32)
        """
        count, chance = plain("n", n), plain("p", p)
        check("`n` must be > 0. Got one that is not.", (count <= 0) | (count != count))
        check(
            "`p` must be in the half-open interval (0, 1]. Got one that is not.",
            (chance <= 0) | (chance > 1) | (chance != chance),
        )
        shape, kind, device = shape_of(size, count, chance), environ.dftype(), device_of(count, chance)
        odds = as_float(chance, kind, device)
        for_gamma, for_poisson = self._split_draws(key, 2)
        rate = for_gamma.gamma(as_float(count, kind, device, shape)) * (-(odds.log() - torch.log1p(-odds))).exp()
        return for_poisson.poisson(rate).to(int_dtype(dtype))

    def hypergeometric(
        self,
        ngood: ArrayLike,
        nbad: ArrayLike,
        nsample: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """The number of good items among `nsample` drawn without replacement.

        Parameters
        ----------
        ngood, nbad
            How many good and bad items there are `[*N]`.
        nsample
            How many are drawn `[*N]`. The largest must be known: it cannot be mapped or traced.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Notes
        -----
        Source: brainstate.random.hypergeometric (0.5.4). Differs: other numbers from the same key. It takes as many
        steps as the largest `nsample`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.hypergeometric(3, 0, 2, size=3)
        tensor([2, 2, 2], dtype=torch.int32)
        """
        counts = [plain(*pair) for pair in (("ngood", ngood), ("nbad", nbad), ("nsample", nsample))]
        shape, device = shape_of(size, *counts), device_of(*counts)
        good, bad, wanted = (as_float(x, torch.float64, device, shape).clamp(min=0) for x in counts)
        steps, total, left = largest(counts[2]), good + bad, good
        uniform = self._draws(key).uniform((steps, *shape), torch.float64, device)
        for i in range(steps):
            is_good = (uniform[i] * (total - i) < left) & (i < wanted) & (i < total)
            left = left - is_good.to(left.dtype)
        return (good - left).to(int_dtype(dtype))

    def logseries(
        self, p: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Logarithmic series: k = 1, 2, ... with a probability proportional to ``p ** k / k``.

        Parameters
        ----------
        p
            The parameter `[*N]`, in (0, 1).
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Notes
        -----
        Source: brainstate.random.logseries (0.5.4). Differs: other numbers from the same key, by Kemp's method, which
        takes as long for every `p`.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.logseries(0.5, size=100) >= 1).all())
        True
        """
        p = plain("p", p)
        shape, device = shape_of(size, p), device_of(p)
        for_mixture, for_wait = self._draws(key).split(2)
        share = for_mixture.uniform(shape, torch.float64, device)
        success = -torch.expm1(share * torch.log1p(-as_float(p, torch.float64, device)))
        unit = 1.0 - for_wait.uniform(shape, torch.float64, device)
        return (1.0 + (unit.log() / success.log()).floor()).to(int_dtype(dtype))

    def zipf(
        self, a: ArrayLike, size: Size | None = None, key: SeedOrKey | None = None, dtype: DTypeLike | None = None
    ) -> torch.Tensor:
        """Zipf: k = 1, 2, ... with a probability proportional to ``k ** -a``.

        Parameters
        ----------
        a
            The exponent `[*N]`, greater than 1.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Counts `[*size]`, by default in the integer dtype of `environ`.

        Raises
        ------
        ValueError
            `a` is not greater than 1.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> bool((brainstate.random.zipf(2., size=100) >= 1).all())
        True
        """
        power = plain("a", a)
        valid = power > 1
        check(
            "`a` must be greater than 1. Got one that is not.", ~valid if isinstance(valid, torch.Tensor) else not valid
        )
        shape, device = shape_of(size, power), device_of(power)
        exponent = as_float(power, torch.float64, device, shape)
        tiny = torch.finfo(environ.dftype()).tiny
        unit = self._draws(key).uniform(shape, environ.dftype(), device, tiny, 1.0).to(torch.float64)
        tail = (1.0 - unit) * torch.special.zeta(exponent, torch.ones_like(exponent))
        # The first k with zeta(a, k + 1) <= tail, by bisection: no data decides how many steps.
        below, above = torch.zeros_like(tail), torch.full_like(tail, float(2**31 - 1))
        for _ in range(31):
            middle = ((below + above) / 2).floor()
            enough = torch.special.zeta(exponent, middle + 1) <= tail
            below, above = torch.where(enough, below, middle), torch.where(enough, middle, above)
        return above.to(int_dtype(dtype))

    def multinomial(
        self,
        n: ArrayLike,
        pvals: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
        check_valid: bool = True,
    ) -> torch.Tensor:
        """The number of draws that fall in each of k categories.

        Parameters
        ----------
        n
            The number of draws `[*B]`. The largest must be known: it cannot be mapped or traced.
        pvals
            The probability of each category `[*B, k]`. The last one is taken as what the others leave over.
        size
            Axes of independent repetitions, placed after `[*B]`.
        key, dtype
            Seed and dtype of the result, as for every distribution: see :class:`RandomState`.
        check_valid
            Whether to check the parameters; tensors on a GPU are not checked, since the host would wait.

        Returns
        -------
        Tensor
            Counts `[*B, *size, k]` that sum to `n`.

        Raises
        ------
        ValueError
            The probabilities of all but the last category sum to more than 1.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.multinomial(10, [0., 1., 0.])
        tensor([ 0, 10,  0], dtype=torch.int32)
        """
        number, chances = plain("n", n), plain("pvals", pvals)
        if check_valid:
            check(
                "`pvals` must satisfy `sum(pvals[..., :-1], axis=-1) <= 1` for every distribution. Got a larger sum.",
                chances[..., :-1].sum(-1) > 1.0,
            )
        draws, device = self._draws(key), device_of(chances)
        most = largest(number)
        batch = shape_of(None, chances[..., 0], number)
        shape = (*batch, *shape_of(size))
        unit = draws.uniform((most, *shape, 1), environ.dftype(), device)
        category = (chances.cumsum(-1) < unit).sum(-1).clamp(max=chances.shape[-1] - 1)
        counted = torch.arange(most, device=device).reshape(-1, *[1] * len(shape)) < torch.as_tensor(
            number, device=device
        )
        hits = torch.nn.functional.one_hot(category, chances.shape[-1]) * counted.unsqueeze(-1)
        return hits.sum(0).to(int_dtype(dtype))

    def categorical(
        self, logits: ArrayLike, axis: int = -1, size: Size | None = None, key: SeedOrKey | None = None
    ) -> torch.Tensor:
        """The index of a category, drawn with the softmax of `logits` as probabilities.

        Parameters
        ----------
        logits
            Logarithms of the probabilities, up to a constant.
        axis
            The axis of `logits` that numbers the categories.
        size
            The shape of the result. It must end with the shape of `logits` without `axis`, which is the default.
        key
            Seed of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Indices `[*size]`.

        Raises
        ------
        ValueError
            `size` does not fit the logits.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.categorical([[0., 100.], [100., 0.]])
        tensor([1, 0], dtype=torch.int32)
        """
        given = plain("logits", logits)
        scores: torch.Tensor = given if given.is_floating_point() else given.to(environ.dftype())
        axis = axis % scores.ndim
        batch = (*scores.shape[:axis], *scores.shape[axis + 1 :])
        shape = batch if size is None else shape_of(size)
        checked_broadcast("categorical", shape, batch)
        prefix, inner = shape[: len(shape) - len(batch)], shape[len(shape) - len(batch) :]
        whole = (*prefix, *inner[:axis], scores.shape[axis], *inner[axis:])
        tiny = torch.finfo(scores.dtype).tiny
        uniform = self._draws(key).uniform(whole, scores.dtype, scores.device, tiny, 1.0)
        return (scores - (-uniform.log()).log()).argmax(len(prefix) + axis).to(environ.ditype())


def _exact() -> torch.dtype:
    """The floating dtype to count in."""
    return torch.float64 if environ.get_precision() == 64 else torch.float32


def largest(n: Any) -> int:
    """The largest of the numbers of draws, which sets the amount of work.

    Raises
    ------
    ValueError
        It is not known: the numbers are mapped or traced.
    """
    if not isinstance(n, torch.Tensor):
        return int(n)
    try:
        return max(int(n.max()), 0) if n.numel() else 0
    except RuntimeError as error:
        raise ValueError(
            "the number of draws must be known. Got one that is mapped by vmap or traced. Pass a Python number."
        ) from error
