"""Nodes of NIR and our layers: one table. Numbers go out in SI units, once, and come in as they are or with units."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn as tnn

from .. import environ, nn
from .. import units as u
from ..spiking import LIF, Expon
from ..spiking.integrate_and_fire import IF
from ..units import Quantity, Unit
from ._extras import extra
from ._torch_spatial import conv_in
from ._torch_values import give, linear_from, needs
from .errors import ConversionError
from .nir_layers import LeakyIntegrator
from .registry import LayerMapping, register_layer_mapping

__all__ = ["SEQUENCES", "cuba", "nir", "register", "si"]


def nir() -> Any:
    """The package nir."""
    return extra("nir", "interop")


def si(value: Any, shape: tuple[int, ...] | None = None) -> Any:
    """The numbers in SI units, as an array of the shape; of 32 bits unless they had more."""
    factor = 1.0
    if isinstance(value, Quantity):
        value, factor = value.mantissa, value.unit.magnitude
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    wide = array.dtype == np.float64 and array.ndim > 0
    array = (array.astype(np.float64) * factor).astype(np.float64 if wide else np.float32)
    return array if shape is None else np.broadcast_to(array, shape).copy()


def _seconds(value: Any, layer: Any) -> Any:
    if not isinstance(value, Quantity) or not value.unit.has_same_dim(u.second):
        raise ConversionError(
            f"the time constants of {type(layer).__name__} must have a unit of time to go to NIR, which has seconds. "
            f"Got {value}. Write for example `tau=20 * u.ms`."
        )
    return si(value, layer.varshape)


def _in(value: Any, unit: Unit | None) -> Any:
    """Numbers in SI units as a quantity in a unit of ours, or as they are."""
    tensor = torch.from_numpy(np.array(value))
    tensor = tensor.float() if tensor.dtype is torch.float64 and value.dtype != np.float64 else tensor
    return tensor if unit is None else (tensor.double() / unit.magnitude).to(tensor.dtype) * unit


# Weights -------------------------------------------------------------------------------------------------------------


def _linear_out(layer: Any, context: Any) -> Any:
    needs(layer.w_mask is None, layer, "no `w_mask`", "one")
    needs(len(layer.in_size) == len(layer.out_size) == 1, layer, "sizes of one axis", (layer.in_size, layer.out_size))
    held = layer.weight.value
    weight = si(held["weight"]).T.copy()
    return nir().Affine(weight, si(held["bias"])) if "bias" in held else nir().Linear(weight)


def _linear_in(node: Any, context: Any) -> Any:
    bias = getattr(node, "bias", None)
    weight = torch.from_numpy(np.array(node.weight))
    made = linear_from(weight, None if bias is None else torch.from_numpy(np.array(bias)).to(weight.dtype))
    return _with_unit(made, context.current_of(node))


def _with_unit(layer: Any, unit: Unit | None) -> Any:
    """The layer with weights in amperes as such in a unit of current."""
    if unit is not None:
        held = layer.weight.value
        layer.weight.value = {key: (x.detach() / unit.magnitude) * unit for key, x in held.items()}
    return layer


def _conv_out(axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(layer.channel_first, layer, "channel_first=True, as NIR has it", "channels that are last")
        needs(layer.w_mask is None and set(layer.lhs_dilation) == {1}, layer, "neither mask nor lhs_dilation", "one")
        pads = layer._pads
        needs(all(a == b for a, b in pads), layer, "the same padding on both sides", pads)
        held = layer.weight.value
        weight = np.moveaxis(si(held["weight"]), (-1, -2), (0, 1)).copy()
        bias = si(held["bias"]).reshape(-1) if "bias" in held else np.zeros(layer.out_channels, weight.dtype)
        one = (lambda x: x[0]) if axes == 1 else tuple
        return getattr(nir(), f"Conv{axes}d")(
            one(layer.in_size[1:]),
            weight,
            one(layer.stride),
            one([a for a, _ in pads]),
            one(layer.rhs_dilation),
            layer.groups,
            bias,
        )

    return convert


def _conv_in(axes: int) -> Callable[[Any, Any], Any]:
    def convert(node: Any, context: Any) -> Any:
        if node.input_shape is not None:
            space = np.atleast_1d(node.input_shape).tolist()
            context.cur_size = (node.weight.shape[1] * node.groups, *space)
        options = {name: _plain(getattr(node, name)) for name in ("stride", "padding", "dilation", "groups")}
        kernel = node.weight.shape[2:]
        layer = getattr(tnn, f"Conv{axes}d")(
            options["groups"] * node.weight.shape[1], len(node.weight), kernel, **options
        )
        give(layer, weight=torch.from_numpy(np.array(node.weight)), bias=torch.from_numpy(np.array(node.bias)))
        return _with_unit(conv_in(axes)(layer, context), context.current_of(node))

    return convert


def _plain(x: Any) -> Any:
    if isinstance(x, str):
        return x
    array = np.asarray(x)
    return array.item() if array.ndim == 0 else tuple(array.tolist())


# Neurons -------------------------------------------------------------------------------------------------------------


def _membrane(layer: Any) -> dict[str, Any]:
    shape = layer.varshape
    return {"r": si(layer.R, shape), "v_leak": si(layer.V_rest, shape)}


def _lif_out(layer: Any, context: Any) -> Any:
    _check_reset(layer, context)
    shape = layer.varshape
    return nir().LIF(
        tau=_seconds(layer.tau, layer),
        v_threshold=si(layer.V_th, shape),
        v_reset=si(layer.V_reset, shape),
        **_membrane(layer),
    )


def _check_reset(layer: Any, context: Any) -> None:
    seen = f"{layer.spk_reset!r}, which NIR cannot say; make it so, or pass ignore_reset=True"
    needs(layer.spk_reset == "hard" or context.ignore_reset, layer, "spk_reset='hard'", seen)


def _size(array: Any) -> tuple[int, ...]:
    return tuple(np.shape(array))


def _lif_in(node: Any, context: Any, tau: Any = None) -> Any:
    volt, ohm = context.units("mV", "ohm")
    return LIF(
        _size(node.v_threshold),
        R=_in(node.r, ohm),
        tau=_in(node.tau if tau is None else tau, u.ms),
        V_th=_in(node.v_threshold, volt),
        V_reset=_in(node.v_reset, volt),
        V_rest=_in(node.v_leak, volt),
        V_initializer=_in(node.v_leak, volt),
        spk_reset=context.spk_reset,
    )


def _li_out(layer: Any, context: Any) -> Any:
    return nir().LI(tau=_seconds(layer.tau, layer), **_membrane(layer))


def _li_in(node: Any, context: Any, tau: Any = None) -> Any:
    volt, ohm = context.units("mV", "ohm")
    tau = _in(node.tau if tau is None else tau, u.ms)
    return LeakyIntegrator(_size(node.v_leak), R=_in(node.r, ohm), tau=tau, V_rest=_in(node.v_leak, volt))


def _synapse(node: Any, context: Any) -> Any:
    """The current of NIR's neurons with synapses, which they share with a membrane without threshold."""
    (ampere,) = context.units("mA")
    rest = _in(np.zeros_like(node.tau_syn), ampere)
    return LeakyIntegrator(_size(node.tau_syn), R=_in(node.w_in, None), tau=_in(node.tau_syn, u.ms), V_rest=rest)


