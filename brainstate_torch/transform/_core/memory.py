"""Results have memory of their own: writing into one changes no other result, no argument, State or closure.

A result is copied if something else refers to its memory: an argument, the value of a State, a tensor that the function
closes over, or a second place in the result. Python's reference counts show that. Results of a host transform are
compared by storage instead: autograd may return one tensor for two inputs, or one expanded number.
"""

from collections.abc import Callable, Sequence
from sys import getrefcount
from typing import Any

import torch

from ... import _tree
from ..._host.functorch import FakeTensor, concrete, is_transformed
from ..._host.storage import is_lone_view, storage_of
from ..._program.recording import is_recording

__all__ = ["apart", "overlaps", "own"]

#: By default a clone keeps the strides of a tensor that is not dense, including those of expanded memory.
_KIND = torch.contiguous_format
_CONTAINERS = (list, tuple, dict)
_is_contiguous: Callable[[torch.Tensor], bool] = torch.Tensor.is_contiguous


def own(result: Any) -> Any:
    """What a function has just returned, with copies of the tensors that something else refers to.

    The caller must hold the result in one variable only. While a graph is recorded nothing is copied here: the program
    copies results that are aliases at its end.
    """
    if type(result) is torch.Tensor:
        lone = getrefcount(result) <= _LONE and (not result._is_view() or _is_lone_view(result))
        return result if lone or is_recording() else result.clone(memory_format=_KIND)
    if result is None or isinstance(result, (bool, int, float, str)) or is_recording():
        return result
    shared: set[int] = set()
    several = getrefcount(result) > _LONE
    _mark(result, several, shared)
    leaves, spec = _tree.flatten(result)
    changed = False
    for i, leaf in enumerate(leaves):
        if not isinstance(leaf, torch.Tensor) or type(leaf) is FakeTensor:
            continue
        lone = spec is not _tree.LEAF and type(leaf) is torch.Tensor and id(leaf) not in shared
        if not lone or _references(leaves, i) > _IN_TREE or (leaf._is_view() and not _is_lone_view(leaf)):
            leaves[i], changed = leaf.clone(memory_format=_KIND), True
    return _tree.unflatten(spec, leaves) if changed else result


def _references(values: list[Any], i: int) -> int:
    return getrefcount(values[i])


def _is_lone_view(view: torch.Tensor) -> bool:
    """Whether a view is all that is left of its base, and shows each number once."""
    base = view._base
    if concrete(view) is not view or overlaps(view):
        return False  # Wrappers of torch.func have no storage.
    if base is None:
        return True  # A view that was made under `no_grad`, whose base has no other reference.
    return getrefcount(base) <= _BASE and is_lone_view(view)


def _mark(node: Any, held: bool, shared: set[int]) -> None:
    """Collect the tensors in containers that something else refers to."""
    if type(node) not in _CONTAINERS:
        return
    for child in node.values() if type(node) is dict else node:
        if type(child) in _CONTAINERS:
            several = getrefcount(child) > _IN_CONTAINER
            _mark(child, held or several, shared)
        elif held and isinstance(child, torch.Tensor):
            shared.add(id(child))


def apart(x: Sequence[Any], others: Sequence[Any] = ()) -> Any:
    """The tensors, in lists and tuples, with copies of those that show the memory of another, of `others`, or twice.

    Expanded memory counts twice: a write in place would be refused.
    """
    if len(x) == 1 and not others and type(x[0]) is torch.Tensor and x[0].is_contiguous():
        return x
    if not others and not is_transformed():
        # The usual case, several tensors without aliases, takes a quarter of the time here.
        plain = set(map(type, x)) == {torch.Tensor} and all(map(_is_contiguous, x))
        if plain and len({item.untyped_storage()._cdata for item in x}) == len(x):
            return x
    return _apart(x, {storage_of(concrete(other)) for other in others if isinstance(other, torch.Tensor)})


def _apart(x: Any, seen: set[int | None]) -> Any:
    if isinstance(x, (list, tuple)):
        return type(x)([_apart(item, seen) for item in x])
    if not isinstance(x, torch.Tensor):
        return x
    inner = concrete(x)
    if inner.layout is not torch.strided:
        return x
    storage = storage_of(inner)
    if storage in seen or (not inner.is_contiguous() and _is_expanded(inner)):
        x = x.clone(memory_format=_KIND)
        storage = storage_of(concrete(x))
    seen.add(storage)
    return x


def overlaps(x: torch.Tensor) -> bool:
    """Whether two numbers of the tensor stand at one place in memory because it is expanded."""
    inner = concrete(x)
    return inner.layout is torch.strided and not inner.is_contiguous() and _is_expanded(inner)


def _is_expanded(x: torch.Tensor) -> bool:
    return any(step == 0 and size > 1 for step, size in zip(x.stride(), x.shape, strict=True))


def _calibrated() -> tuple[int, int, int, int]:
    """The reference count of an object with one holder, which differs between versions of Python."""
    fresh = torch.empty(0)
    nested = [[torch.empty(0)]]
    leaves = _tree.flatten(nested)[0]
    in_tree = in_container = 0
    for i, _leaf in enumerate(leaves):
        in_tree = _references(leaves, i)
    for child in nested:
        in_container = getrefcount(child)
    view = torch.empty(1).view(1)
    base = view._base
    return _count(fresh), in_tree, in_container, getrefcount(base)


def _count(x: Any) -> int:
    return getrefcount(x)


_LONE, _IN_TREE, _IN_CONTAINER, _BASE = _calibrated()
