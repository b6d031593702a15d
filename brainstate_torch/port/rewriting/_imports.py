"""Import statements: what each becomes, and which names stay bound."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..table import PACKAGE, Home, Missing, is_foreign, resolve
from ._aliases import Aliases
from ._libcst import cst
from ._names import References, dotted

__all__ = ["Imports"]

#: Packages whose modules have twins here: a name for one stays a name for the other.
_TWINS = ("brainstate", "brainunit", "saiunit")


@dataclass
class _Statement:
    """What becomes of one import."""

    lines: list[str] = field(default_factory=list)
    missing: list[Missing] = field(default_factory=list)


class Imports(cst.CSTVisitor):
    """Statements for all imports of a program.

    Parameters
    ----------
    names
        What the program names.
    aliases
        Where names of modules are noted.
    place
        The number of the top statement in which a node is, and -1 for one that is not at the top.
    """

    def __init__(self, names: References, aliases: Aliases, place: Mapping[Any, tuple[int, bool]]) -> None:
        super().__init__()
        self._aliases, self._place = aliases, place
        self.statements: dict[Any, _Statement] = {}
        #: Bindings by which something foreign that has no home is reached: they stay.
        self._needed = {
            dotted(node).split(".")[0]  # type: ignore[union-attr]
            for node, (_, answer) in names.found.items()
            if isinstance(answer, Missing) and dotted(node)
        }
        #: Names bound by ``from … import`` that stay, so that their uses need no change.
        self.direct: dict[str, str] = {}
        #: Names of twin modules.
        self.twins: dict[str, str] = {}
        #: The first import of matplotlib at the top, in a program that draws quantities.
        self.plots: Any = None
        self._names = names

    def visit_Import(self, node: Any) -> bool:
        statement = _Statement()
        kept: list[str] = []
        changed = False
        if any((dotted(item.name) or "").split(".")[0] == "matplotlib" for item in node.names):
            self._draws(node)
        for item in node.names:
            module = dotted(item.name) or ""
            name = item.asname.name.value if item.asname is not None else None
            if not is_foreign(module):
                kept.append(module if name is None else f"{module} as {name}")
                continue
            changed = True
            line = self._module(module, name, node)
            if line:
                statement.lines.append(line)
            bound = name or module.split(".")[0]
            if bound in self._needed and bound == module and _is_brought(module):
                # The port of the package takes the name: the original would hide it.
                statement.missing.append(Missing(module, "some of its names have no home here", "see the marks below"))
            elif bound in self._needed and not self._is_twin(module):
                statement.lines.append(f"import {module}" if name is None else f"import {module} as {name}")
            elif bound in self._needed:
                # The twin takes the name; what has no home keeps its own.
                statement.missing.append(Missing(module, "some of its names have no home here", "see the marks below"))
        if changed:
            if kept:
                statement.lines.insert(0, f"import {', '.join(kept)}")
            self.statements[node] = statement
        return False

    def _draws(self, node: Any) -> None:
        units = ("brainunit", "saiunit")
        if (
            self.plots is None
            and self._place.get(node, (0, False))[1]
            and any(name.split(".")[0] in units for name, _ in self._names.found.values())
        ):
            self.plots = node

    def _is_twin(self, module: str) -> bool:
        return module.split(".")[0] in _TWINS

    def _module(self, module: str, name: str | None, node: Any) -> str | None:
        """The import of a twin, or None."""
        if not self._is_twin(module):
            return None
        root = module.split(".")[0]
        shown = module if name is not None else root
        answer = resolve(shown)
        if not isinstance(answer, Home) or not answer.is_module:
            return None
        self._bind(name or root, answer.path, node)
        owner, _, last = answer.path.rpartition(".")
        bound = name or root
        if not owner:
            return f"import {answer.path} as {bound}"
        if owner == PACKAGE and name is None:
            return f"from {owner} import {last} as {bound}"
        return f"import {answer.path} as {bound}"

    def _bind(self, name: str, path: str, node: Any) -> None:
        self.twins[name] = path
        index, top = self._place.get(node, (0, False))
        if top:
            self._aliases.keep(path, name, index)

    def visit_ImportFrom(self, node: Any) -> bool:
        module = dotted(node.module) if node.module is not None else None
        if module is not None and module.split(".")[0] == "matplotlib":
            self._draws(node)
        if module is None or node.relative or not is_foreign(module):
            return False
        statement = _Statement()
        if isinstance(node.names, cst.ImportStar):
            answer = resolve(module)
            if isinstance(answer, Home) and answer.is_module:
                statement.lines.append(f"from {answer.path} import *")
            else:
                statement.lines.append(f"from {module} import *")
                statement.missing.append(
                    answer if isinstance(answer, Missing) else Missing(module, "no module", "names")
                )
            self.statements[node] = statement
            return False
        grouped: dict[str, list[str]] = {}
        for item in node.names:
            self._one(module, item, node, statement, grouped)
        statement.lines[:0] = [f"from {owner} import {', '.join(parts)}" for owner, parts in grouped.items()]
        self.statements[node] = statement
        return False

    def _one(self, module: str, item: Any, node: Any, statement: _Statement, grouped: dict[str, list[str]]) -> None:
        original = item.name.value
        bound = item.asname.name.value if item.asname is not None else original
        full = f"{module}.{original}"
        answer = resolve(full)
        if isinstance(answer, Missing):
            statement.lines.append(f"from {module} import {original}" + ("" if bound == original else f" as {bound}"))
            statement.missing.append(answer)
            return
        if answer.is_module and (self._is_twin(module) or bound not in self._needed):
            if not self._is_twin(module):
                return  # each use is written with the home's own name
            self._bind(bound, answer.path, node)
        elif answer.is_module:
            statement.lines.append(f"from {module} import {original}" + ("" if bound == original else f" as {bound}"))
            return
        elif answer.call is not None or _is_dtype(answer):
            return
        else:
            self.direct[bound] = answer.path
        owner, _, last = answer.path.rpartition(".")
        if not owner:
            statement.lines.append(f"import {answer.path} as {bound}")
            return
        grouped.setdefault(owner, []).append(last if last == bound else f"{last} as {bound}")


def _is_brought(module: str) -> bool:
    answer = resolve(module)
    return isinstance(answer, Home) and answer.path == f"{PACKAGE}.port.brought.{module}"


def _is_dtype(answer: Home) -> bool:
    import torch

    return answer.is_a(torch.dtype)
