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


def _chosen(x: torch.Tensor, index: Any, value: Any) -> torch.Tensor | None:
    """`x` with one value wherever a mask is true: a choice, whose derivative needs no shape; None for other indices."""
    if not isinstance(index, torch.Tensor) or index.dtype is not torch.bool or not isinstance(value, torch.Tensor):
        return None
    if value.ndim > x.ndim - index.ndim:
        return None
    if index.shape != x.shape[: index.ndim]:
        raise IndexError(f"a mask must have the shape of what it chooses from. Got {tuple(index.shape)}.")
    return torch.where(index.reshape(*index.shape, *[1] * (x.ndim - index.ndim)), value.to(x.dtype), x)


def _set_item(x: torch.Tensor, index: Any, value: Any) -> None:
    chosen = _chosen(x, index, value)
    if chosen is None:
        x[index] = value
    else:
        x.copy_(chosen)


def _index_put(x: torch.Tensor, indices: Any, values: torch.Tensor, accumulate: bool = False) -> torch.Tensor:
    chosen = None if accumulate or len(indices) != 1 else _chosen(x, indices[0], values)
    return torch.index_put(x, indices, values, accumulate) if chosen is None else chosen


def _index_put_(x: torch.Tensor, indices: Any, values: torch.Tensor, accumulate: bool = False) -> torch.Tensor:
    chosen = None if accumulate or len(indices) != 1 else _chosen(x, indices[0], values)
    return x.index_put_(indices, values, accumulate) if chosen is None else x.copy_(chosen)


def _index_fill(x: torch.Tensor, dim: int, index: torch.Tensor, value: Any) -> torch.Tensor:
    """As torch's, whose derivative by `value` asks whether anything was filled."""
    if not isinstance(value, torch.Tensor) or not x.ndim:
        return torch.index_fill(x, dim, index, value)
    filled = torch.zeros(x.shape[dim], dtype=torch.bool, device=x.device).index_fill(0, index, True)
    return torch.where(filled.reshape([-1 if i == dim % x.ndim else 1 for i in range(x.ndim)]), value.to(x.dtype), x)


def _index_fill_(x: torch.Tensor, dim: int, index: torch.Tensor, value: Any) -> torch.Tensor:
    return x.copy_(_index_fill(x, dim, index, value))


def _cov(
    input: torch.Tensor,
    *,
    correction: int = 1,
    fweights: torch.Tensor | None = None,
    aweights: torch.Tensor | None = None,
) -> torch.Tensor:
    """As torch's, which looks whether the weights are positive, and whether enough degrees of freedom are left."""
    x = input if input.ndim > 1 else input.reshape(1, -1)
    weights = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    total = torch.tensor(x.shape[1], device=x.device) if weights is None else weights.sum()
    freedom = total - correction
    if weights is not None and aweights is not None and correction:
        freedom = total - correction * (weights * aweights).sum() / total
    x = x - ((x if weights is None else x * weights).sum(1) / total)[:, None]
    return (x @ (x if weights is None else x * weights).mT.conj() / freedom.clamp(min=0)).squeeze()


def _corrcoef(input: torch.Tensor) -> torch.Tensor:
    found = _cov(input)
    if not found.ndim:
        return found / found
    scale = found.diagonal().real.sqrt()
    found = found / scale[:, None] / scale
    if found.is_complex():
        return torch.complex(found.real.clamp(-1, 1), found.imag.clamp(-1, 1))
    return found.clamp(-1, 1)


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
    **dict.fromkeys((torch.index_put, torch.Tensor.index_put), _index_put),
    **dict.fromkeys((torch.index_put_, torch.Tensor.index_put_), _index_put_),
    **dict.fromkeys((torch.index_fill, torch.Tensor.index_fill), _index_fill),
    torch.Tensor.index_fill_: _index_fill_,
    **dict.fromkeys((torch.cov, torch.Tensor.cov), _cov),
    **dict.fromkeys((torch.corrcoef, torch.Tensor.corrcoef), _corrcoef),
    torch.nn.functional.gaussian_nll_loss: _gaussian_nll_loss,
    is_all_true: _is_all_true,
}
