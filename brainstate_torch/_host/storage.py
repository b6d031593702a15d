"""Which tensors share memory: storages, and the number of their references."""

import torch

__all__ = ["is_lone_view", "storage_of"]

_uses = torch._C._storage_Use_Count


def storage_of(x: torch.Tensor) -> int | None:
    """A number that two tensors have in common if they show the same memory; None for layouts without a storage."""
    return x.untyped_storage()._cdata if x.layout is torch.strided else None


def is_lone_view(x: torch.Tensor) -> bool:
    """Whether only a view and its base refer to their memory."""
    if x.layout is not torch.strided:
        return False
    # One use each is that of the view, of the base, and of the Python object made here.
    return _uses(x.untyped_storage()._cdata) <= 3
