"""A tree as one vector, and back: ``jax.flatten_util``."""

from collections.abc import Callable
from typing import Any

import torch

from ... import _tree
from ...units import math

__all__ = ["ravel_pytree"]


def ravel_pytree(pytree: Any) -> tuple[torch.Tensor, Callable[[torch.Tensor], Any]]:
    """The leaves of a tree in one vector of their common dtype, and a function that makes the tree of such a vector."""
    leaves, spec = _tree.flatten(pytree)
    arrays = [math.asarray(leaf) for leaf in leaves]
    if not arrays:
        return math.zeros(0), lambda flat: _tree.unflatten(spec, [])
    shapes, kinds = [x.shape for x in arrays], [x.dtype for x in arrays]
    sizes = [x.numel() for x in arrays]

    def unravel(flat: torch.Tensor) -> Any:
        parts = torch.split(flat, sizes)
        return _tree.canonical(
            _tree.unflatten(
                spec, [x.reshape(shape).to(kind) for x, shape, kind in zip(parts, shapes, kinds, strict=True)]
            )
        )

    return math.concatenate([x.reshape(-1) for x in arrays]), unravel
