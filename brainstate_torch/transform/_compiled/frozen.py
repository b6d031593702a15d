"""Functions with the variables that they close over held as they are."""

import functools
from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

__all__ = ["frozen"]


def frozen(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The function with what its variables from outside hold now, whatever is assigned to them later.

    A derivative runs a step or a branch again when the caller has gone on: after ``v = cond(p, lambda: 2 * v, f)`` the
    variable is another tensor. Functions among the variables are frozen, too.

    Examples
    --------
    >>> v = 1
    >>> double = (lambda v: (lambda: 2 * v))(v)
    >>> frozen(double)()
    2
    """
    return _frozen(fun, {})  # type: ignore[no-any-return]


def _frozen(x: Any, known: dict[int, Any]) -> Any:
    if id(x) in known:
        return known[id(x)]
    if isinstance(x, functools.partial):
        return functools.partial(_frozen(x.func, known), *x.args, **x.keywords)
    if isinstance(x, MethodType):
        return MethodType(_frozen(x.__func__, known), x.__self__)
    if not isinstance(x, FunctionType) or not x.__closure__:
        return x
    cells = tuple([CellType() for _ in x.__closure__])
    copy = FunctionType(x.__code__, x.__globals__, x.__name__, x.__defaults__, cells)
    copy.__kwdefaults__ = x.__kwdefaults__
    known[id(x)] = copy  # before the variables, since a function may be one of its own
    for cell, original in zip(cells, x.__closure__, strict=True):
        try:
            cell.cell_contents = _frozen(original.cell_contents, known)
        except ValueError:  # nothing has been assigned to it yet
            continue
    return copy
