"""The part of a Module that deals with single tensors by torch's names, and with those that are set as attributes."""

import warnings
from collections.abc import Iterator
from typing import Any, Self

import torch

__all__ = ["Tensors", "as_buffer", "check_name", "leave_untold", "tell_of_parameter"]

#: Methods of torch.nn.Module that its utilities call by name.
_METHODS = frozenset(
    {"apply", "buffers", "children", "eval", "forward", "load_state_dict", "modules", "named_buffers", "named_children"}
    | {"named_modules", "named_parameters", "nodes", "parameters", "requires_grad_", "state_dict", "states", "to"}
    | {"train", "update", "zero_grad"}
)


def check_name(module: Any, name: str, value: Any) -> None:
    """Raise if an attribute would hide a method that torch, or this package, calls.

    Raises
    ------
    AttributeError
        It would.
    """
    if "." in name:
        raise AttributeError(
            f"an attribute of {type(module).__name__} must have a name without a dot. Got `{name}`, which names a "
            "tensor in it. Assign to the value of its State."
        )
    if name in _METHODS and not callable(value):
        raise AttributeError(
            f"`{name}` of {type(module).__name__} must stay a method, which torch calls. Got "
            f"{type(value).__name__}. Choose another name for the attribute."
        )


def as_buffer(old: Any, value: torch.Tensor) -> torch.Tensor:
    """A tensor that is assigned to the name of a buffer, as that buffer: ``self.n = self.n + 1`` keeps it one."""
    if isinstance(old, torch.nn.Buffer) and not isinstance(value, (torch.nn.Parameter, torch.nn.Buffer)):
        return torch.nn.Buffer(value, persistent=old.persistent)
    return value


#: The pairs of class and name for which the user was warned of a plain Parameter, or registered one.
_TOLD: set[tuple[type, str]] = set()


def leave_untold(module: Any, name: str) -> None:
    """Do not warn of a Parameter: it was registered as one."""
    _TOLD.add((type(module), name))


def tell_of_parameter(module: Any, name: str) -> None:
    """Warn, once for a class and name, that transforms take a Parameter of torch's own kind for a constant."""
    if (type(module), name) not in _TOLD:
        _TOLD.add((type(module), name))
        warnings.warn(
            f"`{name}` of {type(module).__name__} is a torch Parameter: torch's optimizers train it, and transforms "
            f"such as `grad` take it for a constant. For both, write `self.{name} = ParamState(tensor)` and read "
            f"`self.{name}.value`; where a constant is meant, use `register_parameter`.",
            stacklevel=3,
        )


class Tensors:
    """Tensors by their dotted names, which include the path within the value of a State."""

    named_parameters: Any
    named_buffers: Any

    def get_parameter(self, target: str) -> torch.nn.Parameter:
        """The Parameter of a dotted name.

        Parameters
        ----------
        target
            The name, as ``named_parameters`` gives it.

        Returns
        -------
        torch.nn.Parameter
            The Parameter.

        Raises
        ------
        AttributeError
            There is none.
        """
        return _found(self.named_parameters(remove_duplicate=False), target, "parameter", self)  # type: ignore[no-any-return]

    def get_buffer(self, target: str) -> torch.Tensor:
        """The buffer of a dotted name.

        Parameters
        ----------
        target
            The name, as ``named_buffers`` gives it.

        Returns
        -------
        Tensor
            The buffer.

        Raises
        ------
        AttributeError
            There is none.
        """
        return _found(self.named_buffers(remove_duplicate=False), target, "buffer", self)  # type: ignore[no-any-return]

    def share_memory(self) -> Self:
        """Move the Parameters and buffers to shared memory, in place.

        Returns
        -------
        Module
            This module.
        """
        for _, tensor in (*self.named_parameters(), *self.named_buffers()):
            tensor.share_memory_()
        return self


def _found(named: Iterator[tuple[str, Any]], target: str, kind: str, module: Any) -> Any:
    for name, tensor in named:
        if name == target:
            return tensor
    raise AttributeError(f"`target` must be the name of a {kind} in {type(module).__name__}. Got {target!r}.")
