"""torch's dictionaries of a module, computed from its attributes when they are asked for."""

from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

import torch

from ...graph.registry import children

__all__ = ["ModulesView", "View"]


class View:
    """One of torch's dictionaries, read-only: what a torch utility would write into it would be lost."""

    def __init__(self, select: Callable[[Any], Iterator[tuple[str, Any]]]) -> None:
        self.select = select

    def __get__(self, module: Any, owner: type) -> Any:
        return self if module is None else MappingProxyType(dict(self.select(module)))

    def __set__(self, module: Any, value: dict[str, Any]) -> None:
        """torch.nn.Module.__init__ assigns empty dictionaries; attributes are the only storage."""


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
        if not _put(self._owner, "", name, module):
            setattr(self._owner, name, module)
        super().__setitem__(name, module)

    def __delitem__(self, name: str) -> None:
        if name in vars(self._owner):
            delattr(self._owner, name)
        elif not _put(self._owner, "", name, None):
            raise KeyError(name)
        super().__delitem__(name)


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
