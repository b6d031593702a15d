"""The plan of the house: layers, no circles, and private parts of torch in one place."""

import ast
import functools
from pathlib import Path

import pytest

import brainstate_torch

ROOT = Path(brainstate_torch.__file__).parent
# From the lowest layer to the highest, one package or root module each; an import goes to a lower one.
LAYERS = [
    "_version",
    "_errors",
    "typing",
    "_source",
    "_host",
    "_tree",
    "environ",
    "mixin",
    "util",
    "_arrays",
    "_program",
    "units",
    "_state",
    "graph",
    "random",
    "transform",
    "nn",
    "event",
    "init",
    "optim",
    "spiking",
    "online",
    "metric",
    "input",
    "visualize",
    "port",
    "interop",
    "__init__",
]
# The wings of `transform`, in the same order.
WINGS = ["_core", "_watch", "_derivative", "_compile", "_control", "_mapping", "__init__"]
FILES = sorted(ROOT.rglob("*.py"))
#: What torch promises to nobody: names with an underscore, and packages whose documentation calls them unstable.
UNSTABLE = ("torch.func", "torch.fx", "torch.library", "torch.overrides")


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


MODULES = {module_of(path): path for path in FILES}


@functools.cache
def parsed(path):
    return ast.parse(path.read_text())


@functools.cache
def imported(path):
    return frozenset(_imported(path))


def _imported(path):
    """The modules of this package that a file imports, `TYPE_CHECKING` and imports inside functions included."""
    here = path.relative_to(ROOT).with_suffix("").parts
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*here[: len(here) - node.level], *(node.module.split(".") if node.module else [])]
            for alias in node.names:
                deeper = ".".join([*base, alias.name])
                yield deeper if deeper in MODULES else ".".join(base) or "__init__"
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] != "brainstate_torch", "imports within the package are relative"


def host_names(path):
    """The dotted names below torch that a file uses, each as written."""
    used, aliases = set(), {"torch": "torch"}
    tree = parsed(path)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            aliases |= {a.asname: a.name for a in node.names if a.asname and a.name.startswith("torch.")}
            used |= {a.name for a in node.names if a.name.startswith("torch.")}
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == "torch":
            used |= {f"{node.module}.{a.name}" for a in node.names}
            aliases |= {a.asname or a.name: f"{node.module}.{a.name}" for a in node.names}
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("torch._"):
            aliases[ast.unparse(node.targets[0])] = ast.unparse(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (parts := dotted(node)) and parts[0] in aliases:
            used.add(".".join([aliases[parts[0]], *parts[1:]]))
    return used


def dotted(node):
    """The parts of ``a.b.c``; none of what is not only names."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id, *reversed(parts)] if isinstance(node, ast.Name) else []


def is_private(name):
    return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


def is_unstable(name):
    return not name.startswith("torch.ops.") and (is_private(name) or name.startswith(UNSTABLE))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_downward(path):
    own = module_of(path).split(".")[0]
    upward = {m for m in imported(path) if LAYERS.index(m.split(".")[0]) > LAYERS.index(own)}
    assert upward == set()


def test_the_wings_of_transform_point_downward():
    upward = set()
    for path in (ROOT / "transform").rglob("*.py"):
        own = (*module_of(path).split("."), "__init__")[1]
        for module in imported(path):
            parts = (*module.split("."), "__init__")
            if parts[0] == "transform" and WINGS.index(parts[1]) > WINGS.index(own):
                upward.add((module_of(path), module))
    assert upward == set()


def test_no_files_import_each_other_in_a_circle():
    uses = {module: set(imported(path)) - {module} for module, path in MODULES.items()}
    while free := {module for module, others in uses.items() if not others & uses.keys()}:
        uses = {module: others for module, others in uses.items() if module not in free}
    assert uses == {}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_file_completes_a_class_of_another(path):
    tree = ast.parse(path.read_text())
    foreign = {a.asname or a.name for node in tree.body if isinstance(node, ast.ImportFrom) for a in node.names}
    assigned = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    targets = [ast.unparse(target.value) for target in assigned if isinstance(target, ast.Attribute)]
    calls = [node.value.func for node in tree.body if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)]
    filled = [ast.unparse(call).split(".") for call in calls if isinstance(call, ast.Attribute)]
    assert [target for target in targets if target in foreign] == []
    assert [name for name, *parts in filled if name in foreign and any(part[0] == "_" for part in parts)] == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_private_parts_of_torch_are_used_in_host_alone(path):
    if path.relative_to(ROOT).parts[0] != "_host":
        assert {name for name in host_names(path) if is_unstable(name)} == set()


def test_the_list_of_bets_names_each_private_part_that_host_uses():
    from brainstate_torch._host.bets import PRIVATE

    used = set().union(*[host_names(path) for path in (ROOT / "_host").glob("*.py")])
    private = {name for name in used if is_private(name)}
    assert {name for name in private if not any(bet == name or bet.startswith(f"{name}.") for bet in PRIVATE)} == set()
    assert set(PRIVATE) - private == set()