def _cuba_lif_in(node: Any, context: Any) -> Any:
    return nn.Sequential(_synapse(node, context), _lif_in(node, context, node.tau_mem))


def _cuba_li_in(node: Any, context: Any) -> Any:
    return nn.Sequential(_synapse(node, context), _li_in(node, context, node.tau_mem))


def _expon_out(layer: Any, context: Any) -> Any:
    tau = _seconds(layer.tau, layer)
    # Input of a step is a jump here; in NIR it is a current for the duration of the step.
    return nir().LI(tau=tau, r=tau / float(si(environ.get_dt())), v_leak=np.zeros_like(tau))


# What has no numbers -------------------------------------------------------------------------------------------------


def _flatten_out(layer: Any, context: Any) -> Any:
    needs(layer.in_size is not None, layer, "an `in_size`", None)
    start, end = layer.start_axis % len(layer.in_size), layer.end_axis % len(layer.in_size)
    count = len(layer.in_size)
    return nir().Flatten(np.array(layer.in_size), start - count, end - count)


def _flatten_in(node: Any, context: Any) -> Any:
    size = node.input_type["input"]
    return nn.Flatten(node.start_dim, node.end_dim, in_size=None if size is None else np.asarray(size).tolist())


def _pool_out(layer: Any, context: Any) -> Any:
    needs(layer.channel_axis == -3 and layer.padding != "SAME", layer, "channel_axis=-3, padding in numbers", layer)
    pads = ((0, 0),) * 2 if isinstance(layer.padding, str) else layer.padding
    needs(pads == ((0, 0),) * 2, layer, "no padding, which counts in NIR's mean", pads)
    return nir().AvgPool2d(np.array(layer.kernel_size), np.array(layer.stride), np.zeros(2, int))


