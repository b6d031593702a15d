"""Notebooks: cells become one program, are ported together, and go back to their places without outputs."""

import ast
import json
import re
import warnings
from dataclasses import dataclass
from typing import Any

from .rewriting import Left, Ported, port_source

__all__ = ["cells_of", "joined", "port_notebook"]

_CELL = "# %% cell "
_MAGIC = "# %magic "
#: What IPython reads and Python does not.
_NOT_PYTHON = re.compile(r"^(\s*)([%!?].*|[\w.]+\s*=\s*[!%].*|[\w.*]+\?\??\s*)$")


@dataclass(frozen=True)
class Cell:
    """One code cell, as Python reads it.

    Parameters
    ----------
    index
        Its number in the notebook.
    text
        Its text, in which what only IPython reads is a comment.
    """

    index: int
    text: str


def _is_python(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes in the program's strings
        try:
            ast.parse(text)
        except (SyntaxError, ValueError):
            return False
        return True


def _hidden(text: str) -> str:
    if text.lstrip().startswith("%%"):
        first, _, rest = text.lstrip().partition("\n")
        if not first.startswith(("%%time", "%%capture", "%%prun")):
            return "\n".join(_MAGIC + line for line in text.split("\n"))
        return f"{_MAGIC}{first}\n{_hidden(rest)}"
    if _is_python(text):
        return text
    lines = []
    for line in text.split("\n"):
        lines.append(
            f"{line[: len(line) - len(line.lstrip())]}{_MAGIC}{line.lstrip()}"
            if _NOT_PYTHON.match(line) and not line.lstrip().startswith("#")
            else line
        )
    return "\n".join(lines)


def _shown(text: str) -> str:
    return "\n".join(re.sub(rf"^(\s*){re.escape(_MAGIC)}", r"\1", line) for line in text.split("\n"))


def cells_of(notebook: Any) -> list[Cell]:
    """The code cells of a notebook."""
    return [
        Cell(i, _hidden("".join(cell["source"])))
        for i, cell in enumerate(notebook["cells"])
        if cell["cell_type"] == "code"
    ]


def joined(cells: list[Cell]) -> str:
    """One program of all cells, each below a comment that names it."""
    return "".join(f"{_CELL}{cell.index}\n{cell.text}\n" for cell in cells)


def _split(source: str) -> dict[int, str]:
    parts = re.split(rf"^{re.escape(_CELL)}(\d+)\n", source, flags=re.MULTILINE)
    return {int(number): text.removesuffix("\n") for number, text in zip(parts[1::2], parts[2::2], strict=True)}


def port_notebook(text: str, same_random: bool = False) -> Ported:
    """A notebook, with its code cells ported and their outputs cleared.

    Parameters
    ----------
    text
        The file's text.
    same_random
        Whether draws are to be JAX's.

    Returns
    -------
    Ported
        The new file's text; lines of the report count within all code.

    Raises
    ------
    SyntaxError
        A cell is no Python, or the file no notebook.
    """
    try:
        notebook = json.loads(text)
        cells = cells_of(notebook)
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise SyntaxError(f"the file is no notebook: {error}") from None
    program = joined(cells)
    outcome = port_source(program, same_random=same_random)
    if not outcome.changed:
        return Ported(text, text, [], _by_cell(outcome.left, program))
    new = _split(outcome.source)
    for cell in cells:
        target = notebook["cells"][cell.index]
        lines = _shown(new[cell.index]).split("\n")
        target["source"] = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
        target["outputs"], target["execution_count"] = [], None
    written = json.dumps(notebook, indent=1, ensure_ascii=False) + ("\n" if text.endswith("\n") else "")
    return Ported(text, written, outcome.changes, _by_cell(outcome.left, program))


def _by_cell(left: list[Left], program: str) -> list[Left]:
    """The report with the number of the cell before each name."""
    starts = [
        (number, int(line.removeprefix(_CELL)))
        for number, line in enumerate(program.split("\n"), 1)
        if line.startswith(_CELL)
    ]
    found = []
    for item in left:
        start, cell = max((s for s in starts if s[0] <= item.line), default=(0, 0))
        found.append(Left(item.line - start, f"cell {cell}: {item.name}", item.reason, item.cure))
    return found
