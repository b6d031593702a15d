"""Checkpoints as npz files of numpy."""

import io
from pathlib import Path

import numpy as np
import torch

from .arrays import as_numpy, of_numpy
from .manifest import MANIFEST, Content, agreeing, leaves_of, manifest_of

__all__ = ["as_npz", "read_npz"]


def read_npz(path: Path) -> Content:
    """What an npz file holds."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name.replace("/", "."): file[name] for name in file.files}
    if MANIFEST not in arrays:
        tensors = {name: of_numpy(array) for name, array in arrays.items()}
        return Content(tensors, {name: {"kind": "State"} for name in tensors}, False)
    leaves = leaves_of(str(arrays.pop(MANIFEST)))
    tensors = {name: of_numpy(array) for name, array in arrays.items()}
    for name, entry in leaves.items():
        if entry.get("bfloat16") and name in tensors:
            tensors[name] = tensors[name].view(torch.bfloat16)
    return agreeing(tensors, leaves)


def as_npz(content: Content) -> bytes:
    """The bytes of an npz file."""
    leaves = {
        name: {**entry, "bfloat16": True} if _is_bfloat16(content.tensors.get(name)) else entry
        for name, entry in content.leaves.items()
    }
    buffer = io.BytesIO()
    arrays = {name: as_numpy(tensor) for name, tensor in content.tensors.items()}
    np.savez(buffer, allow_pickle=False, **{MANIFEST: np.array(manifest_of(leaves))}, **arrays)
    return buffer.getvalue()


def _is_bfloat16(tensor: torch.Tensor | None) -> bool:
    return tensor is not None and tensor.dtype is torch.bfloat16
