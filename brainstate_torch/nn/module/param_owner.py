"""Operations of a module on all its Params."""

import contextlib
import sys
from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from ..._state.call_frame import in_graph

__all__ = ["ParamLike", "ParamOwner"]


class ParamLike:
    """What a Param is to the module that holds it; Param itself is a Module, and defined after that."""

    @abstractmethod
    def cache(self) -> Any:
        """Keep the value until the unconstrained numbers change."""

    @abstractmethod
    def clear_cache(self) -> None:
        """Forget the value that is kept."""

    @abstractmethod
    def reg_loss(self) -> Any:
        """The cost of the value."""


class ParamOwner:
    """The part of a Module that deals with the Params in it."""

    nodes: Any

    def param_modules(self, allowed_hierarchy: tuple[int, int] = (0, sys.maxsize)) -> Iterator[Any]:
        """Every :class:`Param` in this module, itself included, within so many steps."""
        return (param for _, param in self.named_param_modules(allowed_hierarchy))

    def named_param_modules(self, allowed_hierarchy: tuple[int, int] = (0, sys.maxsize)) -> Iterator[tuple[str, Any]]:
        """Every :class:`Param` in this module by dotted name."""
        found = self.nodes(ParamLike, allowed_hierarchy=allowed_hierarchy)
        return ((".".join(map(str, path)), param) for path, param in found.items())

    @in_graph
    def reg_loss(self) -> Any:
        """The sum of what the Params in this module cost; 0.0 without any."""
        losses = [param.reg_loss() for param in self.param_modules()]
        return sum(losses[1:], start=losses[0]) if losses else 0.0

    @contextlib.contextmanager
    def param_precompute(self, allowed_hierarchy: tuple[int, int] = (0, sys.maxsize)) -> Iterator[None]:
        """Within the context, the Params in this module transform their values once, not at every use."""
        params = list(self.param_modules(allowed_hierarchy))
        try:
            for param in params:
                param.cache()
            yield
        finally:
            for param in params:
                param.clear_cache()
