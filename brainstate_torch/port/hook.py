"""The import hook: modules that answer for JAX, brainstate and their neighbours, from the table, in this process."""

import contextlib
import importlib.abc
import importlib.machinery
import importlib.util
import linecache
import sys
import types
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .names import FOREIGN, MODULES, NAMES, NOT_PORTED
from .table import Home, Missing, lookup, resolve

__all__ = ["Answer", "Hook", "compiled_port", "installed"]

#: Modules that are there for the names below them.
_KNOWN = {".".join(name.split(".")[:i]) for name in [*MODULES, *NAMES] for i in range(1, name.count(".") + 1)}


class Answer(types.ModuleType):
    """A module whose names are looked up in the table."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in ("__version__", "__all__"):
            raise AttributeError(name)
        full = f"{self.__name__}.{name}"
        if f"{full}" in sys.modules:
            return sys.modules[full]
        if name == "__version__" and self.__name__ in FOREIGN:
            from .._version import __version__

            return __version__
        found = resolve(full)
        if isinstance(found, Home) and not found.is_module:
            value = lookup(full)
            setattr(self, name, value)
            return value
        if isinstance(found, Home) or full in MODULES or full in _KNOWN:
            return importlib.import_module(full)
        if name == "__all__":
            return [word for word in getattr(lookup(self.__name__), "__all__", ()) if not word.startswith("_")]
        raise AttributeError(_words(found))

    def __dir__(self) -> list[str]:
        found = resolve(self.__name__)
        return sorted({*super().__dir__(), *(dir(found.value) if isinstance(found, Home) else ())})


def _has_no_home_at_all(name: str) -> bool:
    """Whether a module is one of those that are known to have no counterpart."""
    parts = name.split(".")
    return any(".".join(parts[:i]) in NOT_PORTED for i in range(2, len(parts) + 1)) and parts[0] == "jax"


def _words(missing: Missing) -> str:
    return f"`{missing.name}` has no home in brainstate_torch: {missing.reason}. Use {missing.cure}."


class Hook(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds the foreign modules in the table, and ports the program's own modules as they are imported.

    Parameters
    ----------
    folders
        Where the program's own modules lie.
    packages
        Installed packages that are ported as well.
    """

    def __init__(self, folders: Sequence[Path] = (), packages: Sequence[str] = ()) -> None:
        self._folders = [Path(folder).resolve() for folder in folders]
        self._packages = tuple(packages)

    def ported(self, text: str) -> str:
        """A string, ported."""
        from .rewriting import port_source

        source: str = port_source(text).source
        return source

    # Finding.

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        root = fullname.split(".")[0]
        if root in self._packages:
            return self._own(fullname, path)
        if root in FOREIGN:
            if fullname in MODULES or fullname in _KNOWN or isinstance(resolve(fullname), Home):
                return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
            found = resolve(fullname)
            if _has_no_home_at_all(fullname):  # who imports it may never use it
                return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
            if isinstance(found, Missing):
                raise ModuleNotFoundError(_words(found), name=fullname)
            return None
        if root == "brainstate_torch":
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is None or spec.origin is None or not spec.origin.endswith(".py"):
            return None
        if not any(folder in Path(spec.origin).resolve().parents for folder in self._folders):
            return None
        return self._own(fullname, path) if _is_outside_of_packages(spec.origin) else None

    def _own(self, fullname: str, path: Any) -> Any:
        spec = importlib.machinery.PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin is not None and spec.origin.endswith(".py"):
            spec.loader = _Ported(fullname, spec.origin, self)
        return spec

    # Making the answering modules.

    def create_module(self, spec: Any) -> Any:
        module = Answer(spec.name)
        module.__path__ = []
        return module

    def exec_module(self, module: Any) -> None:
        found = resolve(module.__name__)
        module.__doc__ = f"Answers for {module.__name__}" + (f" by {found.path}." if isinstance(found, Home) else ".")


class _Ported(importlib.machinery.SourceFileLoader):
    """Loads a module of the program from its ported text."""

    def __init__(self, fullname: str, path: str, hook: Hook) -> None:
        super().__init__(fullname, path)
        self._hook = hook

    def get_code(self, fullname: str) -> Any:
        return compiled_port(Path(self.path).read_text(encoding="utf-8"), self.path, self._hook)


def compiled_port(text: str, name: str, hook: Hook) -> Any:
    """The code of a ported text; tracebacks show the ported lines."""
    ported = hook.ported(text)
    shown = f"{name} (ported)"
    linecache.cache[shown] = (len(ported), None, ported.splitlines(True), shown)
    return compile(ported, shown, "exec", dont_inherit=True)


def _is_outside_of_packages(origin: str) -> bool:
    return not {"site-packages", "dist-packages"} & set(Path(origin).parts)


@contextlib.contextmanager
def installed(hook: Hook) -> Iterator[Hook]:
    """The hook, at the head of the import system for the time of a block.

    Modules of the foreign packages that are imported already are put aside, and come back.
    """
    own = (*FOREIGN, *hook._packages)
    aside = {name: module for name, module in sys.modules.items() if name.split(".")[0] in own}
    for name in aside:
        del sys.modules[name]
    sys.meta_path.insert(0, hook)
    try:
        yield hook
    finally:
        sys.meta_path.remove(hook)
        for name in [name for name in sys.modules if name.split(".")[0] in own]:
            del sys.modules[name]
        sys.modules.update(aside)
