"""The Python objects that a function reads: variables, attributes of objects, the parts of torch modules."""

import contextlib
import dis
import functools
import inspect
import sys
import sysconfig
import threading
import types
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from ..._errors import kind_of, named
from ..._host.fx import GraphModule
from ..._source import OURS, TORCH, is_users
from ..._state import State
from ...units import Quantity
from .kept import LONGEST, MISSING, agrees, kept

__all__ = ["MOST", "Watched", "modules_told"]

#: Methods that a call of an object may run.
_ROOTS = frozenset({"__call__", "forward", "update"})
#: Methods that an operator or a statement may run; they are followed in classes of the user.
_SYNTAX = frozenset(
    f"__{name}__"
    for name in (
        *("getattr", "getattribute", "getitem", "iter", "next", "len", "contains", "bool", "enter", "exit", "hash"),
        *("add", "radd", "sub", "rsub", "mul", "rmul", "matmul", "rmatmul", "truediv", "rtruediv", "floordiv"),
        *("rfloordiv", "mod", "rmod", "pow", "rpow", "neg", "pos", "abs", "invert", "and", "or", "xor"),
        *(
            "eq",
            "ne",
            "lt",
            "le",
            "gt",
            "ge",
            "float",
            "int",
            "index",
            "iadd",
            "isub",
            "imul",
            "itruediv",
            "torch_function",
        ),
    )
)
#: Code that names one of these looks attributes up by strings.
_BY_TEXT = frozenset({"getattr", "hasattr", "vars", "__dict__", "attrgetter", "methodcaller"})
#: The attributes that decide how torch calls a module, and those that hold its parts.
_OF_MODULES = ("training", "_forward_hooks", "_forward_pre_hooks", "_parameters", "_buffers", "_modules")
_PACKAGE = __name__.split(".")[0]
_STANDARD = sysconfig.get_path("stdlib")
#: More objects than these, torch modules aside, are not looked at: 0.1 ms for each call of the function.
MOST = 20_000


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
    if not _BY_TEXT.isdisjoint(variables | attributes):
        texts = [x for x in code.co_consts if isinstance(x, str)]
        attributes.update(part for text in texts for part in text.split(".") if part.isidentifier())
    inner = [_names(x) for x in code.co_consts if isinstance(x, types.CodeType)]
    return _Names(
        frozenset(variables).union(*[x.variables for x in inner]),
        frozenset(attributes).union(*[x.attributes for x in inner]),
    )


def _is_users_file(file: str | None) -> bool:
    return not (file or "").startswith((OURS, TORCH, _STANDARD)) and "site-packages" not in (file or "")


def _is_users_class(kind: type) -> bool:
    return kind.__module__ != "builtins" and _is_users_file(getattr(sys.modules.get(kind.__module__), "__file__", None))


def _is_users_module(x: types.ModuleType) -> bool:
    file = getattr(x, "__file__", None)
    return file is not None and _is_users_file(file)


def _is_ours(x: Any) -> bool:
    """Whether an object belongs to a transform, such as the plan of a map."""
    return type(x).__module__.startswith(f"{_PACKAGE}.transform") and hasattr(x, "__dict__")


