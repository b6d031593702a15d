"""Ported texts of installed modules, kept between runs."""

import contextlib
import functools
import hashlib
import json
import linecache
import os
import re
from pathlib import Path
from typing import Any

from .. import names, table

__all__ = ["absolute", "compiled", "ported_text"]


def _cache() -> Path:
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "brainstate_torch" / "port"


@functools.cache
def _tool() -> bytes:
    """What each ported text depends on besides the original: the rewriting."""
    folder = Path(__file__).parents[1] / "rewriting"
    found = hashlib.sha256(repr([sorted(names.DTYPES), names.FOREIGN, names.BROUGHT]).encode())
    for file in sorted(folder.glob("*.py")):
        found.update(file.read_bytes())
    return found.digest()


def ported_text(text: str) -> str:
    """A text, ported; one that was ported before is read from the user's cache, if the table still says the same.

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
    kept = _cache() / f"{key}.json"
    with contextlib.suppress(OSError, ValueError):
        answers, ported = json.loads(kept.read_text(encoding="utf-8"))
        if all(_still(name, answer) for name, answer in answers.items()):
            return str(ported)
    from ..rewriting import port_source

    with table.noted() as notes:
        source: str = port_source(text).source
    with contextlib.suppress(OSError):  # a folder that cannot be written is no reason to fail
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}")
        part.write_text(json.dumps([{k: _words(v) for k, v in notes.items()}, source]), encoding="utf-8")
        part.replace(kept)
    return source


def _words(answer: table.Home | table.Missing) -> str:
    return f"{answer.path} {answer.call}" if isinstance(answer, table.Home) else f"{answer.reason} {answer.cure}"


def _still(name: str, words: str) -> bool:
    """Whether the table gives an answer as it did."""
    if ".port.brought." in words:
        return table.listed(name) is None  # to ask where it is would import it
    return _words(table.resolve(name)) == words


_RELATIVE = re.compile(r"^([ \t]*from[ \t]+)(\.+)([\w.]*)(?=[ \t]+import\b)", re.MULTILINE)


def absolute(text: str, package: str) -> str:
    """A text whose relative imports name the modules in full, so that the table is asked for what they import.

    Parameters
    ----------
    text
        The text of a module.
    package
        The package it is in, by its own name.

    Returns
    -------
    str
        The text with other imports.
    """

    def named(found: re.Match[str]) -> str:
        parts = package.split(".")
        owner = ".".join(parts[: len(parts) - len(found[2]) + 1])
        return f"{found[1]}{owner}{'.' if found[3] else ''}{found[3]}"

    return _RELATIVE.sub(named, text)


def compiled(file: Path, package: str) -> Any:
    """The code of an installed module, ported; tracebacks show the ported lines."""
    ported = ported_text(absolute(file.read_text(encoding="utf-8"), package))
    shown = f"{file} (ported)"
    linecache.cache[shown] = (len(ported), None, ported.splitlines(True), shown)
    return compile(ported, shown, "exec", dont_inherit=True)
