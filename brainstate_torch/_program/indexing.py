"""Functions of torch that read numbers of tensors, in terms of operations that a graph can hold."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from .._host.dispatch import is_all_true
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


def _set_item(x: torch.Tensor, index: Any, value: Any) -> None:
    """``x[index] = value``; by a mask and one number a choice, whose derivative by the number needs no shape."""
    number = isinstance(value, torch.Tensor) and not value.ndim
    if not number or not isinstance(index, torch.Tensor) or index.dtype is not torch.bool:
        x[index] = value
        return
    if index.shape != x.shape[: index.ndim]:
        raise IndexError(f"a mask must have the shape of what it chooses from. Got {tuple(index.shape)}.")
    mask = index.reshape(*index.shape, *[1] * (x.ndim - index.ndim))
    x.copy_(torch.where(mask, value.to(x.dtype), x))


def _gaussian_nll_loss(
    input: torch.Tensor,
    target: torch.Tensor,
    var: torch.Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> torch.Tensor:
    """As torch's, which refuses a negative variance where it knows the numbers."""
    if not isinstance(var, torch.Tensor):
        return torch.nn.functional.gaussian_nll_loss(input, target, var, full, eps, reduction)
    if var.shape != input.shape and var.shape == input.shape[:-1]:
        var = var.unsqueeze(-1)
    if var.shape != input.shape and (var.shape[:-1] != input.shape[:-1] or var.shape[-1] != 1):
        raise ValueError(f"`var` must have the shape of `input`, or 1 as the last length. Got {tuple(var.shape)}.")
    var = var + (var.clamp(min=eps) - var).detach()
    loss = 0.5 * (var.log() + (input - target) ** 2 / var)
    loss = loss + 0.5 * math.log(2 * math.pi) if full else loss
    if reduction == "none":
        return loss
    return loss.sum() if reduction == "sum" else loss.mean()


def _is_all_true(valid: torch.Tensor) -> bool:
    """The checks of ``torch.distributions``: a graph has no numbers that could be checked."""
    return True


#: What replaces a function while a graph is recorded.
WITHOUT_NUMBERS: Mapping[Any, Callable[..., Any]] = {
    torch.nn.functional.one_hot: _one_hot,
    torch.Tensor.__getitem__: _item,
    torch.Tensor.__setitem__: _set_item,
    torch.nn.functional.gaussian_nll_loss: _gaussian_nll_loss,
    is_all_true: _is_all_true,
}
