"""A dictionary that selects its entries by key, by type and by the identity of values."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Self, TypeVar

from .. import _tree
from .pretty import short_repr

__all__ = ["DictManager"]

K = TypeVar("K")
V = TypeVar("V")
Types = type | tuple[type, ...]


class DictManager(dict[K, V]):
    """A dict that selects its entries by key, by type and by the identity of values; a pytree node.

    Every method that returns a dictionary returns a new one of the same class, unless its name ends in ``_``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> d = brainstate.util.DictManager(a=1, b=2.5, c='x')
    >>> d.subset((int, float)), d.map_values(str)
    (DictManager({'a': 1, 'b': 2.5}), DictManager({'a': '1', 'b': '2.5', 'c': 'x'}))
    >>> d.split(int, float)[2]
    DictManager({'c': 'x'})
    """

    def _check_elem(self, elem: Any) -> None:
        """Refuse a value; for subclasses."""

    def subset(self, sep: Types | Callable[[V], bool]) -> Self:
        """The entries whose value is of the given types, or satisfies the given predicate."""
        if callable(sep) and not isinstance(sep, type):
            return self._where(lambda _, v: sep(v))
        return self._where(lambda _, v: isinstance(v, sep))

    def not_subset(self, sep: Types) -> Self:
        """The entries whose value is not of the given types."""
        return self._where(lambda _, v: not isinstance(v, sep))

    def filter_by_predicate(self, predicate: Callable[[K, V], bool]) -> Self:
        """The entries for which ``predicate(key, value)`` holds."""
        return self._where(predicate)

    def split(self, *types: type) -> tuple[Self, ...]:
        """The entries of each type, in the order of the first type that matches, and at the end the rest."""
        groups: tuple[Self, ...] = tuple(type(self)() for _ in range(len(types) + 1))
        for k, v in self.items():
            groups[next((i for i, kind in enumerate(types) if isinstance(v, kind)), -1)][k] = v
        return groups

    def add_unique_key(self, key: K, val: V) -> None:
        """Add an entry; a key that exists must have this very value.

        Raises
        ------
        ValueError
            The key exists with another value.
        """
        self._check_elem(val)
        self._check_key(key, val)
        self[key] = val

    def add_unique_value(self, key: K, val: V) -> bool:
        """Add an entry unless this very value is already there under some key; returns whether it was added.

        Raises
        ------
        ValueError
            The key exists with another value.
        """
        self._check_elem(val)
        self._check_key(key, val)
        if any(v is val for v in self.values()):
            return False
        self[key] = val
        return True

    def _check_key(self, key: K, val: V) -> None:
        if key in self and self[key] is not val:
            raise ValueError(
                f"`key` must be new or have this very value. Got {key!r}, which already exists with "
                f"a different value: {short_repr(self[key])}, not {short_repr(val)}."
            )

    def unique(self) -> Self:
        """The first entry of every value, values being told apart by identity."""
        first: dict[int, K] = {}
        for k, v in self.items():
            first.setdefault(id(v), k)
        return self.intersection_by_keys(first.values())

    def unique_(self) -> Self:
        """Drop all but the first entry of every value, in place; returns the dictionary itself."""
        kept = self.unique()
        self.pop_by_keys([k for k in self if k not in kept])
        return self

    def assign(self, *args: dict[K, V], **kwargs: V) -> None:
        """Take the entries of dicts, then those given by keyword.

        Raises
        ------
        TypeError
            An argument is not a dict.
        """
        for arg in args:
            if not isinstance(arg, dict):
                raise TypeError(f"`args` must be dicts. Got {type(arg).__name__}.")
            self.update(arg)
        self.update(kwargs)  # type: ignore[arg-type]

    def map_values(self, func: Callable[[V], Any]) -> "DictManager[K, Any]":
        """The dictionary with a function applied to every value."""
        return type(self)({k: func(v) for k, v in self.items()})

    def map_keys(self, func: Callable[[K], Any]) -> "DictManager[Any, V]":
        """The dictionary with a function applied to every key.

        Raises
        ------
        ValueError
            Two keys become equal.
        """
        made: dict[Any, V] = {}
        for k, v in self.items():
            new = func(k)
            if new in made:
                raise ValueError(f"`func` must keep keys distinct. Got the duplicate {new!r}.")
            made[new] = v
        return type(self)(made)

    def pop_by_keys(self, keys: Iterable[K]) -> None:
        """Drop the entries with these keys; keys that do not exist are ignored."""
        for k in keys:
            self.pop(k, None)

    def pop_by_values(self, values: Iterable[V], by: str = "id") -> None:
        """Drop the entries with these values.

        Parameters
        ----------
        values
            The values.
        by
            ``'id'`` compares by identity, ``'value'`` by hash and equality.

        Raises
        ------
        ValueError
            `by` is something else.
        """
        self.pop_by_keys(list(self.intersection_by_values(values, by)))

    def difference_by_keys(self, keys: Iterable[K]) -> Self:
        """The entries without these keys."""
        chosen = set(keys)
        return self._where(lambda k, _: k not in chosen)

    def intersection_by_keys(self, keys: Iterable[K]) -> Self:
        """The entries with these keys."""
        chosen = set(keys)
        return self._where(lambda k, _: k in chosen)

    def difference_by_values(self, values: Iterable[V], by: str = "id") -> Self:
        """The entries without these values; `by` as in :meth:`pop_by_values`."""
        is_chosen = _membership(values, by)
        return self._where(lambda _, v: not is_chosen(v))

    def intersection_by_values(self, values: Iterable[V], by: str = "id") -> Self:
        """The entries with these values; `by` as in :meth:`pop_by_values`."""
        is_chosen = _membership(values, by)
        return self._where(lambda _, v: is_chosen(v))

    def _where(self, predicate: Callable[[K, V], bool]) -> Self:
        return type(self)({k: v for k, v in self.items() if predicate(k, v)})

    def __add__(self, other: Mapping[K, V]) -> Self:
        if not isinstance(other, Mapping):
            return NotImplemented
        return type(self)({**self, **other})

    def __or__(self, other: Any) -> Self:  # type: ignore[override]
        return self.__add__(other)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({short_repr(dict(self))})"

    def to_dict(self) -> dict[K, V]:
        """A plain dict with the same entries."""
        return dict(self)

    def tree_flatten(self) -> tuple[tuple[V, ...], tuple[K, ...]]:
        """The values and the keys."""
        return tuple(self.values()), tuple(self)

    @classmethod
    def tree_unflatten(cls, keys: Iterable[K], values: Iterable[V]) -> Self:
        """The dictionary of some keys and their values."""
        return cls(zip(keys, values, strict=True))


def _membership(values: Iterable[Any], by: str) -> Callable[[Any], bool]:
    if by == "id":
        ids = {id(v) for v in values}
        return lambda v: id(v) in ids
    if by == "value":
        chosen = set(values)
        return lambda v: v in chosen
    raise ValueError(f"`by` must be 'id' or 'value'. Got {by!r}.")


_tree.register_mapping(DictManager)
