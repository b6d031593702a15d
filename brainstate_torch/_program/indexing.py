"""Functions of torch that read the numbers of integer tensors, in terms of operations that a graph can hold."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from .._host.functorch import is_batched

__all__ = ["WITHOUT_NUMBERS"]

_INTEGERS = (torch.int8, torch.int16, torch.int32, torch.int64)
_MASKS = (torch.bool, torch.uint8)


def _one_hot(tensor: torch.Tensor, num_classes: int = -1) -> torch.Tensor:
    """As torch's, which checks that each class is below `num_classes` unless a vmap is active."""
    if num_classes < 0:
        return torch.nn.functional.one_hot(tensor, num_classes)
    return (tensor.unsqueeze(-1) == torch.arange(num_classes, device=tensor.device)).to(torch.int64)


def _item(x: torch.Tensor, index: Any) -> torch.Tensor:
    """``x[index]``, where torch takes a tensor of one integer for that integer."""
    entries = list(index) if isinstance(index, tuple) else [index]
    masks = any(isinstance(e, bool) or (isinstance(e, torch.Tensor) and e.dtype in _MASKS) for e in entries)
    if masks or not any(map(_is_number, entries)):
        return x[index]
    missing = x.ndim - sum(e is not None and e is not Ellipsis for e in entries)
    axis = 0
    for place, e in enumerate(entries):
        if e is None:
            continue
        if e is Ellipsis:
            axis += missing
            continue
        if _is_number(e) and axis < x.ndim:
            at = torch.where(e < 0, e + x.shape[axis], e).to(torch.int64)
            # Not `index_select`, whose derivative is wrong under vmap (`tests/sweeps/derivatives.py`).
            x = x.gather(axis, at.reshape([1] * x.ndim).expand([1 if i == axis else n for i, n in enumerate(x.shape)]))
            entries[place] = 0
        axis += 1
    return x[tuple(entries)]


def _is_number(e: Any) -> bool:
    return isinstance(e, torch.Tensor) and e.ndim == 0 and e.dtype in _INTEGERS and not is_batched(e)


#: What replaces a function while a graph is recorded.
WITHOUT_NUMBERS: Mapping[Any, Callable[..., torch.Tensor]] = {
    torch.nn.functional.one_hot: _one_hot,
    torch.Tensor.__getitem__: _item,
}
