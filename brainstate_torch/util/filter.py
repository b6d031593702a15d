"""Filters: which elements of a nested structure to take, by type, tag, path or predicate.

A filter is whatever :func:`to_predicate` accepts. A predicate gets the path of an element, and the element.
"""

import typing
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..typing import Filter, PathParts, Predicate

__all__ = [
    "All",
    "Any",
    "Everything",
    "Not",
    "Nothing",
    "OfType",
    "PathContains",
    "WithTag",
    "to_predicate",
]


def to_predicate(the_filter: Filter) -> Predicate:
    """Turn a filter into a predicate ``(path, element) -> bool``.

    Parameters
    ----------
    the_filter
        A type (:class:`OfType`), a string (:class:`WithTag`), ``...`` or True (:class:`Everything`), None or
        False (:class:`Nothing`), a list or tuple of filters (:class:`Any`), or a predicate, which is returned
        as it is.

    Returns
    -------
    callable
        Takes a path and an element, returns a bool.

    Raises
    ------
    TypeError
        The filter is none of these.

    Notes
    -----
    Source: brainstate.util.to_predicate (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> takes = brainstate.util.to_predicate([int, 'slow'])
    >>> takes(('w',), 3), takes(('w',), 3.5)
    (True, False)
    """
    if isinstance(the_filter, str):
        return WithTag(the_filter)
    if isinstance(the_filter, type):
        return OfType(the_filter)
    if the_filter is ... or the_filter is True:
        return Everything()
    if the_filter is None or the_filter is False:
        return Nothing()
    if callable(the_filter):
        return the_filter
    if isinstance(the_filter, (list, tuple)):
        return Any(*the_filter)
    raise TypeError(
        "Invalid collection filter: `the_filter` must be a type, a string, a predicate, a boolean, ..., None, "
        f"or a list or tuple of these. Got {type(the_filter).__name__}."
    )


@dataclass(frozen=True, repr=False)
class WithTag:
    """Matches elements whose ``tag`` is the given text, or is a list, tuple or set that contains it.

    Parameters
    ----------
    tag
        The text.

    Raises
    ------
    TypeError
        The tag is not a string.

    Examples
    --------
    >>> import types, brainstate_torch as brainstate
    >>> slow = types.SimpleNamespace(tag={'slow', 'hidden'})
    >>> brainstate.util.WithTag('slow')((), slow), brainstate.util.WithTag('fast')((), slow)
    (True, False)
    """

    tag: str

    def __post_init__(self) -> None:
        if not isinstance(self.tag, str):
            raise TypeError(f"`tag` must be a str. Got {type(self.tag).__name__}.")

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        tag = getattr(x, "tag", None)
        if isinstance(tag, (list, tuple, set, frozenset)):
            return self.tag in tag
        return isinstance(tag, str) and tag == self.tag

    def __repr__(self) -> str:
        return f"WithTag({self.tag!r})"


@dataclass(frozen=True, repr=False)
class PathContains:
    """Matches elements whose path contains a key.

    Parameters
    ----------
    key
        The key.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.PathContains('bias')(('layers', 0, 'bias'), None)
    True
    """

    key: typing.Any

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        return any(_plain_key(part) == self.key for part in path)

    def __repr__(self) -> str:
        return f"PathContains({self.key!r})"


def _plain_key(part: typing.Any) -> typing.Any:
    """The key inside a part of a torch key path: key, attribute name or index. Other parts are keys."""
    for name in ("key", "name", "idx"):
        if hasattr(part, name):
            return getattr(part, name)
    return part


@dataclass(frozen=True, repr=False)
class OfType:
    """Matches instances of a type, and references to such: elements whose ``type`` is a subclass of it.

    Parameters
    ----------
    type
        The class.

    Examples
    --------
    >>> import types, brainstate_torch as brainstate
    >>> is_int = brainstate.util.OfType(int)
    >>> is_int((), 3), is_int((), types.SimpleNamespace(type=bool)), is_int((), 'a')
    (True, True, False)
    """

    type: type

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        kind = getattr(x, "type", None)
        return isinstance(x, self.type) or (isinstance(kind, type) and issubclass(kind, self.type))

    def __repr__(self) -> str:
        return f"OfType({self.type!r})"


class _Combination:
    """A filter made of other filters."""

    def __init__(self, *filters: Filter) -> None:
        self.predicates = tuple(to_predicate(part) for part in filters)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.predicates == other.predicates

    def __hash__(self) -> int:
        try:
            return hash((type(self), self.predicates))
        except TypeError:
            # A user's predicate need not be hashable, but a filter is always usable as a key.
            return hash(type(self))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.predicates))})"


class Any(_Combination):
    """Matches what at least one of the filters matches.

    Parameters
    ----------
    *filters
        Anything that :func:`to_predicate` takes.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> number = brainstate.util.Any(int, float)
    >>> number((), 2.5), number((), 'a')
    (True, False)
    """

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        return any(predicate(path, x) for predicate in self.predicates)


class All(_Combination):
    """Matches what every one of the filters matches.

    Parameters
    ----------
    *filters
        Anything that :func:`to_predicate` takes.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> weights = brainstate.util.All(float, brainstate.util.PathContains('w'))
    >>> weights(('w',), 2.5), weights(('b',), 2.5)
    (True, False)
    """

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        return all(predicate(path, x) for predicate in self.predicates)


class Not(_Combination):
    """Matches what a filter does not match.

    Parameters
    ----------
    collection_filter
        Anything that :func:`to_predicate` takes.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.Not(int)((), 2.5)
    True
    """

    def __init__(self, collection_filter: Filter, /) -> None:
        super().__init__(collection_filter)

    @property
    def predicate(self) -> Predicate:
        """The negated predicate."""
        return self.predicates[0]

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        return not self.predicate(path, x)


@dataclass(frozen=True)
class Everything:
    """Matches everything, like ``...`` and True.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.Everything()((), None)
    True
    """

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        return True


@dataclass(frozen=True)
class Nothing:
    """Matches nothing, like None and False.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.Nothing()((), None)
    False
    """

    def __call__(self, path: PathParts, x: typing.Any) -> bool:
        return False


def partition(
    items: Iterable[tuple[typing.Any, typing.Any]], filters: Sequence[Filter]
) -> list[dict[typing.Any, typing.Any]]:
    """One dict per filter, with the elements by path that it is the first to match, and one with the rest.

    Raises
    ------
    ValueError
        A filter that matches everything stands before another one.
    """
    last = len(filters)
    while last and _is_everything(filters[last - 1]):
        last -= 1
    for i, part in enumerate(filters[:last]):
        if _is_everything(part):
            raise ValueError(
                f"`filters` must have ... or True only at the end. Got {part} at index {i} of {len(filters)}."
            )
    predicates = [to_predicate(part) for part in filters]
    groups: list[dict[typing.Any, typing.Any]] = [{} for _ in range(len(filters) + 1)]
    for path, x in items:
        first = next((i for i, predicate in enumerate(predicates) if predicate(path, x)), -1)
        groups[first][path] = x
    return groups


def _is_everything(part: Filter) -> bool:
    return part is ... or part is True
