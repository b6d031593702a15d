"""The steps of a dotted name as torch's utilities take them, with tensors that can be exchanged for a time.

``torch.func.functional_call``, ``torch.export`` and the like give a module other tensors, call it, and put the own ones
back. They go from module to module by attribute. In ``layers.0.weight.bias`` a list and a State are on the way: each is
a :class:`Part` to them.
"""

from collections.abc import Iterator
from typing import Any

import torch

from ..._host.members import find_parts_by
from ..._state import ParamState, State
from ..._state.lent_frame import lend, tensors_of
from .belongings import is_persistent, leaf_names, parts

__all__ = ["Part", "part_of", "places"]


class Exchanged(dict[str, Any]):
    """The tensors of a :class:`Part` by name; one that is set stands in the place of the State's own for a time."""

    def __init__(self, places: dict[str, tuple[Any, Any]], prefix: str) -> None:
        names = {name.removeprefix(prefix): place for name, place in places.items() if name.startswith(prefix)}
        super().__init__({name: _found(holder, key) for name, (holder, key) in names.items()})
        self._places = names

    def __setitem__(self, name: str, tensor: Any) -> None:
        holder, key = self._places[name]
        if isinstance(holder, State):
            lend(holder, key, tensor)
        else:
            vars(holder)[key] = tensor
        super().__setitem__(name, tensor)


def _found(holder: Any, key: Any) -> torch.Tensor:
    return tensors_of(holder)[key] if isinstance(holder, State) else vars(holder)[key]  # type: ignore[no-any-return]


class Part(torch.nn.Module):
    """A module of this package, or what stands in it under the begin of a dotted name, as a module of torch."""

    def __init__(self, owner: torch.nn.Module, prefix: str) -> None:
        vars(self).update(owner=owner, prefix=prefix)

    @property
    def _parameters(self) -> Any:  # type: ignore[override]
        return Exchanged({k: place for k, place, trained in places(self.owner) if trained}, self.prefix)

    @property
    def _buffers(self) -> Any:  # type: ignore[override]
        return Exchanged({k: place for k, place, trained in places(self.owner) if not trained}, self.prefix)

    @property
    def _modules(self) -> Any:  # type: ignore[override]
        found = self.owner._modules
        return (
            {k.removeprefix(self.prefix): m for k, m in found.items() if k.startswith(self.prefix)}
            if self.prefix
            else found
        )

    def __getattr__(self, name: str) -> Any:
        for found in (self._parameters, self._buffers):
            if name in found:
                return found[name]
        return getattr(self.owner, self.prefix + name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.owner, self.prefix + name, value)

    def __delattr__(self, name: str) -> None:
        delattr(self.owner, self.prefix + name)


def places(module: torch.nn.Module) -> Iterator[tuple[str, tuple[Any, Any], bool]]:
    """Each tensor of a module itself by dotted name: what holds it, where there, and whether it is a parameter."""
    for name, part in parts(module):
        if isinstance(part, State):
            if is_persistent(part):
                for place, key in enumerate(leaf_names(name, part)):
                    yield key, (part, place), isinstance(part, ParamState)
        elif isinstance(part, torch.Tensor) and name in vars(module):
            yield name, (module, name), isinstance(part, torch.nn.Parameter)


def part_of(holder: Any, attribute: str, kind: type[torch.nn.Module]) -> torch.nn.Module | None:
    """What stands at one step of a dotted name; None where torch finds a module by itself."""
    if isinstance(holder, Part):
        name = holder.prefix + attribute
        found = holder.owner._modules.get(name)
        if found is None:
            return Part(holder.owner, f"{name}.")
    else:
        found = getattr(holder, attribute, None) if attribute else holder
    return Part(found, "") if isinstance(found, kind) else found if isinstance(found, torch.nn.Module) else None


def teach(kind: type[torch.nn.Module]) -> None:
    """Let torch's utilities find the tensors of modules of a class by their dotted names."""
    find_parts_by(lambda holder, attribute: part_of(holder, attribute, kind))
