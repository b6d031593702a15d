"""Layers of torch.nn and ours: one table, both directions of an entry side by side."""

import functools
from collections.abc import Callable
from typing import Any

import torch
from torch import nn as tnn

from .. import nn
from ._torch_spatial import (
    adaptive_in,
    adaptive_out,
    channels_last,
    conv_in,
    conv_out,
    moved_in,
    moved_out,
    placed,
    pool_in,
    pool_out,
)
from ._torch_values import fill, give, linear_from, linear_values, needs
from .registry import LayerMapping, register_layer_mapping
from .torch_layers import MovedAxis, MultiheadAttention, TorchMovedAxis

__all__: list[str] = []


def _linear_out(layer: Any, context: Any) -> Any:
    weight, bias = linear_values(layer)
    return give(tnn.Linear(weight.shape[1], weight.shape[0], bias is not None), weight=weight, bias=bias)


def _embedding_in(layer: Any, context: Any) -> Any:
    made = nn.Embedding(
        layer.num_embeddings,
        layer.embedding_dim,
        padding_idx=layer.padding_idx,
        max_norm=layer.max_norm,
        norm_type=layer.norm_type,
        scale_grad_by_freq=layer.scale_grad_by_freq,
        freeze=not layer.weight.requires_grad,
    )
    fill(made.weight, layer.weight)
    return made


def _embedding_out(layer: Any, context: Any) -> Any:
    needs(len(layer.embedding_size) == 1, layer, "an `embedding_size` of one axis", layer.embedding_size)
    made = tnn.Embedding(
        layer.num_embeddings,
        layer.embedding_size[0],
        padding_idx=layer.padding_idx,
        max_norm=layer.max_norm,
        norm_type=layer.norm_type,
        scale_grad_by_freq=layer.scale_grad_by_freq,
    )
    give(made, weight=layer.weight.value)
    made.weight.requires_grad_(not layer.freeze)
    return made


def _attention_in(layer: Any, context: Any) -> Any:
    needs(layer.bias_k is None and not layer.add_zero_attn, layer, "no added keys", "bias_k or add_zero_attn")
    size = layer.embed_dim
    parts = (
        (layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight)
        if layer.in_proj_weight is None
        else layer.in_proj_weight.chunk(3)
    )
    biases = (None,) * 3 if layer.in_proj_bias is None else layer.in_proj_bias.chunk(3)
    has_bias = layer.in_proj_bias is not None
    made = MultiheadAttention(
        size, layer.num_heads, layer.dropout, has_bias, layer.kdim, layer.vdim, batch_first=layer.batch_first
    )
    for linear, weight, bias in zip((made.Wq, made.Wk, made.Wv), parts, biases, strict=True):
        fill(linear.weight, {"weight": weight.T, "bias": bias})
    fill(made.Wo.weight, {"weight": layer.out_proj.weight.T, "bias": layer.out_proj.bias})
    return made


def _attention_out(layer: Any, context: Any) -> Any:
    weights, biases = zip(*[linear_values(linear) for linear in (layer.Wq, layer.Wk, layer.Wv)], strict=True)
    kdim, vdim = weights[1].shape[1], weights[2].shape[1]
    made = tnn.MultiheadAttention(
        layer.embed_dim,
        layer.num_heads,
        layer.dropout,
        biases[0] is not None,
        kdim=kdim,
        vdim=vdim,
        batch_first=layer.batch_first,
    )
    if made.in_proj_weight is None:
        give(made, q_proj_weight=weights[0], k_proj_weight=weights[1], v_proj_weight=weights[2])
    else:
        give(made, in_proj_weight=torch.cat(weights))
    give(made, in_proj_bias=None if biases[0] is None else torch.cat(biases))
    weight, bias = linear_values(layer.Wo)
    give(made.out_proj, weight=weight, bias=bias)
    return made


# Normalisation -------------------------------------------------------------------------------------------------------


