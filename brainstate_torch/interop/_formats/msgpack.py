"""Checkpoints as braintools' msgpack."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...units import Quantity
from .._extras import extra
from .arrays import as_numpy
from .manifest import Content
from .named_tree import BASES, add, nested

__all__ = ["as_msgpack", "read_msgpack"]

_CHUNKED = "__msgpack_chunked_array__"


def read_msgpack(path: Path) -> Content:
    """What a msgpack file holds."""
    msgpack = extra("msgpack", "interop")

    def array(data: bytes) -> Any:
        shape, dtype, buffer = msgpack.unpackb(data, raw=True)
        if dtype == b"bfloat16":
            return torch.frombuffer(bytearray(buffer), dtype=torch.bfloat16).reshape(shape)
        kind = np.dtype(dtype.decode())
        if kind.hasobject:
            raise ValueError("it has an array of objects.")
        return np.frombuffer(buffer, dtype=kind).reshape(shape)

    def extension(code: int, data: bytes) -> Any:
        if code in (1, 3):
            return array(data)
        if code == 2:
            return np.asarray(complex(*msgpack.unpackb(data)))
        raise ValueError(f"it has a value of the unknown kind {code}.")

    tree = msgpack.unpackb(path.read_bytes(), ext_hook=extension, raw=False)
    if not isinstance(tree, dict):
        raise ValueError("it holds no tree of States.")
    found = Content({}, {})
    add(found, "", _joined(tree))
    return found


def _joined(tree: Any) -> Any:
    """The tree with arrays of more than 1 GiB, which are stored in pieces, in one."""
    if not isinstance(tree, dict):
        return tree
    if _CHUNKED in tree:
        chunks, shape = ([tree[key][str(i)] for i in range(len(tree[key]))] for key in ("chunks", "shape"))
        return np.concatenate(chunks).reshape(shape)
    return {key: _joined(value) for key, value in tree.items()}


def as_msgpack(content: Content) -> bytes:
    """The bytes of a msgpack file."""
    msgpack = extra("msgpack", "interop")

    def packed(tensor: torch.Tensor) -> Any:
        dtype = "bfloat16" if tensor.dtype is torch.bfloat16 else as_numpy(tensor).dtype.name
        data = msgpack.packb((tuple(tensor.shape), dtype, as_numpy(tensor).tobytes()), use_bin_type=True)
        return msgpack.ExtType(1, data)

    leaves = {}
    for name, entry in content.leaves.items():
        value = packed(content.tensors[name]) if name in content.tensors else entry["number"]
        leaves[name] = _brain_quantity(value, entry["unit"], packed) if "unit" in entry else value
    return msgpack.packb(nested(leaves), strict_types=True)  # type: ignore[no-any-return]


def _brain_quantity(value: Any, powers: Mapping[str, float], packed: Callable[[torch.Tensor], Any]) -> dict[str, Any]:
    unit = Quantity.from_tuple((1.0, tuple(powers.items()))).unit
    scale = round(math.log10(unit.magnitude))
    even = math.isclose(10.0**scale, unit.magnitude, rel_tol=1e-12)
    dims = torch.tensor([float(unit.dim.get(f"[{base}]", 0)) for base in BASES], dtype=torch.float64)
    size = {"scale": scale, "factor": 1.0} if even else {"scale": 0, "factor": unit.magnitude}
    return {"mantissa": value, "base": 10.0, "dim": packed(dims), **size}
