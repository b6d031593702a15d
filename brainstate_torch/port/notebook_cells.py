"""The extension of IPython: each cell is ported before it runs, and the imports are answered."""

from pathlib import Path
from typing import Any

import torch

from .hook import Hook, installed

__all__ = ["load", "unload"]

_OPEN: dict[int, Any] = {}


class _Cells:
    """Ports cells, each with the imports and assignments of those before it."""

    def __init__(self, hook: Hook) -> None:
        self._hook, self._before = hook, ""

    def __call__(self, lines: list[str]) -> list[str]:
        from .rewriting import port_source

        cell = "".join(lines)
        mark = "# %% this cell\n"
        try:
            whole = port_source(self._before + mark + cell)
        except SyntaxError:
            return lines
        ported = whole.source.rpartition(mark)[2]
        # What the new names need was added at the top, among the cells that ran before.
        added = [line for line in whole.source.splitlines() if "brainstate_torch" in line and "import" in line]
        self._before += cell if cell.endswith("\n") else cell + "\n"
        head = [f"{line}\n" for line in dict.fromkeys(added) if line not in ported and line == line.lstrip()]
        return head + ported.splitlines(True)


def load(shell: Any) -> None:
    """Install the extension in a shell."""
    if id(shell) in _OPEN:
        return
    context = installed(Hook([Path.cwd()]))
    cells = _Cells(context.__enter__())
    shell.input_transformers_post.append(cells)
    # Cells run in this thread. What a module gives outside of transforms is for numpy and matplotlib, too.
    _OPEN[id(shell)] = context, cells, torch.is_grad_enabled()
    torch.set_grad_enabled(False)


def unload(shell: Any) -> None:
    """Take it out again."""
    context, cells, enabled = _OPEN.pop(id(shell), (None, None, None))
    if context is not None:
        torch.set_grad_enabled(enabled)
        shell.input_transformers_post.remove(cells)
        context.__exit__(None, None, None)
