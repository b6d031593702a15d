"""Operators, assignments and indices rewritten where tensors differ from arrays."""

from typing import Any

from ..table import Missing
from ._differences import IN_PLACE
from ._kinds import ARRAY, IMMUTABLE, NUMBER, NUMPY, OTHER, UNIT, UNKNOWN, VALUE
from ._libcst import cst
from ._names import dotted
from ._syntax import assignment, bracketed, is_backward, is_repeatable
from ._writer import ARRAYS, MATH, Writer

__all__ = ["Operators"]


class Operators(Writer):
    """Rewrites operators and indices."""

    def leave_BinaryOperation(self, original: Any, updated: Any) -> Any:
        left, right = self._kinds.of(original.left), self._kinds.of(original.right)
        if left == NUMPY and right in (ARRAY, VALUE) and not self._is_unit(original.right):
            self._note(original, "numpy on the left of a tensor -> a tensor")
            return updated.with_changes(left=self._function(original, f"{MATH}.asarray", [updated.left]))
        if right == NUMPY and left in (ARRAY, VALUE):
            self._note(original, "numpy on the right of a tensor -> a tensor")
            return updated.with_changes(right=self._function(original, f"{MATH}.asarray", [updated.right]))
        return updated

    def _is_unit(self, node: Any) -> bool:
        return self._kinds.of(node) == UNIT

    def leave_AugAssign(self, original: Any, updated: Any) -> Any:
        target, name = original.target, type(original.operator).__name__
        if name not in IN_PLACE or (isinstance(target, cst.Attribute) and target.attr.value == "value"):
            return updated
        function, operator = IN_PLACE[name]
        kinds, given = self._kinds.all(target), self._kinds.of(original.value)
        if isinstance(target, cst.Name):
            if kinds <= {NUMBER} and given == NUMBER:
                return updated
            if kinds <= {OTHER, NUMPY} or (OTHER in kinds and not kinds & {ARRAY, VALUE, UNKNOWN}):
                return updated
            if kinds and kinds <= IMMUTABLE:
                self._note(original, "x += y -> x = x + y")
                return assignment(
                    updated,
                    cst.BinaryOperation(
                        updated.target,
                        operator(cst.SimpleWhitespace(" "), cst.SimpleWhitespace(" ")),
                        bracketed(updated.value),
                    ),
                )
        elif isinstance(target, cst.Subscript):
            if self._kinds.of(target.value) == NUMPY:
                return updated
            if not is_repeatable(target):
                self._mark(
                    original,
                    Missing(
                        "an augmented assignment",
                        "it would write into a tensor that others may share, and its place is computed by a call",
                        "d[k] = d[k] + y",
                    ),
                )
                return updated
        elif not is_repeatable(target):
            return updated
        self._note(original, "x += y -> a new object, unless it is numpy's or a list")
        return assignment(updated, self._function(original, f"{ARRAYS}.{function}", [updated.target, updated.value]))

    def leave_Subscript(self, original: Any, updated: Any) -> Any:
        if original in self._targets or not any(is_backward(element.slice) for element in original.slice):
            return updated
        if self._kinds.of(original.value) in (NUMPY, OTHER, NUMBER):
            return updated
        text = dotted(updated.value.func) if isinstance(updated.value, cst.Call) else None
        if text is not None and text.endswith("arrays.items"):
            return updated
        self._note(original, "x[::-1] -> arrays.items(x)[::-1]")
        return updated.with_changes(value=self._function(original, f"{ARRAYS}.items", [updated.value]))

    def visit_AssignTarget(self, node: Any) -> None:
        self._targets.add(node.target)

    def visit_AnnAssign(self, node: Any) -> None:
        self._targets.add(node.target)

    def visit_AugAssign(self, node: Any) -> None:
        self._targets.add(node.target)

    def visit_Del(self, node: Any) -> None:
        self._targets.add(node.target)
