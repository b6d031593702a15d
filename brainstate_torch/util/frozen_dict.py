"""An immutable dictionary, and functions that treat it and plain dictionaries alike."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

from .. import _tree
from .pretty import short_repr

__all__ = ["FrozenDict", "copy", "freeze", "pop", "pretty_repr", "unfreeze"]

K = TypeVar("K")
V = TypeVar("V")


class FrozenDict(Mapping[K, V]):
    """A dictionary that cannot change, nor can those in it; hashable if its values are; a pytree node.

    Parameters
    ----------
    *args, **kwargs
        The arguments of ``dict``.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> config = brainstate.util.FrozenDict(rate=0.5, layer={'size': 3})
    >>> config['layer']['size'], config == {'rate': 0.5, 'layer': {'size': 3}}
    (3, True)
    >>> config['rate'] = 1.0
    Traceback (most recent call last):
    TypeError: 'FrozenDict' object does not support item assignment
    """

    __slots__ = ("_data",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        data = dict(*args, **kwargs)
        self._data: dict[K, V] = {k: FrozenDict(v) if isinstance(v, dict) else v for k, v in data.items()}

    def __getitem__(self, key: K) -> V:
        return self._data[key]

    def __iter__(self) -> Iterator[K]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __hash__(self) -> int:
        return hash(frozenset(self._data.items()))

    def __repr__(self) -> str:
        return self.pretty_repr()

    def copy(self, add_or_replace: Mapping[K, V] | None = None) -> "FrozenDict[K, V]":
        """A copy with entries added or replaced."""
        return type(self)({**self._data, **(add_or_replace or {})})

    def pop(self, key: K) -> "tuple[FrozenDict[K, V], V]":
        """A copy without a key, and the value of that key.

        Raises
        ------
        KeyError
            There is no such key.
        """
        rest = dict(self._data)
        value = rest.pop(key)
        return type(self)(rest), value

    def unfreeze(self) -> dict[K, V]:
        """The plain dict with the same entries, at every depth."""
        return {key: unfreeze(value) for key, value in self._data.items()}

    def pretty_repr(self, indent: int = 2) -> str:
        """The text of the dictionary, one line per entry."""
        return f"FrozenDict({_block(self, indent, 0)})"

    def tree_flatten_with_keys(self) -> tuple[list[tuple[K, V]], tuple[K, ...]]:
        """The entries as (key, value) pairs, and the keys, in the order of the leaves."""
        keys = tuple(_tree.sorted_keys(self._data))
        return [(key, self._data[key]) for key in keys], keys

    @classmethod
    def tree_unflatten(cls, keys: Iterable[K], values: Iterable[V]) -> "FrozenDict[K, V]":
        """The dictionary of some keys and their values."""
        return cls(zip(keys, values, strict=True))


def _split(x: FrozenDict[Any, Any]) -> tuple[list[Any], tuple[Any, ...]]:
    pairs, keys = x.tree_flatten_with_keys()
    return [value for _, value in pairs], keys


_tree.register(FrozenDict, _split, lambda values, keys: FrozenDict.tree_unflatten(keys, values))


def freeze(x: Mapping[K, V]) -> FrozenDict[K, V]:
    """The immutable dictionary with the entries of a mapping.

    Parameters
    ----------
    x
        A mapping.

    Returns
    -------
    FrozenDict
        Its entries, those of inner mappings frozen too.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.freeze({'a': 1}).copy({'b': 2}) == {'a': 1, 'b': 2}
    True
    """
    return x if isinstance(x, FrozenDict) else FrozenDict(x)


def unfreeze(x: Any) -> Any:
    """The plain dict of a dictionary, frozen or not, at every depth; other values as they are.

    Parameters
    ----------
    x
        A dictionary, frozen or not, or anything else.

    Returns
    -------
    Any
        The dict; anything else unchanged.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.unfreeze(brainstate.util.FrozenDict(a={'b': 1}))
    {'a': {'b': 1}}
    """
    if isinstance(x, (FrozenDict, dict)):
        return {key: unfreeze(value) for key, value in x.items()}
    return x


@overload
def copy(x: FrozenDict[K, V], add_or_replace: Mapping[K, V] | None = None) -> FrozenDict[K, V]: ...
@overload
def copy(x: dict[K, V], add_or_replace: Mapping[K, V] | None = None) -> dict[K, V]: ...
def copy(x: Any, add_or_replace: Mapping[Any, Any] | None = None) -> Any:
    """A copy of a dictionary, frozen or not, with entries added or replaced.

    Parameters
    ----------
    x
        A dictionary, frozen or not.
    add_or_replace
        The entries to add or replace.

    Returns
    -------
    dict or FrozenDict
        The copy, of the kind of `x`.

    Raises
    ------
    TypeError
        `x` is not a dictionary.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.copy({'a': 1}, {'b': 2})
    {'a': 1, 'b': 2}
    """
    _check_dictionary(x)
    return x.copy(add_or_replace) if isinstance(x, FrozenDict) else {**x, **(add_or_replace or {})}


@overload
def pop(x: FrozenDict[K, V], key: K) -> tuple[FrozenDict[K, V], V]: ...
@overload
def pop(x: dict[K, V], key: K) -> tuple[dict[K, V], V]: ...
def pop(x: Any, key: Any) -> Any:
    """A copy of a dictionary, frozen or not, without a key, and the value of that key.

    Parameters
    ----------
    x
        A dictionary, frozen or not.
    key
        The key to leave out.

    Returns
    -------
    dict or FrozenDict, Any
        The copy, and the value of the key.

    Raises
    ------
    TypeError
        `x` is not a dictionary.
    KeyError
        There is no such key.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.pop({'a': 1, 'b': 2}, 'a')
    ({'b': 2}, 1)
    """
    _check_dictionary(x)
    if isinstance(x, FrozenDict):
        return x.pop(key)
    rest = dict(x)
    value = rest.pop(key)
    return rest, value


def _check_dictionary(x: Any) -> None:
    if not isinstance(x, (FrozenDict, dict)):
        raise TypeError(f"`x` must be a FrozenDict or dict. Got {type(x).__name__}.")


def pretty_repr(x: Any, indent: int = 2) -> str:
    """The text of a dictionary, frozen or not, one line per entry; arrays by dtype and shape only.

    Parameters
    ----------
    x
        A dictionary, frozen or not.
    indent
        The number of spaces for each level.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> print(brainstate.util.pretty_repr({'a': 1, 'b': {'c': torch.zeros(3)}}))
    {
      'a': 1,
      'b': {
        'c': float32[3]
      }
    }
    """
    if isinstance(x, FrozenDict):
        return x.pretty_repr(indent)
    return _block(x, indent, 0)


def _block(x: Any, indent: int, level: int) -> str:
    if not isinstance(x, (FrozenDict, dict)):
        return short_repr(x)
    if not x:
        return "{}"
    margin = " " * (indent * (level + 1))
    lines = [f"{margin}{key!r}: {_block(value, indent, level + 1)}" for key, value in x.items()]
    return "{\n" + ",\n".join(lines) + f"\n{' ' * (indent * level)}}}"
