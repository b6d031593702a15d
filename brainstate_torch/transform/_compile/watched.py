"""The Python objects that a function reads: variables, attributes of objects, what torch modules are made of."""

import contextlib
import dis
import functools
import inspect
import sys
import types
import weakref
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch

from ..._host.fx import GraphModule
from ..._source import OURS, TORCH
from ..._state import State
from ...units import Quantity
from .kept import LONGEST, MISSING, agrees, kept

__all__ = ["Watched"]

#: Methods that a call of an object may run.
_ROOTS = frozenset({"__call__", "forward", "update"})
#: What decides how torch calls a module, and what the module is made of.
_OF_MODULES = ("training", "_forward_hooks", "_forward_pre_hooks", "_parameters", "_buffers", "_modules")
_PACKAGE = __name__.split(".")[0]
#: More objects than these are not looked at.
_MOST = 2000


class _Names(NamedTuple):
    """Names in the code of a function: global variables, and attributes of anything."""

    variables: frozenset[str]
    attributes: frozenset[str]


@functools.lru_cache(maxsize=4096)
def _names(code: types.CodeType) -> _Names:
    variables, attributes = set(), set()
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            variables.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR"):
            attributes.add(instruction.argval)
    inner = [_names(x) for x in code.co_consts if isinstance(x, types.CodeType)]
    return _Names(
        frozenset(variables).union(*[x.variables for x in inner]),
        frozenset(attributes).union(*[x.attributes for x in inner]),
    )


def _is_users(code: types.CodeType) -> bool:
    return not code.co_filename.startswith((OURS, TORCH)) and "site-packages" not in code.co_filename


def _is_users_class(kind: type) -> bool:
    file = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
    return kind is not object and not file.startswith((OURS, TORCH)) and "site-packages" not in file


def _is_ours(x: Any) -> bool:
    """Whether an object belongs to a transform, such as the plan of a map."""
    return type(x).__module__.startswith(f"{_PACKAGE}.transform") and hasattr(x, "__dict__")


