"""The operators of this package: the only module that imports torch.library.

One operator runs whatever a compiler must not look into: it is one node of a graph, and calls a :class:`Target` by its
number when the graph runs.
"""

import itertools
import weakref
from collections.abc import Sequence
from typing import Protocol

import torch
from torch.library import Library, register_fake

__all__ = ["CALL", "Target", "call", "perform", "target"]


class Target(Protocol):
    """What a node of a graph runs."""

    def apply(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results, also inside torch.func's transforms."""

    def run(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results; none shares memory with an argument."""

    def shapes(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Contiguous tensors of the shapes, dtypes and devices of the results."""


_library = Library("brainstate_torch", "DEF")
_library.define("call(Tensor[] tensors, int target) -> Tensor[]", tags=(torch.Tag.needs_fixed_stride_order,))
_targets: weakref.WeakValueDictionary[int, Target] = weakref.WeakValueDictionary()
_numbers: weakref.WeakKeyDictionary[Target, int] = weakref.WeakKeyDictionary()
_count = itertools.count()

_library.impl("call", lambda tensors, target: _targets[target].run(tensors), "CompositeExplicitAutograd")
register_fake(
    "brainstate_torch::call",
    lambda tensors, target: _targets[target].shapes(tensors),
    lib=_library,
    allow_override=True,
)


CALL = torch.ops.brainstate_torch.call.default


def call(target: Target, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Run a target: now, or, where a graph is recorded, as one node of it. The caller keeps the target alive."""
    number = _numbers.get(target)
    if number is None:
        number = _numbers[target] = next(_count)
        _targets[number] = target
    return list(CALL(list(tensors), number))


def target(number: int) -> Target:
    """The target of a number."""
    return _targets[number]


def perform(tensors: Sequence[torch.Tensor], number: int) -> list[torch.Tensor]:
    """Run the target of a number, also inside torch.func's transforms; what a node of a graph calls."""
    return _targets[number].apply(tensors)
