"""The Python objects that a function reads: variables, attributes of objects, the parts of torch modules."""

import contextlib
import contextvars
import dis
import functools
import inspect
import sys
import sysconfig
import threading
import types
import weakref
from collections import ChainMap, UserDict, UserList, UserString
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.modules.module import register_module_forward_pre_hook

from ... import _tree
from ..._errors import kind_of
from ..._host.fx import GraphModule
from ..._source import OURS, TORCH, is_users
from ..._state import State
from ...environ._store import peek
from ...units import Quantity
from .kept import CONTAINERS, LONGEST, MISSING, agrees, kept, member
from .owners import PARTS, Absent, Owner, reference

__all__ = ["MOST", "Watched", "looking"]

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
#: Code that names one of these asks for all parts of a module: States, other modules, containers.
_LISTING = frozenset(
    {
        *("states", "nodes", "state_trees", "parameters", "named_parameters", "buffers", "named_buffers", "modules"),
        *("named_modules", "children", "named_children", "state_dict", "flatten", "treefy_states", "treefy_split"),
        *("graph_to_tree", "iter_leaf", "iter_node", "init_all_states", "vmap_init_all_states", "reset_all_states"),
        *("call_all_fns", "vmap_call_all_fns"),
    }
)
#: Code that names one of these asks for all attributes of an object.
_LISTING_ALL = frozenset({"vars", "__dict__", "asdict", "astuple", "dir"})
#: Where containers of the standard library that are written in Python keep what they hold.
_INNER: dict[type, str] = {
    **dict.fromkeys((UserDict, UserList, UserString), "data"),
    **dict.fromkeys((weakref.WeakValueDictionary, weakref.WeakKeyDictionary, weakref.WeakSet), "data"),
    ChainMap: "maps",
}
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