class Watched:
    """What Python objects are like that a function may read, found by its code and what this refers to.

    Watched are variables that the user's code names, attributes that it names of the objects in them, and of torch
    modules also the mode, hooks, and which tensors and modules they hold. Numbers and strings are compared by value,
    lists, tuples and dictionaries by their content, all other objects by identity.

    Parameters
    ----------
    roots
        The function, and what is given to it besides tensors. Objects are held weakly.
    """

    def __init__(self, *roots: Any) -> None:
        self._seen: set[int] = set()
        #: Whether there were more objects than are looked at.
        self.is_cut = False
        self._attributes = set(_ROOTS)
        self._alive: list[Any] = []
        #: (function, which of its cells, the name of the variable, what it held)
        self._cells: list[tuple[weakref.ref[Any], int, str, Any]] = []
        self._variables: list[tuple[dict[str, Any], str, Any]] = []
        self._objects: list[Any] = []
        self._of_objects: list[tuple[Callable[[], Any], type, list[tuple[str, Any]]]] = []
        #: Values read by `getattr`: slots, the arguments of a partial function, defaults, attributes of classes.
        self._further: list[tuple[Callable[[], Any], str, Any]] = []
        for root in roots:
            self._visit(root)
        self._follow()

    def visit(self, x: Any) -> None:
        """Look at a further object, such as a module that is called."""
        if id(x) not in self._seen and not isinstance(x, GraphModule):
            self._visit(x)
            self._follow()

    def settle(self) -> None:
        """End the recording: stop watching values that the function itself changes, such as a count of calls."""
        self._cells = [entry for entry in self._cells if _agrees_cell(*entry)]
        self._variables = [entry for entry in self._variables if agrees(entry[2], entry[0].get(entry[1], MISSING))]
        self._further = [entry for entry in self._further if _agrees_further(*entry)]
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
        for entry in self._further:
            if not _agrees_further(*entry):
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
        found += [f"`{entry[1]}` of {_described(entry[0]())}" for entry in self._further if not _agrees_further(*entry)]
        for ref, kind, entries in self._of_objects:
            x = ref()
            if x is None:
                continue
            if type(x) is not kind:
                found.append(named(kind))
                continue
            other = [name for name, then in entries if not agrees(then, x.__dict__.get(name, MISSING))]
            found += [f"`{name}` of {named(kind)}" for name in other]
        return found

    def _visit(self, first: Any) -> None:
        """Find what an object refers to that code may read."""
        stack = [first]
        while stack:
            x = stack.pop()
            if isinstance(x, (staticmethod, classmethod)):
                x = x.__func__
            if id(x) in self._seen or isinstance(x, _LEAVES) or not _is_looked_at(x):
                continue
            if len(self._seen) >= MOST and not isinstance(x, torch.nn.Module):
                self.is_cut = True
                continue
            self._seen.add(id(x))
            self._alive.append(x)
            stack += reversed(list(self._children(x)))

    def _children(self, x: Any) -> Iterable[Any]:
        if isinstance(x, types.MethodType):
            return x.__func__, x.__self__
        if type(x) is functools.partial:
            self._note(x, "args", "keywords")
            return x.func, *x.args, *x.keywords.values()
        if type(x) in (list, tuple, dict):
            return () if len(x) > LONGEST else x.values() if type(x) is dict else x
        if isinstance(x, types.FunctionType):
            return self._of_function(x)
        attributes = getattr(x, "__dict__", None)
        if not isinstance(attributes, (dict, types.MappingProxyType)):
            if _is_users_class(type(x)) and hasattr(type(x), "__slots__"):
                self._objects.append(x)
            return ()
        self._objects.append(x)
        if isinstance(x, torch.nn.Module):
            return x.modules()
        if type(x).__module__.startswith(_PACKAGE):
            # A derivative, a map or a compiled function: the function inside reads, too.
            return [value for value in attributes.values() if callable(value) or _is_ours(value)]
        return [attributes["__wrapped__"]] if "__wrapped__" in attributes else ()

    def _of_function(self, fun: types.FunctionType) -> Iterator[Any]:
        names = _names(fun.__code__)
        self._attributes |= names.attributes
        if not is_users(fun.__code__):
            yield from [inspect.unwrap(fun)] if hasattr(fun, "__wrapped__") else []
            return
        for place, name in enumerate(fun.__code__.co_freevars):
            content = _content(fun, place)
            self._cells.append((weakref.ref(fun), place, name, kept(content)))
            yield content
        for name in names.variables & fun.__globals__.keys():
            value = fun.__globals__[name]
            if _is_looked_at(value) or isinstance(value, type):
                self._variables.append((fun.__globals__, name, kept(value)))
                yield value
        self._note(fun, "__defaults__", "__kwdefaults__")
        yield from fun.__defaults__ or ()
        yield from (fun.__kwdefaults__ or {}).values()

    def _follow(self) -> None:
        """Look at attributes that code names, and at the code of methods that it names, until there is no more."""
        done, known = 0, -1
        while done < len(self._objects) or known != len(self._attributes):
            # A name that is new is looked for in all of them again.
            done, known = done if known == len(self._attributes) else 0, len(self._attributes)
            new, done = self._objects[done:], len(self._objects)
            for x in new:
                for method in self._methods(x):
                    self._visit(method)
                for name in self._attributes & _attributes_of(x).keys():
                    self._visit(_attributes_of(x)[name])
                for name in self._slots(x):
                    self._visit(getattr(x, name, MISSING))
        for x in self._objects:
            self._note(x, *self._slots(x))
            of_class = self._of_class(x)
            for kind, name in of_class:
                self._note(kind, name)
            if not hasattr(x, "__dict__"):
                continue
            of_module = _OF_MODULES if isinstance(x, torch.nn.Module) else ()
            names = x.__dict__.keys() & {*self._attributes, *of_module}
            entries = [(name, kept(x.__dict__[name])) for name in names]
            # An instance attribute that is set later hides that of the class.
            entries += [(name, MISSING) for name in {name for _, name in of_class} - names]
            self._of_objects.append((_reference(x), type(x), entries))
        self._objects = []

    def _note(self, x: Any, *names: str) -> None:
        """Look at attributes that are read by `getattr`."""
        found = [(name, getattr(x, name, MISSING)) for name in names]
        self._further += [(_reference(x), name, kept(value)) for name, value in found if value is not None]

    def _slots(self, x: Any) -> list[str]:
        """The slots of an object that code names."""
        kinds = [vars(kind) for kind in type(x).__mro__ if "__slots__" in vars(kind)]
        return [name for own in kinds for name in self._attributes & own.keys() if type(own[name]) is _SLOT]

    def _of_class(self, x: Any) -> list[tuple[type, str]]:
        """The attributes of the class of an object that code names, and that are no methods or descriptors."""
        found: dict[str, type] = {}
        for kind in type(x).__mro__:
            if _is_users_class(kind):
                own = vars(kind)
                for name in self._attributes & own.keys():
                    if not hasattr(own[name], "__get__"):
                        found.setdefault(name, kind)
        return [(kind, name) for name, kind in found.items()]

    def _methods(self, x: Any) -> Iterator[Any]:
        """The functions of the class of an object that code names; none of what belongs to a library."""
        for kind in type(x).__mro__:
            users = _is_users_class(kind)
            if isinstance(x, torch.nn.Module) or users:
                names = self._attributes | _SYNTAX if users else self._attributes
                for name in names & vars(kind).keys():
                    method = vars(kind)[name]
                    method = method.fget if isinstance(method, property) else getattr(method, "__func__", method)
                    if isinstance(method, types.FunctionType):
                        yield method


