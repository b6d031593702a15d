"""The interface of a generator. Every distribution is a formula over what it draws."""

import abc
from collections.abc import Sequence
from typing import Any, Self

import torch

from .._host.functorch import concrete
from ..typing import SeedOrKey

__all__ = ["Draws", "Sampler", "finished"]


class Draws(abc.ABC):
    """A stream of numbers from one generator, from one position on.

    A distribution draws once from each object, or splits it first. The generator 'torch' advances by itself; a key of
    'threefry2x32' gives the same bits at every draw.
    """

    @abc.abstractmethod
    def split(self, num: int) -> list[Self]:
        """Independent streams."""

    @abc.abstractmethod
    def uniform(
        self, shape: Sequence[int], dtype: torch.dtype, device: torch.device, low: Any = 0.0, high: Any = 1.0
    ) -> torch.Tensor:
        """Uniform on [low, high)."""

    @abc.abstractmethod
    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        """Normal with mean 0 and variance 1."""

    @abc.abstractmethod
    def integers(
        self, low: Any, high: Any, shape: Sequence[int], dtype: torch.dtype, device: torch.device
    ) -> torch.Tensor:
        """Uniform on the integers of [low, high), and `low` where that is empty."""

    @abc.abstractmethod
    def shuffled(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        """`x` with the elements of each line along `axis` in an independent random order."""

    @abc.abstractmethod
    def gamma(self, a: torch.Tensor) -> torch.Tensor:
        """Gamma with scale 1, one number for each element of `a`; differentiable, NaN where `a` is negative."""

    @abc.abstractmethod
    def log_gamma(self, a: torch.Tensor) -> torch.Tensor:
        """The logarithm of :meth:`gamma`, exact where that underflows."""

    @abc.abstractmethod
    def poisson(self, lam: torch.Tensor) -> torch.Tensor:
        """Poisson counts, one for each element of `lam`, in its dtype."""

    @abc.abstractmethod
    def binomial(self, n: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        """Binomial counts, one for each element of `n` and `p`, which have one shape and floating dtype."""


def finished(done: torch.Tensor, rounds: int, enough: int) -> bool:
    """Whether a rejection loop may end: all elements are done or, while tracing, `enough` rounds were made."""
    try:
        return bool(concrete(done).all())
    except RuntimeError:
        return rounds >= enough


class Sampler:
    """The source of numbers for the families of distributions; RandomState implements it."""

    def _draws(self, key: SeedOrKey | None) -> Draws:
        """Return the next stream, or that of a key."""
        raise NotImplementedError

    def _split_draws(self, key: SeedOrKey | None, num: int) -> list[Draws]:
        """Return independent streams: the next ones, or those split from a key."""
        raise NotImplementedError
