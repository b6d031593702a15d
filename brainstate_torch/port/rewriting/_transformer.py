"""The rewriting itself."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from ..names import Call
from ..table import PACKAGE, Home, Missing
from ._aliases import Aliases
from ._imports import Imports
from ._kinds import ARRAY, IMMUTABLE, NUMBER, NUMPY, OTHER, UNIT, UNKNOWN, VALUE, Kinds
from ._libcst import cst
from ._names import References, dotted, root_of

__all__ = ["Rewriter"]

_ARRAYS = f"{PACKAGE}.port.arrays"
_MATH = f"{PACKAGE}.units.math"
#: Methods that torch's tensors lack or that mean something else there.
_METHODS = frozenset(
    [
        "max",
        "min",
        "std",
        "var",
        "mean",
        "prod",
        "sort",
        "repeat",
        "nonzero",
        "round",
        "cumsum",
        "cumprod",
        "take",
        "dot",
        "ptp",
        "transpose",
        "copy",
        "astype",
    ]
)
#: Methods of lists, dicts and modules as well: rewritten where the receiver is not known only with a dispatch.
_MARK = "# PORT: "
#: Functions of numpy that call methods of what they are given, or write their result in its kind.
_OF_NUMPY = frozenset(
    [
        "mean",
        "sum",
        "max",
        "min",
        "std",
        "var",
        "median",
        "prod",
        "any",
        "all",
        "amax",
        "amin",
        "exp",
        "log",
        "sqrt",
        "abs",
        "isfinite",
        "isnan",
        "isinf",
        "round",
        "clip",
        "sin",
        "cos",
        "tanh",
        "maximum",
        "minimum",
        "square",
        "sign",
        "floor",
        "ceil",
        "cumsum",
        "diff",
        "argmax",
        "argmin",
        "count_nonzero",
        "ptp",
        "nanmean",
        "nanmax",
        "nanmin",
        "nansum",
        "percentile",
        "quantile",
        "transpose",
        "squeeze",
        "reshape",
        "ravel",
        "where",
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "rint",
        "average",
    ]
)
_IN_PLACE = {
    "AddAssign": ("iadd", cst.Add), "SubtractAssign": ("isub", cst.Subtract), "MultiplyAssign": ("imul", cst.Multiply),
    "DivideAssign": ("itruediv", cst.Divide), "FloorDivideAssign": ("ifloordiv", cst.FloorDivide),
    "ModuloAssign": ("imod", cst.Modulo), "PowerAssign": ("ipow", cst.Power),
    "MatrixMultiplyAssign": ("imatmul", cst.MatrixMultiply), "BitAndAssign": ("iand", cst.BitAnd),
    "BitOrAssign": ("ior", cst.BitOr), "BitXorAssign": ("ixor", cst.BitXor),
    "LeftShiftAssign": ("ilshift", cst.LeftShift), "RightShiftAssign": ("irshift", cst.RightShift),
}  # fmt: skip
_UPDATES = frozenset({"set", "add", "multiply", "mul", "divide", "power", "min", "max", "get", "apply", "subtract"})


class Rewriter(cst.CSTTransformer):
    """Writes the homes in place of foreign names, and functions in place of methods that differ.

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

    # Names.

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

    def _name(self, original: Any, updated: Any) -> Any:
        word = self._names.for_numpy.get(original)
        if word is not None:
            self._note(original, f"{self._names.name(original)} -> numpy's {word}")
            return self._numpy(original, word)
        found = self._names.found.get(original)
        if found is None:
            return updated
        name, answer = found
        if isinstance(answer, Missing):
            self._mark(original, answer)
            return updated
        if self._stays(original, answer):
            return updated
        if original in self._callees and (answer.call is not None or isinstance(answer.value, torch.dtype)):
            return updated  # the call is rewritten as a whole
        if answer.call is not None and answer.call.positional == 0:
            self._note(original, f"{name} -> looked up in the table")
            return cst.Call(self._written(original, f"{PACKAGE}.port.lookup"), [cst.Arg(cst.SimpleString(f'"{name}"'))])
        self._note(original, f"{name} -> {answer.path}")
        return self._written(original, answer.path)

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

    def leave_Attribute(self, original: Any, updated: Any) -> Any:
        changed = self._name(original, updated)
        if changed is not updated or original in self._names.found:
            return changed
        if self._names.imported(original) is not None or original in self._callees or original in self._targets:
            return updated
        receiver, attribute = original.value, original.attr.value
        kind = self._kinds.of(receiver)
        if attribute == "size" and kind in (ARRAY, VALUE, UNKNOWN) and not self._is_own(receiver):
            self._note(original, "x.size -> a number")
            if kind == ARRAY:
                return self._function(original, f"{_MATH}.size", [updated.value])
            return self._function(original, f"{_ARRAYS}.size", [updated.value])
        if attribute == "T" and kind == ARRAY:
            self._note(original, "x.T -> transpose(x)")
            return self._function(original, f"{_MATH}.transpose", [updated.value])
        return updated

    def leave_Name(self, original: Any, updated: Any) -> Any:
        return self._name(original, updated)

    def _is_own(self, node: Any) -> bool:
        """Whether a node is no array for sure: the object itself, a module, a call of super."""
        if isinstance(node, cst.Name):
            return node.value in ("self", "cls") or self._names.imported(node) is not None
        if isinstance(node, cst.Call):
            return self._names.builtin(node.func) == "super"
        return self._names.imported(root_of(node)) is not None and self._names.imported(node) is not None

    def _function(self, node: Any, path: str, args: Sequence[Any]) -> Any:
        return cst.Call(self._written(node, path), [cst.Arg(arg) for arg in args])

    # What stands where.

    def visit_Module(self, node: Any) -> None:
        for i, statement in enumerate(node.body):
            small = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
            plots = self._imports.plots
            if self._first is None and any(part in self._imports.plans or part is plots for part in small):
                self._first, self._first_place = statement, i

    def visit_Call(self, node: Any) -> None:
        self._callees.add(node.func)

    def visit_AssignTarget(self, node: Any) -> None:
        self._targets.add(node.target)

    def visit_AnnAssign(self, node: Any) -> None:
        self._targets.add(node.target)

    def visit_AugAssign(self, node: Any) -> None:
        self._targets.add(node.target)

    def visit_Del(self, node: Any) -> None:
        self._targets.add(node.target)

    # Calls.

    def leave_Call(self, original: Any, updated: Any) -> Any:
        found = self._names.found.get(original.func)
        if found is not None:
            return self._foreign_call(original, updated, *found)
        imported = self._names.imported(original.func)
        if imported is not None:
            return self._numpy_call(original, updated, imported)
        if isinstance(original.func, cst.Attribute) and isinstance(updated.func, cst.Attribute):
            return self._method(original, updated)
        return updated

    def _foreign_call(self, original: Any, updated: Any, name: str, answer: Any) -> Any:
        if not isinstance(answer, Home):
            return updated
        if isinstance(answer.value, torch.dtype):
            self._note(original, f"{name}(x) -> asarray(x, dtype)")
            keyword = cst.Arg(self._written(original.func, answer.path), keyword=cst.Name("dtype"), equal=_tight())
            first = updated.args[0].with_changes(comma=cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" ")))
            return cst.Call(self._written(original, f"{_MATH}.asarray"), [first, keyword])
        if answer.call is None:
            return updated
        return self._adapted(original, updated, name, answer, answer.call)

    def _adapted(self, original: Any, updated: Any, name: str, home: Home, call: Call) -> Any:
        args = list(updated.args)
        if any(arg.star for arg in args):
            self._note(original, f"{name} -> looked up in the table")
            looked = cst.Call(
                self._written(original, f"{PACKAGE}.port.lookup"), [cst.Arg(cst.SimpleString(f'"{name}"'))]
            )
            return updated.with_changes(func=looked)
        written = []
        for i, arg in enumerate(args):
            word = arg.keyword.value if arg.keyword is not None else None
            if word is None and i >= call.positional:
                if i >= len(call.takes):
                    self._mark(original, Missing(name, "it is called with more arguments than are known", "keywords"))
                    return updated
                word = call.takes[i]
            if word is not None:
                if word in call.dropped:
                    continue
                arg = arg.with_changes(keyword=cst.Name(call.renamed.get(word, word)), equal=_tight())
            written.append(arg)
        if written:
            written[-1] = written[-1].with_changes(comma=args[-1].comma)
            written = [
                arg if i == len(written) - 1 or isinstance(arg.comma, cst.Comma) else arg.with_changes(comma=_comma())
                for i, arg in enumerate(written)
            ]
        if not self._stays(original.func, home):
            self._note(original, f"{name}(...) -> {home.path}(...)")
        func = self._written(original.func, home.path) if not self._stays(original.func, home) else updated.func
        return updated.with_changes(func=func, args=written)

    def _numpy_call(self, original: Any, updated: Any, name: str) -> Any:
        module, _, word = name.rpartition(".")
        if module != "numpy" or word not in _OF_NUMPY:
            return updated
        args = []
        for before, arg in zip(original.args, updated.args, strict=True):
            kind = self._kinds.of(before.value)
            if arg.star or arg.keyword is not None or kind not in (ARRAY, VALUE, UNKNOWN):
                args.append(arg)
                continue
            if isinstance(before.value, (cst.List, cst.Tuple, cst.ListComp)) or self._is_wrapped(arg.value):
                args.append(arg)
                continue
            self._note(before.value, f"{name} of what may be a tensor -> of numpy's copy")
            args.append(arg.with_changes(value=self._function(original, f"{_ARRAYS}.numpy", [arg.value])))
        return updated.with_changes(args=args)

    def _is_wrapped(self, node: Any) -> bool:
        text = dotted(node.func) if isinstance(node, cst.Call) else None
        return text is not None and text.endswith("arrays.numpy")

    def _method(self, original: Any, updated: Any) -> Any:
        receiver, method = original.func.value, original.func.attr.value
        if method in _UPDATES and self._is_at(receiver):
            indexed = updated.func.value
            owner = receiver.value.value
            if self._kinds.of(owner) in (NUMPY, OTHER, NUMBER) or self._is_own(owner):
                return updated
            self._note(original, f"x.at[...].{method} -> arrays.at(x)[...].{method}")
            at = self._function(original, f"{_ARRAYS}.at", [indexed.value.value])
            return updated.with_deep_changes(updated.func, value=indexed.with_changes(value=at))
        kind = self._kinds.of(receiver)
        if method == "block_until_ready" and not original.args:
            self._note(original, "x.block_until_ready() -> arrays.ready(x)")
            return self._function(original, f"{_ARRAYS}.ready", [updated.func.value])
        if method not in _METHODS or self._is_own(receiver) or kind in (OTHER, NUMBER, UNIT):
            return updated
        if kind == NUMPY and not (method == "astype" and self._foreign_words(original)):
            return updated
        if method == "sort" and kind != ARRAY and original in self._statements:
            return updated  # a list that is sorted in place, for one
        known = kind == ARRAY or (kind == VALUE and method not in ("copy", "sort", "astype"))
        path = _MATH if known and method not in ("transpose", "copy", "ptp") else _ARRAYS
        self._note(original, f"x.{method}(...) -> {path.rpartition('.')[2]}.{method}(x, ...)")
        first = cst.Arg(updated.func.value, comma=_comma() if updated.args else cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(func=self._written(original, f"{path}.{method}"), args=[first, *updated.args])

    def _is_at(self, node: Any) -> bool:
        return (
            isinstance(node, cst.Subscript)
            and isinstance(node.value, cst.Attribute)
            and node.value.attr.value == "at"
            and node.value not in self._names.found
        )

    def _foreign_words(self, call: Any) -> bool:
        return any(arg.value in self._names.found for arg in call.args)

    # Operators.

    def leave_BinaryOperation(self, original: Any, updated: Any) -> Any:
        left, right = self._kinds.of(original.left), self._kinds.of(original.right)
        if left == NUMPY and right in (ARRAY, VALUE) and not self._is_unit(original.right):
            self._note(original, "numpy on the left of a tensor -> a tensor")
            return updated.with_changes(left=self._function(original, f"{_MATH}.asarray", [updated.left]))
        if right == NUMPY and left in (ARRAY, VALUE):
            self._note(original, "numpy on the right of a tensor -> a tensor")
            return updated.with_changes(right=self._function(original, f"{_MATH}.asarray", [updated.right]))
        return updated

    def _is_unit(self, node: Any) -> bool:
        return self._kinds.of(node) == UNIT

    def leave_AugAssign(self, original: Any, updated: Any) -> Any:
        target, name = original.target, type(original.operator).__name__
        if name not in _IN_PLACE or (isinstance(target, cst.Attribute) and target.attr.value == "value"):
            return updated
        function, operator = _IN_PLACE[name]
        kinds, given = self._kinds.all(target), self._kinds.of(original.value)
        if isinstance(target, cst.Name):
            if kinds <= {NUMBER} and given == NUMBER:
                return updated
            if kinds <= {OTHER, NUMPY} or (OTHER in kinds and not kinds & {ARRAY, VALUE, UNKNOWN}):
                return updated
            if kinds and kinds <= IMMUTABLE:
                self._note(original, "x += y -> x = x + y")
                return _assignment(
                    target,
                    updated,
                    cst.BinaryOperation(
                        updated.target,
                        operator(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" ")),
                        _bracketed(updated.value),
                    ),
                )
        elif isinstance(target, cst.Subscript):
            if self._kinds.of(target.value) == NUMPY:
                return updated
            if not _is_repeatable(target):
                self._mark(
                    original,
                    Missing(
                        "an augmented assignment",
                        "it would write into a tensor that others may share, and its place is computed by a call",
                        "d[k] = d[k] + y",
                    ),
                )
                return updated
        elif not _is_repeatable(target):
            return updated
        self._note(original, "x += y -> a new object, unless it is numpy's or a list")
        return _assignment(
            target, updated, self._function(original, f"{_ARRAYS}.{function}", [updated.target, updated.value])
        )

    def leave_Subscript(self, original: Any, updated: Any) -> Any:
        if original in self._targets or not any(_is_backward(element.slice) for element in original.slice):
            return updated
        if self._kinds.of(original.value) in (NUMPY, OTHER, NUMBER):
            return updated
        text = dotted(updated.value.func) if isinstance(updated.value, cst.Call) else None
        if text is not None and text.endswith("arrays.items"):
            return updated
        self._note(original, "x[::-1] -> arrays.items(x)[::-1]")
        return updated.with_changes(value=self._function(original, f"{_ARRAYS}.items", [updated.value]))

    # Statements.

    def visit_SimpleStatementLine(self, node: Any) -> None:
        self._marks.append([])
        self._statements = {small.value for small in node.body if isinstance(small, cst.Expr)}

    def leave_SimpleStatementLine(self, original: Any, updated: Any) -> Any:
        marks = self._marks.pop()
        plans = [self._imports.plans.get(small) for small in original.body]
        if any(plan is not None for plan in plans):
            body: list[Any] = []
            for small, new, plan in zip(original.body, updated.body, plans, strict=True):
                if plan is None:
                    body.append(new.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))
                    continue
                body.extend(_small(line) for line in plan.lines)
                text = cst.Module([]).code_for_node(small).strip()
                if [text] != plan.lines:
                    self._note(small, f"{text} -> {'; '.join(plan.lines) or 'nothing'}")
                for missing in plan.missing:
                    self.left.append((self._line(small), missing))
                    marks.append(missing)
            return self._lines_of(original, updated, body, marks)
        if self._imports.plots is not None and self._imports.plots in original.body:
            # brainunit tells matplotlib of quantities when it is imported; here whoever imports matplotlib does.
            self._note(original, "matplotlib is told how to draw quantities")
            call = self._function(original, f"{PACKAGE}.units.enable_matplotlib_support", [])
            self._grown[original] = 2
            return cst.FlattenSentinel([self._marked(updated, marks), cst.SimpleStatementLine([cst.Expr(call)])])
        return self._marked(updated, marks)

    def _lines_of(self, original: Any, updated: Any, body: list[Any], marks: list[Missing]) -> Any:
        if not body:
            dropped = updated.with_changes(body=[cst.Pass()])
            self._empty.add(id(dropped))
            self._kept_alive.append(dropped)
            return dropped
        lines = [cst.SimpleStatementLine([small]) for small in body]
        lines[0] = self._marked(lines[0].with_changes(leading_lines=updated.leading_lines), marks)
        lines[-1] = lines[-1].with_changes(trailing_whitespace=updated.trailing_whitespace)
        self._grown[original] = len(lines)
        return lines[0] if len(lines) == 1 else cst.FlattenSentinel(lines)

    def _marked(self, statement: Any, marks: Sequence[Missing]) -> Any:
        """The statement below one comment for what is left in it."""
        if not marks:
            return statement
        text = _MARK + "; ".join(f"{m.name}: {m.reason}. Use {m.cure}" for m in marks) + "."
        present = [line.comment.value for line in statement.leading_lines if line.comment is not None]
        if text in present:
            return statement
        new = cst.EmptyLine(comment=cst.Comment(text))
        return statement.with_changes(leading_lines=[*statement.leading_lines, new])

    def _open(self, node: Any) -> None:
        self._marks.append([])

    def _close(self: Any, original: Any, updated: Any) -> Any:
        return self._marked(updated, self._marks.pop())

    visit_If = visit_For = visit_While = visit_With = visit_FunctionDef = visit_ClassDef = visit_Try = _open
    #: Any, because each has a type of its own in libcst.
    _closing: Any = _close
    leave_If = leave_For = leave_While = leave_With = leave_FunctionDef = leave_ClassDef = leave_Try = _closing

    def leave_IndentedBlock(self, original: Any, updated: Any) -> Any:
        body, pending = self._without_empty(updated.body)
        if not body:
            body = [cst.SimpleStatementLine([cst.Pass()], leading_lines=pending)]
        return updated.with_changes(body=body)

    def _without_empty(self, statements: Sequence[Any]) -> tuple[list[Any], list[Any]]:
        """The statements without those that became nothing, whose comments go to the next one."""
        body: list[Any] = []
        pending: list[Any] = []
        for statement in statements:
            if id(statement) in self._empty:
                pending.extend(statement.leading_lines)
                comment = statement.trailing_whitespace.comment
                if comment is not None:
                    pending.append(cst.EmptyLine(comment=comment))
                continue
            if pending:
                statement = statement.with_changes(leading_lines=[*pending, *statement.leading_lines])
                pending = []
            body.append(statement)
        return body, pending

    def leave_Module(self, original: Any, updated: Any) -> Any:
        place = self._insertion(original)
        new = self._new_lines(original)
        first = original.body[place] if place < len(original.body) else None
        # Statements may have become several: the place is found again by what precedes it.
        body = list(updated.body)
        index = self._index_of(original, updated, place)
        if new:
            added: list[Any] = [cst.parse_statement(line) for line in new]
            if first is not None and first is self._first:
                lead = body[index].leading_lines
                added[0] = added[0].with_changes(leading_lines=lead)
                emptied = body[index].with_changes(leading_lines=[])
                if id(body[index]) in self._empty:
                    self._empty.add(id(emptied))
                    self._kept_alive.append(emptied)
                body[index] = emptied
            elif first is not None and index < len(body) and index == 0:
                # The comments at the head of the file stay there.
                added[0] = added[0].with_changes(leading_lines=body[0].leading_lines)
                body[0] = body[0].with_changes(leading_lines=[])
            body[index:index] = added
        body, pending = self._without_empty(body)
        footer = [*pending, *updated.footer]
        return updated.with_changes(body=body, footer=footer)

    def _index_of(self, original: Any, updated: Any, place: int) -> int:
        index = 0
        for statement in original.body[:place]:
            index += self._grown.get(statement, 1)
        return index

    def _insertion(self, module: Any) -> int:
        """Where new imports go: in place of the first foreign one, or after the docstring."""
        if self._first is not None:
            return int(self._first_place)
        place = 0
        for statement in module.body:
            small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
            text = isinstance(small, cst.Expr) and isinstance(small.value, (cst.SimpleString, cst.ConcatenatedString))
            future = isinstance(small, cst.ImportFrom) and dotted(small.module) == "__future__"
            if not (text or future):
                break
            place += 1
        return place

    def _new_lines(self, module: Any) -> list[str]:
        lines = self._aliases.statements()
        if self._same_random and (self._first is not None or lines or self.changes):
            setting = 'environ.set(random_impl="threefry2x32")'
            if setting not in module.code:
                lines = [*lines, f"from {PACKAGE} import environ as _environ", f"_{setting}"]
                lines += ["from torch import set_printoptions as _print_as", "_print_as(precision=8)  # JAX's digits"]
        return lines


def _small(line: str) -> Any:
    """The one simple statement of a line."""
    statement: Any = cst.parse_statement(line)
    return statement.body[0]


def _tight() -> Any:
    return cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _comma() -> Any:
    return cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" "))


def _assignment(target: Any, updated: Any, value: Any) -> Any:
    return cst.Assign([cst.AssignTarget(updated.target)], value, semicolon=updated.semicolon)


def _bracketed(node: Any) -> Any:
    plain = isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float))
    if plain or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def _is_repeatable(node: Any) -> bool:
    """Whether an expression may be computed twice."""
    found = []

    class Calls(cst.CSTVisitor):
        def visit_Call(self, node: Any) -> None:
            found.append(node)

        def visit_NamedExpr(self, node: Any) -> None:
            found.append(node)

    node.visit(Calls())
    return not found


def _is_backward(part: Any) -> bool:
    return (
        isinstance(part, cst.Slice)
        and isinstance(part.step, cst.UnaryOperation)
        and isinstance(part.step.operator, cst.Minus)
    )
