"""A cache of bounded size that is safe to share between threads."""

import threading
from collections import OrderedDict
from typing import Any

__all__ = ["BoundedCache"]


class BoundedCache:
    """Keeps the entries used last, and counts hits and misses; safe to share between threads.

    Parameters
    ----------
    maxsize
        How many entries to keep; with 0 nothing is kept.

    Raises
    ------
    TypeError
        `maxsize` is not an int.
    ValueError
        `maxsize` is negative.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> cache = brainstate.util.BoundedCache(maxsize=2)
    >>> for key in 'abc':
    ...     cache.set(key, key.upper())
    >>> cache.keys(), cache.get('c'), cache.get('a')
    (['b', 'c'], 'C', None)
    """

    def __init__(self, maxsize: int = 128) -> None:
        if not isinstance(maxsize, int):
            raise TypeError(f"`maxsize` must be an integer. Got {type(maxsize).__name__}.")
        if maxsize < 0:
            raise ValueError(f"`maxsize` must be non-negative. Got {maxsize}.")
        self._entries: OrderedDict[Any, Any] = OrderedDict()
        self._maxsize = maxsize
        self._lock = threading.RLock()
        self._hits = 0
        self._misses = 0

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if key != "_lock"}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept, _lock=threading.RLock())

    @property
    def maxsize(self) -> int:
        """How many entries are kept."""
        return self._maxsize

    def get(self, key: Any, default: Any = None, raise_on_miss: bool = False, error_context: str = "item") -> Any:
        """The value of a key, which becomes the most recently used; `default` if there is none.

        Parameters
        ----------
        key
            The key.
        default
            The answer if there is no such key.
        raise_on_miss
            Raise if there is no such key.
        error_context
            What the error calls the entry.

        Raises
        ------
        ValueError
            There is no such key and `raise_on_miss` is set.
        """
        with self._lock:
            if key in self._entries:
                self._hits += 1
                self._entries.move_to_end(key)
                return self._entries[key]
            self._misses += 1
            if not raise_on_miss:
                return default
            known = "".join(f"\n  {k}" for k in self._entries) or "\n  (none)"
            raise ValueError(
                f"{error_context} not compiled for the requested cache key. Got:\n  {key}\n"
                f"Available {len(self._entries)} keys:{known}\nCompile it with matching arguments first."
            )

    def set(self, key: Any, value: Any) -> None:
        """Add an entry, dropping the one unused for longest if the cache is full.

        Raises
        ------
        ValueError
            The key exists.
        """
        with self._lock:
            if key in self._entries:
                raise ValueError(f"Cache key already exists. Got {key}. Use `replace` to overwrite its value.")
            if self._maxsize == 0:
                return
            if len(self._entries) >= self._maxsize:
                self._entries.popitem(last=False)
            self._entries[key] = value

    def replace(self, key: Any, value: Any) -> None:
        """Overwrite an entry, which becomes the most recently used.

        Raises
        ------
        KeyError
            There is no such key.
        """
        with self._lock:
            if key not in self._entries:
                raise KeyError(f"Cache key does not exist. Got {key}. Use `set` to add it.")
            self._entries[key] = value
            self._entries.move_to_end(key)

    def pop(self, key: Any, default: Any = None) -> Any:
        """Drop an entry; returns its value, or `default` if there is none."""
        with self._lock:
            return self._entries.pop(key, default)

    def clear(self) -> None:
        """Drop all entries and counts."""
        with self._lock:
            self._entries.clear()
            self._hits = self._misses = 0

    def keys(self) -> list[Any]:
        """The keys, the one used last at the end."""
        with self._lock:
            return list(self._entries)

    def get_stats(self) -> dict[str, Any]:
        """The numbers of entries, hits and misses, the bound, and the rate of hits in percent."""
        with self._lock:
            calls = self._hits + self._misses
            return {
                "size": len(self._entries),
                "maxsize": self._maxsize,
                "hits": self._hits,
                "misses": self._misses,
                "hit_rate": 100.0 * self._hits / calls if calls else 0.0,
            }

    def __contains__(self, key: Any) -> bool:
        with self._lock:
            return key in self._entries

    def __len__(self) -> int:
        with self._lock:
            return len(self._entries)
