"""Loops of jax.lax that the transforms have in another form."""

from collections.abc import Callable
from typing import Any

import torch

from ... import _tree, transform
from ...units import math

__all__ = ["associative_scan", "fori_loop", "lax_map"]


def fori_loop(lower: Any, upper: Any, body_fun: Callable[[Any, Any], Any], init_val: Any, **_: Any) -> Any:
    """``val = body_fun(i, val)`` for each i from `lower` to `upper`; a scan where both are numbers."""
    if _is_number(lower) and _is_number(upper):
        indices = math.arange(int(lower), int(upper))
        if len(indices) == 0:
            return init_val
        return transform.scan(lambda val, i: (body_fun(i, val), None), init_val, indices)[0]
    start = math.asarray(lower), init_val
    return transform.while_loop(lambda s: s[0] < upper, lambda s: (s[0] + 1, body_fun(s[0], s[1])), start)[1]


def _is_number(x: Any) -> bool:
    if isinstance(x, torch.Tensor):
        try:
            x.item()
        except RuntimeError:
            return False
    return True


def lax_map(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """A function of one element, or of one tuple of elements, over the first axis."""
    return transform.map(f, xs, batch_size=batch_size)


def associative_scan(fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """All partial combinations by an associative function of stacked elements, in log2(n) steps."""
    leaves, spec = _tree.flatten(elems)
    leaves = [math.moveaxis(math.flip(x, axis) if reverse else x, axis, 0) for x in leaves]
    shift, length = 1, len(leaves[0])
    while shift < length:
        joined = fn(
            _tree.unflatten(spec, [x[:-shift] for x in leaves]), _tree.unflatten(spec, [x[shift:] for x in leaves])
        )
        leaves = [math.concatenate([x[:shift], y], axis=0) for x, y in zip(leaves, _tree.leaves(joined), strict=True)]
        shift *= 2
    leaves = [math.moveaxis(x, 0, axis) for x in leaves]
    return _tree.unflatten(spec, [math.flip(x, axis) if reverse else x for x in leaves])
