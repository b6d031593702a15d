"""Trees of names, as msgpack and orbax have them."""

import ast
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from .arrays import of_numpy
from .manifest import Content

__all__ = ["BASES", "add", "nested"]

#: The base dimensions, in the order of the exponents in a file.
BASES = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")
#: The marker of a brainunit quantity in braintools' msgpack.
_QUANTITY = {"mantissa", "scale", "base", "dim", "factor"}


def add(found: Content, name: str, leaf: Any) -> None:
    """Add a leaf of a tree of dictionaries and lists under its dotted name."""
    if isinstance(leaf, Mapping) and leaf.keys() == _QUANTITY:
        add(found, name, leaf["mantissa"])
        size = float(leaf["factor"]) * float(leaf["base"]) ** float(leaf["scale"])
        dims = [float(x) for x in np.asarray(leaf["dim"]).reshape(-1)]
        if name in found.leaves and len(dims) == len(BASES) and math.isfinite(size) and size > 0:
            found.leaves[name]["si"] = (dims, size)
            return
        raise ValueError(f"the unit of {name} is damaged.")
    if isinstance(leaf, Mapping):
        for key, value in leaf.items():
            add(found, f"{name}.{_key(key)}".removeprefix("."), value)
    elif isinstance(leaf, (list, tuple)):
        for i, value in enumerate(leaf):
            add(found, f"{name}.{i}".removeprefix("."), value)
    elif isinstance(leaf, (bool, int, float)):
        found.leaves[name] = {"kind": "State", "number": leaf}
    elif leaf is not None:
        if name in found.leaves:
            raise ValueError(f"{name} is there twice.")
        found.tensors[name] = of_numpy(leaf)
        found.leaves[name] = {"kind": "State"}


def _key(key: Any) -> str:
    """A key of a tree; a path that was written as a string is one of several."""
    text = str(key)
    if text.startswith("(") and text.endswith(")"):
        try:
            parts = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            return text
        return ".".join(map(str, parts)) if isinstance(parts, tuple) else text
    return text


def nested(leaves: Mapping[str, Any]) -> dict[str, Any]:
    """Values by dotted name as dictionaries in dictionaries."""
    tree: dict[str, Any] = {}
    for name, value in leaves.items():
        *path, last = name.split(".")
        place = tree
        for key in path:
            place = place.setdefault(key, {})
            if not isinstance(place, dict):
                raise ValueError(f"no leaf of `model` may be named as a part of another. Got {name}. Rename a State.")
        if last in place:
            raise ValueError(f"no leaf of `model` may be named as a part of another. Got {name}. Rename a State.")
        place[last] = value
    return tree
