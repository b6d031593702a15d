"""The public names, and how the modules depend on each other."""

import ast
import importlib
import inspect
from pathlib import Path

import pytest

import brainstate_torch

ROOT = Path(brainstate_torch.__file__).parent
NAMESPACES = [
    "",
    "environ",
    "graph",
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
]
# Parts from the lowest layer to the highest; an import goes to a lower layer or stays in its own.
LAYERS = [
    {"typing", "_errors", "_version"},
    {"_tree"},
    {"_ops"},
    {
        "_func",
        "_graph",
        "_nodes",
        "_parts",
        "_inductor",
        "_operation",
        "_effect",
        "_fan_out",
        "_event_product",
        "environ",
        "mixin",
        "util",
        "_arrays",
        "units",
    },
    {"_state"},
    {"random", "graph"},
    {"transform"},
    {"nn", "optim"},
    {"spiking"},
    {"interop"},
    {"__init__"},
]
LAYER_OF = {part: level for level, parts in enumerate(LAYERS) for part in parts}
# Host modules that may change, and the one module that may use each.
HOSTS = {
    "torch.utils._pytree": "_tree.py",
    "torch.func": "_func.py",
    "torch._functorch": "_func.py",
    "torch._C._functorch": "_func.py",
    "torch._subclasses": "_func.py",
    "torch.library": "_ops.py",
    "torch.fx": "_graph.py",
    "torch._inductor": "_inductor.py",
}
# Reachable, but promised to nobody.
INTERNAL = {"Frame", "NewStateCatcher", "SourceInfo", "HashableDict", "hashable", "symbol_names", "unit_named"}
FILES = sorted(ROOT.rglob("*.py"))


def namespace(name):
    return importlib.import_module(f"brainstate_torch.{name}".rstrip("."))


def part_of(module):
    """The part of the package that holds a module, a dotted name below the package."""
    return module.split(".")[0] or "__init__"


def imports(path):
    """The modules of this package that a file imports when it runs, as dotted names below the package."""
    here = path.relative_to(ROOT).with_suffix("").parts
    tree = ast.parse(path.read_text())
    for_types = {
        id(node)
        for test in ast.walk(tree)
        if isinstance(test, ast.If) and getattr(test.test, "id", None) == "TYPE_CHECKING"
        for node in ast.walk(test)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level and id(node) not in for_types:
            base = here[: len(here) - node.level]
            prefix = [*base, *(node.module.split(".") if node.module else [])]
            yield from [".".join(prefix)] if prefix else [alias.name for alias in node.names]


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


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downward(path):
    own = part_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
    upward = {m for m in imports(path) if LAYER_OF[part_of(m)] > LAYER_OF[own]}
    assert upward == set()


def test_parts_do_not_import_each_other_in_a_circle():
    uses = {part: set() for part in LAYER_OF}
    for path in FILES:
        own = part_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        uses[own] |= {part_of(m) for m in imports(path)} - {own}
    while free := {part for part, others in uses.items() if not others & uses.keys()}:
        uses = {part: others for part, others in uses.items() if part not in free}
    assert uses == {}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_host_modules_that_may_change_are_used_in_one_module(path):
    allowed = {host for host, file in HOSTS.items() if path == ROOT / file}
    used = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute):
            used.add(ast.unparse(node))
        elif isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    found = {host for host in HOSTS for name in used if name == host or name.startswith(f"{host}.")}
    assert found - allowed == set()
