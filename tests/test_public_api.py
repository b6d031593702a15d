"""The public names."""

import importlib
import inspect
from pathlib import Path

import pytest

import brainstate_torch

ROOT = Path(brainstate_torch.__file__).parent
NAMESPACES = [
    "",
    "environ",
    "event",
    "graph",
    "init",
    "input",
    "interop",
    "metric",
    "mixin",
    "nn",
    "optim",
    "random",
    "spiking",
    "spiking.surrogate",
    "transform",
    "typing",
    "units",
    "util",
    "visualize",
]
# Reachable, but promised to nobody.
INTERNAL = {"Frame", "NewStateCatcher", "SourceInfo", "HashableDict", "hashable", "symbol_names", "unit_named"}


def namespace(name):
    return importlib.import_module(f"brainstate_torch.{name}".rstrip("."))


@pytest.mark.parametrize("name", NAMESPACES)
def test_all_names_what_is_there_and_nothing_twice(name):
    module = namespace(name)
    assert len(set(module.__all__)) == len(module.__all__)
    assert [public for public in module.__all__ if not hasattr(module, public)] == []


@pytest.mark.parametrize("name", NAMESPACES)
def test_all_names_everything_public(name):
    module = namespace(name)
    own = {
        public
        for public, value in vars(module).items()
        if not public.startswith("_")
        and (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__.startswith("brainstate_torch")
    }
    assert own - set(module.__all__) - INTERNAL == set()


@pytest.mark.parametrize("name", NAMESPACES)
def test_every_public_class_and_function_has_a_docstring_with_an_example(name):
    module = namespace(name)
    objects = {public: getattr(module, public) for public in module.__all__}
    documented = {k: v for k, v in objects.items() if inspect.isclass(v) or inspect.isroutine(v)}
    own = {k: v for k, v in documented.items() if (v.__module__ or "").startswith("brainstate_torch")}
    assert sorted(public for public, value in own.items() if ">>>" not in (value.__doc__ or "")) == []


@pytest.mark.parametrize("name", NAMESPACES)
def test_every_public_method_has_a_docstring(name):
    module = namespace(name)
    missing = [
        f"{public}.{method}"
        for public in module.__all__
        if inspect.isclass(kind := getattr(module, public))
        and kind.__module__.startswith("brainstate_torch")
        and not getattr(kind, "_is_protocol", False)
        for method, value in vars(kind).items()
        if not method.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod))
        and not inspect.getdoc(getattr(kind, method))
    ]
    assert missing == []
