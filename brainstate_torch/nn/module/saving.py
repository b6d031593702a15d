"""state_dict of a module, and loading it."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import torch

from ... import _tree
from ..._state import State
from ..._state.context import CONTEXT
from ..._state.value import StateParameter
from ...units import Quantity, UnitMismatchError, get_mantissa, get_unit, is_quantity
from ...units import math as um
from .belongings import is_persistent, is_saved, named_leaves, parts, shown_leaves

__all__ = ["UNITS", "Loading", "acyclic", "restore_on_failure", "save", "saved_units"]

#: The key for the units of a module's values, as the bytes of a JSON object {name: unit}. They are a tensor because
#: safetensors, accelerate and code like ``sum(v.numel() ...)`` take nothing else.
UNITS = "_units"


def save(module: torch.nn.Module, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
    """Put what belongs to a module itself into a state_dict."""
    for name, part in parts(module):
        if isinstance(part, State):
            if is_persistent(part):
                supply = iter(part.parameters())
                for key, leaf in shown_leaves(name, part):
                    mantissa = get_mantissa(leaf)
                    if isinstance(mantissa, torch.Tensor):
                        mantissa = next(supply)
                    if is_saved(leaf):
                        destination[prefix + key] = _detached(_as_saved(mantissa), keep_vars)
        elif isinstance(part, torch.Tensor) and getattr(part, "persistent", True):
            destination[prefix + name] = _detached(part, keep_vars)
    units = saved_units(module)
    if units is not None:
        destination[prefix + UNITS] = units


def saved_units(module: torch.nn.Module) -> torch.Tensor | None:
    """What stands under :data:`UNITS`; None if no value has a unit."""
    states = [(name, part) for name, part in parts(module) if isinstance(part, State) and is_persistent(part)]
    leaves = [pair for name, state in states for pair in shown_leaves(name, state)]
    units = {key: str(get_unit(leaf)) for key, leaf in leaves if is_quantity(leaf)}
    return torch.tensor(list(json.dumps(units).encode()), dtype=torch.uint8) if units else None


def _units_of(saved: Any) -> dict[str, str] | None:
    """The units by name; version 0.1 saved this dictionary itself."""
    if not isinstance(saved, torch.Tensor):
        return saved  # type: ignore[no-any-return]
    found: dict[str, str] = json.loads(bytes(saved.tolist()))
    return found


def _as_saved(mantissa: Any) -> torch.Tensor:
    """A number as a tensor that holds it exactly; a tensor as it is."""
    kind = {float: torch.float64, complex: torch.complex128}.get(type(mantissa))
    return mantissa if isinstance(mantissa, torch.Tensor) else torch.tensor(mantissa, dtype=kind)


def _detached(x: Any, keep_vars: bool) -> Any:
    return x.detach() if isinstance(x, torch.Tensor) and not keep_vars else x


class Loading:
    """What is loaded into one module from a state_dict, and what torch is to be told about it.

    Parameters
    ----------
    state_dict
        The whole of it.
    prefix
        The path of the module, with a dot at the end.
    assign
        Take the tensors as they are, dtype and device included, in place of copying their numbers.
    """

    def __init__(self, state_dict: Mapping[str, Any], prefix: str, assign: bool) -> None:
        self.state_dict, self.prefix, self.assign = state_dict, prefix, assign
        self.units = _units_of(state_dict.get(prefix + UNITS))
        self.known = {UNITS}
        self.missing: list[str] = []
        self.errors: list[str] = []

    def into(self, module: torch.nn.Module) -> None:
        """Load everything that belongs to the module itself."""
        for name, part in parts(module):
            if isinstance(part, State):
                if is_persistent(part):
                    leaves, spec = named_leaves(name, part)
                    # By the setter, so that hooks and traces see it.
                    part.value = _tree.unflatten(spec, [self._leaf(key, leaf) for key, leaf in leaves])
            elif isinstance(part, torch.Tensor) and getattr(part, "persistent", True):
                part.data = self._leaf(name, part.data)

    def _leaf(self, key: str, leaf: Any) -> Any:
        """The new value of a leaf; the present one where there is none."""
        if not is_saved(leaf):
            return leaf
        self.known.add(key)
        if self.units is None and is_quantity(leaf) and self.prefix + UNITS not in self.missing:
            self.missing.append(self.prefix + UNITS)
        if self.prefix + key not in self.state_dict:
            self.missing.append(self.prefix + key)
            return leaf
        try:
            return self._fitted(self.state_dict[self.prefix + key], key, leaf)
        except (TypeError, ValueError) as error:
            self.errors.append(f'"{self.prefix + key}": {error}')
            return leaf

    def _fitted(self, new: Any, key: str, leaf: Any) -> Any:
        old, unit = get_mantissa(leaf), get_unit(leaf)
        if isinstance(new, str) or not is_saved(new := self._in_unit(new, key, unit)):
            raise TypeError(f"a value must be a tensor or a number. Got {type(new).__name__}.")
        if um.shape(new) != um.shape(old):
            raise ValueError(f"a value must have shape {um.shape(old)}. Got {um.shape(new)}.")
        if isinstance(old, torch.Tensor):
            new = torch.as_tensor(new).detach()
            new = new if self.assign else _converted(new, old.dtype).to(old, copy=True)
        else:
            given, new = new, type(old)(new)
            if not bool(new == given) and bool(given == given):
                raise ValueError(f"a value must be one that {type(old).__name__} can hold. Got {given}.")
        return Quantity(new, unit) if is_quantity(leaf) else new

    def _in_unit(self, new: Any, key: str, unit: Any) -> Any:
        """The number of a value in the unit of the State; without any units in the file, it is taken to be in it."""
        if not is_quantity(new):
            if self.units is None:
                return new
            new = Quantity(new, self.units.get(key, "1"))
        try:
            return new.to_decimal(unit)
        except UnitMismatchError:
            raise ValueError(f"a value must have the dimension of {unit}. Got {get_unit(new)}.") from None

    def unexpected(self, modules: Mapping[str, Any]) -> list[str]:
        """The keys under the prefix that belong neither to the module itself nor to one in it."""
        names = [key.removeprefix(self.prefix) for key in self.state_dict if key.startswith(self.prefix)]
        inner = tuple(f"{name}." for name in modules)
        return [self.prefix + name for name in names if name not in self.known and not name.startswith(inner)]


def restore_on_failure(module: torch.nn.Module) -> None:
    """Let the innermost frame, if it is abandoned, put back what torch loads in place into tensors of no State."""
    before: list[tuple[dict[str, Any], str, torch.Tensor, torch.Tensor]] = []
    for inner in module.modules():
        for entries in (inner._parameters, inner._buffers):
            for name, tensor in entries.items():
                if isinstance(tensor, torch.Tensor) and not isinstance(tensor, StateParameter) and not tensor.is_meta:
                    before.append((entries, name, tensor, tensor.detach().clone()))

    def restore() -> None:
        for entries, name, tensor, numbers in before:
            tensor.data.copy_(numbers)
            if entries.get(name) is not tensor:  # `assign=True` exchanges it
                entries[name] = tensor

    if before:
        CONTEXT.frames[-1].on_failure(restore)


@contextlib.contextmanager
def acyclic() -> Iterator[None]:
    """Say what an endless recursion of torch means."""
    try:
        yield
    except RecursionError as error:
        raise ValueError(
            "a module that is saved or loaded must not contain itself. Got a cycle of modules. "
            "Name the attribute that leads back in `graph_invisible_attrs` of its class."
        ) from error


def _converted(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A tensor in the dtype of a State; what would lose a fraction or an imaginary part is refused."""
    if torch.can_cast(x.dtype, dtype) or x.is_meta:
        return x
    found = (x.real if x.is_complex() and not dtype.is_complex else x).to(dtype)
    if not torch.equal(found.to(x.dtype), x):
        raise TypeError(f"a value must have numbers that {dtype} can hold. Got one of {x.dtype}.")
    return found
