"""Installed neighbours that are ported as they are imported: braintools, brainmass, brainpy_state, braincell, and the
layers of braintrace.

``from brainstate_torch.port.brought import brainmass`` is the installed package, written for torch in memory. Only the
modules that are asked for are ported. Their texts are kept in a folder of the user's cache, so that a second import
costs no more than that of any module. Names that brainstate_torch has itself are never taken from here.
"""

import __future__

import ast
import functools
import importlib.abc
import importlib.machinery
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from .texts import compiled

__all__ = ["PACKAGES", "kind_of", "public_names", "source_of"]

#: Packages of pure Python that are written for JAX and brainstate.
PACKAGES = ("braintools", "brainmass", "brainpy_state", "braincell", "braintrace")


@functools.cache
def _folder(package: str) -> Path | None:
    """Where an installed package lies; its import is not answered by anything here."""
    spec = importlib.machinery.PathFinder.find_spec(package, sys.path)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _file(package: str, parts: list[str]) -> Path | None:
    """The text of a module of a package."""
    folder = _folder(package)
    if folder is None:
        return None
    place = folder.joinpath(*parts)
    for candidate in (place / "__init__.py", place.with_suffix(".py")):
        if candidate.is_file():
            return candidate
    return None


@functools.cache
def source_of(package: str, name: str) -> str | None:
    """Where the root of a package takes a name from, by the imports of its ``__init__.py``.

    Parameters
    ----------
    package
        The package.
    name
        A name that programs take from its root.

    Returns
    -------
    str or None
        The dotted name within the package, or None.
    """
    file = _file(package, [])
    if file is None:
        return None
    stars = []
    for module, item in _imports(package, file):
        if item.name == "*":
            stars.append(module)
        elif (item.asname or item.name) == name:
            return f"{module}.{item.name}".removeprefix(".")
    return next((f"{module}.{name}" for module in stars if name in _defined(package, module)), None)


def _imports(package: str, root: Path) -> Iterator[tuple[str, ast.alias]]:
    """What the root of a package imports from its own modules: each module, named from the root on, and the name."""
    for statement in ast.walk(ast.parse(root.read_text(encoding="utf-8"))):
        if isinstance(statement, ast.ImportFrom):
            module = statement.module or ""
            own = module.removeprefix(f"{package}.")
            if statement.level == 1 or (statement.level == 0 and own != module):
                yield from ((own, item) for item in statement.names)


@functools.cache
def _defined(package: str, module: str) -> frozenset[str]:
    """The names that a module binds, as its text shows them."""
    file = _file(package, module.split(".") if module else [])
    if file is None:
        return frozenset()
    found: set[str] = set()
    for statement in _top(ast.parse(file.read_text(encoding="utf-8")).body):
        if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
            found.add(statement.name)
        elif isinstance(statement, ast.Assign):
            found.update(target.id for target in statement.targets if isinstance(target, ast.Name))
        elif isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            found.add(statement.target.id)
        elif isinstance(statement, ast.Import) or (isinstance(statement, ast.ImportFrom) and statement.module):
            found.update(item.asname or item.name for item in statement.names)
    return frozenset(found)  # without the modules of `from . import name`


