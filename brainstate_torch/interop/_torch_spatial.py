"""Convolution and pooling of torch.nn and ours: with the channels first, as in torch, or with an axis moved."""

from collections.abc import Callable
from typing import Any

from torch import nn as tnn

from .. import nn
from ._torch_values import bias_of, fill, give, needs
from .torch_layers import MovedAxis, TorchMovedAxis, moved

__all__ = [
    "adaptive_in",
    "adaptive_out",
    "channels_last",
    "conv_in",
    "conv_out",
    "moved_in",
    "moved_out",
    "placed",
    "pool_in",
    "pool_out",
]


def _pairs(padding: Any, axes: int) -> Any:
    if isinstance(padding, str):
        return padding.upper()
    return tuple((n, n) for n in ((padding,) * axes if isinstance(padding, int) else padding))


def _symmetric(layer: Any, pads: Any) -> tuple[int, ...]:
    needs(all(a == b for a, b in pads), layer, "the same padding on both sides", pads)
    return tuple(a for a, _ in pads)


def conv_in(axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(layer.padding_mode == "zeros", layer, "zeros as padding", layer.padding_mode)
        size = context.require_size(type(layer).__name__)
        made = getattr(nn, f"Conv{axes}d")(
            size,
            layer.out_channels,
            layer.kernel_size,
            stride=layer.stride,
            padding=_pairs(layer.padding, axes),
            rhs_dilation=layer.dilation,
            groups=layer.groups,
            b_init=None if layer.bias is None else nn.init.ZeroInit(),
            channel_first=True,
        )
        weight = layer.weight.movedim((0, 1), (-1, -2))
        held = made.weight.value.get("bias")
        fill(made.weight, {"weight": weight, "bias": None if held is None else layer.bias.reshape(held.shape)})
        return made

    return convert


def conv_out(axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(set(layer.lhs_dilation) == {1}, layer, "no dilation of the input", layer.lhs_dilation)
        needs(layer.w_mask is None, layer, "no `w_mask`", "one")
        same = layer.padding == "SAME" and set(layer.stride) == {1}
        made = getattr(tnn, f"Conv{axes}d")(
            layer.in_channels,
            layer.out_channels,
            layer.kernel_size,
            stride=layer.stride,
            padding="same" if same else _symmetric(layer, layer._pads),
            dilation=layer.rhs_dilation,
            groups=layer.groups,
            bias=bias_of(layer) is not None,
        )
        give(made, weight=layer.weight.value["weight"].movedim((-1, -2), (0, 1)), bias=bias_of(layer))
        return made if layer.channel_first else channels_last(made, axes)

    return convert


def pool_in(name: str, axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(not layer.ceil_mode, layer, "ceil_mode=False", True)
        needs(getattr(layer, "dilation", 1) in (1, (1,) * axes), layer, "no dilation", getattr(layer, "dilation", 1))
        padding = _pairs(layer.padding, axes)
        if name.startswith("Avg"):
            counts = layer.count_include_pad and any(map(any, padding))
            needs(not counts, layer, "count_include_pad=False, or no padding", "padding that counts")
            needs(getattr(layer, "divisor_override", None) is None, layer, "no divisor_override", "one")
        return getattr(nn, name)(
            layer.kernel_size, layer.stride, padding, channel_axis=-axes - 1, in_size=context.cur_size
        )

    return convert


def pool_out(name: str, axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(layer.padding != "SAME", layer, "padding in numbers", "'SAME'")
        pads = ((0, 0),) * axes if isinstance(layer.padding, str) else layer.padding
        options = {"count_include_pad": False} if name.startswith("Avg") else {}
        made = getattr(tnn, name)(layer.kernel_size, layer.stride, _symmetric(layer, pads), **options)
        return placed(made, layer.channel_axis, axes, layer)

    return convert


def placed(made: Any, channel_axis: int | None, axes: int, layer: Any) -> Any:
    needs(channel_axis in (-1, -axes - 1), layer, "the channels last, or before the axes of space", channel_axis)
    return channels_last(made, axes) if channel_axis == -1 else made


def _even(layer: Any, size: Any, targets: Any, axes: int) -> Any:
    """The sizes after adaptive pooling, where both sides cut an axis into the same windows."""
    targets = tuple(targets) if isinstance(targets, (tuple, list)) else (targets,) * axes
    space = (None,) * axes if size is None else size
    fits = [
        target in (None, 1) or (n is not None and n % target == 0) for n, target in zip(space, targets, strict=True)
    ]
    rule = "an input whose sizes are multiples of the output's (torch has windows that overlap; pass `sample_input`)"
    needs(all(fits), layer, rule, (size, targets))
    return targets


def adaptive_in(name: str, axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        size = None if context.cur_size is None else context.cur_size[1:]
        targets = _even(layer, size, layer.output_size, axes)
        return getattr(nn, name)(targets, channel_axis=-axes - 1, in_size=context.cur_size)

    return convert


def adaptive_out(name: str, axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        last = layer.channel_axis == -1
        size = None if layer.in_size is None else layer.in_size[:-1] if last else layer.in_size[1:]
        targets = _even(layer, size, layer.target_shape, axes)
        return placed(getattr(tnn, name)(targets if axes > 1 else targets[0]), layer.channel_axis, axes, layer)

    return convert


def moved_in(layer: Any, context: Any) -> Any:
    if context.cur_size is not None:
        context.cur_size = moved(context.cur_size, layer.source, layer.target)
    return _with_axis(MovedAxis, context.convert(layer.inner), layer.source, layer.target)


def moved_out(layer: Any, context: Any) -> Any:
    return _with_axis(TorchMovedAxis, context.convert(layer.inner), layer.source, layer.target)


def _with_axis(kind: Any, made: Any, source: int, target: int) -> Any:
    """The layer with its axis moved; two moves that undo each other are none."""
    if isinstance(made, kind) and (made.source, made.target) == (target, source):
        return made.inner
    return kind(made, source, target)


def channels_last(made: Any, axes: int) -> Any:
    """A layer of torch for inputs with the channels last."""
    return TorchMovedAxis(made, -1, -axes - 1)
