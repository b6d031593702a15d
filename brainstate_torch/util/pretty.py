"""Short representations of objects: nested lines for structures, shape and dtype in place of array contents.

An object describes itself by yielding one :class:`PrettyType` and then a :class:`PrettyAttr` for each line.
"""

import contextlib
import reprlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import torch

__all__ = [
    "MappingReprMixin",
    "PrettyAttr",
    "PrettyMapping",
    "PrettyObject",
    "PrettyRepr",
    "PrettyType",
    "pretty_repr_object",
    "short_repr",
    "yield_unique_pretty_repr_items",
]

K = TypeVar("K")
V = TypeVar("V")
_LINE = 80


@dataclass
class PrettyType:
    """How an object is framed: type or name, brackets, separator of key and value, indentation.

    `empty_repr` stands between the brackets of an object without lines.

    Parameters
    ----------
    type
        A class, or the name to show.
    start, end
        The brackets.
    value_sep
        What separates a key from its value.
    elem_indent
        The indentation of a line.
    empty_repr
        What stands between the brackets of an object without lines.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.PrettyType('Net', start='<', end='>').value_sep
    '='
    """

    type: str | type
    start: str = "("
    end: str = ")"
    value_sep: str = "="
    elem_indent: str = "  "
    empty_repr: str = ""


@dataclass
class PrettyAttr:
    """One line of an object: a key and a value. A value that is a string is shown as it stands, without quotes.

    Parameters
    ----------
    key
        What stands before the separator.
    value
        What stands after it; a string is shown without quotes.
    start, end
        What stands before and after the line.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.PrettyAttr('rate', 0.5).value
    0.5
    """

    key: str
    value: Any
    start: str = ""
    end: str = ""


PrettyItems = Iterator[PrettyType | PrettyAttr]


# Not an abstract base class: States derive from it, and `isinstance` is six times slower with ABCMeta.
class PrettyRepr:
    """Base of objects whose ``repr`` follows from what their ``__pretty_repr__`` yields.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Net(brainstate.util.PrettyRepr):
    ...     def __pretty_repr__(self):
    ...         yield brainstate.util.PrettyType('Net')
    ...         yield brainstate.util.PrettyAttr('rate', 0.5)
    >>> print(Net())
    Net(
      rate=0.5
    )
    """

    __slots__ = ()

    def __pretty_repr__(self) -> PrettyItems:
        raise NotImplementedError(f"{type(self).__name__} must define __pretty_repr__.")

    def __repr__(self) -> str:
        return pretty_repr_object(self)


def pretty_repr_object(obj: Any) -> str:
    """The text of an object that has ``__pretty_repr__``, for classes whose ``repr`` another base defines.

    Parameters
    ----------
    obj
        An object that has ``__pretty_repr__``.

    Returns
    -------
    str
        The text.

    Raises
    ------
    TypeError
        The object has no ``__pretty_repr__``, or one that yields something else.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Table(dict, brainstate.util.MappingReprMixin):
    ...     __repr__ = brainstate.util.pretty_repr_object
    >>> print(Table(a=1))
    {
      'a': 1
    }
    """
    if not hasattr(type(obj), "__pretty_repr__"):
        raise TypeError(f"`obj` must have __pretty_repr__. Got {type(obj).__name__}, which is not representable.")
    with _remembered():
        items = obj.__pretty_repr__()
        frame = next(items)
        if not isinstance(frame, PrettyType):
            raise TypeError(f"First item must be PrettyType in __pretty_repr__. Got {type(frame).__name__}.")
        lines = [_line(frame, item) for item in items]
    body = "\n" + ",\n".join(lines) + "\n" if lines else frame.empty_repr
    name = frame.type if isinstance(frame.type, str) else frame.type.__name__
    return f"{name}{frame.start}{body}{frame.end}"


def _line(frame: PrettyType, item: Any) -> str:
    if not isinstance(item, PrettyAttr):
        raise TypeError(f"Item must be PrettyAttr in __pretty_repr__. Got {type(item).__name__}.")
    value = item.value if isinstance(item.value, str) else short_repr(item.value)
    text = f"{item.start}{item.key}{frame.value_sep}{value}{item.end}"
    return frame.elem_indent + text.replace("\n", "\n" + frame.elem_indent)


@reprlib.recursive_repr("...")
def short_repr(x: Any) -> str:
    """The ``repr`` of a value, with dtype and shape in place of the contents of every array in it.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> from brainstate_torch.util.pretty import short_repr
    >>> short_repr({'w': torch.zeros(2, 3), 'name': 'net', 'empty': None})
    "{'w': float32[2, 3], 'name': 'net', 'empty': None}"
    """
    if isinstance(x, (torch.Tensor, np.ndarray)):
        return f"{str(x.dtype).removeprefix('torch.')}{list(x.shape)}"
    kind = type(x)
    if isinstance(x, PrettyRepr):
        return repr(x)
    if hasattr(kind, "magnitude") and hasattr(kind, "units"):
        return f"{short_repr(x.magnitude)} {x.units}"
    if kind is dict:
        return _bracketed("{", [f"{key!r}: {short_repr(value)}" for key, value in x.items()], "}")
    if kind is list:
        return _bracketed("[", [short_repr(value) for value in x], "]")
    if kind is tuple:
        return _bracketed("(", [short_repr(value) for value in x], ",)" if len(x) == 1 else ")")
    if isinstance(x, tuple) and hasattr(kind, "_fields"):
        pairs = zip(kind._fields, x, strict=True)
        return _bracketed(f"{kind.__name__}(", [f"{name}={short_repr(value)}" for name, value in pairs], ")")
    return repr(x)


