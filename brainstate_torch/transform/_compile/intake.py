"""Where the tensors of a value outside go among the inputs of a graph, and what the value must be like."""

from collections.abc import Sequence
from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike
from ..._state.value import Value

__all__ = ["Intake", "placed"]


class Intake:
    """The kind of a value: its structure, units, shapes, dtypes, devices, and the leaves that are no arrays.

    Parameters
    ----------
    value
        The value when the graph was recorded, with tensors in the place of numbers.
    places
        For each of its tensors the input of the graph, or None if the graph does not use it.
    home
        The device on which numbers become tensors; None for the default one.
    """

    __slots__ = ("home", "leaves", "spec", "used")

    def __init__(self, value: Any, places: Sequence[int | None], home: torch.device | None = None) -> None:
        self.home = home
        leaves, self.spec = _tree.flatten(value)
        self.leaves = [_kind(leaf) for leaf in leaves]
        tensors = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
        #: (leaf, input) for the leaves that are inputs of the graph.
        self.used = [(leaf, place) for leaf, place in zip(tensors, places, strict=True) if place is not None]

    def fetch(self, value: Any, inputs: list[Any]) -> bool:
        """Put the tensors of a value into the inputs of the graph; False if it is of another kind."""
        if type(value) is Value:
            if self.spec is not _tree.LEAF or self.leaves[0] != (value.shape, value.dtype, value.device):
                return False
            for _, place in self.used:
                inputs[place] = value
            return True
        leaves, spec = _tree.flatten(value)
        if spec != self.spec:
            return False
        leaves = [placed(leaf, self.home) if is_arraylike(leaf) else leaf for leaf in leaves]
        if any(_kind(leaf) != kind for leaf, kind in zip(leaves, self.leaves, strict=True)):
            return False
        for leaf, place in self.used:
            inputs[place] = leaves[leaf]
        return True


def placed(x: Any, device: torch.device | None) -> torch.Tensor:
    """The tensor of a number or array on a device; a tensor itself. None means the default device.

    A number is filled in on the device: a copy would wait for it, and a CUDA graph would keep its first value.
    """
    tensor = as_tensor(x)
    if device is None or isinstance(x, torch.Tensor) or tensor.device == device:
        return tensor
    return tensor.to(device) if tensor.ndim else torch.full((), tensor.item(), dtype=tensor.dtype, device=device)


def _kind(leaf: Any) -> Any:
    """What the kind of a leaf is: shape, dtype and device of a tensor; any other leaf itself."""
    return (leaf.shape, leaf.dtype, leaf.device) if isinstance(leaf, torch.Tensor) else leaf
