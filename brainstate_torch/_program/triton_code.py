"""Operations on each element as expressions of Triton."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch

from .._host.fx import Node

__all__ = ["DTYPES", "expression"]

_aten = torch.ops.aten
#: Numbers of 16 bits are rounded after each operation, which Triton leaves out; bytes wrap otherwise.
DTYPES = {
    torch.float32: "tl.float32",
    torch.float64: "tl.float64",
    torch.int32: "tl.int32",
    torch.int64: "tl.int64",
    torch.bool: "tl.int1",
}
#: Computed in the dtype of the result.
_FORMULAS: dict[Any, str] = {
    _aten.sub.Tensor: "{0} - {1} * {alpha}",
    _aten.add.Tensor: "{0} + {1} * {alpha}",
    _aten.rsub.Scalar: "{1} - {0} * {alpha}",
    _aten.mul.Tensor: "{0} * {1}",
    _aten.mul.Scalar: "{0} * {1}",
    _aten.div.Tensor: "{0} / {1}",
    _aten.div.Scalar: "{0} / {1}",
    _aten.neg.default: "-{0}",
    _aten.square.default: "{0} * {0}",
    _aten.reciprocal.default: "1.0 / {0}",
    _aten.abs.default: "tl.abs({0})",
    _aten.exp.default: "tl.exp({0})",
    _aten.exp2.default: "tl.exp2({0})",
    _aten.log.default: "tl.log({0})",
    _aten.log2.default: "tl.log2({0})",
    _aten.sqrt.default: "tl.sqrt({0})",
    _aten.rsqrt.default: "1.0 / tl.sqrt({0})",
    _aten.sin.default: "tl.sin({0})",
    _aten.cos.default: "tl.cos({0})",
    _aten.erf.default: "tl.erf({0})",
    _aten.floor.default: "tl.floor({0})",
    _aten.ceil.default: "tl.ceil({0})",
    _aten.sigmoid.default: "1.0 / (1.0 + tl.exp(-{0}))",
    _aten.silu.default: "{0} / (1.0 + tl.exp(-{0}))",
    _aten.tanh.default: "libdevice.tanh({0})",
    _aten.expm1.default: "libdevice.expm1({0})",
    _aten.log1p.default: "libdevice.log1p({0})",
    _aten.atan.default: "libdevice.atan({0})",
    _aten.sinh.default: "libdevice.sinh({0})",
    _aten.cosh.default: "libdevice.cosh({0})",
    _aten.relu.default: "tl.where({0} <= 0, tl.zeros_like({0}), {0})",
    _aten.sigmoid_backward.default: "{0} * (1.0 - {1}) * {1}",
    _aten.tanh_backward.default: "{0} * (1.0 - {1} * {1})",
    _aten.maximum.default: "tl.maximum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    _aten.minimum.default: "tl.minimum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    _aten.clamp_min.default: "tl.maximum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    _aten.clamp_max.default: "tl.minimum({0}, {1}, propagate_nan=tl.PropagateNan.ALL)",
    _aten.pow.Tensor_Tensor: "libdevice.pow({0}, {1})",
    **dict.fromkeys((_aten.bitwise_and.Tensor, _aten.bitwise_and.Scalar), "{0} & {1}"),
    **dict.fromkeys((_aten.bitwise_or.Tensor, _aten.bitwise_or.Scalar), "{0} | {1}"),
    **dict.fromkeys((_aten.bitwise_xor.Tensor, _aten.bitwise_xor.Scalar), "{0} ^ {1}"),
    **dict.fromkeys((_aten.clone.default, _aten.alias.default, _aten.detach.default, _aten._to_copy.default), "{0}"),
    **dict.fromkeys((_aten.lift_fresh_copy.default, torch.ops.prims.convert_element_type.default), "{0}"),
    **dict.fromkeys((_aten.copy.default,), "{1}"),
}
#: Computed in the dtype that the arguments are promoted to; the result is a boolean.
_COMPARISONS: dict[Any, str] = {
    operation: f"{{0}} {symbol} {{1}}"
    for name, symbol in (("gt", ">"), ("ge", ">="), ("lt", "<"), ("le", "<="), ("eq", "=="), ("ne", "!="))
    for operation in (getattr(_aten, name).Scalar, getattr(_aten, name).Tensor)
}
#: Of arguments as booleans.
_LOGICAL: dict[Any, str] = {
    _aten.logical_and.default: "{0} & {1}",
    _aten.logical_or.default: "{0} | {1}",
    _aten.logical_xor.default: "{0} ^ {1}",
    _aten.logical_not.default: "{0} == 0",
    _aten.bitwise_not.default: "{0} == 0",
}
#: Factories of a constant tensor, with their number or the position of the argument that has it.
_UNIFORM: dict[Any, tuple[int | None, float]] = {
    **dict.fromkeys((_aten.zeros.default, _aten.zeros_like.default, _aten.new_zeros.default), (None, 0)),
    **dict.fromkeys((_aten.ones.default, _aten.ones_like.default, _aten.new_ones.default), (None, 1)),
    **dict.fromkeys((_aten.full.default, _aten.full_like.default), (1, 0)),
    _aten.new_full.default: (2, 0),
    _aten.scalar_tensor.default: (0, 0),
}
_TRANSCENDENTAL = ("tl.", "libdevice.", "1.0 /", "{0} / (")


def expression(node: Node, names: Mapping[Node, str]) -> str | None:
    """The expression for a node, in terms of the names of its inputs; None if it is not element-wise, or not known."""
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor) or value.dtype not in DTYPES:
        return None
    if node.target in _UNIFORM:
        place, number = _UNIFORM[node.target]
        return _literal(number if place is None else node.args[place], value.dtype)
    text = _computed(node, value.dtype, names)
    return None if text is None else f"({text}).to({DTYPES[value.dtype]})"


def _computed(node: Node, dtype: torch.dtype, names: Mapping[Node, str]) -> str | None:
    target: Any = node.target
    of = _operand(names)
    alpha = node.kwargs.get("alpha", 1)
    if target in _FORMULAS:
        formula = _FORMULAS[target]
        floating = dtype.is_floating_point
        if not floating and (formula.startswith(_TRANSCENDENTAL) or (dtype is torch.bool and "*" in formula)):
            return None
        if alpha == 1:
            formula = formula.replace(" * {alpha}", "")
        given = [of(x, dtype) for x in node.args if isinstance(x, (Node, bool, int, float))]
        return formula.format(*given, alpha=_literal(alpha, dtype))
    if target in _COMPARISONS:
        left, right = node.args
        pair: list[Any] = [x.meta["val"] if isinstance(x, Node) else x for x in (left, right)]
        common = torch.result_type(*pair)
        return _COMPARISONS[target].format(of(left, common), of(right, common)) if common in DTYPES else None
    if target in _LOGICAL:
        if target is _aten.bitwise_not.default and dtype is not torch.bool:
            return None
        return _LOGICAL[target].format(*[f"({of(x, None)} != 0)" for x in node.args])
    return _special(node, dtype, of)


def _special(node: Node, dtype: torch.dtype, of: "_Of") -> str | None:
    """Operations whose arguments are of different kinds."""
    target, args = node.target, node.args
    if target is _aten.where.self:
        return f"tl.where({of(args[0], None)}, {of(args[1], dtype)}, {of(args[2], dtype)})"
    if target is _aten.masked_fill.Scalar:
        return f"tl.where({of(args[1], None)}, {of(args[2], dtype)}, {of(args[0], dtype)})"
    if target is _aten.sign.default:
        x, zero = of(args[0], dtype), _literal(0, dtype)
        return f"({x} > {zero}).to({DTYPES[dtype]}) - ({x} < {zero}).to({DTYPES[dtype]})"
    if target is _aten.isnan.default:
        return f"{of(args[0], None)} != {of(args[0], None)}"
    if target is _aten.threshold_backward.default:
        return f"tl.where({of(args[1], dtype)} <= {of(args[2], dtype)}, {_literal(0, dtype)}, {of(args[0], dtype)})"
    if target in (_aten.clamp.default, _aten.clamp.Tensor):
        text, bounds = of(args[0], dtype), [*args[1:], None, None]
        for bound, fun in zip(bounds, ("tl.maximum", "tl.minimum"), strict=False):
            if bound is not None:
                text = f"{fun}({text}, {of(bound, dtype)}, propagate_nan=tl.PropagateNan.ALL)"
        return text
    if target is _aten.pow.Tensor_Scalar:
        return _power(of(args[0], dtype), args[1], dtype)
    return None


def _power(x: str, exponent: Any, dtype: torch.dtype) -> str | None:
    if float(exponent).is_integer() and 1 <= exponent <= 4:
        return " * ".join([x] * int(exponent))
    if not dtype.is_floating_point:
        return None
    known = {0.5: f"tl.sqrt({x})", -0.5: f"1.0 / tl.sqrt({x})", -1.0: f"1.0 / {x}", -2.0: f"1.0 / ({x} * {x})"}
    return known.get(float(exponent)) or f"libdevice.pow({x}, {_literal(exponent, dtype)})"


_Of = Callable[[Any, torch.dtype | None], str]


def _operand(names: Mapping[Node, str]) -> _Of:
    def of(x: Any, dtype: torch.dtype | None) -> str:
        """An argument in a dtype; None for its own."""
        if not isinstance(x, Node):
            return _literal(x, dtype or (torch.bool if isinstance(x, bool) else torch.float32))
        return names[x] if dtype in (None, x.meta["val"].dtype) else f"{names[x]}.to({DTYPES[dtype]})"

    return of


def _literal(number: Any, dtype: torch.dtype) -> str:
    """A number as a full block: a scalar Triton would take for one of 32 bits."""
    if dtype is torch.bool:
        number = int(bool(number))
    elif not dtype.is_floating_point:
        number = int(number)
    shown = repr(number) if not isinstance(number, float) or math.isfinite(number) else f'float("{number}")'
    return f"tl.full([BLOCK], {shown}, {DTYPES[dtype]})"
