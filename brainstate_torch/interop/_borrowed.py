"""Tensors that show the memory of a JAX array, which must not be written."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from .. import _tree
from .._host.dispatch import as_plain_tensors
from .._state.value import Value

__all__ = ["Borrowed"]


class Borrowed(Value):
    """A tensor in memory that JAX takes for constant: ``+=`` computes a new tensor, a write in place is refused.

    So are writes through `out=`, through views by whatever function, and through numpy. Results that have memory of
    their own are plain tensors.
    """

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        _check(func, args, kwargs)
        if not all(issubclass(kind, torch.Tensor) for kind in types):
            return NotImplemented  # A quantity; its dispatch calls this function again with the numbers.
        with as_plain_tensors():
            result = func(*args, **kwargs)
        if type(result) is torch.Tensor:
            return _as_borrowed(result, args)
        if isinstance(result, (tuple, list)):
            return _tree.map(lambda x: _as_borrowed(x, args) if type(x) is torch.Tensor else x, result)
        return result

    def __repr__(self, **kwargs: Any) -> str:  # type: ignore[override]
        return repr(_copied(self))

    def __format__(self, spec: str) -> str:
        return format(_copied(self), spec)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return _copied(self).__reduce_ex__(protocol)  # type: ignore[no-untyped-call]

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.Tensor:
        copy: torch.Tensor = memo.setdefault(id(self), _copied(self))
        return copy


_tree.register_leaf(Borrowed)
#: Methods that end with an underscore but write no numbers.
_METADATA = ("requires_grad_", "retain_grad_", "detach_", "rename_")


def _copied(x: torch.Tensor) -> torch.Tensor:
    with as_plain_tensors():
        copy = torch.Tensor.clone(x)
    if type(copy) is not torch.Tensor:
        copy.__class__ = torch.Tensor
    return copy


def _check(func: Callable[..., Any], args: Any, kwargs: Mapping[str, Any]) -> None:
    name = getattr(func, "__name__", "")
    in_place = name.endswith("_") and not name.endswith("__") and name not in _METADATA
    in_place = in_place or _option(func, "inplace", args, kwargs)
    targets = [kwargs.get("out"), args[0] if args and (in_place or name == "__setitem__") else None]
    if any(isinstance(x, Borrowed) for x in _tree.leaves(targets)):
        raise TypeError(
            f"a tensor that shares its memory with a JAX array must not be written. Got a call of `{name}`. "
            "Write a copy: x.clone(), or to_torch(x, copy=True)."
        )


def _option(func: Callable[..., Any], name: str, args: Any, kwargs: Mapping[str, Any]) -> bool:
    """The value of an option of a function that is written in Python."""
    code = getattr(func, "__code__", None)
    if code is None or name not in code.co_varnames[: code.co_argcount]:
        return False
    place = code.co_varnames.index(name)
    return bool(args[place] if place < len(args) else kwargs.get(name, False))


def _as_borrowed(x: torch.Tensor, args: Any) -> torch.Tensor:
    """The result as what it is if it is a view of an argument that is borrowed."""
    try:
        memory = x.untyped_storage().data_ptr()
        with as_plain_tensors():
            lent = [y.untyped_storage().data_ptr() for y in _tree.leaves(args) if isinstance(y, Borrowed)]
    except (RuntimeError, NotImplementedError):
        return x
    if memory in lent:
        x.__class__ = Borrowed
    return x
