"""Checkpoints that both frameworks read: States by path, with their units."""

import math
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
from ._formats import FORMATS, Content, read, written
from .values import array_tree, is_foreign_state, tensor_tree

__all__ = ["load", "save"]

_BASES = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")


def save(path: str | os.PathLike[str], model: Any, *, format: str | None = None) -> None:
    """Write the States of a model to a file.

    A tensor for each leaf, under the path of its State with dots, and its unit. A file is complete or not there.

    Parameters
    ----------
    path
        The file; a folder for orbax.
    model
        A model of ours or of brainstate's, or a dictionary of States or models by name.
    format
        ``'safetensors'``; ``'msgpack'``, which braintools reads; ``'npz'``, which numpy reads; or ``'orbax'``. None: by
        the ending of `path`, and safetensors for others than these.

    Raises
    ------
    TypeError
        A leaf is neither a tensor nor a number.
    ValueError
        Two leaves have one name, or there is no such format.
    MissingDependencyError
        The package of the format is not installed.

    Notes
    -----
    Source: safetensors (0.8), braintools.file.msgpack_save (0.3.0), numpy.savez, orbax.checkpoint (0.12).

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
    path = Path(path)
    ending = path.suffix.removeprefix(".")
    name = format or (ending if ending in FORMATS else "safetensors")
    if name not in FORMATS:
        raise ValueError(f"`format` must be one of {', '.join(FORMATS)}. Got {format!r}.")
    tensors: dict[str, torch.Tensor] = {}
    leaves: dict[str, dict[str, Any]] = {}
    for place, state in _states(model).items():
        value = state.value if isinstance(state, State) else tensor_tree(state.value, True, place)
        for key, leaf in _leaves(place, value):
            if key in leaves:
                raise ValueError(f"each leaf of `model` must have a name of its own. Got {key} twice. Rename a State.")
            leaves[key] = {"kind": type(state).__name__, **_entry(key, leaf, tensors)}
    content = written(path, Content(tensors, leaves), name)
    if content is not None:
        _write_whole(path, content)


def _entry(key: str, leaf: Any, tensors: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What the manifest says of a leaf; a tensor goes to `tensors`."""
    entry: dict[str, Any] = {}
    if isinstance(leaf, Quantity):
        # By names of units and their powers, which needs no reading of a string.
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


def load(path: str | os.PathLike[str], model: Any, *, strict: bool = True, assume_units: bool = False) -> None:
    """Read a checkpoint into the States of a model; all of them or none.

    Values are converted to the units of the States and keep their dtype and device.

    Parameters
    ----------
    path
        A file that :func:`save` wrote on either side, one of braintools' ``msgpack_save``, one of ``numpy.savez`` with
        an array under each dotted name, or a folder of orbax. Its first bytes say which.
    model
        As for :func:`save`.
    strict
        Whether each leaf must be in the file and in the model.
    assume_units
        Whether numbers of files that say nothing of units (numpy's and orbax's own) are in the units of the States.

    Raises
    ------
    ValueError
        The file is no such file or damaged; a leaf is missing or unexpected; a value has another shape or kind of
        number, or a unit of another dimension. Names the leaf. Nothing was changed.
    MissingDependencyError
        The package of the format is not installed.

    Notes
    -----
    Source: safetensors (0.8), braintools.file.msgpack_load (0.3.0), numpy.load, orbax.checkpoint (0.12). Nothing in a
    file is executed.

    Examples
    --------
    See :func:`save`.

    >>> import brainstate_torch as brainstate
    >>> try:
    ...     brainstate.interop.load(__import__('os').devnull, brainstate.nn.Linear(2, 3))
    ... except ValueError as error:
    ...     print(str(error)[:30])
    `path` must be a checkpoint in
    """
    content = read(Path(path))
    states = _states(model)
    named = {name: list(_leaves(name, _ours(name, state))) for name, state in states.items()}
    held = {key: leaf for pairs in named.values() for key, leaf in pairs}
    if not content.says_units:
        content = _unwrapped(content, held)
    leaves, known = content.leaves, held.keys()
    if strict and known != leaves.keys():
        raise ValueError(
            f"the file must have the leaves of `model`. Got none for {sorted(known - leaves.keys())}, and in addition "
            f"{sorted(leaves.keys() - known)}. Pass strict=False to load what both have."
        )
    pairs = []
    for name, state in states.items():
        old = _ours(name, state)
        _, spec = _tree.flatten(old, is_leaf=_is_leaf)
        assumed = assume_units and not content.says_units
        new = [_fitted(key, leaf, content.tensors.get(key), leaves.get(key), assumed) for key, leaf in named[name]]
        pairs.append((state, _tree.unflatten(spec, new)))
    _assign(pairs)


