"""Draws from torch's own samplers."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import torch

from .._host.dispatch import standard_gamma
from ._draws import Draws
from ._rejection import implicit

__all__ = ["TorchDraws"]


class TorchDraws(Draws):
    """Draws from a stream of torch's generators.

    Parameters
    ----------
    sampled
        Takes a device, a sampler and tensors. Calls the sampler with the generator of the device, set to the position
        of the stream, and with the tensors, and advances the stream.
    """

    def __init__(
        self,
        sampled: Callable[..., torch.Tensor],
    ) -> None:
        self._sampled = sampled

    def split(self, num: int) -> list[Self]:
        return [self] * num

    def uniform(
        self, shape: Sequence[int], dtype: torch.dtype, device: torch.device, low: Any = 0.0, high: Any = 1.0
    ) -> torch.Tensor:
        work = _computable(dtype)
        unit = self._sampled(device, lambda g: torch.rand(shape, dtype=work, device=device, generator=g))
        if type(low) is not float or type(high) is not float or low != 0.0 or high != 1.0:
            unit = unit * (high - low) + low
        return unit if work is dtype else unit.to(dtype)

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        work = _computable(dtype)
        drawn = self._sampled(device, lambda g: torch.randn(shape, dtype=work, device=device, generator=g))
        return drawn if work is dtype else drawn.to(dtype)

    def integers(
        self, low: Any, high: Any, shape: Sequence[int], dtype: torch.dtype, device: torch.device
    ) -> torch.Tensor:
        if isinstance(low, int) and isinstance(high, int):
            top = max(high, low + 1)
            return self._sampled(
                device, lambda g: torch.randint(low, top, shape, dtype=torch.int64, device=device, generator=g)
            ).to(dtype)
        first, end = (torch.as_tensor(x, device=device).to(torch.int64) for x in (low, high))
        many = self._sampled(device, lambda g: torch.randint(0, 2**62, shape, device=device, generator=g))
        return (first + many % (end - first).clamp(min=1)).to(dtype)

    def shuffled(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        if x.ndim == 1:
            order = self._sampled(x.device, lambda g: torch.randperm(len(x), device=x.device, generator=g))
            return x[order]
        keys = self.uniform(x.shape, torch.float64, x.device)
        return x.gather(axis, keys.argsort(axis))

    def gamma(self, a: torch.Tensor) -> torch.Tensor:
        wide = a.to(torch.promote_types(a.dtype, torch.float32))
        # A draw is a constant operation of a program, so its derivative is defined around it.
        drawn = self._sampled(a.device, lambda g, wide: standard_gamma(wide, generator=g), wide.detach())
        return torch.where(wide >= 0, implicit(drawn, wide), torch.nan).to(a.dtype)

    def log_gamma(self, a: torch.Tensor) -> torch.Tensor:
        small = a < 1
        log_unit = torch.log1p(-self.uniform(a.shape, a.dtype, a.device))
        boost = torch.where(small, log_unit / torch.where(small, a, 1.0), 0.0)
        return self.gamma(torch.where(small, a + 1, a)).log() + boost

    def poisson(self, lam: torch.Tensor) -> torch.Tensor:
        return self._sampled(lam.device, lambda g, lam: torch.poisson(lam, generator=g), lam.detach())

    def binomial(self, n: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        if not n.is_cpu:
            # Nothing is checked there, and torch's kernel never ends where there are infinitely many trials.
            n = n.nan_to_num(0.0, posinf=0.0)
        return self._sampled(n.device, lambda g, n, p: torch.binomial(n, p, generator=g), n, p.detach())


def _computable(dtype: torch.dtype) -> torch.dtype:
    """The dtype to draw in: torch has no 8-bit arithmetic."""
    return dtype if dtype.itemsize > 1 else torch.float32
