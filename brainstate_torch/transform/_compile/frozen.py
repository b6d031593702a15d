"""Functions with what they close over as it is now."""

import functools
import types
from collections.abc import Callable
from typing import Any

__all__ = ["frozen"]


def frozen(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the variables that it closes over as they are now.

    A derivative runs the function again, perhaps when ``x = cond(pred, lambda: f(x), lambda: g(x))`` has given `x`
    another meaning.
    """
    return _frozen(fun, {})  # type: ignore[no-any-return]


def _frozen(x: Any, known: dict[int, Any]) -> Any:
    if id(x) in known:
        return known[id(x)]
    if isinstance(x, types.MethodType):
        return types.MethodType(_frozen(x.__func__, known), x.__self__)
    if type(x) is functools.partial:
        return functools.partial(_frozen(x.func, known), *x.args, **x.keywords)
    if not isinstance(x, types.FunctionType) or not x.__closure__:
        return x
    cells = tuple([types.CellType() for _ in x.__closure__])
    copy = types.FunctionType(x.__code__, x.__globals__, x.__name__, x.__defaults__, cells)
    copy.__kwdefaults__ = x.__kwdefaults__
    known[id(x)] = copy  # a function may close over itself
    for cell, old in zip(cells, x.__closure__, strict=True):
        try:
            content = old.cell_contents
        except ValueError:  # a variable without a value yet
            continue
        cell.cell_contents = _frozen(content, known)
    return copy
