"""Which nodes of a program name something foreign, and what they name."""

from collections.abc import Mapping
from typing import Any

from ..names import DTYPES
from ..table import Home, Missing, is_foreign, resolve
from ._libcst import cst, metadata

__all__ = ["References", "dotted", "root_of"]


def root_of(node: Any) -> Any:
    """The leftmost node of a chain of attributes."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return node


def dotted(node: Any) -> str | None:
    """The text of a chain of attributes of a name, or None."""
    if isinstance(node, cst.Name):
        return str(node.value)
    if isinstance(node, cst.Attribute):
        inner = dotted(node.value)
        return None if inner is None else f"{inner}.{node.attr.value}"
    return None


class References(cst.CSTVisitor):
    """Each outermost expression that names something foreign, with where it lives here.

    Parameters
    ----------
    qualified
        The qualified names of all nodes.
    """

    def __init__(self, qualified: Mapping[Any, Any]) -> None:
        super().__init__()
        self._qualified = qualified
        #: What a node names: its foreign name, and the answer of the table.
        self.found: dict[Any, tuple[str, Home | Missing]] = {}
        #: Words for dtypes that numpy is to read: the node and the word.
        self.for_numpy: dict[Any, str] = {}
        #: All names that anything but an import binds.
        self.bound: set[str] = set()

    def name(self, node: Any) -> str | None:
        """The foreign dotted name of a node, or None."""
        names = {q.name for q in self._names(node) if q.source is metadata.QualifiedNameSource.IMPORT}
        names = {name for name in names if is_foreign(name)}
        return names.pop() if len(names) == 1 else None

    def imported(self, node: Any) -> str | None:
        """The dotted name of anything imported, foreign or not."""
        names = {q.name for q in self._names(node) if q.source is metadata.QualifiedNameSource.IMPORT}
        return names.pop() if len(names) == 1 else None

    def builtin(self, node: Any) -> str | None:
        """The name of a builtin, or None."""
        names = {q.name for q in self._names(node) if q.source is metadata.QualifiedNameSource.BUILTIN}
        return names.pop().removeprefix("builtins.") if len(names) == 1 else None

    def _names(self, node: Any) -> Any:
        if dotted(node) is None:
            return ()  # `f(x).mean` has a name to libcst, that of `f.mean`
        found = self._qualified.get(node, ())
        return found() if callable(found) else found

    def visit_Import(self, node: Any) -> bool:
        return False

    visit_ImportFrom = visit_Import

    def visit_Call(self, node: Any) -> None:
        if (self.imported(node.func) or "").startswith("numpy."):
            for arg in node.args:
                name = self.name(arg.value) or ""
                module, _, word = name.rpartition(".")
                if word in DTYPES and is_foreign(module):
                    self.for_numpy[arg.value] = word

    def visit_Attribute(self, node: Any) -> bool:
        # The name after the dot is no name of its own.
        if not self._meet(node):
            node.value.visit(self)
        return False

    def visit_Name(self, node: Any) -> bool:
        self._meet(node)
        return False

    def visit_Arg(self, node: Any) -> bool:
        node.value.visit(self)  # a keyword is no name of its own, either
        return False

    def _meet(self, node: Any) -> bool:
        """Note what a node names; whether it names something foreign."""
        if node in self.for_numpy:
            return True
        if self.name(node) is None:
            return False
        chain = [node]
        while isinstance(chain[-1], cst.Attribute):
            chain.append(chain[-1].value)
        answers = [(part, name, resolve(name)) for part in chain if (name := self.name(part)) is not None]
        found = answers[0]
        for place, answer in enumerate(answers):
            if isinstance(answer[2], Home):
                # Where a module is there and the name in it is not, the name is missing.
                found = answers[place - 1] if answer[2].is_module and place else answer
                break
        self.found[found[0]] = found[1], found[2]
        return True

    def visit_Param(self, node: Any) -> None:
        self.bound.add(node.name.value)

    def visit_FunctionDef(self, node: Any) -> None:
        self.bound.add(node.name.value)

    def visit_ClassDef(self, node: Any) -> None:
        self.bound.add(node.name.value)

    def _bind(self, target: Any) -> None:
        if isinstance(target, cst.Name):
            self.bound.add(target.value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            for element in target.elements:
                self._bind(element.value)

    def visit_AssignTarget(self, node: Any) -> None:
        self._bind(node.target)

    def visit_AnnAssign(self, node: Any) -> None:
        self._bind(node.target)

    def visit_AugAssign(self, node: Any) -> None:
        self._bind(node.target)

    def visit_For(self, node: Any) -> None:
        self._bind(node.target)

    def visit_CompFor(self, node: Any) -> None:
        self._bind(node.target)

    def visit_NamedExpr(self, node: Any) -> None:
        self._bind(node.target)

    def visit_AsName(self, node: Any) -> None:
        self._bind(node.name)
