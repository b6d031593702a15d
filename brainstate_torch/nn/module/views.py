"""torch's dictionaries of a module, computed from its attributes on access."""

from collections.abc import Callable, Iterator
from typing import Any

import torch

from ..._state import State
from ...graph.registry import children

__all__ = ["ModulesView", "View", "put"]


class View:
    """One of torch's dictionaries of tensors."""

    def __init__(self, select: Callable[[Any], Iterator[tuple[str, Any]]]) -> None:
        self.select = select

    def __get__(self, module: Any, owner: type) -> Any:
        return self if module is None else LiveTensors(module, dict(self.select(module)))

    def __set__(self, module: Any, value: dict[str, Any]) -> None:
        """torch.nn.Module.__init__ assigns empty dictionaries; attributes are the only storage."""


class LiveTensors(dict[str, Any]):
    """The tensors of a module by name; those that are attributes can be deleted and set, those of a State cannot."""

    def __init__(self, owner: Any, found: dict[str, Any]) -> None:
        super().__init__(found)
        self._owner = owner

    def __setitem__(self, name: str, tensor: Any) -> None:
        self._check(name)
        setattr(self._owner, name, tensor)
        super().__setitem__(name, tensor)

    def __delitem__(self, name: str) -> None:
        self._check(name)
        delattr(self._owner, name)
        super().__delitem__(name)

    def _check(self, name: str) -> None:
        attributes = vars(self._owner)
        if isinstance(attributes.get(name), State) or (name in self and name not in attributes):
            raise TypeError(
                f"a tensor of a State must not be exchanged in a dictionary of {type(self._owner).__name__}. Got "
                f"`{name}`. Assign to the value of the State; `torch.func.functional_call` exchanges it for a call."
            )


class ModulesView(View):
    """The modules in a module. A module that a utility puts there takes the place of the one of that name."""

    def __get__(self, module: Any, owner: type) -> Any:
        return self if module is None else LiveModules(module, dict(self.select(module)))


class LiveModules(dict[str, Any]):
    """The modules in a module by name; what is set is set in the module, or in the container that holds it."""

    def __init__(self, owner: Any, found: dict[str, Any]) -> None:
        super().__init__(found)
        self._owner = owner

    def __setitem__(self, name: str, module: torch.nn.Module | None) -> None:
        put(self._owner, name, module)
        super().__setitem__(name, module)

    def __delitem__(self, name: str) -> None:
        if name in vars(self._owner):
            delattr(self._owner, name)
        elif not _put(self._owner, "", name, None):
            raise KeyError(name)
        super().__delitem__(name)


def put(owner: Any, name: str, module: Any) -> None:
    """Set a module where the one of a dotted name is, in a container of the owner too; else as an attribute."""
    if not _put(owner, "", name, module):
        setattr(owner, name, module)


def _put(holder: Any, prefix: str, name: str, module: Any) -> bool:
    """Set a module where the one of that name is; False if there is none."""
    for key, child in children(holder) or ():
        path = f"{prefix}{key}"
        if path == name:
            container: Any = holder
            if isinstance(holder, (list, dict)):
                container[key] = module
            else:
                setattr(holder, str(key), module)
            return True
        if name.startswith(f"{path}.") and _put(child, f"{path}.", name, module):
            return True
    return False
