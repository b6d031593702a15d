"""Statements rewritten: imports, and the marks on what is left."""

import re
from collections.abc import Sequence
from typing import Any

from ..table import PACKAGE, Missing
from ._libcst import cst
from ._names import dotted
from ._syntax import statement_of
from ._writer import Writer

__all__ = ["Statements"]

_MARK = "# PORT: "
#: Imports that bring what has Parameters.
_OF_MODELS = re.compile(r"^[ \t]*(?:import|from)[ \t]+brain(?:state|py|mass|cell|trace|scale)", re.MULTILINE)
_UNRECORDED = "_torch.set_grad_enabled(False)"


def _is_program(module: Any) -> bool:
    """Whether a file has to do with models and does something when it runs, other than to define."""
    if not _OF_MODELS.search(module.code):
        return False
    for statement in module.body:
        if isinstance(statement, (cst.For, cst.While, cst.With, cst.If)):
            return True
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and statement.body else None
        if isinstance(small, cst.Expr) and isinstance(small.value, cst.Call):
            return True
    return False


class Statements(Writer):
    """Rewrites statements and the head of the file."""

    def visit_Module(self, node: Any) -> None:
        for i, statement in enumerate(node.body):
            small = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
            plots = self._imports.plots
            if self._first is None and any(part in self._imports.statements or part is plots for part in small):
                self._first, self._first_place = statement, i

    def visit_SimpleStatementLine(self, node: Any) -> None:
        self._marks.append([])
        self._statements = {small.value for small in node.body if isinstance(small, cst.Expr)}

    def leave_SimpleStatementLine(self, original: Any, updated: Any) -> Any:
        marks = self._marks.pop()
        statements = [self._imports.statements.get(small) for small in original.body]
        if any(statement is not None for statement in statements):
            body: list[Any] = []
            for small, new, statement in zip(original.body, updated.body, statements, strict=True):
                if statement is None:
                    body.append(new.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))
                    continue
                body.extend(statement_of(line) for line in statement.lines)
                text = cst.Module([]).code_for_node(small).strip()
                if [text] != statement.lines:
                    self._note(small, f"{text} -> {'; '.join(statement.lines) or 'nothing'}")
                for missing in statement.missing:
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

    visit_If = visit_For = visit_While = visit_With = visit_ClassDef = visit_Try = _open

    def visit_FunctionDef(self, node: Any) -> bool:
        self._open(node)
        decorators = (each.decorator for each in node.decorators)
        called = (each.func if isinstance(each, cst.Call) else each for each in decorators)
        # What numba compiles is of numpy alone, and may call nothing of torch.
        return not any((self._names.imported(each) or "").startswith("numba.") for each in called)

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
        if self._first is None and not lines and not self.changes:
            return lines
        # What a module computes outside of transforms carries a graph, which numpy and matplotlib refuse.
        if _is_program(module) and _UNRECORDED not in module.code:
            lines = [*lines, "import torch as _torch", f"{_UNRECORDED}  # as in JAX: gradients are the transforms'"]
        if self._same_random:
            setting = 'environ.set(random_impl="threefry2x32", durations="times")'
            if setting not in module.code:
                lines = [*lines, f"from {PACKAGE} import environ as _environ", f"_{setting}"]
                lines += ["from torch import set_printoptions as _print_as", "_print_as(precision=8)  # JAX's digits"]
        return lines