def _top(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that a module executes itself."""
    for statement in body:
        yield statement
        for part in ("body", "orelse", "finalbody"):
            if isinstance(statement, (ast.If, ast.Try, ast.With, ast.For)):
                yield from _top(getattr(statement, part, []))


def kind_of(package: str, *parts: str) -> str | None:
    """What a dotted name of an installed package is, as its files show it.

    Parameters
    ----------
    package
        The package.
    *parts
        The rest of the name.

    Returns
    -------
    str or None
        ``module``, ``name``, or None if the files do not show it.
    """
    if package not in PACKAGES or _file(package, []) is None:
        return None
    if parts and _file(package, [parts[0]]) is None:
        source = source_of(package, parts[0])
        if source is None:
            return "name" if parts[0] in _defined(package, "") or _answers(package, parts[0]) else None
        parts = (*source.split("."), *parts[1:])
    *owner, last = parts or ("",)
    if owner and last in _defined(package, ".".join(owner)):
        return "name"  # a function hides the module of its name
    return "module" if _file(package, list(parts)) is not None else None


@functools.cache
def public_names(package: str) -> list[str]:
    """The names of the root of an installed package: those of its ``__all__``, as far as the text shows them.

    Parameters
    ----------
    package
        The package.

    Returns
    -------
    list of str
        The names; without an ``__all__``, all that the root imports from its own modules.
    """
    found = _listed(package, "")
    if found is None:
        file = _file(package, [])
        items = [] if file is None else list(_imports(package, file))
        shown = {item.asname or item.name for _, item in items if item.name != "*"}
        for module, item in items:
            if item.name == "*":
                listed = _listed(package, module)
                shown.update(_defined(package, module) if listed is None else listed)
        found = sorted(name for name in shown if not name.startswith("_"))
    return found


def _listed(package: str, module: str) -> list[str] | None:
    """The strings that a module assigns and adds to its ``__all__``; those of ``other.__all__`` are of that module."""
    file = _file(package, module.split(".") if module else [])
    if file is None:
        return None
    found: list[str] | None = None
    for statement in _top(ast.parse(file.read_text(encoding="utf-8")).body):
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            value = getattr(statement, "value", None)
            words = [node.value for node in ast.walk(value) if isinstance(node, ast.Constant)] if value else []
            found = [*(found or []), *(word for word in words if isinstance(word, str))]
            for node in ast.walk(value) if value else ():
                if isinstance(node, ast.Attribute) and node.attr == "__all__" and isinstance(node.value, ast.Name):
                    source = source_of(package, node.value.id)
                    found += (_listed(package, source) if source else None) or []
    return None if found is None else list(dict.fromkeys(found))


@functools.cache
def _fallback(package: str) -> Any:
    """The function ``__getattr__`` of the root of a package, which answers for old names, or None."""
    file = _file(package, [])
    body = [] if file is None else ast.parse(file.read_text(encoding="utf-8")).body
    found: list[ast.stmt] = [p for p in body if isinstance(p, ast.FunctionDef) and p.name == "__getattr__"]
    if not found:
        return None
    here = f"{__name__}.{package}"
    names: dict[str, Any] = {"__name__": here, "__package__": here, "__all__": public_names(package)}
    exec(compile(ast.Module(found, []), str(file), "exec", __future__.annotations.compiler_flag), names)
    return names["__getattr__"]


@functools.cache
def _executed(package: str) -> dict[str, Any]:
    """What the root of a package defines itself, and imports."""
    file = _file(package, [])
    here = f"{__name__}.{package}"
    names: dict[str, Any] = {"__name__": here, "__package__": here}
    if file is not None:
        exec(compiled(file, package), names)
    return names


def _answers(package: str, name: str) -> bool:
    """Whether the root of a package answers for an old name."""
    function = _fallback(package)
    if function is None or name.startswith("_"):
        return False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # whoever uses the name is told then
        try:
            function(name)
        except Exception:  # whatever the package's function does
            return False
    return True


class _Root(ModuleType):
    """The root of a package, whose names are looked for where its ``__init__.py`` takes them from."""

    def __getattr__(self, name: str) -> Any:
        package = self.__name__.rpartition(".")[2]
        if name == "__all__":
            return public_names(package)
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)
        if _file(package, [name]) is not None:
            return importlib.import_module(f"{self.__name__}.{name}")
        source = source_of(package, name)
        if source is None and name in _defined(package, ""):
            return _executed(package)[name]
        if source is None:
            function = _fallback(package)
            if function is None:
                raise AttributeError(f"{package} has no name {name!r}")
            return function(name)
        if "." not in source:
            value: Any = importlib.import_module(f"{self.__name__}.{source}")
        else:
            module, _, there = source.rpartition(".")
            value = getattr(importlib.import_module(f"{self.__name__}.{module}"), there)
        setattr(self, name, value)
        return value


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the modules of installed packages below this one, and loads their ported texts."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        head, _, rest = fullname.removeprefix(f"{__name__}.").partition(".")
        if not fullname.startswith(f"{__name__}.") or head not in PACKAGES:
            return None
        file = _file(head, rest.split(".") if rest else [])
        if file is None:
            return None
        is_package = file.name == "__init__.py"
        spec = importlib.machinery.ModuleSpec(fullname, self, origin=str(file), is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [str(file.parent)]
        return spec

    def create_module(self, spec: Any) -> Any:
        return _Root(spec.name) if spec.name.removeprefix(f"{__name__}.") in PACKAGES else None

    def exec_module(self, module: Any) -> None:
        if not isinstance(module, _Root):
            package = module.__package__.removeprefix(f"{__name__}.")
            exec(compiled(Path(module.__spec__.origin), package), module.__dict__)


sys.meta_path.insert(0, _Finder())


def __getattr__(name: str) -> Any:
    if name not in PACKAGES or _folder(name) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return importlib.import_module(f"{__name__}.{name}")
