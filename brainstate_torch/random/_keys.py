"""Seeds and keys: a number, a pair of words, or the state of torch's generators."""

from typing import Any

import numpy as np
import torch

from .. import environ
from . import _threefry
from ._generators import is_generator_state, seeded

__all__ = ["IMPLEMENTATIONS", "as_key", "checked_impl", "drawn_key", "entropy", "initial_value"]

IMPLEMENTATIONS = ("torch", "threefry2x32")


def entropy() -> int:
    """Return a seed from the entropy of the system."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0])


def drawn_key() -> torch.Tensor:
    """A key from numpy's generator, which :func:`brainstate_torch.random.seed` seeds."""
    return torch.from_numpy(np.random.randint(0, 2**32, size=2, dtype=np.uint32))


def checked_impl(impl: str | None) -> str | None:
    """The generator's name: the given one, else the one that `environ` names, else None.

    Raises
    ------
    ValueError
        There is no generator of that name.
    """
    impl = environ.get("random_impl", None) if impl is None else impl
    if impl is not None and impl not in IMPLEMENTATIONS:
        raise ValueError(f"`impl` must be one of {', '.join(map(repr, IMPLEMENTATIONS))}. Got {impl!r}.")
    return impl


def as_key(key: Any) -> torch.Tensor:
    """The key `uint32[2]` of a seed, or a key or generator state as it is.

    Raises
    ------
    TypeError
        It is none of them.
    """
    if isinstance(key, (int, np.integer)):
        return _threefry.key_of_seed(int(key), environ.get_precision() == 64)
    if isinstance(key, (np.ndarray, torch.Tensor)):
        # A copy: torch warns of numpy arrays that cannot be written, and JAX hands out such.
        found = _of_array(torch.from_numpy(np.array(key)) if isinstance(key, np.ndarray) else key)
        if found is not None:
            return found
        seen = f"{str(key.dtype).removeprefix('torch.')}{list(key.shape)}"
    else:
        seen = type(key).__name__
    raise TypeError(
        "`key` must be an int, a key, that is a uint32 array of size 2, or the value of a RandomState. "
        f"Got {seen}. Use an int, or a key from `random.split_key()`."
    )


def _of_array(key: torch.Tensor) -> torch.Tensor | None:
    if is_generator_state(key):
        return key
    if key.dtype == torch.uint32 and key.numel() == 2:
        return key.reshape(2)
    if key.numel() == 1 and not key.is_floating_point() and not key.is_complex() and key.dtype != torch.bool:
        seed = key.reshape(()).to(torch.int64)
        high = (seed >> 32) if environ.get_precision() == 64 else torch.zeros_like(seed)
        return _threefry.key_of_words(high.to(torch.int32), seed.to(torch.int32))
    return None


def initial_value(key: Any, impl: str) -> torch.Tensor:
    """The value of a RandomState that starts from a seed or key.

    torch's generators cannot be seeded from a key that is mapped by vmap or traced: such a key is kept as it is.
    """
    if impl == "torch" and isinstance(key, (int, np.integer)):
        return seeded(int(key))
    found = as_key(key)
    if impl != "torch" or is_generator_state(found):
        return found
    try:
        high, low = found.tolist()
    except RuntimeError:
        return found
    # The CPU generator uses the lower 32 bits only. A product spreads the higher one over it, so that no two of the
    # small keys that are written by hand, such as [1, 4] and [0, 5], give one stream.
    return seeded((high << 32) | (low ^ (high * 0x9E3779B1 & 0xFFFFFFFF)))