@contextlib.contextmanager
def modules_told(watched: Watched) -> Iterator[None]:
    """Within the context, torch modules that are called in the caller's thread are looked at."""
    mine = threading.get_ident()

    def called(module: torch.nn.Module, _: Any) -> None:
        if threading.get_ident() == mine:
            watched.visit(module)

    handle = register_module_forward_pre_hook(called)
    try:
        yield
    finally:
        handle.remove()
    watched.settle()


#: Types without watched attributes; among them State, whose value is an input.
_LEAVES = (State, torch.Tensor, Quantity, types.BuiltinFunctionType, str, int, float, complex)
_SLOT = types.MemberDescriptorType


def _is_looked_at(x: Any) -> bool:
    """Whether an object is none of the classes and modules of a library."""
    return _is_users_class(x) if isinstance(x, type) else not isinstance(x, types.ModuleType) or _is_users_module(x)


def _reference(x: Any) -> Callable[[], Any]:
    """A weak reference; a strong one to what has none, such as a SimpleNamespace."""
    try:
        return weakref.ref(x)
    except TypeError:
        return lambda: x


def _attributes_of(x: Any) -> Mapping[str, Any]:
    found: Mapping[str, Any] = getattr(x, "__dict__", {})
    return found


def _agrees_further(ref: Callable[[], Any], name: str, then: Any) -> bool:
    x = ref()
    return x is None or agrees(then, getattr(x, name, MISSING))


def _described(x: Any) -> str:
    return f"`{getattr(x, '__name__', None) or getattr(x, 'func', x)}`" if callable(x) else kind_of(x)


def _agrees_cell(ref: weakref.ref[Any], place: int, _: str, then: Any) -> bool:
    fun = ref()
    # An object that was collected cannot be read again.
    return fun is None or agrees(then, _content(fun, place))


def _content(fun: Any, place: int) -> Any:
    """The variable that a function closes over; MISSING if it has no value."""
    try:
        return fun.__closure__[place].cell_contents
    except ValueError:
        return MISSING
