"""One operator that runs what a compiler must not look into.

`call` is one node of a graph, and calls a :class:`Target` by its number when the graph runs.
"""

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch

from .._host.dispatch import is_profiled
from .._host.library import defined

__all__ = ["CALL", "Target", "act", "call", "call_as", "call_number", "perform", "profiled", "target"]


class Target(Protocol):
    """What a node of a graph runs."""

    #: What it is called where a graph is printed, and by a profiler.
    title: str

    @property
    def acts(self) -> bool:
        """Whether running it has side effects."""

    def apply(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results, also inside torch.func's transforms."""

    def run(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results; none shares memory with an argument. The arguments may have any strides."""

    def shapes(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Contiguous tensors of the shapes, dtypes and devices of the results."""


_targets: weakref.WeakValueDictionary[int, Target] = weakref.WeakValueDictionary()
_numbers: weakref.WeakKeyDictionary[Target, int] = weakref.WeakKeyDictionary()
_count = itertools.count()


def _run(tensors: Sequence[torch.Tensor], number: int) -> list[torch.Tensor]:
    found = _targets[number]
    return profiled(found.title, found.run, tensors) if is_profiled() else found.run(tensors)


def profiled(label: str, fun: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function under a label that torch's profiler shows; to be used only while it records."""
    with torch.profiler.record_function(label):
        return fun(*arguments)


CALL = defined(
    # The shapes of the results are an argument for the compiler's cache: in another process a number is another target.
    'call(Tensor[] tensors, int target, str results="") -> Tensor[]',
    lambda tensors, target, results="": _run(tensors, target),
    lambda tensors, target, results="": _targets[target].shapes(tensors),
    # Without the first tag torch runs the operator while a graph is recorded if all arguments are constants. Without
    # the second a compiler copies each argument that has no memory yet.
    tags=[torch.Tag.nondeterministic_seeded, torch.Tag.flexible_layout],
)


def call(target: Target, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """Run a target: now, or, where a graph is recorded, as one node of it. The caller keeps the target alive."""
    return list(CALL(list(tensors), call_number(target)))


def call_number(target: Target) -> int:
    """The number by which a node of a graph calls a target."""
    number = _numbers.get(target)
    if number is None:
        number = _numbers[target] = next(_count)
        _targets[number] = target
    return number


def call_as(number: int, target: Target) -> None:
    """Register a target under the number that a graph from another process uses for it."""
    _targets[number], _numbers[target] = target, number


def target(number: int) -> Target:
    """The target of a number."""
    return _targets[number]


def perform(tensors: Sequence[torch.Tensor], number: int) -> list[torch.Tensor]:
    """Run the target of a number, also inside torch.func's transforms; what a node of a graph calls."""
    return _targets[number].apply(tensors)


def act(tensors: Sequence[torch.Tensor], number: int) -> list[torch.Tensor]:
    """:func:`perform` of a target with side effects: its node is kept even if no result is used."""
    return perform(tensors, number)
