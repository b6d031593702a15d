"""The device of a module: where it was moved to last, and so where it makes its States."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any

import torch

from ... import _tree
from ..._state import State
from .belongings import parts

__all__ = ["home_of", "made_at_home"]


def home_of(module: torch.nn.Module) -> torch.device | None:
    """The device that a module was moved to; of one that was not, that of its first tensor; None if it has none.

    Of constants such as a threshold only those with axes count: a number without any mixes with tensors of a GPU.
    """
    moved: torch.device | None = vars(module).get("_home")
    if moved is not None:
        return moved
    for _, part in parts(module):
        # Not by reading it: `init_all_states` asks for the device only to replace the State.
        tensors = (part._parameters or _tree.leaves(part._value)) if isinstance(part, State) else [part]
        for x in tensors:
            if isinstance(x, torch.Tensor):
                return x.device
    for constant in vars(module).values():
        x = getattr(constant, "mantissa", constant)
        if isinstance(x, torch.Tensor) and x.ndim:
            return x.device
    return None


def made_at_home(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method of a module, in which new tensors are made on its device.

    A cell that is moved and then makes its hidden States, as ``init_all_states`` does, would make them elsewhere.
    """

    @functools.wraps(method)
    def placed(self: torch.nn.Module, *args: Any, **kwargs: Any) -> Any:
        home = home_of(self)
        elsewhere = home is not None and home != torch.get_default_device()
        with home if elsewhere and home is not None else contextlib.nullcontext():
            return method(self, *args, **kwargs)

    return placed
