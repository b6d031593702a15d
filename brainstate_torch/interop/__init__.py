"""Across frameworks: values, functions, models and checkpoints between PyTorch and JAX."""

from .errors import (
    ConversionError,
    InteropError,
    MissingDependencyError,
    MissingShapeError,
    UnmappedLayerError,
    UnsupportedLayerError,
    UnsupportedStructureError,
)
from .from_jax import from_jax
from .to_jax import to_jax
from .to_torch import to_torch

__all__ = [
    "ConversionError",
    "InteropError",
    "MissingDependencyError",
    "MissingShapeError",
    "UnmappedLayerError",
    "UnsupportedLayerError",
    "UnsupportedStructureError",
    "from_jax",
    "to_jax",
    "to_torch",
]
