"""Memory that tensors share until one of them is written: torch's copy-on-write storages."""

import operator
from collections.abc import Callable, Collection
from typing import Any

import torch

__all__ = ["TENSORS", "address", "all_halved", "all_intact", "apart", "halved", "is_halved", "is_intact", "shows"]

#: The classes of what :func:`all_halved` looks at; values of States are added.
TENSORS: set[type] = {torch.Tensor}
_version: Callable[[torch.Tensor], int] = operator.attrgetter("_version")
_is_cow: Callable[[Any], bool] = torch._C._is_cow_tensor  # type: ignore[attr-defined]
_address: Callable[[torch.Tensor], int] = torch._C._data_address  # type: ignore[attr-defined]
_uses = torch._C._storage_Use_Count


def address(x: torch.Tensor) -> int:
    """Where the numbers of a tensor are, without a right to write them: memory that is shared stays shared."""
    return _address(x)


def is_halved(x: torch.Tensor) -> bool:
    """Whether the memory of a tensor is, or was, shared by :func:`halved`, and the tensor has not been written since.

    A wrapper of torch.func, as a State holds that was made inside a transform, has no memory to ask for.
    """
    try:
        return _is_cow(x)
    except NotImplementedError:
        return False


def halved(x: torch.Tensor) -> torch.Tensor:
    """A copy-on-write alias of a tensor. Whichever of the two is written first, through any alias, gets a copy.

    That holds for writes that autograd does not count, too: ``.data``, numpy, DLPack, the storage, a raw pointer.
    Tensors without memory of torch's own (sparse layouts, shared or mapped files, memory that numpy has seen) are
    copied at once. It takes 0.3 µs; a copy takes 0.7 µs and the time of the memory.
    """
    try:
        if x.untyped_storage().resizable():
            return x._lazy_clone()
    except (RuntimeError, NotImplementedError):
        pass
    return x.clone()


def apart(x: torch.Tensor) -> torch.Tensor:
    """A tensor of the same numbers that does not change with the given one, and does not change it.

    A numpy array or DLPack capsule that was made before holds an address, so copy-on-write cannot see its writes; and a
    view of a part is cheaper to copy than the whole storage later. So memory with other references is copied.
    """
    try:
        storage = x.untyped_storage()
        # One use is the tensor's, one that of the Python object made here.
        if storage.resizable() and _uses(storage._cdata) <= 2 and x._use_count() == 1:  # type: ignore[attr-defined]
            return x._lazy_clone()
    except (RuntimeError, NotImplementedError):
        pass
    return x.clone()


def all_halved(values: Collection[Any]) -> bool:
    """Whether each is a tensor with memory of its own kind that is :func:`is_halved`; 0.1 µs each."""
    # torch's error for another object would print it, and printing waits for an accelerator.
    if not TENSORS.issuperset(map(type, values)):
        return False
    try:
        return all(map(_is_cow, values))
    except NotImplementedError:
        return False


def all_intact(halves: Collection[torch.Tensor]) -> bool:
    """Whether each is :func:`is_halved`, and has not been given other memory or another shape."""
    return all_halved(halves) and not any(map(_version, halves))


def is_intact(half: torch.Tensor) -> bool:
    """Whether what :func:`halved` made has not been written, nor given other memory or another shape."""
    try:
        return is_halved(half) and half._version == 0
    except NotImplementedError:
        return False


def shows(half: torch.Tensor, source: torch.Tensor) -> bool:
    """Whether neither has been written, or changed in shape, since the first was made of the second."""
    try:
        same = _address(half) == _address(source)
    except NotImplementedError:
        return False
    return same and _kind(half) == _kind(source)


def _kind(x: torch.Tensor) -> Any:
    return x.dtype, x.shape, x.stride()
