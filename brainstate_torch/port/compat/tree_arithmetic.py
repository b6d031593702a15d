"""Arithmetic of trees of arrays: ``braintools.tree``."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...typing import ArrayLike
from ...units import is_quantity, math
from . import tree as trees

__all__ = [
    "add",
    "as_numpy",
    "concat",
    "dot",
    "expand",
    "idx",
    "mul",
    "scale",
    "shift",
    "split",
    "squared_norm",
    "sub",
    "sum",
    "take",
]

IsLeaf = Callable[[Any], bool] | None


def scale(tree: Any, x: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf times one value."""
    return trees.map(lambda a: a * x, tree, is_leaf=is_leaf)


def mul(tree: Any, x: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf times that of another tree, or times one value."""
    return scale(tree, x) if isinstance(x, ArrayLike) else trees.map(lambda a, b: a * b, tree, x, is_leaf=is_leaf)


def shift(tree1: Any, x: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf plus one value."""
    return trees.map(lambda a: a + x, tree1, is_leaf=is_leaf)


def add(tree1: Any, tree2: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf plus that of another tree, or plus one value."""
    if isinstance(tree2, ArrayLike):
        return shift(tree1, tree2)
    return trees.map(lambda a, b: a + b, tree1, tree2, is_leaf=is_leaf)


def sub(tree1: Any, tree2: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf less that of another tree."""
    return trees.map(lambda a, b: a - b, tree1, tree2, is_leaf=is_leaf)


def dot(a: Any, b: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """The sum of the products of all elements of two trees."""
    return sum(mul(a, b, is_leaf), is_leaf)


def sum(tree: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """The sum of all elements."""
    return functools.reduce(math.add, trees.leaves(trees.map(math.sum, tree, is_leaf=is_leaf), is_leaf))


def squared_norm(tree: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """The sum of the squares of all elements."""
    return sum(trees.map(math.square, tree, is_leaf=is_leaf), is_leaf)


def concat(trees_: Sequence[Any], axis: int = 0, is_leaf: IsLeaf = is_quantity) -> Any:
    """The leaves of several trees, joined along an axis."""
    return trees.map(lambda *args: math.concatenate(args, axis=axis), *trees_, is_leaf=is_leaf)


def split(tree: Any, sizes: tuple[int, ...], is_leaf: IsLeaf = is_quantity) -> tuple[Any, ...]:
    """Trees of parts of the leaves along the first axis, of these lengths, and of the rest."""
    ends = np.cumsum([0, *sizes]).tolist()
    return tuple(idx(tree, slice(a, b), is_leaf) for a, b in zip(ends, [*ends[1:], None], strict=True))


def idx(tree: Any, idx: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """What an index takes of each leaf."""
    return trees.map(lambda x: x[idx], tree, is_leaf=is_leaf)


def expand(tree: Any, axis: int, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf with one more axis."""
    return trees.map(lambda x: math.expand_dims(x, axis), tree, is_leaf=is_leaf)


def take(tree: Any, idx: Any, axis: int, is_leaf: IsLeaf = is_quantity) -> Any:
    """What an index takes of each leaf along an axis."""

    def taken(x: Any) -> Any:
        if isinstance(idx, slice):
            return x[(slice(None),) * axis + (idx,)]
        return math.take(x, math.asarray(idx), axis)

    return trees.map(taken, tree, is_leaf=is_leaf)


def as_numpy(tree: Any, is_leaf: IsLeaf = is_quantity) -> Any:
    """Each leaf as an array of numpy."""
    return trees.map(lambda x: np.asarray(x), tree, is_leaf=is_leaf)
