"""Plain dictionaries: merging, flattening and nesting them."""

from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["flatten_dict", "merge_dicts", "nested_from_paths", "unflatten_dict"]


def merge_dicts(*dicts: dict[Any, Any], recursive: bool = True) -> dict[Any, Any]:
    """A new dict with the entries of all the given ones; the later one wins.

    Parameters
    ----------
    dicts
        The dicts to merge; they are left as they are.
    recursive
        Merge dicts that stand under the same key too, instead of taking the later one.

    Returns
    -------
    dict
        The merged entries.

    Raises
    ------
    TypeError
        An argument is not a dict.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.merge_dicts({'a': {'x': 1}}, {'a': {'y': 2}, 'b': 3})
    {'a': {'x': 1, 'y': 2}, 'b': 3}
    """
    merged: dict[Any, Any] = {}
    for d in dicts:
        if not isinstance(d, dict):
            raise TypeError(f"`dicts` must all be dicts. Got {type(d).__name__}.")
        for key, value in d.items():
            if recursive and isinstance(value, dict) and isinstance(merged.get(key), dict):
                value = merge_dicts(merged[key], value)
            merged[key] = value
    return merged


def flatten_dict(d: dict[Any, Any], parent_key: str = "", sep: str = ".") -> dict[Any, Any]:
    """A dict of depth one whose keys join the keys on the way to each value; an empty dict counts as a value.

    Parameters
    ----------
    d
        The nested dict. Keys below the first level must be strings.
    parent_key
        Stands before every key.
    sep
        Joins the keys.

    Returns
    -------
    dict
        The flat dict.

    Raises
    ------
    TypeError
        `d` is not a dict, or a key below the first level is not a string.
    ValueError
        Two values get the same key.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.flatten_dict({'a': 1, 'b': {'c': 2, 'd': {}}})
    {'a': 1, 'b.c': 2, 'b.d': {}}
    """
    if not isinstance(d, dict):
        raise TypeError(f"`d` must be a dict. Got {type(d).__name__}.")
    flat: dict[Any, Any] = {}
    for key, value in _joined(d, f"{parent_key}{sep}" if parent_key else None, sep):
        if key in flat:
            raise ValueError(f"`d` must give every value its own key. Got duplicate key {key!r}. Change `sep`.")
        flat[key] = value
    return flat


def _joined(d: dict[Any, Any], prefix: str | None, sep: str) -> Iterator[tuple[Any, Any]]:
    for key, value in d.items():
        if prefix is not None and not isinstance(key, str):
            raise TypeError(f"`d` must have string keys below its first level. Got {key!r}.")
        path = key if prefix is None else prefix + key
        if isinstance(value, dict) and value:
            yield from _joined(value, f"{path}{sep}", sep)
        else:
            yield path, value


def unflatten_dict(d: dict[Any, Any], sep: str = ".") -> dict[Any, Any]:
    """The nested dict that a flat one stands for; inverse of :func:`flatten_dict`.

    Parameters
    ----------
    d
        A flat dict.
    sep
        What separates the parts of a key.

    Returns
    -------
    dict
        The nested dict.

    Raises
    ------
    TypeError
        `d` is not a dict.
    ValueError
        A key has an empty part, or continues the key of another value.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.util.unflatten_dict({'a': 1, 'b.c': 2, 'b.d': {}})
    {'a': 1, 'b': {'c': 2, 'd': {}}}
    """
    if not isinstance(d, dict):
        raise TypeError(f"`d` must be a dict. Got {type(d).__name__}.")
    for key in d:
        if isinstance(key, str) and "" in key.split(sep):
            raise ValueError(f"`d` must have keys without empty parts. Got {key!r} with separator {sep!r}.")
    return nested_from_paths(
        (key.split(sep) if isinstance(key, str) else [key], dict(value) if isinstance(value, dict) else value)
        for key, value in d.items()
    )


def nested_from_paths(items: Iterable[tuple[Iterable[Any], Any]]) -> dict[Any, Any]:
    """The nested dict with the given values at the given paths.

    Raises
    ------
    ValueError
        A path is empty, given twice, or continues the path of another value.
    """
    root: dict[Any, Any] = {}
    branches: dict[tuple[Any, ...], dict[Any, Any]] = {(): root}
    for parts, value in items:
        path = tuple(parts)
        if not path:
            raise ValueError("a path must have at least one key. Got an empty path.")
        branch = root
        for depth in range(1, len(path)):
            prefix = path[:depth]
            if prefix not in branches:
                if prefix[-1] in branch:
                    raise ValueError(
                        f"a path must not continue the path of another value. Got {path!r} and {prefix!r}."
                    )
                branches[prefix] = branch[prefix[-1]] = {}
            branch = branches[prefix]
        if path[-1] in branch:
            raise ValueError(f"a path must lead to one value. Got {path!r} also as the start of another path.")
        branch[path[-1]] = value
    return root
