"""The operators of this package: the only module that imports torch.library.

One operator, `call`, runs whatever a compiler must not look into: it is one node of a graph, and calls a
:class:`Target` by its number when the graph runs.
"""

import itertools
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import torch
from torch.library import Library, register_fake

__all__ = ["CALL", "Target", "act", "call", "defined", "perform", "target"]

# A fragment, since one process may hold only one "DEF" of a name.
_library = Library("brainstate_torch", "FRAGMENT")  # type: ignore[no-untyped-call]


def defined(
    schema: str, kernel: Callable[..., Any], shape: Callable[..., Any], tags: Sequence[torch.Tag] = ()
) -> Callable[..., Any]:
    """A new operator: one node to whoever traces a program.

    Parameters
    ----------
    schema
        As torch writes it, ``'name(Tensor x, int n) -> Tensor'``.
    kernel
        What computes it, on every device. It has no derivative.
    shape
        What makes an empty result, with the same arguments.
    tags
        What torch should know of it.
    """
    name = schema.partition("(")[0]
    space = getattr(torch.ops, _library.ns)
    if hasattr(space, name):  # The module that defines it is loaded again, as notebooks do.
        return getattr(space, name).default  # type: ignore[no-any-return]
    _library.define(schema, tags=tuple(tags))  # type: ignore[no-untyped-call]
    _library.impl(name, kernel, "CompositeExplicitAutograd")  # type: ignore[no-untyped-call]
    register_fake(f"{_library.ns}::{name}", shape, lib=_library)
    operator: Callable[..., Any] = getattr(space, name).default
    return operator


class Target(Protocol):
    """What a node of a graph runs."""

    @property
    def acts(self) -> bool:
        """Does it more than compute results?"""

    def apply(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results, also inside torch.func's transforms."""

    def run(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """The results; none shares memory with an argument. The arguments may have any strides."""

    def shapes(self, tensors: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Contiguous tensors of the shapes, dtypes and devices of the results."""


_targets: weakref.WeakValueDictionary[int, Target] = weakref.WeakValueDictionary()
_numbers: weakref.WeakKeyDictionary[Target, int] = weakref.WeakKeyDictionary()
_count = itertools.count()

CALL = defined(
    "call(Tensor[] tensors, int target) -> Tensor[]",
    lambda tensors, target: _targets[target].run(tensors),
    lambda tensors, target: _targets[target].shapes(tensors),
    # Without the first torch runs the operator at once, while a graph is recorded, where all arguments are constants;
    # without the second a compiler copies each argument that is not stored yet.
    tags=[torch.Tag.nondeterministic_seeded, torch.Tag.flexible_layout],
)


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


def act(tensors: Sequence[torch.Tensor], number: int) -> list[torch.Tensor]:
    """:func:`perform` of a target that does more than compute: its node stays though nobody needs a result."""
    return perform(tensors, number)
