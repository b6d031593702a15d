"""Graphs are recorded without `torch._dynamo`, until something needs more of it than its settings.

torch imports it, and with it Inductor, at the first proxy tensor and at the first reverse derivative of torch.func: to
read five settings, and to switch off what cannot be on in a process that has not compiled. It took 1.7 of the 2.3
seconds (of a core) of a first recording. Both packages stay importable: they are executed when an attribute, or one of
their modules, is asked for.
"""

import contextlib
import importlib
import sys
import threading
from collections.abc import Callable
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType, SimpleNamespace
from typing import Any

import torch

from .bets import TRIED
from .dispatch import without_modes
from .leaving import outside_of_fakes

__all__ = ["deferred"]

_DYNAMO, _INDUCTOR, _SOURCE = "torch._dynamo", "torch._inductor", "torch._dynamo.source"
#: The modules that recordings need.
_PARTS = {_DYNAMO: ["config"], _INDUCTOR: ["config", "compiler_bisector", "fx_passes.dedupe_symint_uses"]}
_LOCK = threading.RLock()
#: What is deferred. Its modules import each other, in an order that works from the file of dynamo only.
_WAITING: "list[_Deferred]" = []
#: Functions that `torch._dynamo.disable` would have wrapped.
_UNDISTURBED: list[Any] = []


class _Deferred(ModuleType):
    """A package with its settings, which is executed at the first look for anything else."""

    def __getattr__(self, name: str) -> Any:
        # Tools ask all modules for some, such as `__warningregistry__`.
        if name[:2] == "__" and (name != "__all__" or self.__name__ == _SOURCE):
            raise AttributeError(name)
        _load()
        if self.__name__ == _SOURCE:
            return getattr(importlib.import_module(_SOURCE), name)
        if type(self) is _Deferred:
            # It is being executed, by this thread.
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self, name)


class _Finder:
    """Executes the packages before one of their modules is imported."""

    active = False

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        # While the packages are executed another thread must not wait here: it holds the lock of the module's import.
        if not cls.active or not name.startswith((_DYNAMO + ".", _INDUCTOR + ".")):
            return None
        _load()
        # Executing has imported it, and the import that asks would execute it again.
        found = sys.modules.get(name)
        return None if found is None else ModuleSpec(name, _Imported(found))  # type: ignore[arg-type]


class _Imported:
    """The loader of a module that is there."""

    def __init__(self, module: ModuleType) -> None:
        self.module, self.spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec


def deferred() -> None:
    """Let this process do without the two packages, unless it has one of them already."""
    if _DYNAMO in sys.modules or _INDUCTOR in sys.modules:
        return
    # Which of their attributes and modules recordings need is known of these releases.
    if torch.__version__.partition("+")[0] not in TRIED:
        return
    with _LOCK:
        specs = [PathFinder.find_spec(name, torch.__path__) for name in _PARTS]
        modules = [_Deferred(spec.name) for spec in specs if spec is not None]
        for spec, module in zip(specs, modules, strict=True):
            assert spec is not None
            module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, spec.name
            module.__path__ = spec.submodule_search_locations or []
            if spec.origin is not None:
                module.__file__ = spec.origin
            if sys.modules.setdefault(spec.name, module) is not module:
                # Another thread imports it at this moment.
                return
            _WAITING.append(module)
            setattr(torch, spec.name.rpartition(".")[2], module)
        # Nothing compiles backward passes yet.
        off = SimpleNamespace(_disable=contextlib.nullcontext)
        modules[0].__dict__.update(disable=_disable, compiled_autograd=off, source=_sources())
        for name, parts in _PARTS.items():
            for part in parts:
                importlib.import_module(f"{name}.{part}")
        _Finder.active = True
        sys.meta_path.insert(0, _Finder)


class _ConstantSource:
    def __init__(self, source_name: str) -> None:
        self.source_name = self.name = source_name


def _sources() -> ModuleType:
    """Stand in for `torch._dynamo.source`: what a tensor made of numbers is called, which only symbolic shapes read."""
    module = sys.modules[_SOURCE] = _Deferred(_SOURCE)
    module.__dict__.update(ConstantSource=_ConstantSource, RandomValueSource=type("RandomValueSource", (), {}))
    return module


def _disable(fn: Any = None, recursive: bool = True, **options: Any) -> Callable[..., Any]:
    """Stand in for `torch._dynamo.disable`: nothing disturbs a function as long as the package is not there."""
    if options != {"wrapping": False}:
        # Not a call of torch itself, which keeps the result as an attribute of the function.
        _load()
        return torch._dynamo.disable(fn, recursive, **options)  # type: ignore[no-any-return, no-untyped-call]
    _UNDISTURBED.append(fn)
    return lambda *args, **kwargs: fn(*args, **kwargs)


def _load() -> None:
    """Execute what is deferred."""
    with _LOCK:
        if _Finder.active:
            _Finder.active = False
            sys.meta_path.remove(_Finder)
            while _UNDISTURBED:
                # Two threads may have kept one for the same function.
                vars(_UNDISTURBED.pop()).pop("__dynamo_disable", None)
            del sys.modules[_SOURCE]
            for name in ("disable", "compiled_autograd", "source"):
                del _WAITING[0].__dict__[name]
        while _WAITING:
            _execute(_WAITING.pop(0))


def _execute(module: _Deferred) -> None:
    assert module.__spec__ is not None and module.__spec__.loader is not None
    try:
        # torch's own import would be inside the modes, and what it computes then would become a part of the graph.
        with without_modes(), outside_of_fakes():
            module.__spec__.loader.exec_module(module)
    except BaseException:
        # As an import that fails.
        del sys.modules[module.__name__]
        raise
    module.__class__ = ModuleType  # type: ignore[assignment]
