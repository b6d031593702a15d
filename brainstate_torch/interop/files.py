"""Checkpoints that both frameworks read: safetensors, with what the tensors mean beside them."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from .. import _tree, graph
from .._arrays import SCALARS
from .._state import State
from .._state.frame import put_all
from ..units import Quantity, UnitMismatchError
from ._extras import extra
from .values import array_tree, is_foreign_state, tensor_tree

__all__ = ["load", "save"]

#: The entry of the header that says what the tensors are.
_KEY = "brainstate_torch"
_VERSION = 1
_LONGEST = 1 << 24


def save(path: str | os.PathLike[str], model: Any) -> None:
    """Write the States of a model to a file in the format safetensors.

    A tensor for each leaf, under the path of its State with dots, and in the header a manifest with units, kinds and
    numbers of Python. The file is complete or not there.

    Parameters
    ----------
    path
        The file.
    model
        A model of ours or of brainstate's, or a dictionary of States by name.

    Raises
    ------
    TypeError
        A leaf is neither a tensor nor a number.
    ValueError
        Two leaves have one name.
    MissingDependencyError
        safetensors is not installed.

    Notes
    -----
    Source: the format safetensors (0.8).

    Examples
    --------
    >>> import tempfile, pathlib, brainstate_torch as brainstate
    >>> file = pathlib.Path(tempfile.mkdtemp()) / 'linear.safetensors'
    >>> model, other = brainstate.nn.Linear(2, 3), brainstate.nn.Linear(2, 3)
    >>> brainstate.interop.save(file, model)
    >>> brainstate.interop.load(file, other)
    >>> bool((other.weight.value['weight'] == model.weight.value['weight']).all())
    True
    """
    write = extra("safetensors.torch", "interop").save
    tensors: dict[str, torch.Tensor] = {}
    leaves: dict[str, dict[str, Any]] = {}
    for name, state in _states(model).items():
        value = state.value if isinstance(state, State) else tensor_tree(state.value, True, name)
        for key, leaf in _leaves(name, value):
            if key in leaves:
                raise ValueError(f"each leaf of `model` must have a name of its own. Got {key} twice. Rename a State.")
            leaves[key] = {"kind": type(state).__name__, **_entry(key, leaf, tensors)}
    manifest = json.dumps({"version": _VERSION, "leaves": leaves})
    _write_whole(Path(path), write(tensors, {_KEY: manifest}))


def _entry(key: str, leaf: Any, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What the manifest says of a leaf; a tensor goes to `tensors`."""
    entry: dict[str, Any] = {}
    if isinstance(leaf, Quantity):
        # By names of units and their powers, which needs no reading of a text.
        entry["unit"] = dict(leaf.to_tuple()[1])
        leaf = leaf.mantissa
    if isinstance(leaf, torch.Tensor):
        copy = torch.Tensor.clone(leaf.detach(), memory_format=torch.contiguous_format)
        tensors[key] = copy.as_subclass(torch.Tensor)
    elif isinstance(leaf, SCALARS) and not isinstance(leaf, complex):
        entry["number"] = leaf
    else:
        raise TypeError(f"{key} must be a tensor or a number to be saved. Got {type(leaf).__name__}.")
    return entry


def _write_whole(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str], model: Any, *, strict: bool = True) -> None:
    """Read a file that :func:`save` wrote, on either side, into the States of a model; all of them or none.

    Values are converted to the units of the States and keep their dtype and device.

    Parameters
    ----------
    path
        The file.
    model
        As for :func:`save`.
    strict
        Whether each leaf must be in the file and in the model.

    Raises
    ------
    ValueError
        The file is no such file or damaged; a leaf is missing or unexpected; a value has another shape or kind of
        number, or a unit of another dimension. Names the leaf. Nothing was changed.
    MissingDependencyError
        safetensors is not installed.

    Notes
    -----
    Source: the format safetensors (0.8).

    Examples
    --------
    See :func:`save`.

    >>> import brainstate_torch as brainstate
    >>> try:
    ...     brainstate.interop.load(__import__('os').devnull, brainstate.nn.Linear(2, 3))
    ... except ValueError as error:
    ...     print(str(error)[:30])
    `path` must be a file in the f
    """
    tensors, leaves = _read(Path(path))
    states = _states(model)
    named = {name: list(_leaves(name, _ours(name, state))) for name, state in states.items()}
    known = {key for pairs in named.values() for key, _ in pairs}
    if strict and known != leaves.keys():
        raise ValueError(
            f"the file must have the leaves of `model`. Got none for {sorted(known - leaves.keys())}, and in addition "
            f"{sorted(leaves.keys() - known)}. Pass strict=False to load what both have."
        )
    pairs = []
    for name, state in states.items():
        old = _ours(name, state)
        _, spec = _tree.flatten(old, is_leaf=_is_leaf)
        new = [_fitted(key, leaf, tensors.get(key), leaves.get(key)) for key, leaf in named[name]]
        pairs.append((state, _tree.unflatten(spec, new)))
    _assign(pairs)


def _assign(pairs: list[tuple[Any, Any]]) -> None:
    ours = [(state, state._own(value)) for state, value in pairs if isinstance(state, State)]
    theirs = [(state, array_tree(value)) for state, value in pairs if not isinstance(state, State)]
    before = [(state, state.value) for state, _ in theirs]
    try:
        for state, value in theirs:
            state.value = value
        put_all(ours)
    except BaseException:
        for state, value in before:
            state.value = value
        raise


