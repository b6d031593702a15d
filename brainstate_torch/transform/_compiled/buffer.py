"""Memory that is used again from call to call."""

import torch

from ..._graph import Like

__all__ = ["Buffer"]

#: Bytes from which on memory comes from the system anew each time: 4 µs for each page of 4 KiB that is touched.
_WORTHWHILE = 2**20
#: Bytes that are not held on to.
_LARGE = 2**26


class Buffer:
    """A tensor that only one operation writes and only another reads, kept for the next call.

    Its first touch costs more than computing what it holds. While somebody else has the tensor, there is a new one.
    """

    def __init__(self) -> None:
        self._held: list[torch.Tensor] = []

    def take(self, like: Like) -> torch.Tensor:
        """A tensor of a kind that nobody else has."""
        try:
            held = self._held.pop()  # another thread finds none
        except IndexError:
            held = None
        if held is None or not _is_free(held):
            held = torch.empty(like.shape, dtype=like.dtype, device=like.device)
        if held.is_cpu and _WORTHWHILE <= held.nbytes <= _LARGE:
            self._held.append(held)
        # A tensor of its own on the same memory, so that whoever has it can be counted.
        return held.view(held.shape)


def _is_free(x: torch.Tensor) -> bool:
    """Has nobody but the caller the memory of a tensor?"""
    storage = x.untyped_storage()
    return torch._C._storage_Use_Count(storage._cdata) <= _ALONE


def _alone() -> int:
    x = torch.empty(1)
    return int(torch._C._storage_Use_Count(x.untyped_storage()._cdata))


_ALONE = _alone()
