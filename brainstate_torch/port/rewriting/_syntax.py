"""Pieces of syntax, made and recognised."""

from typing import Any

from ._libcst import cst

__all__ = ["assignment", "bracketed", "comma", "is_backward", "is_repeatable", "statement_of", "tight"]


def statement_of(line: str) -> Any:
    """The one simple statement of a line."""
    statement: Any = cst.parse_statement(line)
    return statement.body[0]


def tight() -> Any:
    """The ``=`` of a keyword argument, without spaces."""
    return cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def comma() -> Any:
    """A comma and a space."""
    return cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" "))


def assignment(updated: Any, value: Any) -> Any:
    """``target = value`` in place of an augmented assignment."""
    return cst.Assign([cst.AssignTarget(updated.target)], value, semicolon=updated.semicolon)


def bracketed(node: Any) -> Any:
    """The expression in parentheses, where it may need them as an operand."""
    plain = isinstance(node, (cst.Name, cst.Attribute, cst.Call, cst.Subscript, cst.Integer, cst.Float))
    if plain or node.lpar:
        return node
    return node.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])


def is_repeatable(node: Any) -> bool:
    """Whether an expression may be computed twice."""
    found = []

    class Calls(cst.CSTVisitor):
        def visit_Call(self, node: Any) -> None:
            found.append(node)

        def visit_NamedExpr(self, node: Any) -> None:
            found.append(node)

    node.visit(Calls())
    return not found


def is_backward(part: Any) -> bool:
    """Whether an index is a slice with a negative step, which torch refuses."""
    return (
        isinstance(part, cst.Slice)
        and isinstance(part.step, cst.UnaryOperation)
        and isinstance(part.step.operator, cst.Minus)
    )
