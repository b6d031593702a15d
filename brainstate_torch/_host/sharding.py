"""torch's FSDP, which exchanges the Parameters of modules by setting attributes."""

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import torch

__all__ = ["find_parameters_by", "is_distributed"]


def is_distributed(x: torch.Tensor) -> bool:
    """Whether a tensor is a DTensor, of which this process holds a part."""
    return hasattr(x, "to_local")


class _ByName:
    """A module that has its Parameters as attributes, as FSDP takes it to."""

    def __init__(self, module: torch.nn.Module, found: Callable[[torch.nn.Module, str], Any]) -> None:
        self._module, self._found = module, found

    def __getattr__(self, name: str) -> Any:
        return self._found(self._module, name)


def find_parameters_by(kind: type[torch.nn.Module], found: Callable[[torch.nn.Module, str], Any]) -> None:
    """Let FSDP, if it is loaded, find the Parameters of modules of a class by a function of the module and the name."""
    if "torch.distributed.fsdp" not in sys.modules:
        return
    # It takes half a second to import.
    from torch.distributed.fsdp._fully_shard._fsdp_param import FSDPParam

    plain: Any = FSDPParam.reset_sharded_param
    if hasattr(plain, "by_name"):
        return

    def reset(self: Any) -> None:
        info = self._module_info
        if not isinstance(info.module, kind):
            plain(self)
            return
        self._module_info = dataclasses.replace(info, module=_ByName(info.module, found))
        try:
            plain(self)
        finally:
            self._module_info = info

    reset.by_name = True  # type: ignore[attr-defined]
    FSDPParam.reset_sharded_param = reset  # type: ignore[method-assign]
