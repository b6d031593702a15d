"""Checkpoints as safetensors."""

from pathlib import Path

from .._extras import extra
from .manifest import MANIFEST, Content, agreeing, leaves_of, manifest_of

__all__ = ["as_safetensors", "read_safetensors"]

_LONGEST_HEADER = 1 << 24


def read_safetensors(path: Path) -> Content:
    """What a file of safetensors holds."""
    module = extra("safetensors", "interop")
    with open(path, "rb") as raw:
        size = int.from_bytes(raw.read(8), "little")
    if size > _LONGEST_HEADER:
        raise ValueError(f"its header says that it has {size} bytes.")
    with module.safe_open(str(path), framework="pt") as file:
        text = (file.metadata() or {}).get(MANIFEST)
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    return agreeing(tensors, leaves_of("null" if text is None else text))


def as_safetensors(content: Content) -> bytes:
    """The bytes of a file of safetensors."""
    write = extra("safetensors.torch", "interop").save
    return write(content.tensors, {MANIFEST: manifest_of(content.leaves)})  # type: ignore[no-any-return]
