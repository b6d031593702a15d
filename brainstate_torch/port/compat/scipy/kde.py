"""Densities estimated from samples: ``jax.scipy.stats.gaussian_kde``."""

import math
from typing import Any

import torch

from ....units import math as umath

__all__ = ["gaussian_kde"]


def _rows(x: Any) -> torch.Tensor:
    array: torch.Tensor = umath.asarray(x)
    array = array.reshape(1, -1) if array.ndim < 2 else array
    return array if array.is_floating_point() else array.float()


class gaussian_kde:
    """The mean of normal densities around samples.

    Parameters
    ----------
    dataset
        The samples, ``[samples]`` or ``[dimensions, samples]``.
    bw_method
        How wide they are: ``'scott'``, ``'silverman'``, a number or a function of this object.
    weights
        One for each sample.

    Raises
    ------
    ValueError
        There are too few samples, or the width has another name.
    """

    def __init__(self, dataset: Any, bw_method: Any = None, weights: Any = None) -> None:
        self.dataset = _rows(dataset)
        if self.dataset.numel() < 2:
            raise ValueError(f"`dataset` must have two samples at least. Got {self.dataset.numel()}. Add samples.")
        self.d, self.n = self.dataset.shape
        given = torch.ones_like(self.dataset[0]) if weights is None else _rows(weights)[0].to(self.dataset.dtype)
        self.weights = given / given.sum()
        self.neff = 1 / (self.weights**2).sum()
        factor = self._factor("scott" if bw_method is None else bw_method)
        away = self.dataset - (self.dataset * self.weights).sum(1, keepdim=True)
        unbiased = 1 - (self.weights**2).sum()
        self.covariance = (away * self.weights) @ away.mT / unbiased * factor**2
        # A matrix that has no inverse gives numbers that are none, as in JAX.
        self.inv_cov = 1 / self.covariance if self.d == 1 else torch.linalg.inv_ex(self.covariance)[0]

    def _factor(self, method: Any) -> Any:
        if method in ("scott", "silverman") and isinstance(method, str):
            count = self.neff if method == "scott" else self.neff * (self.d + 2) / 4
            return count ** (-1 / (self.d + 4))
        if callable(method):
            return method(self)
        if isinstance(method, str):
            raise ValueError(f"`bw_method` must be 'scott', 'silverman', a number or a function. Got {method!r}.")
        return method

    def logpdf(self, x: Any) -> torch.Tensor:
        """The logarithm of the density at points ``[N]`` or ``[dimensions, N]``."""
        points = _rows(x)
        if len(points) != self.d:
            if points.shape != (1, self.d):
                raise ValueError(f"`x` must have {self.d} dimensions. Got {len(points)}.")
            points = points.mT
        away = points[:, :, None] - self.dataset[:, None, :]  # [dimensions, N, samples]
        power = -0.5 * torch.einsum("ins,ij,jns->ns", away, self.inv_cov, away)
        scale = 0.5 * torch.log(torch.linalg.det(self.inv_cov)) - self.d / 2 * math.log(2 * math.pi)
        return torch.logsumexp(power + torch.log(self.weights), 1) + scale

    def evaluate(self, points: Any) -> torch.Tensor:
        """The density at points ``[N]`` or ``[dimensions, N]``."""
        return torch.exp(self.logpdf(points))

    pdf = __call__ = evaluate

    def integrate_box_1d(self, low: Any, high: Any) -> torch.Tensor:
        """The probability between two bounds, of samples with one dimension."""
        if self.d != 1:
            raise ValueError(f"`integrate_box_1d` must be called for one dimension. Got {self.d}.")
        spread = torch.sqrt(self.covariance[0, 0])
        ends = [torch.special.ndtr((bound - self.dataset[0]) / spread) for bound in (low, high)]
        inside: torch.Tensor = (self.weights * (ends[1] - ends[0])).sum()
        return inside
