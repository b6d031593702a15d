"""Transforms of functions that read and write States."""

from ._gradient import GradientTransform, grad, vector_grad

__all__ = ["GradientTransform", "grad", "vector_grad"]
