"""Layers that normalise: over the batch, over axes of each example, over groups of channels."""

from .batch import BatchNorm0d, BatchNorm1d, BatchNorm2d, BatchNorm3d
from .group import GroupNorm
from .layer import LayerNorm, RMSNorm
from .params import NormalizationParamState

__all__ = [
    "BatchNorm0d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "GroupNorm",
    "LayerNorm",
    "NormalizationParamState",
    "RMSNorm",
]
