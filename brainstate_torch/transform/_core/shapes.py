"""Arrays without numbers: shape and dtype."""

from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike

__all__ = ["ShapeDtypeStruct", "shapes_of"]


class ShapeDtypeStruct:
    """The shape and the dtype of a tensor.

    Parameters
    ----------
    shape
        The lengths of the axes.
    dtype
        The dtype.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.ShapeDtypeStruct((2, 3), torch.float32)
    ShapeDtypeStruct(float32[2, 3])
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Any, dtype: torch.dtype) -> None:
        self.shape, self.dtype = torch.Size(shape), dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"ShapeDtypeStruct({str(self.dtype).removeprefix('torch.')}{list(self.shape)})"


def shapes_of(tree: Any) -> Any:
    """The tree with a ShapeDtypeStruct for each tensor, array or number; quantities keep their unit."""

    def shape(leaf: Any) -> Any:
        if not is_arraylike(leaf):
            return leaf
        tensor = as_tensor(leaf)
        return ShapeDtypeStruct(tensor.shape, tensor.dtype)

    return _tree.map(shape, tree)
