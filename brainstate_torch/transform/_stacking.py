"""Many trees of one kind as one tree with a leading axis."""

from collections.abc import Sequence
from typing import Any

import torch

from .. import _tree
from .._arrays import as_tensor, is_arraylike

__all__ = ["stacked"]


def stacked(outputs: Sequence[Any], name: str) -> Any:
    """The tree of tensors ``[len(outputs), ...]``.

    Raises
    ------
    TypeError
        The trees differ in structure or shapes, or hold something else than tensors and numbers.
    """
    spec = _tree.structure(outputs[0])
    rows = []
    for output in outputs:
        leaves, other = _tree.flatten(output)
        if other != spec:
            raise TypeError(f"each step of `{name}` must return a y of the same structure. Got {other} after {spec}.")
        rows.append(leaves)
    return _tree.unflatten(spec, [_column(column, name) for column in zip(*rows, strict=True)])


def _column(values: Sequence[Any], name: str) -> torch.Tensor:
    for value in values:
        if not is_arraylike(value):
            raise TypeError(f"each step of `{name}` must return tensors or numbers. Got a {type(value).__name__}.")
    tensors = [as_tensor(value) for value in values]
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        raise TypeError(f"each step of `{name}` must return a y of the same shape. Got {sorted(shapes)}.")
    return torch.stack(tensors)
