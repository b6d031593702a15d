"""Memory that is used again from call to call.

Large memory comes from the system anew each time, and its first touch costs more than computing what it holds: up to
4 µs for a page of 4 KiB. So some of it is held here, and handed out again once nobody else has it.
"""

import threading
from collections import deque

import torch

from ..._graph import Like

__all__ = ["Pool", "fresh"]

#: Bytes from which on it is worth the while, and up to which one piece of memory is held.
_SIZES = range(2**20, 2**26 + 1)


class Pool:
    """Memory of the CPU that is held on to.

    Parameters
    ----------
    limit
        How many bytes to hold.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        #: The least lately used first.
        self._held: deque[torch.Tensor] = deque()
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        """How many bytes are held."""
        return sum([x.nbytes for x in self._held])

    def take(self, like: Like) -> torch.Tensor:
        """A tensor of a kind, whose memory nobody else has."""
        size = like.shape.numel() * like.dtype.itemsize
        if size not in _SIZES or like.device.type != "cpu":
            return torch.empty(like.shape, dtype=like.dtype, device=like.device)
        with self._lock:
            found = next((x for x in self._held if x.nbytes == size and _is_free(x)), None)
            if found is None:
                found = torch.empty(size, dtype=torch.uint8)
                while self._held and self.held + size > self.limit:
                    self._held.popleft()
            else:
                self._held = deque([x for x in self._held if x is not found])
            self._held.append(found)
            # A tensor of its own on the same memory, so that whoever has it can be counted.
            return found.view(like.dtype).view(like.shape)


def _is_free(x: torch.Tensor) -> bool:
    """Has nobody but the pool the memory of a tensor?"""
    return torch._C._storage_Use_Count(x.untyped_storage()._cdata) <= _ALONE


def _alone() -> int:
    x = torch.empty(1)
    return int(torch._C._storage_Use_Count(x.untyped_storage()._cdata))


_ALONE = _alone()
_POOL = Pool(2**28)
#: A tensor of a kind that nobody else has, of memory that may have been used before.
fresh = _POOL.take
