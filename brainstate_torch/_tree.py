"""Pytrees: nested containers whose leaves are values.

The node types are those registered with torch's own pytrees. Two rules are
JAX's, because brainstate's users rely on them: None holds no leaf, and the leaves of a dict come in the order of its
sorted keys, so that two dicts with equal keys have equal structure whatever the order of insertion, and trees of equal
structure have their leaves in equal places. The order of an OrderedDict is part of its structure.

A dict that is rebuilt shows its keys in the order that it had; :func:`canonical` gives it the sorted one.
"""

import functools
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import torch

from ._host.pytree import SUPPORTED_NODES, register_pytree_node

__all__ = [
    "LEAF",
    "Spec",
    "canonical",
    "flatten",
    "flatten_up_to",
    "is_container",
    "keys_of",
    "leaves",
    "leaves_with_path",
    "map",
    "register",
    "register_leaf",
    "register_mapping",
    "sorted_keys",
    "structure",
    "unflatten",
]

IsLeaf = Callable[[Any], bool]


class Spec:
    """The structure of a tree: the type of each node, what it holds besides its children, and the children's specs."""

    __slots__ = ("children", "context", "flat", "kind", "reordered", "size")

    def __init__(self, kind: type | None, context: Any, children: "tuple[Spec, ...]", size: int) -> None:
        self.kind, self.context, self.children, self.size = kind, context, children, size
        #: A list or tuple of leaves, the form that is built without looking at the children.
        self.flat = (kind is list or kind is tuple) and all(child is LEAF for child in children)
        #: Whether a dict in the tree shows its keys in another order than the sorted one.
        self.reordered = kind in _MAPPINGS and context.shown is not context.keys
        for child in children:
            if child.reordered:
                self.reordered = True

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Spec) or self.kind is not other.kind or self.size != other.size:
            return False
        if self.kind in _MAPPINGS:
            return bool(self.context.keys == other.context.keys) and self.children == other.children
        return bool(self.context == other.context) and self.children == other.children

    def __hash__(self) -> int:
        return hash((self.kind, self.size, len(self.children)))

    def __repr__(self) -> str:
        if self is LEAF:
            return "*"
        inner = [repr(child) for child in self.children]
        if self.kind is None or self.kind is type(None):
            return "None"
        if self.kind in _MAPPINGS:
            shown = "{" + ", ".join(f"{k!r}: {t}" for k, t in zip(self.context.keys, inner, strict=True)) + "}"
            return shown if self.kind is dict else f"{self.kind.__name__}({shown})"
        if self.kind is list:
            return f"[{', '.join(inner)}]"
        if self.kind is tuple:
            return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"
        note = "" if self.context is None else f"[{self.context}]"
        return f"{self.kind.__name__}{note}({', '.join(inner)})"

    def __deepcopy__(self, memo: dict[int, Any]) -> "Spec":
        return self  # immutable, and LEAF and NONE are known by identity

    def __reduce__(self) -> Any:
        if self is LEAF:
            return "LEAF"
        if self is NONE:
            return "NONE"
        return Spec, (self.kind, self.context, self.children, self.size)

    @property
    def num_leaves(self) -> int:
        """How many leaves it has."""
        return self.size

    @property
    def num_nodes(self) -> int:
        """How many nodes and leaves."""
        return 1 + sum([child.num_nodes for child in self.children])

    def canonical(self) -> "Spec":
        """The same structure, with dicts that are rebuilt in the order of their sorted keys."""
        if not self.reordered:
            return self
        context = self.context
        if self.kind in _MAPPINGS:
            context = context._replace(shown=context.keys)
        return Spec(self.kind, context, tuple([child.canonical() for child in self.children]), self.size)

    def shown(self) -> list[int]:
        """The places of the leaves in the order in which the containers show them."""
        if not self.reordered:
            return list(range(self.size))
        places, start = [], 0
        for child in self.children:
            places.append([start + place for place in child.shown()])
            start += child.size
        if self.kind in _MAPPINGS:
            of = dict(zip(self.context.keys, places, strict=True))
            places = [of[key] for key in self.context.shown]
        return [place for part in places for place in part]


