"""Who shares the memory of a tensor: its storage, and how many tensors lead there."""

import torch

__all__ = ["is_lone_view", "storage_of"]

_uses = torch._C._storage_Use_Count


def storage_of(x: torch.Tensor) -> int | None:
    """A number that two tensors have in common if they show the same memory; None for layouts without a storage."""
    return x.untyped_storage()._cdata if x.layout is torch.strided else None


def is_lone_view(x: torch.Tensor) -> bool:
    """Whether the memory that a view shows is led to by the view and its base alone."""
    if x.layout is not torch.strided:
        return False
    # One use each is that of the view, of the base, and of the Python object made here.
    return _uses(x.untyped_storage()._cdata) <= 3