class Watched:
    """What Python objects are like that a function may read, found by its code and what this refers to.

    Looked at are variables that the code of the user names, attributes that it names of the objects found there, and
    of torch modules also the mode, hooks, and which tensors and modules they hold. Numbers, texts and the like are
    compared by value, lists, tuples and dictionaries by what they hold, and all else by identity.

    Parameters
    ----------
    roots
        The function, and what is given to it besides tensors. Objects are held weakly.
    """

    def __init__(self, *roots: Any) -> None:
        self._seen: set[int] = set()
        self._attributes = set(_ROOTS)
        self._alive: list[Any] = []
        #: (function, which of its cells, the name of the variable, what it held)
        self._cells: list[tuple[weakref.ref[Any], int, str, Any]] = []
        self._variables: list[tuple[dict[str, Any], str, Any]] = []
        self._objects: list[Any] = []
        self._of_objects: list[tuple[weakref.ref[Any], type, list[tuple[str, Any]]]] = []
        for root in roots:
            self._visit(root)
        self._follow()

    def visit(self, x: Any) -> None:
        """Look at a further object, such as a module that is called."""
        if id(x) not in self._seen and not isinstance(x, GraphModule):
            self._visit(x)
            self._follow()

    def settle(self) -> None:
        """The recording is done: do not look at what it has changed itself, such as a count of calls."""
        self._cells = [entry for entry in self._cells if _agrees_cell(*entry)]
        self._variables = [entry for entry in self._variables if agrees(entry[2], entry[0].get(entry[1], MISSING))]
        for ref, _, entries in self._of_objects:
            attributes = getattr(ref(), "__dict__", {})
            entries[:] = [entry for entry in entries if agrees(entry[1], attributes.get(entry[0], MISSING))]
        self._seen, self._objects, self._alive = set(), [], []

    def holds(self) -> bool:
        """Whether all is as it was."""
        for cell in self._cells:
            if not _agrees_cell(*cell):
                return False
        for variables, name, then in self._variables:
            if not agrees(then, variables.get(name, MISSING)):
                return False
        for ref, kind, entries in self._of_objects:
            x = ref()
            if x is None:
                continue
            if type(x) is not kind:
                return False
            attributes = x.__dict__
            for name, then in entries:
                if not agrees(then, attributes.get(name, MISSING)):
                    return False
        return True

    def owners(self) -> list[Any]:
        """The objects whose attributes are looked at."""
        return [owner for owner in (ref() for ref, *_ in self._of_objects) if owner is not None]

    def contents(self) -> list[Any]:
        """What the variables that are looked at hold now."""
        cells = [(ref(), place) for ref, place, *_ in self._cells]
        variables = [names.get(name) for names, name, _ in self._variables]
        return [*[_content(fun, place) for fun, place in cells if fun is not None], *variables]

    def changed(self) -> list[str]:
        """What is not as it was, in words."""
        cells = [cell[2] for cell in self._cells if not _agrees_cell(*cell)]
        names = [name for names, name, then in self._variables if not agrees(then, names.get(name, MISSING))]
        found = [f"the variable `{name}`" for name in (*cells, *names)]
        for ref, kind, entries in self._of_objects:
            x = ref()
            if x is None:
                continue
            if type(x) is not kind:
                found.append(f"a {kind.__name__}")
                continue
            other = [name for name, then in entries if not agrees(then, x.__dict__.get(name, MISSING))]
            found += [f"`{name}` of a {kind.__name__}" for name in other]
        return found

    def _visit(self, x: Any) -> None:
        """Find what an object refers to that code may read."""
        if id(x) in self._seen or isinstance(x, _LEAVES) or len(self._seen) > _MOST:
            return
        self._seen.add(id(x))
        self._alive.append(x)
        for child in self._children(x):
            self._visit(child)

    def _children(self, x: Any) -> Iterable[Any]:
        if isinstance(x, types.MethodType):
            return x.__func__, x.__self__
        if type(x) is functools.partial:
            return x.func, *x.args, *x.keywords.values()
        if type(x) in (list, tuple, dict):
            return () if len(x) > LONGEST else x.values() if type(x) is dict else x
        if isinstance(x, types.FunctionType):
            return self._of_function(x)
        attributes = getattr(x, "__dict__", None)
        if not isinstance(attributes, dict):
            return ()
        self._objects.append(x)
        if isinstance(x, torch.nn.Module):
            return x.modules()
        if type(x).__module__.startswith(_PACKAGE):
            # A derivative, a map or a compiled function: what it was made of reads, too.
            return [value for value in attributes.values() if callable(value) or _is_ours(value)]
        return [attributes["__wrapped__"]] if "__wrapped__" in attributes else ()

    def _of_function(self, fun: types.FunctionType) -> Iterator[Any]:
        names = _names(fun.__code__)
        self._attributes |= names.attributes
        if not _is_users(fun.__code__):
            yield from [inspect.unwrap(fun)] if hasattr(fun, "__wrapped__") else []
            return
        for place, name in enumerate(fun.__code__.co_freevars):
            content = _content(fun, place)
            self._cells.append((weakref.ref(fun), place, name, kept(content)))
            yield content
        for name in names.variables & fun.__globals__.keys():
            value = fun.__globals__[name]
            if not isinstance(value, types.ModuleType):
                self._variables.append((fun.__globals__, name, kept(value)))
                yield value
        yield from fun.__defaults__ or ()
        yield from (fun.__kwdefaults__ or {}).values()

    def _follow(self) -> None:
        """Look at attributes that code names, and at the code of methods that it names, until there is no more."""
        before = -1
        while before != len(self._seen) + len(self._attributes):
            before = len(self._seen) + len(self._attributes)
            for x in list(self._objects):
                for method in self._methods(x):
                    self._visit(method)
                for name in self._attributes & x.__dict__.keys():
                    self._visit(x.__dict__[name])
        for x in self._objects:
            of_module = _OF_MODULES if isinstance(x, torch.nn.Module) else ()
            names = x.__dict__.keys() & {*self._attributes, *of_module}
            entries = [(name, kept(x.__dict__[name])) for name in names]
            # One that is set later hides the attribute of the class.
            entries += [(name, MISSING) for name in self._of_class(x) - names]
            with contextlib.suppress(TypeError):  # an object without weak references
                self._of_objects.append((weakref.ref(x), type(x), entries))
        self._objects = []

    def _of_class(self, x: Any) -> set[str]:
        """The attributes of the class of an object that code names, and that are no methods or descriptors."""
        found: set[str] = set()
        for kind in type(x).__mro__:
            if _is_users_class(kind):
                own = vars(kind)
                found |= {name for name in self._attributes & own.keys() if not hasattr(own[name], "__get__")}
        return found

    def _methods(self, x: Any) -> Iterator[Any]:
        """The functions of the class of an object that code names; none of what belongs to a library."""
        for kind in type(x).__mro__:
            if isinstance(x, torch.nn.Module) or _is_users_class(kind):
                for name in self._attributes & vars(kind).keys():
                    method = vars(kind)[name]
                    method = method.fget if isinstance(method, property) else getattr(method, "__func__", method)
                    if isinstance(method, types.FunctionType):
                        yield method


#: What has no attributes that a function reads, other than States, whose values are inputs.
_LEAVES = (State, torch.Tensor, Quantity, type, types.ModuleType, types.BuiltinFunctionType, str, int, float, complex)


def _agrees_cell(ref: weakref.ref[Any], place: int, _: str, then: Any) -> bool:
    fun = ref()
    # What is gone is not run again.
    return fun is None or agrees(then, _content(fun, place))


def _content(fun: Any, place: int) -> Any:
    """The variable that a function closes over; MISSING if it has no value."""
    try:
        return fun.__closure__[place].cell_contents
    except ValueError:
        return MISSING