def _scale(layer: Any, like: Any) -> dict[str, Any]:
    """Scale and bias in the shape of the State that is to hold them."""
    return {
        key: None if value is None else value.reshape(like[key].shape)
        for key, value in (("scale", layer.weight), ("bias", layer.bias))
    }


def _batch_norm_in(layer: Any, context: Any) -> Any:
    needs(layer.momentum is not None, layer, "a `momentum`", "None, which is the mean over all batches")
    tracks = layer.running_mean is not None
    needs(tracks or not layer.affine, layer, "affine=False where track_running_stats is", True)
    size = context.cur_size
    if size is None and isinstance(layer, tnn.BatchNorm1d):
        size = (layer.num_features,)  # A call with spatial axes then raises.
    size = size or context.require_size(type(layer).__name__)
    made = getattr(nn, f"BatchNorm{len(size) - 1}d")(
        size, 0, track_running_stats=tracks, epsilon=layer.eps, momentum=1 - layer.momentum, affine=layer.affine
    )
    if made.weight is not None:
        fill(made.weight, _scale(layer, made.weight.value))
    if tracks:
        fill(made.running_mean, layer.running_mean.reshape(made.feature_size))
        fill(made.running_var, layer.running_var.reshape(made.feature_size))
    return made


def _batch_norm_out(axes: int) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(
            layer.feature_axes in ((0,), (axes,)), layer, "one axis of features, the first or last", layer.feature_axes
        )
        count = layer.in_size[layer.feature_axes[0]]
        made = getattr(tnn, f"BatchNorm{max(axes, 1)}d")(
            count,
            eps=layer.epsilon,
            momentum=1 - layer.momentum,
            affine=layer.affine,
            track_running_stats=layer.track_running_stats,
        )
        held = {} if layer.weight is None else layer.weight.value
        give(made, weight=held.get("scale"), bias=held.get("bias"))
        if layer.track_running_stats:
            give(made, running_mean=layer.running_mean.value, running_var=layer.running_var.value)
        return channels_last(made, axes) if axes and layer.feature_axes == (axes,) else made

    return convert


def _last(axes: int) -> tuple[int, ...]:
    return tuple(range(-axes, 0))


def _layer_norm_in(layer: Any, context: Any) -> Any:
    axes = _last(len(layer.normalized_shape))
    made = nn.LayerNorm(
        layer.normalized_shape,
        axes,
        axes,
        epsilon=layer.eps,
        use_scale=layer.weight is not None,
        use_bias=layer.bias is not None,
    )
    if made.weight is not None:
        fill(made.weight, _scale(layer, made.weight.value))
    return made


def _rms_norm_in(layer: Any, context: Any) -> Any:
    axes, has = _last(len(layer.normalized_shape)), layer.weight is not None
    default = torch.finfo(layer.weight.dtype if has else torch.get_default_dtype()).eps
    made = nn.RMSNorm(
        layer.normalized_shape,
        epsilon=default if layer.eps is None else layer.eps,
        use_scale=has,
        reduction_axes=axes,
        feature_axes=axes,
    )
    if made.scale is not None:
        fill(made.scale, {"scale": layer.weight.reshape(made.scale.value["scale"].shape)})
    return made


def _normed_shape(layer: Any) -> tuple[int, ...]:
    count = len(layer.feature_axes)
    ours = tuple(range(len(layer.in_size) - count, len(layer.in_size)))
    axes = layer.reduction_axes if isinstance(layer.reduction_axes, tuple) else (layer.reduction_axes,)
    reduced = sorted(axis % len(layer.in_size) for axis in axes)
    same = tuple(layer.feature_axes) == ours == tuple(reduced)
    needs(same, layer, "the last axes as those of features, and these alone reduced", (layer.feature_axes, axes))
    return tuple(layer.in_size[-count:])


def _layer_norm_out(layer: Any, context: Any) -> Any:
    held = {} if layer.weight is None else layer.weight.value
    needs("bias" not in held or "scale" in held, layer, "a scale where it has a bias", "a bias alone")
    made = tnn.LayerNorm(_normed_shape(layer), layer.epsilon, bool(held), "bias" in held)
    return give(made, weight=held.get("scale"), bias=held.get("bias"))


