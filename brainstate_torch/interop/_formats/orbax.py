"""Checkpoints as folders of orbax."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from .._extras import extra, jax
from .arrays import as_numpy
from .manifest import MANIFEST, Content, agreeing, leaves_of, manifest_of
from .named_tree import add, nested

__all__ = ["read_orbax", "save_orbax"]


def read_orbax(path: Path) -> Content:
    """What a folder of orbax holds."""
    module = extra("orbax.checkpoint", "frameworks")
    with module.PyTreeCheckpointer() as reader:
        metadata = reader.metadata(path.resolve())
        as_numpy = jax().tree.map(lambda _: module.RestoreArgs(restore_type=np.ndarray), metadata.item_metadata.tree)
        tree = reader.restore(path.resolve(), restore_args=as_numpy)
    found = Content({}, {}, False)
    add(found, "", tree)
    text = (getattr(metadata, "custom_metadata", None) or {}).get(MANIFEST)
    if text is None:
        return found
    leaves = leaves_of(text)
    # A quantity is a list of one array there, as brainunit's is.
    names = [name for name, entry in leaves.items() if "number" not in entry]
    tensors = {name: found.tensors.get(name, found.tensors.get(f"{name}.0")) for name in names}
    return agreeing({name: tensor for name, tensor in tensors.items() if tensor is not None}, leaves)


def save_orbax(path: Path, content: Content) -> None:
    """Write a folder of orbax."""
    module = extra("orbax.checkpoint", "frameworks")
    leaves: dict[str, Any] = {}
    for name, entry in content.leaves.items():
        value = entry.get("number")
        if value is None:
            array = as_numpy(content.tensors[name])
            is_half = content.tensors[name].dtype is torch.bfloat16
            value = array.view(jax().numpy.bfloat16) if is_half else array
        leaves[name] = [value] if "unit" in entry else value
    tree = nested(leaves)
    with module.PyTreeCheckpointer() as writer:
        writer.save(path.resolve(), tree, custom_metadata={MANIFEST: manifest_of(content.leaves)}, force=True)
