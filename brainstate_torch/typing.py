"""Type aliases for annotations: arrays, shapes, dtypes, paths, filters and trees.

Every alias survives ``typing.get_type_hints``, so that run-time type checkers can use it.

Examples
--------
>>> import torch, brainstate_torch as brainstate
>>> from brainstate_torch.typing import ArrayLike, Shape
>>> def filled(value: ArrayLike, shape: Shape) -> torch.Tensor:
...     return torch.full(shape, value)
>>> filled(2.0, (2,))
tensor([2., 2.])
"""

import functools
from collections.abc import Callable, Hashable, Sequence
from types import EllipsisType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np
import torch

from ._errors import kind_of as _kind_of

__all__ = [
    "_T",
    "Array",
    "ArrayLike",
    "Axes",
    "DType",
    "DTypeLike",
    "Filter",
    "FilterLiteral",
    "K",
    "Key",
    "Missing",
    "PathParts",
    "Predicate",
    "PyTree",
    "SeedOrKey",
    "Shape",
    "Size",
    "SupportsDType",
    "_Annotation",
]

K = TypeVar("K", bound="Key")
_T = TypeVar("_T")
_Annotation = TypeVar("_Annotation")


@runtime_checkable
class Key(Hashable, Protocol):
    """What may stand in a path: a value with a hash and an order. isinstance sees the hash only.

    Examples
    --------
    >>> from brainstate_torch.typing import Key
    >>> isinstance('w', Key), isinstance(0, Key), isinstance([0], Key)
    (True, True, False)
    """

    def __lt__(self: K, value: K, /) -> bool: ...


PathParts: TypeAlias = tuple[Key, ...]
"""The way to an element of a nested structure, ``('layers', 0, 'weight')``; ``()`` is the root."""

Predicate: TypeAlias = Callable[[PathParts, Any], bool]
"""Answers for a path and the element there."""

FilterLiteral: TypeAlias = type | str | Predicate | bool | EllipsisType | None
"""A filter that is not made of others, see :func:`brainstate_torch.util.to_predicate`."""

# Not recursive: get_type_hints looks a quoted "Filter" up where the annotation stands, and need not find it.
Filter: TypeAlias = FilterLiteral | tuple[Any, ...] | list[Any]
"""A filter, or a tuple or list of filters of which one must match."""


class Array:
    """Annotates a tensor; ``Array['batch, features']`` adds the names of its axes, for the reader.

    Examples
    --------
    >>> from brainstate_torch.typing import Array
    >>> Array['m, n']
    typing.Annotated[torch.Tensor, 'm, n']

    Notes
    -----
    Source: brainstate.typing.Array (0.5.4). Differs: a subscript is ``typing.Annotated``.
    """

    def __class_getitem__(cls, axes: Any) -> Any:
        return Annotated[torch.Tensor, axes]


@runtime_checkable
class _QuantityLike(Protocol):
    """A quantity, which this module cannot import."""

    @property
    def mantissa(self) -> Any: ...

    @property
    def unit(self) -> Any: ...


class SupportsDType(Protocol):
    """Anything with a ``dtype``.

    Examples
    --------
    >>> import torch
    >>> from brainstate_torch.typing import SupportsDType
    >>> def is_floating(x: SupportsDType) -> bool:
    ...     return x.dtype.is_floating_point
    >>> is_floating(torch.ones(2))
    True
    """

    @property
    def dtype(self) -> Any: ...


if TYPE_CHECKING:
    _NumpyArray: TypeAlias = np.ndarray[Any, Any]
    _NumpyNumber: TypeAlias = np.number[Any]
else:  # `isinstance` refuses generics with arguments
    _NumpyArray, _NumpyNumber = np.ndarray, np.number

ArrayLike: TypeAlias = (
    torch.Tensor | _NumpyArray | np.bool_ | _NumpyNumber | bool | int | float | complex | _QuantityLike
)
"""A tensor, or what becomes one without ambiguity: numpy arrays and numbers. Also a quantity. `isinstance` takes it."""

