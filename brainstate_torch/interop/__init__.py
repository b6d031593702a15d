"""Across frameworks: values, functions, models and checkpoints between PyTorch and JAX."""

from .brain_models import from_brainstate, to_brainstate
from .comparing import Comparison, compare
from .errors import (
    ConversionError,
    InteropError,
    MissingDependencyError,
    MissingShapeError,
    UnmappedLayerError,
    UnsupportedLayerError,
    UnsupportedStructureError,
)
from .files import load, save
from .into_jax import to_jax
from .into_torch import to_torch
from .jax_function import from_jax
from .jax_models import from_equinox, from_linen, from_nnx, to_equinox, to_linen, to_nnx
from .nir_graphs import from_nir, to_nir
from .nir_layers import Connected, LeakyIntegrator
from .registry import LayerMapping, register_layer_mapping
from .supported import supported_layers
from .torch_layers import MultiheadAttention, ResetAfterGRUCell
from .torch_models import from_torch_nn, to_torch_nn

__all__ = [
    "Comparison",
    "Connected",
    "ConversionError",
    "InteropError",
    "LayerMapping",
    "LeakyIntegrator",
    "MissingDependencyError",
    "MissingShapeError",
    "MultiheadAttention",
    "ResetAfterGRUCell",
    "UnmappedLayerError",
    "UnsupportedLayerError",
    "UnsupportedStructureError",
    "compare",
    "from_brainstate",
    "from_equinox",
    "from_jax",
    "from_linen",
    "from_nir",
    "from_nnx",
    "from_torch_nn",
    "load",
    "register_layer_mapping",
    "save",
    "supported_layers",
    "to_brainstate",
    "to_equinox",
    "to_jax",
    "to_linen",
    "to_nir",
    "to_nnx",
    "to_torch",
    "to_torch_nn",
]