def _rms_norm_out(layer: Any, context: Any) -> Any:
    made = tnn.RMSNorm(_normed_shape(layer), layer.epsilon, layer.scale is not None)
    return give(made, weight=None if layer.scale is None else layer.scale.value["scale"])


def _group_norm_in(layer: Any, context: Any) -> Any:
    size = context.require_size("GroupNorm")
    made = nn.GroupNorm(
        (*size[1:], size[0]),
        num_groups=layer.num_groups,
        epsilon=layer.eps,
        use_scale=layer.affine,
        use_bias=layer.affine,
    )
    if made.weight is not None:
        fill(made.weight, _scale(layer, made.weight.value))
    return MovedAxis(made, -len(size), -1) if len(size) > 1 else made


def _group_norm_out(layer: Any, context: Any) -> Any:
    needs(layer.reduction_axes is None, layer, "no `reduction_axes`", layer.reduction_axes)
    held = {} if layer.weight is None else layer.weight.value
    needs(len(held) in (0, 2), layer, "both a scale and a bias, or none", sorted(held))
    made = give(
        tnn.GroupNorm(layer.num_groups, layer.in_size[-1], layer.epsilon, bool(held)),
        weight=held.get("scale"),
        bias=held.get("bias"),
    )
    axes = len(layer.in_size) - 1
    return channels_last(made, axes) if axes else made


# What holds no numbers -----------------------------------------------------------------------------------------------


def _flatten_in(layer: Any, context: Any) -> Any:
    if context.cur_size is None or layer.start_dim < 1:
        return nn.Flatten(layer.start_dim, layer.end_dim)
    end = layer.end_dim if layer.end_dim < 0 else layer.end_dim - 1
    return nn.Flatten(layer.start_dim - 1, end, in_size=context.cur_size)


def _flatten_out(layer: Any, context: Any) -> Any:
    if layer.in_size is None:
        return tnn.Flatten(layer.start_axis, layer.end_axis)
    start = layer.start_axis % len(layer.in_size)
    end = layer.end_axis % len(layer.in_size)
    # Counted from the end, to allow any number of batch axes.
    return tnn.Flatten(start - len(layer.in_size), end - len(layer.in_size))


def _gelu_in(layer: Any, context: Any) -> Any:
    return nn.GELU(layer.approximate == "tanh")


def _softplus_in(layer: Any, context: Any) -> Any:
    needs(layer.beta == 1, layer, "beta=1", layer.beta)
    return nn.Softplus()


def _softmax_in(kind: type) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(layer.dim is not None, layer, "a `dim`", None)
        return kind(layer.dim)

    return convert


def _prelu_in(layer: Any, context: Any) -> Any:
    needs(layer.num_parameters == 1, layer, "one parameter", layer.num_parameters)
    made = nn.PReLU(1)
    fill(made.weight, layer.weight)
    return made


def _prelu_out(layer: Any, context: Any) -> Any:
    needs(layer.num_parameters == 1, layer, "one parameter", layer.num_parameters)
    return give(tnn.PReLU(1), weight=layer.weight.value)


def _dropout_out(kind: Any) -> Callable[[Any, Any], Any]:
    def convert(layer: Any, context: Any) -> Any:
        needs(not getattr(layer, "broadcast_dims", ()), layer, "no `broadcast_dims`", layer)
        return kind(1 - layer.prob)

    return convert


def _channel_dropout_out(kind: Any, axes: int) -> Callable[[Any, Any], Any]:
    return lambda layer, context: placed(kind(1 - layer.prob), layer.channel_axis, axes, layer)


def _same(name: str, arguments: tuple[str, ...]) -> tuple[type, type, Any, Any]:
    ours: Any = getattr(nn, name)
    theirs: Any = getattr(tnn, name)

    def given(layer: Any) -> dict[str, Any]:
        return {argument: getattr(layer, argument) for argument in arguments}

    return ours, theirs, lambda layer, _: ours(**given(layer)), lambda layer, _: theirs(**given(layer))


