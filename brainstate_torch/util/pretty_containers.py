"""A dict and a list with readable strings, and what dictionaries of states have in common."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

from .. import _tree
from ..typing import Filter
from .filter import partition
from .pretty import PrettyAttr, PrettyItems, PrettyRepr, PrettyType, braces, entries, yield_unique_pretty_repr_items

__all__ = ["MissingKeyError", "PrettyDict", "PrettyList", "is_state"]

Path = tuple[Any, ...]


def is_state(x: Any) -> bool:
    """Whether this is a State."""
    # States are defined above this layer: they are known by the method that makes a reference of them.
    return hasattr(type(x), "to_state_ref")


class MissingKeyError(AttributeError, KeyError):
    """No such key. An AttributeError too, since ``hasattr`` asks for keys as attributes."""


class PrettyDict(PrettyRepr, dict[Any, Any]):
    """A dict whose entries are attributes too, with a readable ``repr``; a pytree node, in sorted order.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> d = brainstate.util.PrettyDict(w=torch.zeros(2, 3), rate=0.5)
    >>> print(d)
    {
      'w': float32[2, 3],
      'rate': 0.5
    }
    """

    def __getattr__(self, key: str) -> Any:
        if key not in self:
            raise MissingKeyError(f"{type(self).__name__} has no key {key!r}.")
        return self[key]

    def __pretty_repr__(self) -> PrettyItems:
        return yield_unique_pretty_repr_items(self, braces, entries)

    def _to_paths(self) -> dict[Path, Any]:
        """The entries by path."""
        raise NotImplementedError(f"{type(self).__name__} has no paths. Use NestedDict or FlattedDict.")

    @classmethod
    def _from_paths(cls, items: Mapping[Path, Any]) -> Self:
        """The dictionary of some entries by path; inverse of `_to_paths`."""
        raise NotImplementedError(f"{cls.__name__} has no paths. Use NestedDict or FlattedDict.")

    def to_dict(self) -> dict[Any, Any]:
        """A plain dict with the same entries."""
        return dict(self)

    def treefy_state(self) -> Any:
        """The same dictionary with references in place of States."""
        return _tree.map(lambda x: x.to_state_ref() if is_state(x) else x, self)

    def split(self, *filters: Filter) -> Any:
        """The entries that each filter is the first to match; every entry must be matched.

        Returns
        -------
        PrettyDict or tuple of PrettyDict
            One dictionary for one filter, else a tuple.

        Raises
        ------
        ValueError
            An entry is matched by no filter, or a filter that matches everything is not among the last.
        """
        *groups, rest = partition(self._to_paths().items(), filters)
        if rest:
            raise ValueError(
                f"`filters` must match every entry. Got none for {list(rest)}, a non-empty remainder. "
                "Use `...` as the last filter to take the rest."
            )
        return self._unwrapped(groups)

    def filter(self, *filters: Filter) -> Any:
        """As :meth:`split`, leaving out the entries that no filter matches."""
        return self._unwrapped(partition(self._to_paths().items(), filters)[:-1])

    def subset(self, *filters: Filter) -> Any:
        """As :meth:`filter`."""
        return self.filter(*filters)

    def _unwrapped(self, groups: list[dict[Path, Any]]) -> Any:
        made = tuple(self._from_paths(group) for group in groups)
        return made[0] if len(made) == 1 else made

    @classmethod
    def merge(cls, *states: "PrettyDict") -> Self:
        """One dictionary with the entries of several, nested or flat; the last one wins.

        Raises
        ------
        TypeError
            An argument is neither a NestedDict nor a FlattedDict.
        """
        merged: dict[Path, Any] = {}
        for state in states:
            if not isinstance(state, PrettyDict):
                raise TypeError(f"`states` must be NestedDict or FlattedDict. Got {type(state).__name__}.")
            merged.update(state._to_paths())
        return cls._from_paths(merged)

    def __or__(self, other: Any) -> Self:
        return self.merge(self, other) if other else self

    def __sub__(self, other: Any) -> Self:
        if not other:
            return self
        if not isinstance(other, PrettyDict):
            raise TypeError(f"`other` must be a NestedDict or FlattedDict. Got {type(other).__name__}.")
        taken = other._to_paths()
        return self._from_paths({path: x for path, x in self._to_paths().items() if path not in taken})


class PrettyList(PrettyRepr, list[Any]):
    """A list whose ``repr`` has one line per element; a pytree node.

    Parameters
    ----------
    iterable
        The elements.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> print(brainstate.util.PrettyList([1, torch.zeros(3)]))
    [
      1,
      float32[3]
    ]
    """

    def __pretty_repr__(self) -> PrettyItems:
        return yield_unique_pretty_repr_items(self, _list_type, _list_items)

    def tree_flatten(self) -> tuple[list[Any], tuple[()]]:
        """The elements, and an empty structure."""
        return list(self), ()

    @classmethod
    def tree_unflatten(cls, aux_data: tuple[()], children: Iterable[Any]) -> Self:
        """The list of some elements."""
        return cls(children)


def _list_type(_: PrettyList) -> PrettyItems:
    yield PrettyType("", value_sep="", start="[", end="]")


def _list_items(elements: PrettyList) -> PrettyItems:
    for x in elements:
        yield PrettyAttr("", x)


_tree.register_mapping(PrettyDict)
_tree.register(PrettyList, PrettyList.tree_flatten, lambda children, aux: PrettyList.tree_unflatten(aux, children))