Size: TypeAlias = int | Sequence[int] | np.integer[Any] | Sequence[np.integer[Any]]
"""A length, or one length per axis."""

Shape: TypeAlias = Sequence[int]
"""One length per axis."""

Axes: TypeAlias = int | Sequence[int]
"""One axis or several."""

DType: TypeAlias = torch.dtype
"""The dtype of a tensor. brainstate's is numpy's."""

DTypeLike: TypeAlias = str | type[Any] | torch.dtype | np.dtype[Any] | SupportsDType
"""What names a dtype: ``torch.float32``, ``'float32'``, ``numpy.float32``, ``float``, an array's own."""

SeedOrKey: TypeAlias = int | torch.Tensor | np.ndarray[Any, Any]
"""A seed, or a key of :mod:`brainstate_torch.random`."""


class _PyTreeMeta(type):
    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("`PyTree` must not be instantiated: it annotates. Build a dict, list or tuple instead.")

    def __getitem__(cls, item: Any) -> Any:
        leaftype, structure = item, None
        if isinstance(item, tuple):
            if len(item) != 2:
                raise ValueError(
                    f"`PyTree[...]` must have a leaf type and at most a structure. Got {len(item)} items. "
                    "Write PyTree[int] or PyTree[int, 'T']."
                )
            leaftype, structure = item[0], _normal_structure(item[1])
        if not isinstance(leaftype, Hashable):
            raise TypeError(f"the leaf type of `PyTree[...]` must be hashable. Got {_kind_of(leaftype)}.")
        return _pytree_of(leaftype, structure)


def _normal_structure(structure: Any) -> str:
    """The names of a structure, one blank apart."""
    names = structure.split() if isinstance(structure, str) else []
    dots = names.count("...")
    inner = names[1:] if names and names[0] == "..." else names[: len(names) - dots]
    if not inner or dots > 1 or not all(name.isidentifier() for name in inner):
        raise ValueError(
            "the structure of `PyTree[...]` must be a str of identifiers, with '...' at one end at most: "
            f"'T', 'S T', '... T', 'T ...'. Got {structure!r}."
        )
    return " ".join(names)


class PyTree(metaclass=_PyTreeMeta):
    """Annotates a tree: ``PyTree``, ``PyTree[leaf type]`` or ``PyTree[leaf type, structure]``.

    The structure is a name, bound where it first occurs: ``def f(x: PyTree[int, 'T'], y: PyTree[int, 'T'])``
    wants two trees of one structure. ``'S T'`` is a tree S with a tree T in place of each leaf. ``'... T'``
    leaves the upper levels open, ``'T ...'`` the lower ones. Nothing here checks this: it is for readers and
    run-time type checkers.

    Raises
    ------
    RuntimeError
        It is called.
    ValueError
        The subscript is not one or two things, or the structure has another form.
    TypeError
        The leaf type is not hashable.

    Examples
    --------
    >>> from brainstate_torch.typing import PyTree
    >>> PyTree[float, 'S  T']
    <class 'brainstate_torch.typing.PyTree[float, 'S T']'>
    >>> PyTree[float, 'S T'] is PyTree[float, 'S  T']
    True

    Notes
    -----
    Source: brainstate.typing.PyTree (0.5.4).
    """

    leaftype: ClassVar[Any]
    structure: ClassVar[str | None]


@functools.cache
def _pytree_of(leaftype: Any, structure: str | None) -> Any:
    leaf = leaftype.__name__ if isinstance(leaftype, type) else repr(leaftype)
    name = f"PyTree[{leaf}]" if structure is None else f"PyTree[{leaf}, {structure!r}]"
    members = {"leaftype": leaftype, "structure": structure, "__module__": __name__}
    return _PyTreeMeta(name, (PyTree,), members)


class Missing:
    """Marks an argument that was not given, where None is a value.

    Examples
    --------
    >>> from brainstate_torch.typing import Missing
    >>> MISSING = Missing()
    >>> def given(x=MISSING):
    ...     return x is not MISSING
    >>> given(), given(None)
    (False, True)
    """

    def __repr__(self) -> str:
        return "<not given>"