_SAME: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("ReLU", "ReLU6", "Tanh", "Sigmoid", "LogSigmoid", "Softsign", "Hardsigmoid", "Identity"), ()),
    **dict.fromkeys(("Tanhshrink", "SiLU", "Hardswish", "Mish", "SELU"), ()),
    **dict.fromkeys(("ELU", "CELU"), ("alpha",)),
    **dict.fromkeys(("Hardshrink", "Softshrink"), ("lambd",)),
    "LeakyReLU": ("negative_slope",),
    "Hardtanh": ("min_val", "max_val"),
    "Threshold": ("threshold", "value"),
    "GLU": ("dim",),
}


def _both(axes: int, name: str) -> tuple[Any, Any]:
    return getattr(nn, f"{name}{axes}d"), getattr(tnn, f"{name}{axes}d")


def _table() -> list[tuple[Any, Any, Any, Any]]:
    """Our class, torch's, the way here, the way back."""
    rows = [_same(name, arguments) for name, arguments in _SAME.items()]
    rows += [
        (nn.Linear, tnn.Linear, lambda layer, _: linear_from(layer.weight, layer.bias), _linear_out),
        (nn.Embedding, tnn.Embedding, _embedding_in, _embedding_out),
        (MultiheadAttention, tnn.MultiheadAttention, _attention_in, _attention_out),
        (nn.LayerNorm, tnn.LayerNorm, _layer_norm_in, _layer_norm_out),
        (nn.RMSNorm, tnn.RMSNorm, _rms_norm_in, _rms_norm_out),
        (nn.GroupNorm, tnn.GroupNorm, _group_norm_in, _group_norm_out),
        (nn.BatchNorm0d, tnn.BatchNorm1d, _batch_norm_in, _batch_norm_out(0)),
        (nn.Flatten, tnn.Flatten, _flatten_in, _flatten_out),
        (nn.GELU, tnn.GELU, _gelu_in, lambda layer, _: tnn.GELU("tanh" if layer.approximate else "none")),
        (nn.Softplus, tnn.Softplus, _softplus_in, lambda layer, _: tnn.Softplus()),
        (nn.PReLU, tnn.PReLU, _prelu_in, _prelu_out),
        (nn.Dropout, tnn.Dropout, lambda layer, _: nn.Dropout(1 - layer.p), _dropout_out(tnn.Dropout)),
        (nn.AlphaDropout, tnn.AlphaDropout, lambda x, _: nn.AlphaDropout(1 - x.p), _dropout_out(tnn.AlphaDropout)),
    ]  # fmt: skip
    for name in ("Softmax", "Softmin", "LogSoftmax"):
        ours, theirs = getattr(nn, name), getattr(tnn, name)
        rows.append((ours, theirs, _softmax_in(ours), lambda layer, _, theirs=theirs: theirs(layer.dim)))
    for n in (1, 2, 3):
        of = functools.partial(_both, n)
        rows.append((*of("Conv"), conv_in(n), conv_out(n)))
        rows.append((*of("BatchNorm"), _batch_norm_in, _batch_norm_out(n)))
        ours, theirs = of("Dropout")
        here = lambda layer, _, ours=ours, n=n: ours(1 - layer.p, channel_axis=-n - 1)
        rows.append((ours, theirs, here, _channel_dropout_out(theirs, n)))
        for name in ("MaxPool", "AvgPool"):
            rows.append((*of(name), pool_in(f"{name}{n}d", n), pool_out(f"{name}{n}d", n)))
        for name in ("AdaptiveAvgPool", "AdaptiveMaxPool"):
            rows.append((*of(name), adaptive_in(f"{name}{n}d", n), adaptive_out(f"{name}{n}d", n)))
    rows.append((MovedAxis, TorchMovedAxis, moved_in, moved_out))
    return rows


for _ours, _theirs, _here, _there in _table():
    register_layer_mapping(LayerMapping(_ours, "torch", _theirs, _here, _there))
