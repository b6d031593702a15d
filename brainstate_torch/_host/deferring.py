"""Graphs are recorded without `torch._dynamo`, until something needs more of it than its settings.

torch imports it, and with it Inductor, at the first proxy tensor and at the first reverse derivative of torch.func: to
read five settings, and to switch off what cannot be on in a process that has not compiled. It takes 1.3 of the 1.4
seconds of a first recording. Both packages stay importable: they are executed when an attribute is asked for.
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
_LOCK = threading.RLock()
#: What is deferred, by name.
_WAITING: "dict[str, _Deferred]" = {}


class _Deferred(ModuleType):
    """A package with its settings, which is executed at the first look for anything else."""

    def __getattr__(self, name: str) -> Any:
        # Tools ask all modules for some, such as `__warningregistry__`.
        if name[:2] == "__" and (self.__name__ == _SOURCE or name not in ("__all__", "__path__")):
            raise AttributeError(name)
        with _LOCK:
            if self.__name__ == _SOURCE:
                _load()
                return getattr(importlib.import_module(_SOURCE), name)
            if _WAITING.get(self.__name__) is self:
                _execute(self)
            elif type(self) is _Deferred:
                # It is being executed, by this thread.
                raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        return getattr(self, name)


def _execute(module: _Deferred) -> None:
    spec = _WAITING.pop(module.__name__).__spec__
    assert spec is not None and spec.loader is not None
    module.__path__ = spec.submodule_search_locations or []
    if module.__name__ == _DYNAMO:
        for fn in module.__dict__.pop("_undisturbed"):
            del fn.__dynamo_disable
        for name in ("disable", "compiled_autograd", "source"):
            del module.__dict__[name]
        sys.modules.pop(_SOURCE, None)
    # torch's own import would be inside the modes, too, and what it computes then would become a part of the graph.
    with without_modes(), outside_of_fakes():
        spec.loader.exec_module(module)
    module.__class__ = ModuleType  # type: ignore[assignment]


def deferred() -> None:
    """Let this process do without the two packages, unless it has one of them already."""
    if _DYNAMO in sys.modules or _INDUCTOR in sys.modules:
        return
    # Which of their attributes and submodules recordings need is known of these releases.
    if torch.__version__.partition("+")[0] not in TRIED:
        return
    with _LOCK:
        specs = [PathFinder.find_spec(name, torch.__path__) for name in (_DYNAMO, _INDUCTOR)]
        for spec in specs:
            if spec is not None and not _stand_in(spec):
                return


def _stand_in(spec: ModuleSpec) -> bool:
    """Put a deferred module in the place of a package. False: another thread imports the package at this moment."""
    module = _Deferred(spec.name)
    module.__spec__, module.__loader__, module.__package__ = spec, spec.loader, spec.name
    module.__path__ = spec.submodule_search_locations or []
    if spec.origin is not None:
        module.__file__ = spec.origin
    if sys.modules.setdefault(spec.name, module) is not module:
        return False
    setattr(torch, spec.name.rpartition(".")[2], module)
    importlib.import_module(f"{spec.name}.config")
    if spec.name == _DYNAMO:
        # Its modules import each other, in an order that its own file begins; Inductor's do without theirs.
        del module.__path__
        undisturbed: list[Any] = []
        module.__dict__.update(
            _undisturbed=undisturbed,
            disable=_disabling(undisturbed),
            # Nothing compiles backward passes yet.
            compiled_autograd=SimpleNamespace(_disable=contextlib.nullcontext),
            source=_sources(),
        )
    _WAITING[spec.name] = module
    return True


class _ConstantSource:
    def __init__(self, source_name: str) -> None:
        self.source_name = self.name = source_name


def _sources() -> ModuleType:
    """Stand in for `torch._dynamo.source`: what a tensor made of numbers is called, which only symbolic shapes read."""
    module = sys.modules[_SOURCE] = _Deferred(_SOURCE)
    module.__dict__.update(ConstantSource=_ConstantSource, RandomValueSource=type("RandomValueSource", (), {}))
    return module


def _disabling(undisturbed: list[Any]) -> Callable[..., Any]:
    """Stand in for `torch._dynamo.disable`: nothing disturbs a function as long as the package is not there."""

    def disable(fn: Any = None, recursive: bool = True, **options: Any) -> Any:
        if options != {"wrapping": False}:
            # Not a call of torch itself, which keeps the result as an attribute of the function.
            _load()
            return torch._dynamo.disable(fn, recursive, **options)  # type: ignore[no-untyped-call]
        undisturbed.append(fn)
        return lambda *args, **kwargs: fn(*args, **kwargs)

    return disable


def _load() -> None:
    """Execute what is deferred."""
    with _LOCK:
        for name in (_DYNAMO, _INDUCTOR):
            if name in _WAITING:
                _execute(_WAITING[name])
