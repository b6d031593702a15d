"""Ported texts of installed modules, kept between runs."""

import contextlib
import functools
import hashlib
import linecache
import os
from pathlib import Path
from typing import Any

__all__ = ["compiled", "ported_text"]


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "brainstate_torch" / "port"


@functools.cache
def _tool() -> bytes:
    """What a ported text depends on besides the original: the tool's own files."""
    folder = Path(__file__).parents[1]
    found = hashlib.sha256()
    for file in sorted([folder / "names.py", folder / "table.py", *folder.glob("rewriting/*.py")]):
        found.update(file.read_bytes())
    return found.digest()


def ported_text(text: str) -> str:
    """A text, ported; one that was ported before is read from the user's cache.

    Parameters
    ----------
    text
        The original.

    Returns
    -------
    str
        Its port.
    """
    key = hashlib.sha256(_tool() + text.encode()).hexdigest()
    kept = _cache() / f"{key}.py"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return kept.read_text(encoding="utf-8")
    from ..rewriting import port_source

    ported: str = port_source(text).source
    with contextlib.suppress(OSError):  # a folder that cannot be written is no reason to fail
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(ported, encoding="utf-8")
        part.replace(kept)
    return ported


def compiled(file: Path) -> Any:
    """The code of an installed module, ported; tracebacks show the ported lines."""
    ported = ported_text(file.read_text(encoding="utf-8"))
    shown = f"{file} (ported)"
    linecache.cache[shown] = (len(ported), None, ported.splitlines(True), shown)
    return compile(ported, shown, "exec", dont_inherit=True)
