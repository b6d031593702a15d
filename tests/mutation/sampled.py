"""Changes drawn at random: comparisons, signs, constants, conditions, the order of arguments, statements left out."""

import ast
import random
import re
from collections.abc import Iterator
from pathlib import Path

from .changes import PACKAGE, ROOT, Mutation

SWAPPED = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
    ast.Is: ("is", "is not"),
    ast.IsNot: ("is not", "is"),
    ast.In: ("in", "not in"),
    ast.NotIn: ("not in", "in"),
    ast.And: ("and", "or"),
    ast.Or: ("or", "and"),
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Pow: ("**", "*"),
}
#: What they do depends on the kind of each argument, so that a call with two in turn ends at once.
ORDERED = {"isinstance", "issubclass", "getattr", "setattr", "hasattr", "cast"}
#: What they do does not depend on the order.
SYMMETRIC = {"broadcast_shapes", "device_of", "equal", "isclose", "logical_and", "logical_or", "max", "maximum", "min"}
SYMMETRIC |= {"minimum", "result_type", "promote_types"}
#: Messages, annotations and names of the module tell nothing about what the package computes.
PASSED_OVER = (ast.Raise, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)


class Sites:
    """The places of one file that can change."""

    def __init__(self, file: Path) -> None:
        self.name = file.relative_to(ROOT / PACKAGE).as_posix()
        self.text = file.read_text()
        # Offsets of ast count bytes.
        self.encoded = self.text.encode()
        self.starts = [0]
        for line in self.encoded.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))

    def begin(self, node: ast.AST) -> int:
        return self._place(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        return self._place(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _place(self, line: int, column: int) -> int:
        return len(self.encoded[: self.starts[line - 1] + column].decode())

    def source(self, node: ast.AST) -> str:
        return self.text[self.begin(node) : self.end(node)]

    def replaced(self, node: ast.AST, new: str) -> Mutation:
        return Mutation(self.name, self.source(node), new, self.begin(node))

    def operator(self, kind: ast.AST, left: ast.AST, right: ast.AST) -> Iterator[Mutation]:
        old, new = SWAPPED.get(type(kind), ("", ""))
        between = re.sub(r"#.*", lambda x: " " * len(x[0]), self.text[self.end(left) : self.begin(right)])
        if old and (found := re.search(r"\s+".join(map(re.escape, old.split())), between)):
            yield Mutation(self.name, found[0], new, self.end(left) + found.start())

    def all(self) -> Iterator[Mutation]:
        """Every change of the file."""
        yield from self.within(ast.parse(self.text))

    def within(self, node: ast.AST) -> Iterator[Mutation]:
        """The changes of a node and of what lies in it."""
        if isinstance(node, PASSED_OVER) or _is_typing(node):
            return
        yield from self.of(node)
        for name, value in ast.iter_fields(node):
            if name in ("annotation", "returns", "decorator_list", "type_comment"):
                continue
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from self.within(child)

    def of(self, node: ast.AST) -> Iterator[Mutation]:
        """The changes of one node."""
        match node:
            case ast.Compare(left=left, ops=[kind], comparators=[right]):
                yield from self.operator(kind, left, right)
            case ast.BoolOp(op=kind, values=[*_, left, right]):
                yield from self.operator(kind, left, right)
            case ast.BinOp(left=left, op=kind, right=right) if not _is_text(left) and not _is_text(right):
                yield from self.operator(kind, left, right)
            case ast.UnaryOp(op=ast.Not() | ast.USub(), operand=operand):
                yield self.replaced(node, self.source(operand))
            case ast.Constant(value=bool(value)):
                yield self.replaced(node, str(not value))
            case ast.Constant(value=int(value)):
                yield self.replaced(node, str(value + 1))
            case ast.Constant(value=float(value)):
                yield self.replaced(node, repr(value * 2 or 1.0))
            case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
                yield self.replaced(test, f"(not ({self.source(test)}))")
            case ast.Call(func=function, args=[first, second, *_]):
                texts = self.source(first), self.source(second)
                plain = not any(isinstance(x, ast.Starred) for x in (first, second))
                if plain and texts[0] != texts[1] and self.source(function).split(".")[-1] not in ORDERED | SYMMETRIC:
                    between = self.text[self.end(first) : self.begin(second)]
                    yield Mutation(self.name, between.join(texts), between.join(texts[::-1]), self.begin(first))
            case ast.Expr(value=ast.Call()) | ast.AugAssign():
                yield self.replaced(node, "pass")
            case ast.Assign(targets=[ast.Attribute() | ast.Subscript()]):
                yield self.replaced(node, "pass")
            case ast.Break():
                yield self.replaced(node, "continue")
            case ast.Continue():
                yield self.replaced(node, "break")


def _is_typing(node: ast.AST) -> bool:
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]):
            return True
        case ast.Call(func=ast.Name(id="TypeVar" | "ParamSpec" | "NewType")):
            return True
        case ast.FunctionDef() | ast.ClassDef():
            return any("overload" in ast.unparse(x) for x in node.decorator_list)
    return False


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def sample(only: str, count: int, seed: int) -> list[Mutation]:
    """So many changes of the files whose name begins with `only`."""
    files = sorted(x for x in (ROOT / PACKAGE).rglob("*.py") if _inside(x, only))
    sites = [site for file in files for site in Sites(file).all()]
    return random.Random(f"{seed} {only}").sample(sites, min(count, len(sites)))


def _inside(file: Path, only: str) -> bool:
    return file.relative_to(ROOT / PACKAGE).as_posix().startswith(only)
