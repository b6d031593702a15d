"""What a generator must be able to draw; every distribution is a formula over these."""

import abc
from collections.abc import Sequence
from typing import Any, Self

import torch

from .._host.functorch import concrete
from ..typing import SeedOrKey

__all__ = ["Draws", "Sampler", "finished"]


class Draws(abc.ABC):
    """The numbers of one generator from one place of its stream on.

    A distribution draws once from each object, or splits it first: on the generator 'torch' that makes no difference, a
    key of 'threefry2x32' would give the same bits again.
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
        """`x` with the elements of each line along `axis` in an order of its own."""

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
    """Is a rejection loop over: all elements are done, or it made `enough` rounds in a graph being traced?"""
    try:
        return bool(concrete(done).all())
    except RuntimeError:
        return rounds >= enough


class Sampler:
    """Where the families of distributions get their numbers from; RandomState provides it."""

    def _draws(self, key: SeedOrKey | None) -> Draws:
        """The next numbers, or those of a key."""
        raise NotImplementedError

    def _split_draws(self, key: SeedOrKey | None, num: int) -> list[Draws]:
        """Independent streams: the next ones, or those split from a key."""
        raise NotImplementedError
