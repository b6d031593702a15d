"""Checkpoint formats: safetensors, braintools' msgpack, npz and orbax, each as tensors by name and what they mean."""

import ast
import io
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch

from ..units import Quantity
from ._extras import extra, jax

__all__ = ["FORMATS", "MANIFEST", "Content", "format_of", "read", "written"]

#: The entry of a file that says what the tensors are.
MANIFEST = "brainstate_torch"
_VERSION = 1
_LONGEST_HEADER = 1 << 24
_BASES = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
#: The marker of a brainunit quantity in braintools' msgpack.
_QUANTITY = {"mantissa", "scale", "base", "dim", "factor"}
_CHUNKED = "__msgpack_chunked_array__"


class Content(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    tensors
        By the dotted name of their leaf.
    leaves
        For each leaf ``kind``, and ``unit`` (powers by the names of units), ``si`` (powers of the seven dimensions and
        a size) or neither, and ``number`` where it is no tensor.
    says_units
        Whether the file has a manifest, so that what has no unit there has none.
    """

    tensors: dict[str, torch.Tensor]
    leaves: dict[str, dict[str, Any]]
    says_units: bool = True


def format_of(path: Path) -> str:
    """The format of a file, by its first bytes; of a folder, orbax.

    Raises
    ------
    FileNotFoundError
        There is nothing.
    """
    if path.is_dir():
        return "orbax"
    with open(path, "rb") as file:
        head = file.read(9)
    if head.startswith(b"PK\x03\x04"):
        return "npz"
    # A map of msgpack; in safetensors eight bytes of size come before the header's brace.
    if head and (0x80 <= head[0] <= 0x8F or head[0] in (0xDE, 0xDF)) and head[8:9] != b"{":
        return "msgpack"
    return "safetensors"


def read(path: Path) -> Content:
    """What a file holds, checked.

    Raises
    ------
    ValueError
        It is no such file, or damaged.
    """
    name = format_of(path)
    try:
        return _READERS[name](path)
    except (FileNotFoundError, ImportError):
        raise
    except Exception as error:  # of the format's own reader, which raises several kinds
        raise ValueError(
            f"`path` must be a checkpoint in the format {', '.join(FORMATS)}. Got {path}, read as {name}: {error}"
        ) from error


# Manifest ------------------------------------------------------------------------------------------------------------


def _manifest(leaves: Mapping[str, Any]) -> str:
    return json.dumps({"version": _VERSION, "leaves": leaves})


def _leaves_of(text: Any) -> dict[str, dict[str, Any]]:
    manifest = json.loads(text) if isinstance(text, str) else text
    if not isinstance(manifest, dict) or manifest.get("version") != _VERSION:
        raise ValueError("it has no manifest of `interop.save`, or one of another version.")
    leaves = manifest.get("leaves")
    if not isinstance(leaves, dict) or not all(map(_is_entry, leaves.values())):
        raise ValueError("the manifest does not describe each leaf; the file is damaged.")
    return leaves


def _is_entry(x: Any) -> bool:
    if not isinstance(x, dict) or not isinstance(x.get("kind"), str) or "si" in x:
        return False
    unit = x.get("unit", {})
    powers = isinstance(unit, dict) and all(isinstance(power, (int, float)) for power in unit.values())
    return powers and isinstance(x.get("number", 0), (bool, int, float))


def _agreeing(tensors: dict[str, torch.Tensor], leaves: dict[str, dict[str, Any]]) -> Content:
    of_tensors = {key for key, entry in leaves.items() if "number" not in entry}
    if of_tensors != tensors.keys():
        raise ValueError(f"the manifest names other tensors than the file: {sorted(of_tensors ^ tensors.keys())}.")
    return Content(tensors, leaves)


# safetensors ---------------------------------------------------------------------------------------------------------


def _read_safetensors(path: Path) -> Content:
    module = extra("safetensors", "interop")
    with open(path, "rb") as raw:
        size = int.from_bytes(raw.read(8), "little")
    if size > _LONGEST_HEADER:
        raise ValueError(f"its header says that it has {size} bytes.")
    with module.safe_open(str(path), framework="pt") as file:
        text = (file.metadata() or {}).get(MANIFEST)
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return _agreeing(tensors, _leaves_of("null" if text is None else text))


def _as_safetensors(content: Content) -> bytes:
    write = extra("safetensors.torch", "interop").save
    return write(content.tensors, {MANIFEST: _manifest(content.leaves)})  # type: ignore[no-any-return]


# numpy ---------------------------------------------------------------------------------------------------------------


def _of_numpy(array: Any) -> torch.Tensor:
    if isinstance(array, torch.Tensor):
        return array
    array = np.asarray(array)
    if array.dtype.name == "bfloat16":
        return torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    if array.dtype.kind not in "biufc":
        raise ValueError(f"it has numbers of dtype {array.dtype}, which torch has not.")
    return torch.from_numpy(np.array(array, order="C"))


def _as_numpy(tensor: torch.Tensor) -> Any:
    """The array; of 16 bits in bfloat16 where numpy has no such dtype."""
    tensor = tensor.detach().cpu().resolve_conj().resolve_neg()
    return tensor.view(torch.int16).numpy() if tensor.dtype is torch.bfloat16 else tensor.numpy()


def _read_npz(path: Path) -> Content:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name.replace("/", "."): file[name] for name in file.files}
    if MANIFEST not in arrays:
        tensors = {name: _of_numpy(array) for name, array in arrays.items()}
        return Content(tensors, {name: {"kind": "State"} for name in tensors}, False)
    leaves = _leaves_of(str(arrays.pop(MANIFEST)))
    tensors = {name: _of_numpy(array) for name, array in arrays.items()}
    for name, entry in leaves.items():
        if entry.get("bfloat16") and name in tensors:
            tensors[name] = tensors[name].view(torch.bfloat16)
    return _agreeing(tensors, leaves)


def _as_npz(content: Content) -> bytes:
    leaves = {
        name: {**entry, "bfloat16": True} if _is_bfloat16(content.tensors.get(name)) else entry
        for name, entry in content.leaves.items()
    }
    buffer = io.BytesIO()
    arrays = {name: _as_numpy(tensor) for name, tensor in content.tensors.items()}
    np.savez(buffer, allow_pickle=False, **{MANIFEST: np.array(_manifest(leaves))}, **arrays)
    return buffer.getvalue()


def _is_bfloat16(tensor: torch.Tensor | None) -> bool:
    return tensor is not None and tensor.dtype is torch.bfloat16


# A tree of names, as msgpack and orbax have it ------------------------------------------------------------------------


def _add(found: Content, name: str, leaf: Any) -> None:
    """Add a leaf of a tree of dictionaries and lists under its dotted name."""
    if isinstance(leaf, Mapping) and leaf.keys() == _QUANTITY:
        _add(found, name, leaf["mantissa"])
        size = float(leaf["factor"]) * float(leaf["base"]) ** float(leaf["scale"])
        dims = [float(x) for x in np.asarray(leaf["dim"]).reshape(-1)]
        if name in found.leaves and len(dims) == len(_BASES) and math.isfinite(size) and size > 0:
            found.leaves[name]["si"] = (dims, size)
            return
        raise ValueError(f"the unit of {name} is damaged.")
    if isinstance(leaf, Mapping):
        for key, value in leaf.items():
            _add(found, f"{name}.{_key(key)}".removeprefix("."), value)
    elif isinstance(leaf, (list, tuple)):
        for i, value in enumerate(leaf):
            _add(found, f"{name}.{i}".removeprefix("."), value)
    elif isinstance(leaf, (bool, int, float)):
        found.leaves[name] = {"kind": "State", "number": leaf}
    elif leaf is not None:
        if name in found.leaves:
            raise ValueError(f"{name} is there twice.")
        found.tensors[name] = _of_numpy(leaf)
        found.leaves[name] = {"kind": "State"}


def _key(key: Any) -> str:
    """A key of a tree; a path that was written as a string is one of several."""
    text = str(key)
    if text.startswith("(") and text.endswith(")"):
        try:
            parts = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text
        return ".".join(map(str, parts)) if isinstance(parts, tuple) else text
    return text


def _nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted name as dictionaries in dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in leaves.items():
        *path, last = name.split(".")
        place = tree
        for key in path:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise ValueError(f"no leaf of `model` may be named as a part of another. Got {name}. Rename a State.")
        if last in place:
            raise ValueError(f"no leaf of `model` may be named as a part of another. Got {name}. Rename a State.")
        place[last] = value
    return tree


# braintools' msgpack -------------------------------------------------------------------------------------------------


def _read_msgpack(path: Path) -> Content:
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
    _add(found, "", _joined(tree))
    return found


def _joined(tree: Any) -> Any:
    """The tree with arrays of more than 1 GiB, which are stored in pieces, in one."""
    if not isinstance(tree, dict):
        return tree
    if _CHUNKED in tree:
        chunks, shape = ([tree[key][str(i)] for i in range(len(tree[key]))] for key in ("chunks", "shape"))
        return np.concatenate(chunks).reshape(shape)
    return {key: _joined(value) for key, value in tree.items()}


def _as_msgpack(content: Content) -> bytes:
    msgpack = extra("msgpack", "interop")

    def packed(tensor: torch.Tensor) -> Any:
        dtype = "bfloat16" if tensor.dtype is torch.bfloat16 else _as_numpy(tensor).dtype.name
        data = msgpack.packb((tuple(tensor.shape), dtype, _as_numpy(tensor).tobytes()), use_bin_type=True)
        return msgpack.ExtType(1, data)

    leaves = {}
    for name, entry in content.leaves.items():
        value = packed(content.tensors[name]) if name in content.tensors else entry["number"]
        leaves[name] = _brain_quantity(value, entry["unit"], packed) if "unit" in entry else value
    return msgpack.packb(_nested(leaves), strict_types=True)  # type: ignore[no-any-return]


def _brain_quantity(value: Any, powers: Mapping[str, float], packed: Callable[[torch.Tensor], Any]) -> dict[str, Any]:
    unit = Quantity.from_tuple((1.0, tuple(powers.items()))).unit
    scale = round(math.log10(unit.magnitude))
    even = math.isclose(10.0**scale, unit.magnitude, rel_tol=1e-12)
    dims = torch.tensor([float(unit.dim.get(f"[{base}]", 0)) for base in _BASES], dtype=torch.float64)
    size = {"scale": scale, "factor": 1.0} if even else {"scale": 0, "factor": unit.magnitude}
    return {"mantissa": value, "base": 10.0, "dim": packed(dims), **size}


# orbax ---------------------------------------------------------------------------------------------------------------


def _read_orbax(path: Path) -> Content:
    module = extra("orbax.checkpoint", "frameworks")
    with module.PyTreeCheckpointer() as reader:
        metadata = reader.metadata(path.resolve())
        as_numpy = jax().tree.map(lambda _: module.RestoreArgs(restore_type=np.ndarray), metadata.item_metadata.tree)
        tree = reader.restore(path.resolve(), restore_args=as_numpy)
    found = Content({}, {}, False)
    _add(found, "", tree)
    text = (getattr(metadata, "custom_metadata", None) or {}).get(MANIFEST)
    if text is None:
        return found
    leaves = _leaves_of(text)
    # A quantity is a list of one array there, as brainunit's is.
    names = [name for name, entry in leaves.items() if "number" not in entry]
    tensors = {name: found.tensors.get(name, found.tensors.get(f"{name}.0")) for name in names}
    return _agreeing({name: tensor for name, tensor in tensors.items() if tensor is not None}, leaves)


def _save_orbax(path: Path, content: Content) -> None:
    module = extra("orbax.checkpoint", "frameworks")
    leaves: dict[str, Any] = {}
    for name, entry in content.leaves.items():
        value = entry.get("number")
        if value is None:
            array = _as_numpy(content.tensors[name])
            is_half = content.tensors[name].dtype is torch.bfloat16
            value = array.view(jax().numpy.bfloat16) if is_half else array
        leaves[name] = [value] if "unit" in entry else value
    tree = _nested(leaves)
    with module.PyTreeCheckpointer() as writer:
        writer.save(path.resolve(), tree, custom_metadata={MANIFEST: _manifest(content.leaves)}, force=True)


_READERS: dict[str, Callable[[Path], Content]] = {
    "safetensors": _read_safetensors,
    "msgpack": _read_msgpack,
    "npz": _read_npz,
    "orbax": _read_orbax,
}
_WRITERS: dict[str, Callable[[Content], bytes]] = {
    "safetensors": _as_safetensors,
    "msgpack": _as_msgpack,
    "npz": _as_npz,
}
FORMATS = tuple(_READERS)


def written(path: Path, content: Content, name: str) -> bytes | None:
    """The bytes of a file; None if the format has a folder, which is written."""
    if name == "orbax":
        _save_orbax(path, content)
        return None
    return _WRITERS[name](content)
