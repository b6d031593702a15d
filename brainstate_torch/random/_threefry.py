"""The hash Threefry-2x32, and JAX's keys, splits and bits made from it, as functions of tensors.

A key is `uint32[*B, 2]`: JAX's raw key data. Words are held in int32, whose arithmetic wraps as uint32's does.
"""

import math
from collections.abc import Sequence

import torch

__all__ = ["bits", "key_of_seed", "key_of_words", "split", "words"]

_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = 0x1BD11BDA


def key_of_words(high: torch.Tensor, low: torch.Tensor) -> torch.Tensor:
    """The keys `uint32[*B, 2]` of two words `int32[*B]`."""
    return torch.stack([high, low], dim=-1).view(torch.uint32)


def key_of_seed(seed: int, wide: bool) -> torch.Tensor:
    """The key of ``jax.random.key(seed)``; `wide` if 64-bit integers are on there, so that the upper half counts."""
    high = (seed >> 32) & 0xFFFFFFFF if wide else 0
    return torch.tensor([high, seed & 0xFFFFFFFF], dtype=torch.uint32)


def _rotated(x: torch.Tensor, by: int) -> torch.Tensor:
    # `>>` on int32 copies the sign bit: mask the copies.
    return (x << by) | ((x >> (32 - by)) & ((1 << by) - 1))


def _hash(
    key: tuple[torch.Tensor, torch.Tensor], x0: torch.Tensor, x1: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    k0, k1 = key
    schedule = (k0, k1, k0 ^ k1 ^ _PARITY)
    x0, x1 = x0 + k0, x1 + k1
    for block in range(5):
        for by in _ROTATIONS[block % 2]:
            x0 = x0 + x1
            x1 = x0 ^ _rotated(x1, by)
        x0 = x0 + schedule[(block + 1) % 3]
        x1 = x1 + schedule[(block + 2) % 3] + (block + 1)
    return x0, x1


def words(key: torch.Tensor, shape: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
    """Two random words for each element, `int32[*B, *shape]`: the hash of the key and the element's place."""
    halves = key.view(torch.int32)
    batch = (*halves.shape[:-1], *[1] * len(shape))
    place = torch.arange(math.prod(shape), device=key.device).reshape(tuple(shape))
    pair = halves[..., 0].reshape(batch), halves[..., 1].reshape(batch)
    return _hash(pair, (place >> 32).to(torch.int32), place.to(torch.int32))


def bits(key: torch.Tensor, shape: Sequence[int], width: int) -> torch.Tensor:
    """Random bits, `width` of them in each element: non-negative in int64, except that 64 fill it."""
    high, low = words(key, shape)
    if width == 64:
        return (high.to(torch.int64) << 32) | (low.to(torch.int64) & 0xFFFFFFFF)
    return (high ^ low).to(torch.int64) & ((1 << width) - 1)


def split(key: torch.Tensor, num: int) -> torch.Tensor:
    """New keys `uint32[*B, num, 2]`."""
    return key_of_words(*words(key, (num,)))
