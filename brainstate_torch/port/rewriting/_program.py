"""One program, from text to text."""

import gc
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._aliases import Aliases
from ._imports import Imports
from ._kinds import Kinds
from ._libcst import cst, metadata
from ._names import References
from ._transformer import Rewriter

__all__ = ["Left", "Ported", "port_source"]


@dataclass(frozen=True)
class Left:
    """Something that the tool could not port.

    Parameters
    ----------
    line
        Its line in the original.
    name
        What it is.
    reason
        Why it stays.
    cure
        What to write.
    """

    line: int
    name: str
    reason: str
    cure: str


@dataclass
class Ported:
    """The outcome of porting one program.

    Parameters
    ----------
    original
        The text before.
    source
        The text after.
    changes
        Pairs of line and what was changed there.
    left
        What could not be ported.
    """

    original: str
    source: str
    changes: list[tuple[int, str]] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether the text is another one."""
        return self.source != self.original


def port_source(source: str, same_random: bool = False) -> Ported:
    """The text of a program, rewritten.

    Parameters
    ----------
    source
        The text.
    same_random
        Whether draws are to be JAX's.

    Returns
    -------
    Ported
        The new text, and the report.

    Raises
    ------
    SyntaxError
        The text is no Python.
    """
    # The collector walks all nodes again and again, for half of the time, and finds nothing to free.
    was_on = gc.isenabled()
    gc.disable()
    try:
        return _ported(source, same_random)
    finally:
        if was_on:
            gc.enable()


def _ported(source: str, same_random: bool) -> Ported:
    try:
        parsed = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        raise SyntaxError(str(error)) from None
    wrapper = metadata.MetadataWrapper(parsed, unsafe_skip_copy=True)  # a parsed tree has each node once
    module = wrapper.module
    names = References(wrapper.resolve(metadata.QualifiedNameProvider))
    module.visit(names)
    kinds = Kinds(names)
    module.visit(kinds)
    places = _places(module)
    aliases = Aliases(names.bound)
    imports = Imports(names, aliases, places)
    module.visit(imports)
    lines = wrapper.resolve(metadata.PositionProvider)
    rewriter = Rewriter(names, kinds, imports, aliases, places, lines, same_random)
    result = module.visit(rewriter)
    left = [Left(line, m.name, m.reason, m.cure) for line, m in rewriter.left]
    return Ported(source, result.code, rewriter.changes, sorted(set(left), key=lambda x: (x.line, x.name)))


def _places(module: Any) -> Mapping[Any, tuple[int, bool]]:
    """For each node, the number of the top statement it is in, and whether it stands at the top."""
    found: dict[Any, tuple[int, bool]] = {}

    class Walk(cst.CSTVisitor):
        def __init__(self, index: int, top: bool) -> None:
            super().__init__()
            self.index, self.top = index, top

        def on_visit(self, node: Any) -> bool:
            found[node] = self.index, self.top
            return True

    for i, statement in enumerate(module.body):
        statement.visit(Walk(i, isinstance(statement, cst.SimpleStatementLine)))
    return found
