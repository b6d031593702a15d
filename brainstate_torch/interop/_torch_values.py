"""Values between layers of torch.nn and of this package, and what the conversion of a layer needs."""

from typing import Any

import torch
from torch import nn as tnn

from .. import nn
from ..units import Quantity
from .errors import ConversionError, UnsupportedLayerError

__all__ = ["bias_of", "fill", "give", "linear_from", "linear_values", "needs", "settled"]


def needs(condition: bool, layer: Any, rule: str, seen: Any) -> None:
    """Raise for a layer that is known and has an option which the other side lacks.

    Raises
    ------
    UnsupportedLayerError
        The condition is false.
    """
    if not condition:
        raise UnsupportedLayerError(f"{type(layer).__name__} must have {rule} to go over. Got {seen}.")


def settled(model: Any) -> Any:
    """A model, or several in a container, with values that came from a CPU, on torch's default device."""
    default = torch.get_default_device()
    if isinstance(model, dict):
        return {key: settled(part) for key, part in model.items()}
    if type(model) in (list, tuple):
        return type(model)(map(settled, model))
    if not isinstance(model, torch.nn.Module) or default.type == "cpu":
        return model
    tensors = [*model.parameters(), *model.buffers()]
    return model.to(default) if all(x.is_cpu for x in tensors) else model


def fill(state: Any, value: Any) -> None:
    """Assign a copy of a tensor, or of a dictionary of some of which may be None, to a State.

    Raises
    ------
    ConversionError
        Its shape is another.
    """
    if isinstance(value, dict):
        value = {key: x.detach().clone() for key, x in value.items() if x is not None}
        pairs = [(key, value.get(key), old) for key, old in state.value.items()]
    else:
        value = value.detach().clone()
        pairs = [("value", value, state.value)]
    for key, new, old in pairs:
        if new is None or new.shape != old.shape:
            raise ConversionError(
                f"`{key}` must have shape {tuple(old.shape)}. Got {new if new is None else new.shape}."
            )
    state.value = value


def give(module: torch.nn.Module, **values: Any) -> Any:
    """Copy values into parameters and buffers of a torch module, which take their dtype and device.

    Raises
    ------
    UnsupportedLayerError
        A value has a unit.
    """
    for name, value in values.items():
        if value is None:
            continue
        if isinstance(value, Quantity):
            raise UnsupportedLayerError(f"`{name}` must have no unit, as in torch.nn. Got one in {value.unit}.")
        old = getattr(module, name)
        new = value.detach().clone().as_subclass(torch.Tensor).reshape(old.shape)
        setattr(module, name, tnn.Parameter(new) if isinstance(old, tnn.Parameter) else new)
    return module


def bias_of(layer: Any) -> Any:
    """The bias of a layer that holds weight and bias in one State."""
    return layer.weight.value.get("bias")


def linear_from(weight: torch.Tensor, bias: torch.Tensor | None) -> nn.Linear:
    """Ours for torch's ``[out, in]`` and bias."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], b_init=None if bias is None else nn.init.ZeroInit())
    fill(layer.weight, {"weight": weight.T, "bias": bias})
    return layer


def linear_values(layer: Any) -> tuple[Any, Any]:
    """Torch's ``[out, in]`` and bias for ours."""
    needs(getattr(layer, "w_mask", None) is None, layer, "no `w_mask`", "one")
    needs(len(layer.in_size) == len(layer.out_size) == 1, layer, "sizes of one axis", (layer.in_size, layer.out_size))
    return layer.weight.value["weight"].T, bias_of(layer)
