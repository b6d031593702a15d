"""What a checkpoint holds, and the manifest that says what its tensors are."""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch

__all__ = ["MANIFEST", "Content", "agreeing", "leaves_of", "manifest_of"]

#: The entry of a file that says what the tensors are.
MANIFEST = "brainstate_torch"
_VERSION = 1


class Content(NamedTuple):
    """What a file holds.

    Attributes
    ----------
    tensors
        By the dotted name of their leaf.
    leaves
        For each leaf ``kind``, and ``unit`` (powers by the names of units), ``si`` (powers of the seven dimensions and
        a size) or neither, and ``number`` where it is no tensor.
    says_units
        Whether the file has a manifest, so that what has no unit there has none.
    """

    tensors: dict[str, torch.Tensor]
    leaves: dict[str, dict[str, Any]]
    says_units: bool = True


def manifest_of(leaves: Mapping[str, Any]) -> str:
    """The manifest of leaves, as a string."""
    return json.dumps({"version": _VERSION, "leaves": leaves})


def leaves_of(text: Any) -> dict[str, dict[str, Any]]:
    """The leaves that a manifest describes, checked."""
    manifest = json.loads(text) if isinstance(text, str) else text
    if not isinstance(manifest, dict) or manifest.get("version") != _VERSION:
        raise ValueError("it has no manifest of `interop.save`, or one of another version.")
    leaves = manifest.get("leaves")
    if not isinstance(leaves, dict) or not all(map(_is_entry, leaves.values())):
        raise ValueError("the manifest does not describe each leaf; the file is damaged.")
    return leaves


def _is_entry(x: Any) -> bool:
    if not isinstance(x, dict) or not isinstance(x.get("kind"), str) or "si" in x:
        return False
    unit = x.get("unit", {})
    powers = isinstance(unit, dict) and all(isinstance(power, (int, float)) for power in unit.values())
    return powers and isinstance(x.get("number", 0), (bool, int, float))


def agreeing(tensors: dict[str, torch.Tensor], leaves: dict[str, dict[str, Any]]) -> Content:
    """The content of a file whose tensors are those of its manifest."""
    of_tensors = {key for key, entry in leaves.items() if "number" not in entry}
    if of_tensors != tensors.keys():
        raise ValueError(f"the manifest names other tensors than the file: {sorted(of_tensors ^ tensors.keys())}.")
    return Content(tensors, leaves)
