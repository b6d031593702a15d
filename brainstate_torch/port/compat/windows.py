"""Convolutions and reductions over windows and axes: ``jax.lax``."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ...units import math

__all__ = [
    "conv",
    "conv_general_dilated",
    "conv_with_general_padding",
    "etrace_conv",
    "reduce",
    "reduce_and",
    "reduce_max",
    "reduce_min",
    "reduce_or",
    "reduce_prod",
    "reduce_sum",
    "reduce_window",
]

_SPATIAL = "DHW"


def _pads(padding: Any, lengths: Sequence[int], windows: Sequence[int], steps: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs of low and high padding for each axis."""
    if not isinstance(padding, str):
        return [(int(low), int(high)) for low, high in padding]
    if padding.upper() == "VALID":
        return [(0, 0)] * len(lengths)
    if padding.upper() not in ("SAME", "SAME_LOWER"):
        raise ValueError(f"`padding` must be 'SAME', 'SAME_LOWER', 'VALID' or pairs of numbers. Got {padding!r}.")
    found = []
    for length, window, step in zip(lengths, windows, steps, strict=True):
        total = max((-(-length // step) - 1) * step + window - length, 0)
        small, large = total // 2, total - total // 2
        found.append((small, large) if padding.upper() == "SAME" else (large, small))
    return found


def _order(spec: Any, outer: str, axes: int) -> list[int]:
    """The places of the two outer axes and the spatial ones in a specification such as ``'NHWC'``."""
    if isinstance(spec, str):
        spatial = [i for i, letter in enumerate(spec) if letter not in outer]
        letters = sorted(spatial, key=lambda i: spec[i]) if all(spec[i].isdigit() for i in spatial) else spatial
        return [spec.index(outer[0]), spec.index(outer[1]), *letters]
    return list(spec) if spec is not None else list(range(axes))


def conv_general_dilated(
    lhs: Any,
    rhs: Any,
    window_strides: Sequence[int],
    padding: Any,
    lhs_dilation: Sequence[int] | None = None,
    rhs_dilation: Sequence[int] | None = None,
    dimension_numbers: Any = None,
    feature_group_count: int = 1,
    batch_group_count: int = 1,
    **hints: Any,
) -> Any:
    """A convolution of one to three axes, in which each axis may have its place: ``jax.lax.conv_general_dilated``."""
    if batch_group_count != 1 or not 3 <= lhs.ndim <= 5:
        raise NotImplementedError(
            "`conv_general_dilated` must have one to three spatial axes and no groups of the batch. Got "
            f"{lhs.ndim - 2} and {batch_group_count}. Call torch.nn.functional.conv2d on parts of the batch."
        )
    numbers = dimension_numbers
    if numbers is None or len(numbers) == 2:
        numbers = (*(numbers or (None, None)), None)
    left, right = _order(numbers[0], "NC", lhs.ndim), _order(numbers[1], "OI", lhs.ndim)
    out = _order(numbers[2], "NC", lhs.ndim) if numbers[2] is not None else left
    x, w = math.asarray(lhs).permute(left), math.asarray(rhs).permute(right)
    axes = lhs.ndim - 2
    stretch, spread = lhs_dilation or (1,) * axes, rhs_dilation or (1,) * axes
    for axis, factor in enumerate(stretch):
        if factor > 1:
            wide = x.new_zeros(*x.shape[: 2 + axis], (x.shape[2 + axis] - 1) * factor + 1, *x.shape[3 + axis :])
            places = torch.arange(0, wide.shape[2 + axis], factor, device=x.device)
            x = wide.index_copy(2 + axis, places, x)
    windows = [(n - 1) * d + 1 for n, d in zip(w.shape[2:], spread, strict=True)]
    pads = _pads(padding, x.shape[2:], windows, window_strides)
    x = torch.nn.functional.pad(x, [n for pair in reversed(pads) for n in pair])
    convolve: Any = getattr(torch.nn.functional, f"conv{axes}d")
    result = convolve(x, w, stride=tuple(window_strides), dilation=tuple(spread), groups=feature_group_count)
    back = [out.index(i) for i in range(len(out))]
    return result.permute(back)


def etrace_conv(
    x: Any,
    kernel: Any,
    bias: Any = None,
    *,
    strides: Sequence[int] = (1,),
    padding: Any = "SAME",
    kernel_fn: Any = None,
    bias_fn: Any = None,
    **options: Any,
) -> Any:
    """A convolution whose kernel and bias are learnt online: ``braintrace.conv``."""
    kernel = kernel if kernel_fn is None else kernel_fn(kernel)
    result = conv_general_dilated(x, kernel, strides, padding, **options)
    if bias is None:
        return result
    bias = bias if bias_fn is None else bias_fn(bias)
    if bias.ndim == 1:
        numbers = options.get("dimension_numbers")
        out = numbers[2] if numbers is not None and len(numbers) == 3 else None
        channels = _order(out, "NC", x.ndim)[1]
        bias = bias.reshape([-1 if i == channels else 1 for i in range(x.ndim)])
    return result + bias


def conv(lhs: Any, rhs: Any, window_strides: Sequence[int], padding: Any, *hints: Any, **more_hints: Any) -> Any:
    """A convolution of ``[N, C, *spatial]`` with ``[O, I, *spatial]``."""
    return conv_general_dilated(lhs, rhs, window_strides, padding)


def conv_with_general_padding(
    lhs: Any, rhs: Any, window_strides: Sequence[int], padding: Any, lhs_dilation: Any, rhs_dilation: Any, **hints: Any
) -> Any:
    """The same with padding and dilations."""
    return conv_general_dilated(lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation)


def _by_axes(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(operand: Any, axes: Sequence[int], **hints: Any) -> Any:
        return function(operand, axis=tuple(axes)) if axes else operand

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"``jax.lax.{name}``: over several axes."
    return call


reduce_sum, reduce_max, reduce_min = (
    _by_axes("reduce_sum", math.sum), _by_axes("reduce_max", math.max), _by_axes("reduce_min", math.min),
)  # fmt: skip
reduce_prod, reduce_and, reduce_or = (
    _by_axes("reduce_prod", math.prod), _by_axes("reduce_and", math.all), _by_axes("reduce_or", math.any),
)  # fmt: skip


def _folded(x: Any, init: Any, computation: Callable[..., Any], count: int) -> Any:
    """The last `count` axes, combined two by two from `init` on."""
    parts = x.reshape(*x.shape[: x.ndim - count], -1).unbind(-1)
    return functools.reduce(computation, parts, math.asarray(init).to(x).expand(parts[0].shape))


def reduce(operands: Any, init_values: Any, computation: Callable[..., Any], dimensions: Sequence[int]) -> Any:
    """One array over axes, by an associative function of two: ``jax.lax.reduce``."""
    axes = [axis % operands.ndim for axis in dimensions]
    kept = [axis for axis in range(operands.ndim) if axis not in axes]
    return _folded(operands.permute(*kept, *axes), init_values, computation, len(axes))


def reduce_window(
    operand: Any,
    init_value: Any,
    computation: Callable[..., Any],
    window_dimensions: Sequence[int],
    window_strides: Sequence[int] | None = None,
    padding: Any = "VALID",
    base_dilation: Sequence[int] | None = None,
    window_dilation: Sequence[int] | None = None,
) -> Any:
    """Each window of an array, by an associative function of two: ``jax.lax.reduce_window``."""
    steps = window_strides or (1,) * operand.ndim
    if base_dilation is not None and any(n != 1 for n in base_dilation):
        raise NotImplementedError("`base_dilation` must be 1. Got another. Spread the array before.")
    if window_dilation is not None and any(n != 1 for n in window_dilation):
        raise NotImplementedError("`window_dilation` must be 1. Got another. Take every n-th element before.")
    x = math.asarray(operand)
    pads = _pads(padding, x.shape, window_dimensions, steps)
    for axis, (low, high) in enumerate(pads):
        if low or high:
            edges = [
                math.asarray(init_value).to(x).expand(*x.shape[:axis], n, *x.shape[axis + 1 :]) for n in (low, high)
            ]
            x = torch.cat([edges[0], x, edges[1]], axis)
    for axis, (size, step) in enumerate(zip(window_dimensions, steps, strict=True)):
        x = x.unfold(axis, size, step)
    return _folded(x, init_value, computation, operand.ndim)