def _unwrapped(content: Content, held: Mapping[str, Any]) -> Content:
    """Orbax takes a quantity for a list of one array: that array under the name of the leaf."""
    tensors, leaves = dict(content.tensors), dict(content.leaves)
    for key, leaf in held.items():
        inner = f"{key}.0"
        if isinstance(leaf, Quantity) and key not in leaves and inner in leaves and inner not in held:
            leaves[key] = leaves.pop(inner)
            if inner in tensors:
                tensors[key] = tensors.pop(inner)
    return Content(tensors, leaves, False)


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


def _fitted(key: str, old: Any, new: Any, entry: Mapping[str, Any] | None, assumed: bool) -> Any:
    """The value of the file as the leaf holds it."""
    if entry is None:
        return old
    number = entry.get("number", new)
    held, unit = (old.mantissa, old.unit) if isinstance(old, Quantity) else (old, None)
    has_unit = "unit" in entry or "si" in entry
    if has_unit != (unit is not None) and not (assumed and unit is not None):
        said, cure = ("one", "") if has_unit else ("none", " Pass assume_units=True if its numbers are in this unit.")
        cure = cure if unit is not None else ""
        raise ValueError(f"{key} must have a unit on both sides or on none. Got {said} in the file.{cure}")
    if has_unit:
        number = _in_unit(key, number, entry, unit)
    if isinstance(held, torch.Tensor):
        number = torch.as_tensor(number)
        if number.shape != held.shape:
            raise ValueError(f"{key} must have shape {tuple(held.shape)}. Got {tuple(number.shape)} in the file.")
        if _rank(number.dtype) > _rank(held.dtype):
            raise ValueError(f"{key} must be {held.dtype}, or of a lesser kind. Got {number.dtype} in the file.")
        number = number.to(dtype=held.dtype, device=held.device)
    elif isinstance(number, torch.Tensor) and not number.ndim and not isinstance(held, torch.Tensor):
        number = number.item()
    elif isinstance(number, torch.Tensor):
        raise ValueError(f"{key} must be a number. Got a tensor of shape {tuple(number.shape)} in the file.")
    return number if unit is None else Quantity(number, unit)


def _in_unit(key: str, number: Any, entry: Mapping[str, Any], unit: Any) -> Any:
    if "si" in entry:
        dims, size = entry["si"]
        if dims != [float(unit.dim.get(f"[{base}]", 0)) for base in _BASES]:
            raise ValueError(f"{key} must have the dimension of {unit}. Got the powers {dims} of {_BASES} in the file.")
        # As a product only where the sizes differ, so that equal units keep every digit.
        return number if math.isclose(size, unit.magnitude, rel_tol=1e-12) else number * (size / unit.magnitude)
    powers = entry["unit"]
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
        found: dict[str, Any] = {}
        for key, part in model.items():
            name = ".".join(map(str, key)) if isinstance(key, tuple) else str(key)
            if isinstance(part, State) or is_foreign_state(part):
                found[name] = part
            elif isinstance(part, Mapping) or _has_states(part):
                found |= {f"{name}.{rest}": state for rest, state in _states(part).items()}
            else:
                raise TypeError(f"`model` must be a model or States by name. Got {type(part).__name__} for {name!r}.")
        return found
    if isinstance(model, (torch.nn.Module, graph.Node)):
        by_path = graph.states(model)
    elif _has_states(model):
        by_path = extra("brainstate", "jax").graph.states(model)
    else:
        raise TypeError(f"`model` must be a model or States by name. Got {type(model).__name__}.")
    return {".".join(map(str, path)): state for path, state in by_path.items()}


def _has_states(x: Any) -> bool:
    """Whether it is a model of either framework."""
    return isinstance(x, (torch.nn.Module, graph.Node)) or any(
        kind.__module__.startswith("brainstate.") and kind.__name__ == "Node" for kind in type(x).__mro__
    )