def _texts(x: Any) -> set[str]:
    """The names of attributes that a variable may hold."""
    return {text for text in (x if isinstance(x, (list, tuple, set, dict)) else (x,)) if isinstance(text, str)}


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
        #: Global variables that code names and that do not exist, such as those that would hide `len`.
        self._absent: list[tuple[dict[str, Any], Absent]] = []
        self._settings: list[tuple[str, Any]] = []
        #: The types of attributes that code may ask for all at once: of modules, and of other objects.
        self._listed_of_modules: tuple[type, ...] = ()
        self._listed: tuple[type, ...] = ()
        self._objects: list[Any] = []
        self._owners: list[Owner] = []
        #: Classes of objects that are looked at.
        self._kinds: list[Owner] = []
        self._known_kinds: set[type] = set()
        #: Values read by `getattr`: slots, the arguments of a partial function, defaults, code.
        self._further: list[tuple[Callable[[], Any], str, Any]] = []
        for root in roots:
            self._visit(root)
        self._follow()

    def visit(self, x: Any) -> None:
        """Look at a further object, such as a module that is called."""
        if id(x) not in self._seen and not isinstance(x, GraphModule):
            self._visit(x)
            self._follow()

    def read(self, settings: Mapping[str, Any]) -> None:
        """Look at what settings of `environ` hold or lead to; tensors and numbers are compared elsewhere."""
        for key, value in settings.items():
            self.visit(value)
            if _is_compared(value):
                self._settings.append((key, kept(value)))

    def settle(self) -> None:
        """End the recording: stop watching values that the function itself changes, such as a count of calls."""
        self._cells = [entry for entry in self._cells if _agrees_cell(*entry)]
        self._variables = [entry for entry in self._variables if agrees(entry[2], entry[0].get(entry[1], MISSING))]
        self._further = [entry for entry in self._further if _agrees_further(*entry)]
        for owner in (*self._owners, *self._kinds):
            owner.settle()
        for variables, absent in self._absent:
            absent.settle(variables)
        self._seen, self._objects, self._alive, self._known_kinds = set(), [], [], set()

    def holds(self) -> bool:
        """Whether all is as it was."""
        for cell in self._cells:
            if not _agrees_cell(*cell):
                return False
        for variables, name, then in self._variables:
            if not agrees(then, variables.get(name, MISSING)):
                return False
        for variables, absent in self._absent:
            if not absent.holds(variables):
                return False
        for entry in self._further:
            if not _agrees_further(*entry):
                return False
        for key, then in self._settings:
            if not agrees(then, peek(key)):
                return False
        for owner in self._owners:
            if not owner.holds():
                return False
        return all(owner.holds() for owner in self._kinds)

    def owners(self) -> list[Any]:
        """The objects whose attributes are looked at."""
        return [owner for owner in (owner.ref() for owner in self._owners) if owner is not None]

    def contents(self) -> list[Any]:
        """What the variables that are looked at hold now."""
        cells = [(ref(), place) for ref, place, *_ in self._cells]
        variables = [names.get(name) for names, name, _ in self._variables]
        return [*[_content(fun, place) for fun, place in cells if fun is not None], *variables]

    def changed(self) -> list[str]:
        """What is not as it was, in words."""
        cells = [cell[2] for cell in self._cells if not _agrees_cell(*cell)]
        names = [name for names, name, then in self._variables if not agrees(then, names.get(name, MISSING))]
        names += [name for names, absent in self._absent for name in absent.added(names)]
        found = [f"the variable `{name}`" for name in (*cells, *names)]
        found += [f"`{entry[1]}` of {_described(entry[0]())}" for entry in self._further if not _agrees_further(*entry)]
        found += [f"`{key}` of environ" for key, then in self._settings if not agrees(then, peek(key))]
        return [*found, *[words for owner in (*self._owners, *self._kinds) for words in owner.changed()]]

    def _visit(self, first: Any) -> None:
        """Find what an object refers to that code may read."""
        stack = [first]
        while stack:
            x = stack.pop()
            x = member(x)
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
        if isinstance(x, CONTAINERS):
            if isinstance(getattr(x, "__dict__", None), dict) and _is_users_class(type(x)):
                self._objects.append(x)
            if len(x) > LONGEST:
                return ()
            # The dictionaries of an adopted torch module return values of States.
            values = dict.values(x) if isinstance(x, dict) else x.values() if hasattr(x, "values") else ()
            return *x, *values
        if isinstance(x, weakref.ref):
            return (x(),)
        if isinstance(x, contextvars.ContextVar):
            return (x.get(None),)
        if isinstance(x, (*_INNER,)):
            name = next(name for kind, name in _INNER.items() if isinstance(x, kind))
            self._note(x, name)
            return (getattr(x, name),)
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
        if not _LISTING.isdisjoint(names.attributes | names.variables):
            self._listed_of_modules = PARTS
        if not _LISTING_ALL.isdisjoint(names.attributes | names.variables):
            self._listed_of_modules, self._listed = PARTS, (object,)
        if fun.__dict__:
            self._objects.append(fun)
        by_text = not _BY_TEXT.isdisjoint(names.attributes | names.variables)
        for place, name in enumerate(fun.__code__.co_freevars):
            content = _content(fun, place)
            self._cells.append((weakref.ref(fun), place, name, kept(content)))
            if by_text:
                self._attributes |= _texts(content)
            yield content
        for name in names.variables & fun.__globals__.keys():
            value = fun.__globals__[name]
            if _is_looked_at(value) or isinstance(value, type):
                self._variables.append((fun.__globals__, name, kept(value)))
                if by_text:
                    self._attributes |= _texts(value)
                yield value
        absent = names.variables - fun.__globals__.keys()
        if absent:
            self._absent.append((fun.__globals__, Absent(fun.__globals__, lambda name, _: name in absent)))
        # A reload of a notebook gives a function new code.
        self._note(fun, "__code__", "__defaults__", "__kwdefaults__")
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
            for kind in _kinds(x):
                if kind not in self._known_kinds:
                    self._known_kinds.add(kind)
                    self._kinds.append(Owner(kind, self._attributes, self._attributes | _SYNTAX))
            if not hasattr(x, "__dict__"):
                continue
            is_module = isinstance(x, torch.nn.Module)
            names = {*self._attributes, *_OF_MODULES} if is_module else self._attributes
            listed = self._listed_of_modules if is_module else self._listed
            self._owners.append(Owner(x, self._attributes, names, () if isinstance(x, type) else listed))
        self._objects = []

    def _note(self, x: Any, *names: str) -> None:
        """Look at attributes that are read by `getattr`."""
        found = [(name, getattr(x, name, MISSING)) for name in names]
        self._further += [(reference(x), name, kept(value)) for name, value in found if value is not None]

    def _slots(self, x: Any) -> list[str]:
        """The slots of an object that code names."""
        kinds = [vars(kind) for kind in type(x).__mro__ if "__slots__" in vars(kind)]
        return [name for own in kinds for name in self._attributes & own.keys() if type(own[name]) is _SLOT]

    def _methods(self, x: Any) -> Iterator[Any]:
        """The functions of the class of an object that code names; none of what belongs to a library."""
        for kind in (x if isinstance(x, type) else type(x)).__mro__:
            users = _is_users_class(kind)
            if isinstance(x, torch.nn.Module) or users:
                names = self._attributes | _SYNTAX if users else self._attributes
                for name in names & vars(kind).keys():
                    method = member(vars(kind)[name])
                    if isinstance(method, types.FunctionType):
                        yield method


@contextlib.contextmanager
def looking(watched: Watched, settings: Mapping[str, Any]) -> Iterator[None]:
    """Within the context, torch modules that are called in the caller's thread are looked at.

    Parameters
    ----------
    settings
        What is read of `environ` meanwhile, at the end of the context.
    """
    mine = threading.get_ident()

    def called(module: torch.nn.Module, _: Any) -> None:
        if threading.get_ident() == mine:
            watched.visit(module)

    handle = register_module_forward_pre_hook(called)
    try:
        yield
    finally:
        handle.remove()
    watched.read(settings)
    watched.settle()


#: Types without watched attributes; among them State, whose value is an input.
_LEAVES = (State, torch.Tensor, Quantity, types.BuiltinFunctionType, str, int, float, complex)
_SLOT = types.MemberDescriptorType


def _is_looked_at(x: Any) -> bool:
    """Whether an object is none of the classes and modules of a library."""
    return _is_users_class(x) if isinstance(x, type) else not isinstance(x, types.ModuleType) or _is_users_module(x)


def _kinds(x: Any) -> list[type]:
    """The classes of the user that an object is of."""
    return [kind for kind in (x if isinstance(x, type) else type(x)).__mro__ if _is_users_class(kind)]


def _is_compared(setting: Any) -> bool:
    """Whether `==` is not enough for a setting, and its tensors, if any, are not compared by identity here."""
    if not isinstance(setting, (float, *CONTAINERS)):
        return False
    return not any(isinstance(leaf, (torch.Tensor, Quantity, np.ndarray)) for leaf in _tree.leaves(setting))


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
