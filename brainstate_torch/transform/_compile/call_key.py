"""What tells one kind of calls of a compiled function from another."""

import weakref
from collections.abc import Callable
from typing import Any

import torch

from ... import _tree
from ..._arrays import is_arraylike
from ..._errors import kind_of
from ..._state import State
from ...graph import Node
from .._core.functional import checked_arguments
from .intake import placed

__all__ = ["dynamic_key", "static_key"]


class _Weak:
    """A key for an object, which does not keep it alive."""

    __slots__ = ("_hash", "ref")

    def __init__(self, x: Any) -> None:
        self.ref, self._hash = weakref.ref(x), hash(x)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Weak):
            return False
        mine, theirs = self.ref(), other.ref()
        return self is other or (mine is not None and theirs is not None and bool(mine == theirs))


def static_key(arg: Any, name: str) -> Any:
    """The key of a static argument. It does not keep the object alive, where weak references are possible."""
    try:
        hash(arg)
    except TypeError:
        raise ValueError(
            f"the static argument {name} must be hashable. Got {kind_of(arg)}. "
            "Pass a tuple, a number or a string, or let it be a tensor."
        ) from None
    return _told_apart(arg, name)


def _told_apart(x: Any, name: str) -> Any:
    """A key for a static value. Unlike `==` it tells 1, 1.0 and True apart, 0.0 and -0.0, and knows nan again."""
    if isinstance(x, torch.Tensor):  # Hashable, but its numbers would be those of the first call.
        raise TypeError(
            f"the static argument {name} must hold no tensor. Got one of shape {tuple(x.shape)}. "
            "Pass it as an argument that is not static, or a number or a tuple of numbers in its place."
        )
    if isinstance(x, (float, complex)):
        return type(x), repr(x)
    if isinstance(x, tuple):
        return type(x), *[_told_apart(y, name) for y in x]
    if isinstance(x, frozenset):
        return type(x), frozenset([_told_apart(y, name) for y in x])
    try:
        return _Weak(x)
    except TypeError:
        return type(x), x


def dynamic_key(arg: Any, name: str, tensors: list[torch.Tensor], place: Callable[[], torch.device | None]) -> Any:
    """The key of an argument: structure, shapes, dtypes, devices. Its tensors are appended to the list."""
    leaves, spec = _tree.flatten(arg)
    key: list[Any] = [spec]
    for leaf in leaves:
        if isinstance(leaf, State):
            checked_arguments([leaf], {})
        if not is_arraylike(leaf):
            cure = "Name it in `static_argnums` or `static_argnames`."
            if isinstance(leaf, (torch.nn.Module, Node)):
                cure = "Close over it: its States are found where they are read. Or pass the arrays alone."
            elif hasattr(leaf, "__dlpack__"):
                cure = "Convert it: `torch.from_dlpack(x)`, or `interop.to_torch(x)`."
            raise TypeError(
                f"{name} of a compiled function must be made of tensors, arrays, quantities and numbers. "
                f"Got {kind_of(leaf)}. {cure}"
            )
        tensor = leaf if isinstance(leaf, torch.Tensor) else placed(leaf, place())
        tensors.append(tensor)
        key.append((tensor.shape, tensor.dtype, tensor.device))
    return tuple(key)
