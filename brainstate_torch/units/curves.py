"""Scales of numbers that are not multiples of a unit: those with an offset (degC) and logarithmic ones (dBm)."""

import math
from typing import Any, NamedTuple

import torch

__all__ = ["Curve", "Logarithm", "Offset"]


class Offset(NamedTuple):
    """A scale with an offset."""

    scale: float
    offset: float

    def to_base(self, x: Any) -> Any:
        """The same value as a multiple of the SI unit."""
        return x * self.scale + self.offset

    def from_base(self, x: Any) -> Any:
        """The number on this scale of a multiple of the SI unit."""
        return (x - self.offset) / self.scale


class Logarithm(NamedTuple):
    """A logarithmic scale."""

    scale: float
    rate: float

    def to_base(self, x: Any) -> Any:
        """The same value as a multiple of the SI unit."""
        return self.scale * (torch.exp(x * self.rate) if isinstance(x, torch.Tensor) else math.exp(x * self.rate))

    def from_base(self, x: Any) -> Any:
        """The number on this scale of a multiple of the SI unit."""
        ratio = x / self.scale
        return (torch.log(ratio) if isinstance(ratio, torch.Tensor) else math.log(ratio)) / self.rate


Curve = Offset | Logarithm
