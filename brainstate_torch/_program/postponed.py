"""Sums over all steps of products of matrices, as one product after the loop.

The derivative of a weight is such a sum. One product of the factors of all steps writes it once, not at each step.
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch

from .._host.fx import Node

__all__ = ["Postponed", "Product", "product", "rows_of"]

_aten = torch.ops.aten
_SHAPED = {
    *(_aten.view.default, _aten._unsafe_view.default, _aten.reshape.default),
    *(_aten.unsqueeze.default, _aten.squeeze.dim),
}


class Product(NamedTuple):
    """``left.T @ right`` for matrices ``[rows, columns]``, of which more axes may be rows; or its transpose."""

    left: Node
    right: Node
    transposed: bool


class Postponed(NamedTuple):
    """A sum of products over all steps.

    Attributes
    ----------
    left, right
        Where the factors of all steps stand: among the inputs of the loop, or, counted after these, its outputs.
    transposed
        See :class:`Product`.
    """

    left: int
    right: int
    transposed: bool

    def computed(self, stacks: Sequence[torch.Tensor]) -> torch.Tensor:
        """The sum, of the factors ``[length, ...]``."""
        left, right = (stacks[place].flatten(0, -2) for place in (self.left, self.right))
        return right.mT @ left if self.transposed else left.mT @ right


def product(node: Node) -> Product | None:
    """A node as a :class:`Product`, if it is a product that sums over the rows of its factors."""
    transposed = False
    while node.target is _aten.t.default:
        node, transposed = node.args[0], not transposed  # type: ignore[assignment]
    if node.target is not _aten.mm.default:
        return None
    left, right = node.args
    if left.target is not _aten.t.default:  # type: ignore[union-attr]
        return None
    return Product(rows_of(left.args[0]), rows_of(right), transposed)  # type: ignore[union-attr]


def rows_of(node: object) -> Node:
    """The tensor that a matrix shows, with the same columns."""
    assert isinstance(node, Node)
    while node.target in _SHAPED:
        viewed = node.args[0]
        assert isinstance(viewed, Node)
        shape = viewed.meta["val"].shape
        if not shape or shape[-1] != node.meta["val"].shape[-1]:
            break
        node = viewed
    return node