def _read(path: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """The tensors and the manifest of a file, checked."""
    module = extra("safetensors", "interop")
    try:
        with open(path, "rb") as file:
            size = int.from_bytes(file.read(8), "little")
        if size > _LONGEST:
            raise ValueError(f"its header says that it has {size} bytes")
        with module.safe_open(str(path), framework="pt") as file:
            text = (file.metadata() or {}).get(_KEY)
            manifest = None if text is None else json.loads(text)
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise
    except Exception as error:  # of the format's own reader, which raises several kinds
        raise ValueError(f"`path` must be a file in the format safetensors. Got {path}: {error}.") from error
    if not isinstance(manifest, dict) or manifest.get("version") != _VERSION:
        raise ValueError(f"`path` must be a file that `interop.save` wrote. Got {path}, without its manifest.")
    leaves = manifest.get("leaves")
    if not isinstance(leaves, dict) or not all(map(_is_entry, leaves.values())):
        raise ValueError(f"the manifest must describe each leaf. Got another in {path}; the file is damaged.")
    of_tensors = {key for key, entry in leaves.items() if "number" not in entry}
    if of_tensors != tensors.keys():
        raise ValueError(
            f"the manifest must name the tensors of the file. Got others: {sorted(of_tensors ^ tensors.keys())}."
        )
    return tensors, leaves


def _is_entry(x: Any) -> bool:
    if not isinstance(x, dict) or not isinstance(x.get("kind"), str):
        return False
    unit = x.get("unit", {})
    powers = isinstance(unit, dict) and all(isinstance(power, (int, float)) for power in unit.values())
    return powers and isinstance(x.get("number", 0), (bool, int, float))


def _fitted(key: str, old: Any, new: Any, entry: Mapping[str, Any] | None) -> Any:
    """The value of the file as the leaf holds it."""
    if entry is None:
        return old
    number = entry.get("number", new)
    held, unit = (old.mantissa, old.unit) if isinstance(old, Quantity) else (old, None)
    if ("unit" in entry) != (unit is not None):
        said = "one" if "unit" in entry else "none"
        raise ValueError(f"{key} must have a unit on both sides or on none. Got {said} in the file.")
    if unit is not None:
        number = _in_unit(key, number, entry["unit"], unit)
    if isinstance(held, torch.Tensor):
        number = torch.as_tensor(number)
        if number.shape != held.shape:
            raise ValueError(f"{key} must have shape {tuple(held.shape)}. Got {tuple(number.shape)} in the file.")
        if _rank(number.dtype) > _rank(held.dtype):
            raise ValueError(f"{key} must be {held.dtype}, or of a lesser kind. Got {number.dtype} in the file.")
        number = number.to(dtype=held.dtype, device=held.device)
    elif isinstance(number, torch.Tensor):
        raise ValueError(f"{key} must be a number. Got a tensor of shape {tuple(number.shape)} in the file.")
    return number if unit is None else Quantity(number, unit)


def _in_unit(key: str, number: Any, powers: Mapping[str, float], unit: Any) -> Any:
    try:
        return Quantity.from_tuple((number, tuple(powers.items()))).to_decimal(unit)
    except UnitMismatchError:
        raise ValueError(f"{key} must have the dimension of {unit}. Got {powers} in the file.") from None
    except Exception as error:  # pint knows no such name
        raise ValueError(f"{key} must have a unit that is known. Got {powers} in the file.") from error


def _rank(dtype: torch.dtype) -> int:
    """Booleans, integers, real and complex numbers in their order."""
    if dtype is torch.bool:
        return 0
    return 3 if dtype.is_complex else 2 if dtype.is_floating_point else 1


def _is_leaf(x: Any) -> bool:
    return isinstance(x, Quantity)


def _ours(name: str, state: Any) -> Any:
    return state.value if isinstance(state, State) else tensor_tree(state.value, True, name)


def _leaves(name: str, value: Any) -> list[tuple[str, Any]]:
    """The leaves of a value by dotted name."""
    found = []
    for path, leaf in _tree.leaves_with_path(value, is_leaf=_is_leaf):
        keys = path.replace("']", "").replace("['", ".").replace("]", "").replace("[", ".")
        found.append((f"{name}{keys}", leaf))
    return found


def _states(model: Any) -> dict[str, Any]:
    """The States of a model by dotted name."""
    if isinstance(model, Mapping):
        found = {str(name): state for name, state in model.items()}
        for name, state in found.items():
            if not isinstance(state, State) and not is_foreign_state(state):
                raise TypeError(f"`model` must be a model or States by name. Got {type(state).__name__} for {name!r}.")
        return found
    if isinstance(model, (torch.nn.Module, graph.Node)):
        by_path = graph.states(model)
    elif any(kind.__module__.startswith("brainstate.") for kind in type(model).__mro__):
        by_path = extra("brainstate", "jax").graph.states(model)
    else:
        raise TypeError(f"`model` must be a model or States by name. Got {type(model).__name__}.")
    return {".".join(map(str, path)): state for path, state in by_path.items()}