def _bracketed(start: str, parts: list[str], end: str) -> str:
    """On one line if short, else one line for each part."""
    line = start + ", ".join(parts) + end
    if len(line) <= _LINE and "\n" not in line:
        return line
    return start + "\n  " + ",\n".join(parts).replace("\n", "\n  ") + "\n" + end


class MappingReprMixin(Mapping[K, V]):
    """Gives a mapping the ``__pretty_repr__`` of a dictionary; its ``repr`` is left alone.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Table(brainstate.util.MappingReprMixin, brainstate.util.PrettyRepr):
    ...     __getitem__, __len__ = {'a': 1}.__getitem__, {'a': 1}.__len__
    ...     def __iter__(self): return iter('a')
    >>> print(Table())
    {
      'a': 1
    }
    """

    def __pretty_repr__(self) -> PrettyItems:
        yield from braces(self)
        yield from entries(self)


def braces(_: Any) -> PrettyItems:
    """The frame of a dictionary."""
    yield PrettyType("", value_sep=": ", start="{", end="}")


def entries(mapping: Mapping[Any, Any]) -> PrettyItems:
    """The lines of a dictionary."""
    for key, value in mapping.items():
        yield PrettyAttr(repr(key), value)


@dataclass(repr=False)
class PrettyMapping(PrettyRepr):
    """Shows a mapping one line per key, after an optional name.

    Parameters
    ----------
    mapping
        The mapping.
    type_name
        The name before the brackets.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> print(brainstate.util.PrettyMapping({'w': torch.zeros(2, 3)}, 'Weights'))
    Weights{
      'w': float32[2, 3]
    }
    """

    mapping: Mapping[Any, Any]
    type_name: str = ""

    def __pretty_repr__(self) -> PrettyItems:
        yield PrettyType(self.type_name, value_sep=": ", start="{", end="}")
        yield from entries(self.mapping)


class _Seen(threading.local):
    """The nodes that the text being built has shown, by id; None where no string is being built."""

    nodes: dict[int, Any] | None = None


_SEEN = _Seen()


@contextlib.contextmanager
def _remembered() -> Iterator[dict[int, Any]]:
    outermost = _SEEN.nodes is None
    nodes = _SEEN.nodes = {} if _SEEN.nodes is None else _SEEN.nodes
    try:
        yield nodes
    finally:
        if outermost:
            _SEEN.nodes = None


def yield_unique_pretty_repr_items(
    node: Any,
    repr_object: Callable[[Any], PrettyItems] | None = None,
    repr_attr: Callable[[Any], PrettyItems] | None = None,
) -> PrettyItems:
    """The items of a node, in full where it is met first within one text and ``...`` afterwards.

    Parameters
    ----------
    node
        The object to show. It may be shared, or contain itself.
    repr_object
        Yields its :class:`PrettyType`; the default names its type.
    repr_attr
        Yields its :class:`PrettyAttr` items; the default shows the attributes without leading underscore.

    Yields
    ------
    PrettyType or PrettyAttr
        The frame first, then the lines.

    Examples
    --------
    >>> import types, brainstate_torch as brainstate
    >>> items = brainstate.util.yield_unique_pretty_repr_items(types.SimpleNamespace(a=1, _b=2))
    >>> next(items).start, [(item.key, item.value) for item in items]
    ('(', [('a', '1')])
    """
    with _remembered() as nodes:
        if id(node) in nodes:
            yield PrettyType(type(node), empty_repr="...")
            return
        nodes[id(node)] = node
        yield from (repr_object or _type_of)(node)
        yield from (repr_attr or _public_attributes)(node)


def _type_of(node: Any) -> PrettyItems:
    yield PrettyType(type(node))


def _public_attributes(node: Any) -> PrettyItems:
    for name, value in vars(node).items():
        if not name.startswith("_"):
            yield PrettyAttr(name, short_repr(value))


class PrettyObject(PrettyRepr):
    """Base of objects whose ``repr`` shows their attributes, one per line.

    A subclass may override ``__pretty_repr_item__(name, value)``, which returns the pair to show, or None.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Net(brainstate.util.PrettyObject):
    ...     def __init__(self):
    ...         self.w, self.rate = torch.zeros(2, 3), 0.5
    >>> print(Net())
    Net(
      w=float32[2, 3],
      rate=0.5
    )
    """

    def __pretty_repr__(self) -> PrettyItems:
        return yield_unique_pretty_repr_items(self, repr_attr=_chosen_attributes)

    def __pretty_repr_item__(self, k: Any, v: Any) -> tuple[Any, Any] | None:
        return k, v


def _chosen_attributes(node: Any) -> PrettyItems:
    for name, value in vars(node).items():
        shown = node.__pretty_repr_item__(name, value)
        if shown is not None and shown[0] is not None:
            yield PrettyAttr(*shown)
