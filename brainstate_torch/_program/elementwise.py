"""Operations on each element as expressions of a language in which kernels are written."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import torch

from .._host.fx import Node

__all__ = ["VIEWS", "ElementLoop", "Language", "expression", "is_same_place", "stripped"]

_aten = torch.ops.aten


class ElementLoop(NamedTuple):
    """A loop whose steps compute element by element.

    Attributes
    ----------
    shape
        What all values of a step broadcast to.
    length, reverse
        How many steps, and whether the last inputs come first.
    carry, constants, inputs
        What a step is given, without what is summed.
    ends, summed
        What of a step is carried on, or added to a sum over all steps; and which of them are added.
    columns
        What each step stores.
    operations
        What a step computes, in order.
    """

    shape: torch.Size
    length: int
    reverse: bool
    carry: list[Node]
    constants: list[Node]
    inputs: list[Node]
    ends: list[Node]
    summed: list[bool]
    columns: list[Node]
    operations: list[Node]

    @property
    def becomes(self) -> list[Node]:
        """The new values of the carry."""
        return [node for node, is_added in zip(self.ends, self.summed, strict=True) if not is_added]

    @property
    def terms(self) -> list[Node]:
        """What is added in each step."""
        return [node for node, is_added in zip(self.ends, self.summed, strict=True) if is_added]


class Language(NamedTuple):
    """How a language writes what it is made of.

    Attributes
    ----------
    dtypes
        Its names of dtypes. Numbers of 16 bits are rounded after each operation, which kernels leave out; bytes wrap.
    functions
        Templates of functions of floating numbers by name.
    choose
        The template of a choice: condition, value where it holds, other value.
    cast, full
        Templates of a conversion and of a number for all elements: value, name of the dtype.
    truth
        The template of whether a value is not zero.
    number
        A number as it is written.
    """

    dtypes: Mapping[torch.dtype, str]
    functions: Mapping[str, str]
    choose: str
    cast: str
    full: str
    truth: str
    number: Callable[[float], str]


#: Computed in the dtype of the result.
_ARITHMETIC: dict[Any, str] = {
    _aten.sub.Tensor: "{0} - {1} * {alpha}",
    _aten.add.Tensor: "{0} + {1} * {alpha}",
    _aten.rsub.Scalar: "{1} - {0} * {alpha}",
    _aten.mul.Tensor: "{0} * {1}",
    _aten.mul.Scalar: "{0} * {1}",
    _aten.neg.default: "-{0}",
    _aten.square.default: "{0} * {0}",
}
#: For whole numbers and booleans, too.
_BITS: dict[Any, str] = {
    **dict.fromkeys((_aten.bitwise_and.Tensor, _aten.bitwise_and.Scalar), "{0} & {1}"),
    **dict.fromkeys((_aten.bitwise_or.Tensor, _aten.bitwise_or.Scalar), "{0} | {1}"),
    **dict.fromkeys((_aten.bitwise_xor.Tensor, _aten.bitwise_xor.Scalar), "{0} ^ {1}"),
    **dict.fromkeys((_aten.clone.default, _aten.alias.default, _aten.detach.default, _aten._to_copy.default), "{0}"),
    **dict.fromkeys((_aten.lift_fresh_copy.default, torch.ops.prims.convert_element_type.default), "{0}"),
    **dict.fromkeys((_aten.copy.default,), "{1}"),
}
#: Of floating numbers, by the names of a language.
_FUNCTIONS: dict[Any, str] = {
    **{
        getattr(_aten, name).default: name
        for name in (
            *("reciprocal", "abs", "exp", "exp2", "log", "log2", "sqrt", "rsqrt", "sin", "cos", "erf", "floor", "ceil"),
            *("sigmoid", "silu", "tanh", "expm1", "log1p", "atan", "sinh", "cosh", "relu", "sigmoid_backward"),
            *("tanh_backward", "maximum", "minimum"),
        )
    },
    _aten.div.Tensor: "divide",
    _aten.div.Scalar: "divide",
    _aten.clamp_min.default: "maximum",
    _aten.clamp_max.default: "minimum",
    _aten.pow.Tensor_Tensor: "pow",
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
#: Views and repetitions; `is_same_place` tells whether each element stays beside the same others.
VIEWS = {
    *(_aten.view.default, _aten._unsafe_view.default, _aten.reshape.default, _aten.expand.default),
    *(_aten.unsqueeze.default, _aten.squeeze.default, _aten.squeeze.dim, _aten.squeeze.dims),
}


def expression(language: Language, node: Node, names: Mapping[Node, str]) -> str | None:
    """The expression for a node, in terms of the names of its inputs; None if it is not element-wise, or not known."""
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor) or value.dtype not in language.dtypes:
        return None
    if node.target in VIEWS and is_same_place(node):
        source: Any = node.args[0]
        return names[source]
    writer = _Writer(language, names)
    if node.target in _UNIFORM:
        place, number = _UNIFORM[node.target]
        return writer.literal(number if place is None else node.args[place], value.dtype)
    text = writer.computed(node, value.dtype)
    return None if text is None else writer.cast(text, value.dtype)


def stripped(shape: torch.Size) -> tuple[int, ...]:
    """A shape without its leading axes of length 1."""
    found = tuple(shape)
    while found and found[0] == 1:
        found = found[1:]
    return found


def is_same_place(node: Node) -> bool:
    """Whether a view keeps the layout of elements, except for leading axes of length 1 and repetition."""
    source: Any = node.args[0]
    before, after = stripped(source.meta["val"].shape), stripped(node.meta["val"].shape)
    if node.target is not _aten.expand.default:
        return before == after
    rest = after[len(after) - len(before) :]
    return len(before) <= len(after) and all(x in (1, y) for x, y in zip(before, rest, strict=True))


class _Writer:
    """What is known of the inputs of a node."""

    def __init__(self, language: Language, names: Mapping[Node, str]) -> None:
        self.language, self.names = language, names

    def cast(self, text: str, dtype: torch.dtype) -> str:
        return self.language.cast.format(text, self.language.dtypes[dtype])

    def of(self, x: Any, dtype: torch.dtype | None) -> str:
        """An argument in a dtype; None for its own."""
        if not isinstance(x, Node):
            return self.literal(x, dtype or (torch.bool if isinstance(x, bool) else torch.float32))
        name = self.names[x]
        return name if dtype in (None, x.meta["val"].dtype) else self.cast(name, dtype)

    def literal(self, number: Any, dtype: torch.dtype) -> str:
        """A number for all elements: a scalar could have another width than they have."""
        number = float(number) if dtype.is_floating_point else int(bool(number) if dtype is torch.bool else number)
        return self.language.full.format(self.language.number(number), self.language.dtypes[dtype])

    def called(self, name: str, *given: str) -> str | None:
        template = self.language.functions.get(name)
        return None if template is None else template.format(*given)

    def chosen(self, condition: str, one: str, other: str) -> str:
        return self.language.choose.format(condition, one, other)

    def computed(self, node: Node, dtype: torch.dtype) -> str | None:
        target: Any = node.target
        if target in _BITS:
            return _BITS[target].format(*self._given(node, dtype))
        if target in _ARITHMETIC:
            return None if dtype is torch.bool else self._arithmetic(node, dtype)
        if target in _FUNCTIONS:
            return self.called(_FUNCTIONS[target], *self._given(node, dtype)) if dtype.is_floating_point else None
        if target in _COMPARISONS:
            return self._comparison(node)
        if target in _LOGICAL:
            if target is _aten.bitwise_not.default and dtype is not torch.bool:
                return None
            return _LOGICAL[target].format(*[self.language.truth.format(self.of(x, None)) for x in node.args])
        return self._special(node, dtype)

    def _given(self, node: Node, dtype: torch.dtype) -> list[str]:
        return [self.of(x, dtype) for x in node.args if isinstance(x, (Node, bool, int, float))]

    def _arithmetic(self, node: Node, dtype: torch.dtype) -> str:
        formula, alpha = _ARITHMETIC[node.target], node.kwargs.get("alpha", 1)
        if alpha == 1:
            formula = formula.replace(" * {alpha}", "")
        return formula.format(*self._given(node, dtype), alpha=self.literal(alpha, dtype))

    def _comparison(self, node: Node) -> str | None:
        left, right = node.args
        pair: list[Any] = [x.meta["val"] if isinstance(x, Node) else x for x in (left, right)]
        common = torch.result_type(*pair)
        if common not in self.language.dtypes:
            return None
        return _COMPARISONS[node.target].format(self.of(left, common), self.of(right, common))

    def _special(self, node: Node, dtype: torch.dtype) -> str | None:
        """Operations whose arguments are of different kinds."""
        target, args = node.target, node.args
        if target is _aten.where.self:
            return self.chosen(self.of(args[0], None), self.of(args[1], dtype), self.of(args[2], dtype))
        if target is _aten.masked_fill.Scalar:
            return self.chosen(self.of(args[1], None), self.of(args[2], dtype), self.of(args[0], dtype))
        if target is _aten.sign.default:
            x, zero, one = self.of(args[0], dtype), self.literal(0, dtype), self.literal(1, dtype)
            more, less = (self.cast(f"{x} {symbol} {zero}", torch.bool) for symbol in "><")
            return f"{self.chosen(more, one, zero)} - {self.chosen(less, one, zero)}"
        if target is _aten.isnan.default:
            return f"{self.of(args[0], None)} != {self.of(args[0], None)}"
        if target is _aten.threshold_backward.default:
            below = self.cast(f"{self.of(args[1], dtype)} <= {self.of(args[2], dtype)}", torch.bool)
            return self.chosen(below, self.literal(0, dtype), self.of(args[0], dtype))
        if target in (_aten.clamp.default, _aten.clamp.Tensor):
            return self._bounded(args, dtype)
        if target is _aten.pow.Tensor_Scalar:
            return self._power(self.of(args[0], dtype), args[1], dtype)
        return None

    def _bounded(self, args: Any, dtype: torch.dtype) -> str | None:
        text: str | None = self.of(args[0], dtype)
        for bound, name in zip([*args[1:], None], ("maximum", "minimum"), strict=False):
            if bound is not None and text is not None:
                text = self.called(name, text, self.of(bound, dtype))
        return text

    def _power(self, x: str, exponent: Any, dtype: torch.dtype) -> str | None:
        if float(exponent).is_integer() and 1 <= exponent <= 4:
            return " * ".join([x] * int(exponent))
        if not dtype.is_floating_point:
            return None
        known = {0.5: "sqrt", -0.5: "rsqrt", -1.0: "reciprocal"}
        if exponent in known:
            return self.called(known[exponent], x)
        if exponent == -2.0:
            return self.called("reciprocal", f"({x} * {x})")
        return self.called("pow", x, self.literal(exponent, dtype))