class _Keys(NamedTuple):
    """What a dict holds besides its values: `keys` in the order of the leaves, `shown` in that of the dict."""

    factory: Any
    keys: tuple[Any, ...]
    shown: tuple[Any, ...]


_MAPPINGS = (dict, OrderedDict, defaultdict)
LEAF = Spec(None, None, (), 1)
# Types that are never nodes, found without asking the registry.
_ATOMS: set[type] = {torch.Tensor, torch.Size, torch.nn.Parameter, bool, int, float, complex, str}
NONE = Spec(type(None), None, (), 0)


def _children(x: Any) -> tuple[Sequence[Any], Any] | None:
    """The children and the context of a node that is not a plain list, tuple or dict; None for a leaf."""
    kind = type(x)
    if kind in _MAPPINGS:
        shown = tuple(x)
        keys = shown if kind is OrderedDict else tuple(sorted_keys(x))
        if keys == shown:
            return list(x.values()), _Keys(getattr(x, "default_factory", None), shown, shown)
        return [x[key] for key in keys], _Keys(getattr(x, "default_factory", None), keys, shown)
    if isinstance(x, tuple) and hasattr(kind, "_fields"):
        return x, None
    node = SUPPORTED_NODES.get(kind)
    if node is None or kind is slice:
        return None
    children, context = node.flatten_fn(x)
    return list(children), context


def _walk(x: Any, out: list[Any], is_leaf: IsLeaf | None) -> Spec:
    if x is None and (is_leaf is None or not is_leaf(x)):
        return NONE
    kind: Any = type(x)
    if x is None or kind in _ATOMS or (is_leaf is not None and is_leaf(x)):
        out.append(x)
        return LEAF
    if kind is list or kind is tuple:
        children, context = x, None
        if all(type(child) in _ATOMS for child in x):
            out += x
            return _flat_spec(kind, len(x))
    else:
        node = _children(x)
        if node is None:
            out.append(x)
            return LEAF
        children, context = node
    specs = tuple([_walk(child, out, is_leaf) for child in children])
    return Spec(kind, context, specs, sum([spec.size for spec in specs]))


@functools.lru_cache(maxsize=1024)
def _flat_spec(kind: Any, length: int) -> Spec:
    return Spec(kind, None, (LEAF,) * length, length)


def register_leaf(kind: type) -> None:
    """Make a class known as a leaf, so that it is not looked up as a node."""
    _ATOMS.add(kind)


def flatten(tree: Any, is_leaf: IsLeaf | None = None) -> tuple[list[Any], Spec]:
    """The leaves of a tree, in order, and its structure."""
    out: list[Any] = []
    return out, _walk(tree, out, is_leaf)


def sorted_keys(mapping: Mapping[Any, Any]) -> list[Any]:
    """The keys in an order that does not depend on that of their insertion."""
    try:
        return sorted(mapping)
    except TypeError:
        return sorted(mapping, key=lambda key: (type(key).__module__, type(key).__qualname__, repr(key)))


def keys_of(tree: Mapping[Any, Any]) -> Sequence[Any]:
    """The keys of a mapping in the order of its leaves."""
    context = structure(tree, is_leaf=lambda x: x is not tree).context
    keys = context.keys if isinstance(context, _Keys) else context
    return keys if isinstance(keys, tuple) and set(keys) == tree.keys() else tuple(tree)


def canonical(tree: Any) -> Any:
    """The tree with its dicts in the order of their sorted keys, as a function that is transformed sees them in JAX."""
    leaves, spec = flatten(tree)
    return unflatten(spec.canonical(), leaves) if spec.reordered else tree


def is_container(x: Any) -> bool:
    """Whether this is a list, tuple or mapping of the standard library."""
    return isinstance(x, (list, tuple, dict))


def leaves(tree: Any, is_leaf: IsLeaf | None = None) -> list[Any]:
    """The leaves of a tree, in order."""
    return flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: IsLeaf | None = None) -> Spec:
    """The structure of a tree."""
    return flatten(tree, is_leaf)[1]


def unflatten(spec: Spec, values: Sequence[Any]) -> Any:
    """The tree of a given structure with the given leaves; inverse of :func:`flatten`."""
    return list(values) if spec.flat and spec.kind is list and spec.size == len(values) else _build(spec, values, 0)


