"""Copies of functions that keep the present values of the variables they close over."""

import copy
import functools
import types
from collections.abc import Callable
from typing import Any

from ..._source import is_users

__all__ = ["frozen"]

_PACKAGE = __name__.split("._core", maxsplit=1)[0]
#: Longer containers are not copied.
_LONGEST = 64
#: A key among identities that no object has.
_DEEPLY = -1


def frozen(fun: Callable[..., Any], deeply: bool = False) -> Callable[..., Any]:
    """The function with the variables that it closes over as they are now.

    A derivative runs the function again. By then ``x = cond(pred, lambda: f(x), lambda: g(x))`` may have rebound `x`,
    or a loop over layers the variable `layer`.

    Parameters
    ----------
    fun
        The function. Functions that it closes over, and those that transforms have made of others, are frozen, too.
    deeply
        Whether global variables and the content of lists, dictionaries and sets are frozen, too. Writes of the function
        to them are then lost, so this is for a run that repeats another one.
    """
    return _frozen(fun, {_DEEPLY: deeply})  # type: ignore[no-any-return]


def _frozen(x: Any, known: dict[int, Any]) -> Any:
    if id(x) in known:
        return known[id(x)]
    if isinstance(x, types.MethodType):
        return types.MethodType(_frozen(x.__func__, known), x.__self__)
    if type(x) is functools.partial:
        return functools.partial(_frozen(x.func, known), *x.args, **x.keywords)
    if isinstance(x, types.FunctionType):
        return _function(x, known)
    if known[_DEEPLY] and type(x) in (list, dict, set) and len(x) <= _LONGEST:
        return _container(x, known)
    if type(x).__module__.startswith(_PACKAGE) and hasattr(x, "__dict__"):
        return _transformed(x, known)
    return x


def _function(fun: types.FunctionType, known: dict[int, Any]) -> types.FunctionType:
    variables = _variables(fun, known)
    if not fun.__closure__ and variables is fun.__globals__:
        return fun
    cells = tuple([types.CellType() for _ in fun.__closure__ or ()])
    made = types.FunctionType(fun.__code__, variables, fun.__name__, fun.__defaults__, cells)
    made.__kwdefaults__, made.__qualname__, made.__dict__ = fun.__kwdefaults__, fun.__qualname__, fun.__dict__
    known[id(fun)] = made  # A function may close over itself.
    for cell, old in zip(cells, fun.__closure__ or (), strict=True):
        try:
            content = old.cell_contents
        except ValueError:  # The variable has no value yet.
            continue
        cell.cell_contents = _frozen(content, known)
    return made


def _variables(fun: types.FunctionType, known: dict[int, Any]) -> dict[str, Any]:
    """The global variables of a function of the user; those of a library are taken for constants."""
    if not known[_DEEPLY] or not is_users(fun.__code__):
        return fun.__globals__
    if id(fun.__globals__) not in known:
        known[id(fun.__globals__)] = dict(fun.__globals__)
    return known[id(fun.__globals__)]  # type: ignore[no-any-return]


def _container(x: Any, known: dict[int, Any]) -> Any:
    known[id(x)] = made = type(x)()
    if isinstance(x, dict):
        made.update({key: _frozen(value, known) for key, value in x.items()})
    elif isinstance(x, list):
        made.extend([_frozen(value, known) for value in x])
    else:
        made.update(x)
    return made


def _transformed(x: Any, known: dict[int, Any]) -> Any:
    """A derivative, a map, a loop or a compiled function, of the frozen functions."""
    found = {
        name: _frozen(value, known)
        for name, value in vars(x).items()
        if name not in _MADE and (isinstance(value, _FUNCTIONS) or type(value).__module__.startswith(_PACKAGE))
    }
    if all(value is vars(x)[name] for name, value in found.items()):
        return x
    known[id(x)] = made = copy.copy(x)
    vars(made).update(found)
    return made


_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial)
#: The function inside an object that a transform returned.
_MADE = frozenset({"_call", "_transform"})