def _pool_in(node: Any, context: Any) -> Any:
    needs(not np.any(node.padding), node, "no padding, which counts in NIR's mean", node.padding)
    return nn.AvgPool2d(_plain(node.kernel_size), _plain(node.stride), channel_axis=-3, in_size=context.cur_size)


class Scale(nn.Module):
    """NIR's Scale: the input times a factor for each element."""

    def __init__(self, scale: Any) -> None:
        super().__init__()
        self.in_size = self.out_size = tuple(scale.shape)
        self.scale = scale

    def update(self, x: Any) -> Any:
        """The product."""
        return x * self.scale


@functools.cache
def register() -> None:
    """Put the table into the registry, once the package is there."""
    n = nir()
    table = [
        (nn.Linear, n.Affine, _linear_in, _linear_out),
        (nn.Linear, n.Linear, _linear_in, _linear_out),
        (Scale, n.Scale, lambda node, context: Scale(_in(node.scale, None)), lambda x, _: n.Scale(si(x.scale))),
        (nn.Conv1d, n.Conv1d, _conv_in(1), _conv_out(1)),
        (nn.Conv2d, n.Conv2d, _conv_in(2), _conv_out(2)),
        (Expon, n.LI, _li_in, _expon_out),
        (LeakyIntegrator, n.LI, _li_in, _li_out),
        (IF, n.LIF, _lif_in, _lif_out),
        (LIF, n.LIF, _lif_in, _lif_out),
        (nn.Flatten, n.Flatten, _flatten_in, _flatten_out),
        (nn.AvgPool2d, n.AvgPool2d, _pool_in, _pool_out),
    ]
    for ours, theirs, here, there in table:
        register_layer_mapping(LayerMapping(ours, "nir", theirs, here, there))


def cuba(before: Any, node: Any) -> Any:
    """NIR's neuron with a synapse for an LI node before a LIF or LI node; None if they are no such pair."""
    n = nir()
    if not isinstance(before, n.LI) or np.any(before.v_leak) or not isinstance(node, (n.LIF, n.LI)):
        return None
    shared = {"tau_syn": before.tau, "tau_mem": node.tau, "r": node.r, "v_leak": node.v_leak, "w_in": before.r}
    if isinstance(node, n.LIF):
        return n.CubaLIF(**shared, v_threshold=node.v_threshold, v_reset=node.v_reset)
    return n.CubaLI(**shared)


#: Import only: the counterpart here is a sequence of two layers, which is exported as such.
SEQUENCES: dict[str, Callable[[Any, Any], Any]] = {"CubaLIF": _cuba_lif_in, "CubaLI": _cuba_li_in}
