"""Dictionaries of states: nested by attribute, or flat with a path as key."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Self

from .. import _tree
from .dicts import nested_from_paths
from .pretty_containers import PrettyDict, is_state

__all__ = ["EmptyNode", "FlattedDict", "NestedDict", "flat_mapping", "nest_mapping"]

Path = tuple[Any, ...]


class EmptyNode:
    """Stands for an empty mapping in a flat one; a pytree node without leaves."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EmptyNode)

    def __hash__(self) -> int:
        return hash(EmptyNode)

    def __repr__(self) -> str:
        return "{}"


class NestedDict(PrettyDict):
    """A dictionary that mirrors a module: its values are States, or dictionaries of States.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> d = brainstate.util.NestedDict(a=1, b={'c': 2.5})
    >>> d.b['c'], d.to_flat() == {('a',): 1, ('b', 'c'): 2.5}
    (2.5, True)
    >>> ints, rest = d.split(int, ...)
    >>> ints.to_dict(), rest.to_dict(), (d - ints).to_dict()
    ({'a': 1}, {'b': {'c': 2.5}}, {'b': {'c': 2.5}})
    """

    def _to_paths(self) -> dict[Path, Any]:
        return flat_mapping(self)

    @classmethod
    def _from_paths(cls, items: Mapping[Path, Any]) -> Self:
        return cls(nest_mapping(items))

    def to_flat(self) -> "FlattedDict":
        """The flat dictionary with the same entries."""
        return flat_mapping(self)

    @classmethod
    def from_flat(cls, flat_dict: Mapping[Path, Any] | Iterable[tuple[Path, Any]]) -> Self:
        """The nested dictionary of entries by path."""
        return cls._from_paths(dict(flat_dict))

    def to_pure_dict(self) -> dict[Any, Any]:
        """Plain dicts at every depth, with the same entries."""
        return nest_mapping(flat_mapping(self, keep_empty_nodes=True)).to_dict()

    def replace_by_pure_dict(
        self, pure_dict: Mapping[Any, Any], replace_fn: Callable[[Any, Any], Any] | None = None
    ) -> None:
        """Take the values of a nested dict.

        Parameters
        ----------
        pure_dict
            New values for some or all of the entries.
        replace_fn
            Gives the new entry from the old one and the new value. By default a State or a reference to one
            is replaced by its ``replace(value)``, and anything else by the value.

        Raises
        ------
        ValueError
            `pure_dict` has an entry that this dictionary lacks.
        """
        replace = replace_fn or _replaced
        flat = self.to_flat()
        for path, value in flat_mapping(pure_dict).items():
            if path not in flat:
                raise ValueError(f"`pure_dict` must have entries of this dictionary only. Got {path}.")
            flat[path] = replace(flat[path], value)
        self.update(nest_mapping(flat))


class FlattedDict(PrettyDict):
    """A dictionary of States by path.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> d = brainstate.util.FlattedDict({('a',): 1, ('b', 'c'): 2.5})
    >>> d.to_nest().to_dict(), d.filter(float).to_dict()
    ({'a': 1, 'b': {'c': 2.5}}, {('b', 'c'): 2.5})
    """

    def _to_paths(self) -> dict[Path, Any]:
        return self

    @classmethod
    def _from_paths(cls, items: Mapping[Path, Any]) -> Self:
        return cls(items)

    def to_nest(self) -> NestedDict:
        """The nested dictionary with the same entries."""
        return nest_mapping(self)

    @classmethod
    def from_nest(cls, nested_dict: Mapping[Any, Any] | Iterable[tuple[Any, Any]]) -> Self:
        """The flat dictionary of a nested one."""
        return cls(flat_mapping(dict(nested_dict)))

    def to_dict_values(self) -> dict[Path, Any]:
        """A plain dict with the values of the States."""
        return {path: x.value if is_state(x) else x for path, x in self.items()}

    def assign_dict_values(self, data: Mapping[Path, Any]) -> None:
        """Write new values into the States; other entries are replaced.

        Raises
        ------
        KeyError
            `data` lacks an entry of this dictionary.
        """
        for path in self:
            if path not in data:
                raise KeyError(f"`data` must have every key of this dictionary. Got none for {path!r}.")
        for path, x in self.items():
            if is_state(x):
                x.value = data[path]
            else:
                self[path] = data[path]


def _replaced(x: Any, value: Any) -> Any:
    return x.replace(value) if is_state(x) or hasattr(type(x), "to_state") else value


def flat_mapping(
    xs: Mapping[Any, Any],
    /,
    *,
    keep_empty_nodes: bool = False,
    is_leaf: Callable[[Path, Mapping[Any, Any]], bool] | None = None,
    sep: str | None = None,
) -> FlattedDict:
    """The entries of nested mappings by path.

    Parameters
    ----------
    xs
        The nested mapping.
    keep_empty_nodes
        Keep an entry for each empty mapping inside `xs`.
    is_leaf
        ``is_leaf(path, mapping)`` says whether a mapping is to be kept as it is.
    sep
        Joins the keys of a path into a string; by default a path is a tuple.

    Returns
    -------
    FlattedDict
        The entries; the keys are paths.

    Raises
    ------
    TypeError
        `xs` is not a mapping.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.flat_mapping({'a': 1, 'b': {'c': 2}}, sep='/').to_dict()
    {'a': 1, 'b/c': 2}
    """
    _check_mapping(xs)
    items = _walked(xs, (), keep_empty_nodes, is_leaf)
    return FlattedDict((path if sep is None else sep.join(path), x) for path, x in items)


def _walked(
    x: Any, path: Path, keep_empty: bool, is_leaf: Callable[[Path, Mapping[Any, Any]], bool] | None
) -> Iterator[tuple[Path, Any]]:
    if not isinstance(x, Mapping) or (is_leaf is not None and is_leaf(path, x)):
        yield path, x
    elif x:
        for key, value in x.items():
            yield from _walked(value, (*path, key), keep_empty, is_leaf)
    elif keep_empty and path:
        yield path, EmptyNode()


def nest_mapping(xs: Mapping[Any, Any], /, *, sep: str | None = None) -> NestedDict:
    """The nested dictionary of entries by path; inverse of :func:`flat_mapping`.

    Parameters
    ----------
    xs
        Entries by path.
    sep
        The separator, if paths are strings; by default a path is a tuple.

    Returns
    -------
    NestedDict
        The nested dictionary.

    Raises
    ------
    TypeError
        `xs` is not a mapping.
    ValueError
        A path is empty, or continues the path of another entry.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.nest_mapping({'a': 1, 'b/c': 2}, sep='/').to_dict()
    {'a': 1, 'b': {'c': 2}}
    """
    _check_mapping(xs)
    return NestedDict(
        nested_from_paths(
            (path if sep is None else path.split(sep), {} if isinstance(x, EmptyNode) else x) for path, x in xs.items()
        )
    )


def _check_mapping(xs: Any) -> None:
    if not isinstance(xs, Mapping):
        raise TypeError(f"`xs` must be a mapping. Got {type(xs).__name__}.")


_tree.register_mapping(NestedDict)
_tree.register_mapping(FlattedDict)
_tree.register(EmptyNode, lambda _: ([], None), lambda _values, _context: EmptyNode())
