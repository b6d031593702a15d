"""The random numbers of stimuli."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .. import random

__all__ = ["normal", "uniform"]


def normal(seed: int | None, shape: Sequence[int]) -> torch.Tensor:
    """Normal numbers: numpy's for a seed, else from this package's stream."""
    if seed is None:
        drawn: torch.Tensor = random.normal(size=tuple(shape), dtype=torch.float64)
        return drawn
    return _on_default(np.random.RandomState(seed).standard_normal(tuple(shape)))


def uniform(seed: int | None, shape: Sequence[int]) -> torch.Tensor:
    """Uniform numbers from zero to one: numpy's for a seed, else from this package's stream."""
    if seed is None:
        drawn: torch.Tensor = random.uniform(size=tuple(shape), dtype=torch.float64)
        return drawn
    return _on_default(np.random.RandomState(seed).random_sample(tuple(shape)))


def _on_default(numbers: np.ndarray[Any, Any]) -> torch.Tensor:
    # torch.from_numpy knows no default device.
    return torch.from_numpy(numbers).to(torch.get_default_device())