def _build(spec: Spec, values: Sequence[Any], start: int) -> Any:
    """The tree whose leaves are `values` from `start` on."""
    if spec is LEAF:
        return values[start]
    if spec is NONE:
        return None
    kind: Any = spec.kind
    if spec.flat:
        part = values[start : start + spec.size]
        return list(part) if kind is list else tuple(part)
    children = []
    for child in spec.children:
        children.append(values[start] if child is LEAF else _build(child, values, start))
        start += child.size
    if kind is list:
        return children
    if kind is tuple:
        return tuple(children)
    if kind in _MAPPINGS:
        factory, keys, shown = spec.context
        pairs: Any = zip(keys, children, strict=True)
        if shown is not keys:
            made = dict(pairs)
            pairs = [(key, made[key]) for key in shown]
        return defaultdict(factory, pairs) if kind is defaultdict else kind(pairs)
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        return kind(*children)
    return SUPPORTED_NODES[kind].unflatten_fn(children, spec.context)


def flatten_up_to(spec: Spec, tree: Any) -> list[Any]:
    """The subtrees of `tree` at the places where `spec` has leaves, in the order of `spec`.

    Raises
    ------
    ValueError
        The tree has another structure than `spec` above those places.
    """
    if spec is LEAF:
        return [tree]
    if spec is NONE and tree is None:
        return []
    whole: Any = tree
    node: Any = (tree, None) if type(tree) in (list, tuple) else _children(tree)
    if node is None or type(tree) is not spec.kind or len(node[0]) != len(spec.children):
        raise ValueError(f"trees must have equal structure. Got {structure(tree)} where {spec} was expected.")
    children: Any = node[0]
    context: Any = node[1]
    if spec.kind in _MAPPINGS:
        keys = spec.context.keys
        if set(context.keys) != set(keys):
            raise ValueError(f"trees must have equal keys. Got {context.keys} where {keys} was expected.")
        children = [whole[key] for key in keys]
    elif context != spec.context:
        raise ValueError(f"trees must have equal structure. Got {structure(tree)} where {spec} was expected.")
    return [leaf for part, child in zip(spec.children, children, strict=True) for leaf in flatten_up_to(part, child)]


def map(function: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf | None = None) -> Any:
    """Apply a function leaf by leaf to one tree, or to several of equal structure."""
    first, spec = flatten(tree, is_leaf)
    columns = [flatten_up_to(spec, other) for other in rest]
    return unflatten(spec, [function(*row) for row in zip(first, *columns, strict=True)])


def leaves_with_path(tree: Any, is_leaf: IsLeaf | None = None) -> list[tuple[str, Any]]:
    """The leaves of a tree, each with the text that indexes it: ``['w'][0]``; the empty text for a lone leaf."""
    values, spec = flatten(tree, is_leaf)
    return list(zip(_paths(spec, ""), values, strict=True))


def _paths(spec: Spec, prefix: str) -> list[str]:
    if spec is LEAF:
        return [prefix]
    if spec.kind in _MAPPINGS:
        names = [f"[{key!r}]" for key in spec.context.keys]
    elif spec.kind in (list, tuple):
        names = [f"[{i}]" for i in range(len(spec.children))]
    else:
        names = [f"[{i}]" if len(spec.children) > 1 else "" for i in range(len(spec.children))]
    return [p for name, child in zip(names, spec.children, strict=True) for p in _paths(child, prefix + name)]


def register(
    kind: type,
    split: Callable[[Any], tuple[Iterable[Any], Any]],
    join: Callable[[Iterable[Any], Any], Any],
) -> None:
    """Make a class a node: `split` gives (children, context), `join` rebuilds from (children, context)."""
    register_pytree_node(
        kind,
        lambda x: (list(split(x)[0]), split(x)[1]),
        join,
        serialized_type_name=f"{kind.__module__}.{kind.__qualname__}",
    )


def register_mapping(kind: Any) -> None:
    """Make a class of mappings, made from pairs, a node whose leaves come in the order of its sorted keys."""

    def split(x: Any) -> tuple[list[Any], tuple[Any, ...]]:
        keys = sorted_keys(x)
        return [x[key] for key in keys], tuple(keys)

    register(kind, split, lambda values, keys: kind(list(zip(keys, values, strict=True))))
