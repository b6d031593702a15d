"""Dataclasses that are pytree nodes, and immutable dictionaries."""

import dataclasses
from collections.abc import Callable, Iterable
from typing import Any, Self, TypeVar, dataclass_transform, overload

from .. import _tree
from .frozen_dict import FrozenDict, copy, freeze, pop, pretty_repr, unfreeze

__all__ = [
    "FrozenDict",
    "PyTreeNode",
    "copy",
    "dataclass",
    "field",
    "freeze",
    "is_dataclass",
    "pop",
    "pretty_repr",
    "unfreeze",
]

T = TypeVar("T")
_MARK = "_brainstate_dataclass"


def field(pytree_node: bool = True, **kwargs: Any) -> Any:
    """A field of a :func:`dataclass`.

    Parameters
    ----------
    pytree_node
        Whether the field is a child of the node. Otherwise it is part of the structure, and no transform sees it.
    kwargs
        The arguments of :func:`dataclasses.field`.

    Returns
    -------
    dataclasses.Field
        For the body of the class.

    Raises
    ------
    ValueError
        `metadata` says another thing about `pytree_node`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.field(pytree_node=False, default='relu').metadata['pytree_node']
    False
    """
    metadata = dict(kwargs.pop("metadata", None) or {})
    if metadata.setdefault("pytree_node", pytree_node) != pytree_node:
        raise ValueError(f"`pytree_node` must agree with `metadata`. Got {pytree_node} and the opposite.")
    return dataclasses.field(metadata=metadata, **kwargs)


@overload
def dataclass(cls: type[T]) -> type[T]: ...
@overload
def dataclass(cls: None = None, **kwargs: Any) -> Callable[[type[T]], type[T]]: ...
@dataclass_transform(field_specifiers=(field,), frozen_default=True)
def dataclass(cls: type[T] | None = None, **kwargs: Any) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass that is a pytree node and has a method ``replace(**updates)``.

    Parameters
    ----------
    cls
        The class. Its fields are children of the node unless declared with ``field(pytree_node=False)``.
    kwargs
        The arguments of :func:`dataclasses.dataclass`; `frozen` is True by default.

    Returns
    -------
    type
        The class; without `cls` a decorator.

    Notes
    -----
    Source: brainstate.util.dataclass (0.5.4). A node is rebuilt by calling the class, so
    ``__post_init__`` runs, and a field with ``init=False`` is neither child nor structure.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> @brainstate.util.dataclass
    ... class Point:
    ...     x: float
    ...     y: float
    >>> Point(1.0, 2.0).replace(x=3.0)
    Point(x=3.0, y=2.0)
    """
    if cls is None:
        return lambda kind: _as_node(kind, kwargs)
    return _as_node(cls, kwargs)


def _as_node(cls: type[T], options: dict[str, Any]) -> type[T]:
    if _MARK in vars(cls):
        return cls
    kind: Any = dataclasses.dataclass(**{"frozen": True, **options})(cls)
    fields = [f for f in dataclasses.fields(kind) if f.init]
    children = [f.name for f in fields if f.metadata.get("pytree_node", True)]
    static = [f.name for f in fields if not f.metadata.get("pytree_node", True)]

    def split(node: Any) -> tuple[list[Any], tuple[Any, ...]]:
        return [getattr(node, name) for name in children], tuple(getattr(node, name) for name in static)

    def join(values: Iterable[Any], context: tuple[Any, ...]) -> Any:
        return kind(**dict(zip(children, values, strict=True)), **dict(zip(static, context, strict=True)))

    _tree.register(kind, split, join)
    if "replace" not in vars(kind):
        kind.replace = _replace
    setattr(kind, _MARK, True)
    return kind  # type: ignore[no-any-return]


def _replace(self: Any, **updates: Any) -> Any:
    """A copy with some fields replaced."""
    return dataclasses.replace(self, **updates)


def is_dataclass(cls: Any) -> bool:
    """Whether a class was made by :func:`dataclass` or :class:`PyTreeNode`, or an object is an instance of one.

    Parameters
    ----------
    cls
        A class or an object.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import dataclasses, brainstate_torch as brainstate
    >>> brainstate.util.is_dataclass(dataclasses.make_dataclass('Plain', ['x']))
    False
    """
    return dataclasses.is_dataclass(cls) and _MARK in vars(cls if isinstance(cls, type) else type(cls))


@dataclass_transform(field_specifiers=(field,), frozen_default=True)
class PyTreeNode:
    """Base whose subclasses are made by :func:`dataclass`.

    Parameters
    ----------
    *args, **kwargs
        The fields of the subclass.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Layer(brainstate.util.PyTreeNode):
    ...     rate: float
    ...     name: str = brainstate.util.field(pytree_node=False, default='relu')
    >>> Layer(0.5).replace(rate=0.25)
    Layer(rate=0.25, name='relu')
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__()
        _as_node(cls, kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("PyTreeNode must be subclassed: it has no fields of its own.")

    def replace(self, **updates: Any) -> Self:
        """A copy with some fields replaced."""
        raise NotImplementedError("PyTreeNode must be subclassed: it has no fields of its own.")
