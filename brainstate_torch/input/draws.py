"""The random numbers of stimuli."""

from collections.abc import Sequence

import numpy as np
import torch

from .. import random

__all__ = ["normal", "uniform"]


def normal(seed: int | None, shape: Sequence[int]) -> torch.Tensor:
    """Normal numbers: numpy's for a seed, else from this package's stream."""
    if seed is None:
        drawn: torch.Tensor = random.normal(size=tuple(shape), dtype=torch.float64)
        return drawn
    return torch.from_numpy(np.random.RandomState(seed).standard_normal(tuple(shape)))


def uniform(seed: int | None, shape: Sequence[int]) -> torch.Tensor:
    """Uniform numbers from zero to one: numpy's for a seed, else from this package's stream."""
    if seed is None:
        drawn: torch.Tensor = random.uniform(size=tuple(shape), dtype=torch.float64)
        return drawn
    return torch.from_numpy(np.random.RandomState(seed).random_sample(tuple(shape)))
