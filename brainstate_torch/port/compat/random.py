"""Keys as JAX's functions make them; draws from them are those of ``brainstate.random``."""

from collections.abc import Sequence
from typing import Any

import torch

from ... import environ
from ... import random as draws
from ...random import _threefry
from ...random._keys import as_key
from ...units import math

__all__ = ["PRNGKey", "bits", "clone", "fold_in", "key", "key_data", "rademacher", "split", "wrap_key_data"]


def key(seed: Any, *, impl: str | None = None) -> torch.Tensor:
    """The key ``uint32[2]`` of a seed."""
    return as_key(seed)


PRNGKey = key


def split(key: Any, num: Any = 2) -> torch.Tensor:
    """New keys from one, ``uint32[num, 2]``: those of JAX."""
    if isinstance(num, (tuple, list)):
        keys = _threefry.split(as_key(key), torch.Size(num).numel())
        return keys.reshape(*num, 2)
    return _threefry.split(as_key(key), int(num))


def fold_in(key: Any, data: Any) -> torch.Tensor:
    """A new key from one and a number."""
    found = as_key(key).view(torch.int32)
    low = math.asarray(data).to(torch.int32)
    return _threefry.key_of_words(*_threefry._hash((found[..., 0], found[..., 1]), torch.zeros_like(low), low))


def clone(key: Any) -> torch.Tensor:
    """The same key."""
    return as_key(key)


def key_data(keys: Any) -> torch.Tensor:
    """The words of a key, which is made of nothing else."""
    return as_key(keys)


def wrap_key_data(key_bits_array: Any, *, impl: str | None = None) -> torch.Tensor:
    """The key of two words."""
    return as_key(key_bits_array)


def bits(key: Any, shape: Sequence[int] = (), dtype: Any = None) -> torch.Tensor:
    """Random words ``uint32[*shape]``."""
    return _threefry.bits(as_key(key), shape, 32).to(torch.uint32)


def rademacher(key: Any, shape: Sequence[int] = (), dtype: Any = None) -> torch.Tensor:
    """Minus one or one."""
    drawn = draws.bernoulli(0.5, size=shape, key=key)
    kind = environ.ditype() if dtype is None else dtype
    signs: torch.Tensor = math.where(drawn, 1, -1)
    return signs.to(kind)
