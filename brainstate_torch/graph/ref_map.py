"""RefMap: a dictionary whose keys are objects, not values."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any, TypeVar

from ..util import MappingReprMixin, pretty_repr_object

__all__ = ["RefMap"]

K = TypeVar("K")
V = TypeVar("V")


class RefMap(MutableMapping[K, V], MappingReprMixin[K, V]):
    """A mutable mapping with keys by identity: equal objects are different keys, and no hash is needed.

    The keys are kept alive.

    Parameters
    ----------
    mapping
        The first entries: a mapping, or (key, value) pairs.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> a, b = [1, 2], [1, 2]
    >>> refs = brainstate.graph.RefMap([(a, 'first'), (b, 'second')])
    >>> refs[a], refs[b], [1, 2] in refs
    ('first', 'second', False)

    Notes
    -----
    Source: brainstate.graph.RefMap (0.5.4).
    """

    __repr__ = pretty_repr_object

    def __init__(self, mapping: Mapping[K, V] | Iterable[tuple[K, V]] = ()) -> None:
        self._entries: dict[int, tuple[K, V]] = {}
        self.update(mapping)

    def __getitem__(self, key: K) -> V:
        entry = self._entries.get(id(key))
        if entry is None:
            raise KeyError(f"no entry for this {type(key).__name__}: keys are compared by identity.")
        return entry[1]

    def __setitem__(self, key: K, value: V) -> None:
        self._entries[id(key)] = (key, value)

    def __delitem__(self, key: K) -> None:
        del self._entries[id(key)]

    def __contains__(self, key: Any) -> bool:
        return id(key) in self._entries

    def __iter__(self) -> Iterator[K]:
        return (key for key, _ in self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)
