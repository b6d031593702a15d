"""Many trees of one kind as one tree with a leading axis."""

from collections.abc import Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike
from ..._errors import kind_of

__all__ = ["aligned", "checked_output", "stacked"]


def aligned(spec: _tree.Spec, tree: Any) -> list[Any] | None:
    """The leaves of a tree in the order of `spec`; None if the structure is another.

    The keys of equal dicts may have another order.
    """
    leaves, other = _tree.flatten(tree)
    if other is spec:
        return leaves
    return _tree.flatten_up_to(spec, tree) if other == spec else None


def stacked(outputs: Sequence[Any], name: str) -> Any:
    """The tree of tensors ``[len(outputs), ...]``.

    Raises
    ------
    TypeError
        The trees differ in structure or shapes, or hold something else than tensors and numbers.
    """
    if all(type(output) is torch.Tensor for output in outputs):
        return _column(outputs, name)
    spec = _tree.structure(outputs[0])
    rows = []
    for output in outputs:
        leaves = aligned(spec, output)
        if leaves is None:
            other = _tree.structure(output)
            raise TypeError(f"each step of `{name}` must return a y of the same structure. Got {other} after {spec}.")
        rows.append(leaves)
    return _tree.unflatten(spec, [_column(column, name) for column in zip(*rows, strict=True)])


def checked_output(y: Any, name: str) -> Any:
    """What one step returns, with tensors in the place of numbers.

    Raises
    ------
    TypeError
        It holds something else than tensors and numbers.
    """
    return _tree.map(lambda x: x if isinstance(x, torch.Tensor) else _number(x, name), y)


def _column(values: Sequence[Any], name: str) -> torch.Tensor:
    tensors = [value if isinstance(value, torch.Tensor) else _number(value, name) for value in values]
    shape = tensors[0].shape
    for tensor in tensors:
        if tensor.shape != shape:
            seen = f"{tuple(tensor.shape)} after {tuple(shape)}"
            raise TypeError(f"each step of `{name}` must return a y of the same shape. Got {seen}.")
    return torch.stack(tensors)


def _number(value: Any, name: str) -> torch.Tensor:
    if not is_arraylike(value):
        raise TypeError(f"each step of `{name}` must return tensors or numbers. Got {kind_of(value)}.")
    return as_tensor(value)
