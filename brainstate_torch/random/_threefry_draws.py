"""Draws from a Threefry key, the bits and formulas of ``jax.random``."""

import math
from collections.abc import Sequence
from typing import Any, Self

import torch

from .._host.functorch import is_transformed
from .._program.recording import is_recording
from . import _threefry
from ._continuous import normal, uniform
from ._draws import Draws
from ._rejection import binomial, gamma, log_gamma, poisson

__all__ = ["ThreefryDraws"]


class ThreefryDraws(Draws):
    """Draws from a key `uint32[2]`, always the same ones."""

    def __init__(self, key: torch.Tensor) -> None:
        self.key = key

    def _key_on(self, device: torch.device) -> torch.Tensor:
        key = self.key
        if device.type == "cuda" and key.is_cpu and not is_transformed() and not is_recording():
            # Only a copy from pinned memory is asynchronous.
            key = key.pin_memory()
        return key.to(device, non_blocking=True)

    def split(self, num: int) -> list[Self]:
        return [type(self)(key) for key in _threefry.split(self.key, num).unbind(-2)]

    def uniform(
        self, shape: Sequence[int], dtype: torch.dtype, device: torch.device, low: Any = 0.0, high: Any = 1.0
    ) -> torch.Tensor:
        return uniform(self._key_on(device), shape, dtype, low, high)

    def normal(self, shape: Sequence[int], dtype: torch.dtype, device: torch.device) -> torch.Tensor:
        return normal(self._key_on(device), shape, dtype)

    def integers(
        self, low: Any, high: Any, shape: Sequence[int], dtype: torch.dtype, device: torch.device
    ) -> torch.Tensor:
        width = max(32, 8 * dtype.itemsize)
        word = (1 << 32) - 1 if width == 32 else -1
        first, end = (torch.as_tensor(x, device=device).to(torch.int64) for x in (low, high))
        halves = _threefry.split(self._key_on(device), 2)
        upper, lower = (_threefry.bits(key, shape, width) for key in halves.unbind(-2))
        span = torch.where(end > first, (end - first) & word, 1)
        square = _modulo(torch.full_like(span, 1 << (width // 2)), span) ** 2 & word
        offset = _modulo(upper, span) * _modulo(square, span) + _modulo(lower, span)
        return (first + _modulo(offset & word, span)).to(dtype)

    def shuffled(self, x: torch.Tensor, axis: int) -> torch.Tensor:
        key = self._key_on(x.device)
        for _ in range(math.ceil(3 * math.log(max(1, x.numel())) / math.log(2**32 - 1))):
            key, subkey = _threefry.split(key, 2).unbind(-2)
            order = _threefry.bits(subkey, x.shape, 32).sort(dim=axis, stable=True).indices
            x = x.gather(axis, order)
        return x

    def gamma(self, a: torch.Tensor) -> torch.Tensor:
        return gamma(self._key_on(a.device), a)

    def log_gamma(self, a: torch.Tensor) -> torch.Tensor:
        return log_gamma(self._key_on(a.device), a)

    def poisson(self, lam: torch.Tensor) -> torch.Tensor:
        return poisson(self._key_on(lam.device), lam)

    def binomial(self, n: torch.Tensor, p: torch.Tensor) -> torch.Tensor:
        return binomial(self._key_on(n.device), n, p)


def _modulo(x: torch.Tensor, span: torch.Tensor) -> torch.Tensor:
    """The remainder of `x`, read as unsigned, by a positive number."""
    half = ((x >> 1) & 0x7FFFFFFFFFFFFFFF) // span * 2
    rest = x - half * span
    return torch.where((rest < 0) | (rest >= span), rest - span, rest)
