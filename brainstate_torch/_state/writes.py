"""Writes in place inside a transform, where a value is part of an autograd graph and a copy would be a node of that.

They are not prevented but found, at the next assignment and when the frame ends: nothing was committed then.
"""

from typing import Any

import torch

from .. import _tree
from .._host.dispatch import without_modes
from .._host.functorch import FakeTensor, concrete, level_of, outside_of_transforms
from .._host.memory import halved, is_halved
from .._program.recording import is_recording
from .value import Value

__all__ = ["is_watched", "is_written", "noted"]

_is_compiling = torch.compiler.is_compiling
_CONSTANTS = (type(None), float, int, bool, str)


def is_watched() -> bool:
    """Whether values are looked at: not where a graph is recorded, by this package or by torch.compile."""
    return not (is_recording() or _is_compiling())


def noted(value: Any) -> Any:
    """What tells later, by :func:`is_written`, whether a value that a State was given was written in place.

    A copy-on-write half of it, or of the tensor inside the wrappers of torch.func: it knows writes that autograd's
    counter does not (``.data``, numpy).
    """
    kind = type(value)
    if kind is Value:
        return _noted(value)
    if kind in _CONSTANTS:
        return None
    # With its tensors, since a list or dict may be edited: that reaches a copy, and is no write.
    found = [(leaf, _noted(leaf)) for leaf in _tree.leaves(value) if type(leaf) is Value]
    return found or None


def _noted(x: torch.Tensor) -> Any:
    if level_of(x) == -1:
        return halved(torch.Tensor.detach(x) if x.requires_grad else x), x._version
    inner = concrete(x)
    # Some kernels write without a count: running statistics of a batch norm, steps of fused optimizers. A mode that
    # takes the values of chosen lanes would mix these numbers with a tensor of the map.
    with without_modes(), outside_of_transforms():
        return halved(torch.Tensor.detach(inner) if inner.requires_grad else inner), inner._version


def is_written(value: Any, note: Any) -> bool:
    """Whether a value was written in place since it was noted."""
    if type(note) is not list:
        # Whatever class the tensor has by now.
        return note is not None and _is_written(value, note)
    return any(_is_written(leaf, own) for leaf, own in note)


def _is_written(x: torch.Tensor, note: Any) -> bool:
    half, version = note
    inner = concrete(x)
    if inner._version == version and is_halved(inner):
        return False
    before = concrete(half)
    if not before.is_cpu or isinstance(before, FakeTensor):
        # To compare numbers the host would wait, and a fake tensor has none: writes that autograd does not count
        # (``.data``) pass here.
        return bool(inner._version != version)
    # Reading by numpy, or by a compiled kernel, looks like a write to copy-on-write.
    with without_modes(), outside_of_transforms():
        return not _equal(inner, before)


def _equal(x: torch.Tensor, y: torch.Tensor) -> bool:
    x, y = torch.Tensor.detach(x), torch.Tensor.detach(y)
    if x.shape != y.shape or x.dtype != y.dtype:
        return False
    return bool(((x == y) | ((x != x) & (y != y))).all())
