"""Sphinx extension: a page of reference for each namespace, made from its ``__all__``, and links between docstrings."""

import functools
import importlib
import inspect
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

LOG = logging.getLogger(__name__)
PACKAGE = "brainstate_torch"
#: The namespaces in the order of the menu.
NAMESPACES = [
    "",
    "transform",
    "nn",
    "nn.init",
    "optim",
    "random",
    "units",
    "units.math",
    "spiking",
    "spiking.surrogate",
    "online",
    "metric",
    "event",
    "input",
    "visualize",
    "init",
    "environ",
    "graph",
    "interop",
    "mixin",
    "util",
    "typing",
]
#: Namespaces with one page for each folder that their names come from.
SPLIT = {"nn"}
#: What docstrings refer to and this site does not have.
ELSEWHERE = ("torch", "numpy", "pint", "dataclasses")


def dotted(*parts: str) -> str:
    """Join the parts that are not empty."""
    return ".".join(filter(None, parts))


def offered(namespace: str) -> dict[str, Any]:
    """Return the classes and functions of this package in the ``__all__`` of a namespace, by name."""
    module = importlib.import_module(dotted(PACKAGE, namespace))
    values = {name: getattr(module, name) for name in sorted(module.__all__, key=str.lower)}
    return {
        name: value
        for name, value in values.items()
        if (inspect.isclass(value) or inspect.isroutine(value)) and _is_own(value)
    }


def constants(namespace: str) -> list[str]:
    """Return the names in the ``__all__`` of a namespace that are neither classes, functions nor modules."""
    module = importlib.import_module(dotted(PACKAGE, namespace))
    named = {name: getattr(module, name) for name in module.__all__ if not name.startswith("_")}
    return sorted(
        n for n, v in named.items() if not (isinstance(v, type) or inspect.isroutine(v) or inspect.ismodule(v))
    )


def pages() -> dict[str, dict[str, tuple[str, str]]]:
    """Return the title of each page, and on each the directive and its options by dotted name."""
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for namespace in NAMESPACES:
        groups = defaultdict(dict)
        for name, value in offered(namespace).items():
            parts = value.__module__.split(".")
            folder = parts[2] if namespace in SPLIT and len(parts) > 3 else ""
            groups[folder][dotted(PACKAGE, namespace, name)] = _directive(value)
        for folder, entries in sorted(groups.items()):
            found[dotted(PACKAGE, namespace) + (f": {folder.replace('_', ' ')}" if folder else "")] = entries
    return found


def _directive(value: Any) -> tuple[str, str]:
    if not inspect.isclass(value):
        return "autofunction", ""
    # Bases that have no page of their own are parts of the class; the members of others are on their pages.
    parts = [kind for kind in value.__mro__ if kind is value or (_is_own(kind) and kind not in _documented())]
    members = [name for kind in parts for name in vars(kind) if not name.startswith("_")]
    return "autoclass", f"   :members: {', '.join(dict.fromkeys(members))}" if members else ""


@functools.cache
def _documented() -> set[Any]:
    return {value for namespace in NAMESPACES for value in offered(namespace).values()}


def _is_own(value: Any) -> bool:
    return (value.__module__ or "").startswith(PACKAGE)


def write_pages(app: Sphinx) -> None:
    """Write the pages of the reference into the sources."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    wanted = {f"{_file(title)}.rst": _page(title, entries) for title, entries in pages().items()}
    toc = "\n".join(f"   {_file(title)}" for title in pages())
    wanted["index.rst"] = f"API reference\n=============\n\n.. toctree::\n   :maxdepth: 1\n\n{toc}\n"
    for old in folder.glob("*.rst"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        path = folder / name
        # An unchanged file keeps its time, and need not be read again.
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _file(title: str) -> str:
    return title.replace(": ", "-").replace(" ", "_").replace(".", "-")


def _page(title: str, entries: dict[str, tuple[str, str]]) -> str:
    module = title.split(":")[0]
    summary = "" if ":" in title else (inspect.getdoc(importlib.import_module(module)) or "").split("\n\n")[0]
    lines = [title, "=" * len(title), "", summary, "", f".. py:currentmodule:: {module}", ""]
    others = [] if ":" in title else constants(module.removeprefix(PACKAGE).lstrip("."))
    lines += ["Constants and types: " + ", ".join(f"``{name}``" for name in others) + ".", ""] if others else []
    for name, (directive, options) in entries.items():
        lines += [f".. {directive}:: {name}", *filter(None, [options]), ""]
    return "\n".join(lines)


def resolve(app: Sphinx, env: BuildEnvironment, node: pending_xref, content: nodes.Element) -> nodes.Element | None:
    """Find what a docstring refers to by its short name, in whichever namespace it is."""
    if node.get("refdomain") != "py":
        return None
    name = str(node["reftarget"]).removeprefix(f"{PACKAGE}.")
    domain = env.domains.python_domain
    for target in [dotted(PACKAGE, namespace, name) for namespace in NAMESPACES] + list(_inherited(node)):
        if target in domain.objects:
            return domain.resolve_xref(env, node["refdoc"], app.builder, "obj", target, node, content)
    # The types of parameters come as emphasis, the roles of docstrings as literals.
    if isinstance(content, nodes.literal) and not name.startswith(ELSEWHERE):
        LOG.warning("`%s` is no public name", name, location=node)
    return None


def _inherited(node: pending_xref) -> Iterator[str]:
    """Yield the names that a method has in the class that refers to it, and in the bases of that class."""
    module, kind = node.get("py:module"), node.get("py:class")
    if not module or not kind:
        return
    for base in getattr(importlib.import_module(module), kind.rpartition(".")[2], object).__mro__:
        for namespace in NAMESPACES:
            yield dotted(PACKAGE, namespace, base.__name__, node["reftarget"])


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect the hooks."""
    app.connect("builder-inited", write_pages)
    app.connect("missing-reference", resolve)
    return {"parallel_read_safe": True}
