"""The state of one rewriting."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..table import PACKAGE, Home, Missing
from ._aliases import Aliases
from ._imports import Imports
from ._kinds import Kinds
from ._libcst import cst
from ._names import References, dotted, root_of

__all__ = ["ARRAYS", "MATH", "Writer"]

ARRAYS = f"{PACKAGE}.port.arrays"
MATH = f"{PACKAGE}.units.math"


class Writer(cst.CSTTransformer):
    """What all parts of the rewriting share: what is known of the program, and what was done to it.

    Parameters
    ----------
    names, kinds, imports, aliases
        What the program names, what its expressions are, its imports, and names for modules.
    places, lines
        For each node: the number of its top statement, and its position.
    same_random
        Whether draws are to be JAX's.
    """

    def __init__(
        self,
        names: References,
        kinds: Kinds,
        imports: Imports,
        aliases: Aliases,
        places: Mapping[Any, tuple[int, bool]],
        lines: Mapping[Any, Any],
        same_random: bool,
    ) -> None:
        super().__init__()
        self._names, self._kinds, self._imports, self._aliases = names, kinds, imports, aliases
        self._places, self._lines, self._same_random = places, lines, same_random
        self.changes: list[tuple[int, str]] = []
        self.left: list[tuple[int, Missing]] = []
        #: Marks of the statements that are open, innermost last.
        self._marks: list[list[Missing]] = []
        self._empty: set[int] = set()
        #: Nodes that are kept so that no other takes their identity.
        self._kept_alive: list[Any] = []
        self._first: Any = None
        self._first_place = 0
        #: How many statements one became.
        self._grown: dict[Any, int] = {}
        self._callees: set[Any] = set()
        self._targets: set[Any] = set()
        #: Expressions that are statements.
        self._statements: set[Any] = set()

    def _line(self, node: Any) -> int:
        return int(self._lines[node].start.line)

    def _written(self, node: Any, path: str) -> Any:
        """An expression for a home."""
        return cst.parse_expression(self._aliases.written(path, self._places[node][0]))

    def _note(self, node: Any, what: str) -> None:
        self.changes.append((self._line(node), what))

    def _mark(self, node: Any, missing: Missing) -> None:
        self.left.append((self._line(node), missing))
        if self._marks and missing not in self._marks[-1]:
            self._marks[-1].append(missing)

    def _stays(self, node: Any, home: Home) -> bool:
        """Whether the text names the home already, once the imports are rewritten."""
        text = dotted(node)
        if text is None:
            return False
        root, _, rest = text.partition(".")
        if not rest and self._imports.direct.get(root) == home.path:
            return True
        twin = self._imports.twins.get(root)
        return twin is not None and f"{twin}.{rest}".rstrip(".") == home.path

    def _numpy(self, node: Any, word: str) -> Any:
        """A word of numpy, by the name that the call around it uses for numpy."""
        return cst.parse_expression(f'"{word.rstrip("_")}"')

    def _is_own(self, node: Any) -> bool:
        """Whether a node is no array for sure: the object itself, a module, a call of super."""
        if isinstance(node, cst.Name):
            return node.value in ("self", "cls") or self._names.imported(node) is not None
        if isinstance(node, cst.Call):
            return self._names.builtin(node.func) == "super"
        return self._names.imported(root_of(node)) is not None and self._names.imported(node) is not None

    def _function(self, node: Any, path: str, args: Sequence[Any]) -> Any:
        return cst.Call(self._written(node, path), [cst.Arg(arg) for arg in args])
