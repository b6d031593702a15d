"""Files, folders and installed packages."""

import difflib
import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .notebooks import port_notebook
from .rewriting import Ported, port_source

__all__ = ["Outcome", "package_folder", "port_file", "port_path", "programs"]

_SKIPPED = {".git", ".venv", "venv", "__pycache__", ".ipynb_checkpoints", "node_modules", "build", "dist"}


@dataclass(frozen=True)
class Outcome:
    """What came of one file.

    Parameters
    ----------
    path, target
        Where it is, and where its port goes.
    ported
        The port, or None if it failed.
    error
        Why it failed.
    """

    path: Path
    target: Path
    ported: Ported | None
    error: str = ""

    def diff(self) -> str:
        """The changes as a unified diff."""
        if self.ported is None:
            return ""
        before, after = self.ported.original.splitlines(True), self.ported.source.splitlines(True)
        return "".join(difflib.unified_diff(before, after, str(self.path), str(self.target)))

    def write(self) -> None:
        """Write the port to its place."""
        if self.ported is not None:
            self.target.parent.mkdir(parents=True, exist_ok=True)
            self.target.write_text(self.ported.source, encoding="utf-8")


def port_file(path: Path, target: Path, same_random: bool = False) -> Outcome:
    """Port one program or notebook; nothing is written."""
    try:
        text = path.read_text(encoding="utf-8")
        port = port_notebook if path.suffix == ".ipynb" else port_source
        return Outcome(path, target, port(text, same_random))
    except (SyntaxError, UnicodeDecodeError) as error:
        return Outcome(path, target, None, f"{type(error).__name__}: {error}")


def programs(folder: Path) -> list[Path]:
    """The programs and notebooks below a folder."""
    return [
        file
        for file in sorted(folder.rglob("*"))
        if file.suffix in (".py", ".ipynb")
        and file.is_file()
        and not _SKIPPED & set(file.relative_to(folder).parts[:-1])
    ]


def port_path(path: Path, target: Path | None, same_random: bool = False) -> Iterator[Outcome]:
    """Port a file, or all programs and notebooks of a folder; without a target each has its own place."""
    if path.is_file():
        yield port_file(
            path, path if target is None else target / path.name if target.is_dir() else target, same_random
        )
        return
    for file in programs(path):
        inner = file.relative_to(path)
        if target is not None and target.resolve() in file.resolve().parents:
            continue
        yield port_file(file, file if target is None else target / inner, same_random)


def package_folder(name: str) -> Path:
    """Where an installed package lies.

    Raises
    ------
    ModuleNotFoundError
        It is not installed.
    """
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(
            f"`--package` must name an installed package. Got {name!r}. Install it without its dependencies: "
            f"pip install --no-deps {name}."
        )
    return Path(next(iter(found.submodule_search_locations)))
