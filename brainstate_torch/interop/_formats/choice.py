"""The formats by name: which one a file has, reading and writing it."""

from collections.abc import Callable
from pathlib import Path

from .manifest import Content
from .msgpack import as_msgpack, read_msgpack
from .npz import as_npz, read_npz
from .orbax import read_orbax, save_orbax
from .safetensors import as_safetensors, read_safetensors

__all__ = ["FORMATS", "format_of", "read", "written"]


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


_READERS: dict[str, Callable[[Path], Content]] = {
    "safetensors": read_safetensors,
    "msgpack": read_msgpack,
    "npz": read_npz,
    "orbax": read_orbax,
}
_WRITERS: dict[str, Callable[[Content], bytes]] = {
    "safetensors": as_safetensors,
    "msgpack": as_msgpack,
    "npz": as_npz,
}
FORMATS = tuple(_READERS)


def written(path: Path, content: Content, name: str) -> bytes | None:
    """The bytes of a file; None if the format has a folder, which is written."""
    if name == "orbax":
        save_orbax(path, content)
        return None
    return _WRITERS[name](content)
