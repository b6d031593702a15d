"""Tensors from arrays of numpy, and back, with bfloat16."""

from typing import Any

import numpy as np
import torch

__all__ = ["as_numpy", "of_numpy"]


def of_numpy(array: Any) -> torch.Tensor:
    """The tensor of an array; a tensor itself."""
    if isinstance(array, torch.Tensor):
        return array
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    if array.dtype.kind not in "biufc":
        raise ValueError(f"it has numbers of dtype {array.dtype}, which torch has not.")
    return torch.from_numpy(np.array(array, order="C"))


def as_numpy(tensor: torch.Tensor) -> Any:
    """The array; of 16 bits in bfloat16 where numpy has no such dtype."""
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    return tensor.view(torch.int16).numpy() if tensor.dtype is torch.bfloat16 else tensor.numpy()
