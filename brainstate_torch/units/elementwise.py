"""Functions of single elements: a line each, with torch's function, what it takes, and an example."""

import math
from collections.abc import Callable
from typing import Any, Protocol

import torch
import torch.nn.functional as F

from .forms.axes import Alike, Array, floating, promoted, sum_dtype
from .forms.elements import round as rounded
from .public import public

__all__ = [
    "abs",
    "absolute",
    "add",
    "angle",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "cbrt",
    "ceil",
    "conj",
    "conjugate",
    "copysign",
    "cos",
    "cosh",
    "deg2rad",
    "degrees",
    "divide",
    "equal",
    "exp",
    "exp2",
    "expm1",
    "fabs",
    "fix",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "gcd",
    "greater",
    "greater_equal",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "heaviside",
    "hypot",
    "imag",
    "invert",
    "isfinite",
    "isinf",
    "isnan",
    "isreal",
    "lcm",
    "left_shift",
    "less",
    "less_equal",
    "log",
    "log1p",
    "log2",
    "log10",
    "log_sigmoid",
    "logaddexp",
    "logaddexp2",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "mish",
    "mod",
    "multiply",
    "negative",
    "nextafter",
    "not_equal",
    "positive",
    "rad2deg",
    "radians",
    "real",
    "reciprocal",
    "relu",
    "relu6",
    "remainder",
    "right_shift",
    "rint",
    "selu",
    "sigmoid",
    "sign",
    "signbit",
    "silu",
    "sin",
    "sinc",
    "sinh",
    "soft_sign",
    "softplus",
    "sqrt",
    "square",
    "subtract",
    "swish",
    "tan",
    "tanh",
    "true_divide",
    "trunc",
]  # fmt: skip


class OfOne(Protocol):
    """A function of each element of an array."""

    def __call__(self, x: Any) -> Any: ...


class OfOnePlain(Protocol):
    """A function of each element of a plain array, or of a quantity counted in `unit_to_scale`."""

    def __call__(self, x: Any, unit_to_scale: Any = None) -> Any: ...


class OfTwo(Protocol):
    """A function of the elements of two arrays."""

    def __call__(self, x: Any, y: Any) -> Any: ...


class OfTwoPlain(Protocol):
    """A function of the elements of two arrays, which may be counted in `unit_to_scale`."""

    def __call__(self, x: Any, y: Any, unit_to_scale: Any = None) -> Any: ...


def _named(call: Callable[..., Any], name: str, example: str, value: str) -> Any:
    shown = value.replace("\n", "\n    ")
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"""numpy's `{name}` on tensors and quantities.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.{name}({example})
    {shown}
    """
    return public(call)


def _one(name: str, function: Callable[..., Any], example: str, value: str) -> OfOne:
    def call(x: Array) -> Any:
        return function(x)

    return _named(call, name, example, value)  # type: ignore[no-any-return]


def _plain(name: str, function: Callable[..., Any], example: str, value: str) -> OfOnePlain:
    def call(x: Array, unit_to_scale: Any = None) -> Any:
        return function(x)

    return _named(call, name, example, value)  # type: ignore[no-any-return]


def _two(name: str, function: Callable[..., Any], example: str, value: str) -> OfTwo:
    def call(x: Array, y: Array) -> Any:
        return function(x, y)

    return _named(call, name, example, value)  # type: ignore[no-any-return]


def _alike(name: str, function: Callable[..., Any], example: str, value: str) -> OfTwo:
    def call(x: Alike, y: Alike) -> Any:
        return function(x, y)

    return _named(call, name, example, value)  # type: ignore[no-any-return]


def _plain_alike(name: str, function: Callable[..., Any], example: str, value: str) -> OfTwoPlain:
    def call(x: Alike, y: Alike, unit_to_scale: Any = None) -> Any:
        return function(x, y)

    return _named(call, name, example, value)  # type: ignore[no-any-return]


def _cube_root(x: Any) -> Any:
    return torch.abs(x) ** (1 / 3) * torch.sign(x)


def _on_floats(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with integers converted to floats, since torch refuses or rounds them."""
    return lambda *arrays: function(*map(floating, arrays))


def _on_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with bools converted to integers if all arrays are bools, since torch refuses those."""

    def call(*arrays: Any) -> Any:
        if all(array.dtype is torch.bool for array in arrays):
            arrays = tuple(array.to(sum_dtype(array)) for array in arrays)
        return function(*arrays)

    return call


def _of_bools(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function of one array, which returns bools unchanged."""
    return lambda x: x if x.dtype is torch.bool else function(x)


def _less(x: Any, y: Any) -> Any:
    if x.dtype is not y.dtype and torch.bool in (x.dtype, y.dtype):
        x, y = promoted(x, y)  # torch refuses to subtract bools.
    return torch.subtract(x, y)


def _times(factor: float, function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x: x * factor if x.dtype.is_complex else function(x)


def _step(x: Any, y: Any) -> Any:
    # torch gives 0 for NaN, and asks for one dtype.
    x, y = promoted(floating(x), floating(y))
    return torch.where(torch.isnan(x), float("nan"), torch.heaviside(x, y))


def _size(x: Any) -> Any:
    return x if x.dtype is torch.bool else torch.abs(x)


def _sign(x: Any) -> Any:
    # torch gives 0 for NaN.
    if x.dtype.is_complex:
        return torch.sgn(x)
    return torch.where(torch.isnan(x), float("nan"), torch.sign(x)) if x.dtype.is_floating_point else torch.sign(x)


def _hard_tanh(x: Any) -> Any:
    # The slope at -1 and 1 is 1, as JAX has it; torch's own function has 0 there.
    return torch.where(x > 1, 1, torch.where(x < -1, -1, x))


def _imaginary(x: Any) -> Any:
    return torch.imag(x) if x.dtype.is_complex else torch.zeros_like(x)


#: What keeps, changes or drops the unit.
abs = absolute = _one("abs", _size, "-3.0 * u.mV", "3.0 mV")
fabs = _one("fabs", _on_floats(torch.abs), "-3.0 * u.mV", "3.0 mV")
negative = _one("negative", torch.neg, "3.0 * u.mV", "-3.0 mV")
positive = _one("positive", _of_bools(torch.positive), "3.0 * u.mV", "3.0 mV")
square = _one("square", _on_numbers(torch.square), "3.0 * u.mV", "9.0 mV ** 2")
sqrt = _one("sqrt", torch.sqrt, "4.0 * u.mV**2", "2.0 mV")
cbrt = _one("cbrt", _on_floats(_cube_root), "8.0 * u.mV**3", "2.0 mV")
reciprocal = _one("reciprocal", torch.reciprocal, "2.0 * u.ms", "0.5 kHz")
floor = _one("floor", _of_bools(torch.floor), "1.5 * u.mV", "1.0 mV")
ceil = _one("ceil", _of_bools(torch.ceil), "1.5 * u.mV", "2.0 mV")
trunc = _one("trunc", _of_bools(torch.trunc), "-1.5 * u.mV", "-1.0 mV")
fix = _one("fix", _of_bools(torch.fix), "-1.5 * u.mV", "-1.0 mV")
rint = _one("rint", _on_floats(rounded), "1.4 * u.mV", "1.0 mV")
sign = _one("sign", _sign, "-3.0 * u.mV", "tensor(-1.)")
signbit = _one("signbit", torch.signbit, "-3.0 * u.mV", "tensor(True)")
isnan = _one("isnan", torch.isnan, "3.0 * u.mV", "tensor(False)")
isinf = _one("isinf", torch.isinf, "3.0 * u.mV", "tensor(False)")
isfinite = _one("isfinite", torch.isfinite, "3.0 * u.mV", "tensor(True)")
isreal = _one("isreal", torch.isreal, "3.0 * u.mV", "tensor(True)")
real = _one("real", torch.real, "3.0 * u.mV", "3.0 mV")
imag = _one("imag", _imaginary, "[1j] * u.mV", "tensor([1.]) mV")
conj = conjugate = _one("conj", torch.conj, "3.0 * u.mV", "3.0 mV")
logical_not = _one("logical_not", torch.logical_not, "True", "tensor(False)")
invert = bitwise_not = _one("invert", torch.bitwise_not, "1", "tensor(-2, dtype=torch.int32)")

#: What needs plain numbers; ``unit_to_scale`` is the unit to count a quantity in.
exp = _plain("exp", torch.exp, "0.0", "tensor(1.)")
exp2 = _plain("exp2", torch.exp2, "3.0", "tensor(8.)")
expm1 = _plain("expm1", torch.expm1, "0.0", "tensor(0.)")
log = _plain("log", torch.log, "1.0", "tensor(0.)")
log2 = _plain("log2", torch.log2, "8.0", "tensor(3.)")
log10 = _plain("log10", torch.log10, "100.0", "tensor(2.)")
log1p = _plain("log1p", torch.log1p, "0.0", "tensor(0.)")
sin = _plain("sin", torch.sin, "90.0 * u.degree", "tensor(1.)")
cos = _plain("cos", torch.cos, "0.0", "tensor(1.)")
tan = _plain("tan", torch.tan, "0.0", "tensor(0.)")
arcsin = _plain("arcsin", torch.arcsin, "0.0", "tensor(0.)")
arccos = _plain("arccos", torch.arccos, "1.0", "tensor(0.)")
arctan = _plain("arctan", torch.arctan, "0.0", "tensor(0.)")
sinh = _plain("sinh", torch.sinh, "0.0", "tensor(0.)")
cosh = _plain("cosh", torch.cosh, "0.0", "tensor(1.)")
tanh = _plain("tanh", torch.tanh, "0.0", "tensor(0.)")
arcsinh = _plain("arcsinh", torch.arcsinh, "0.0", "tensor(0.)")
arccosh = _plain("arccosh", torch.arccosh, "1.0", "tensor(0.)")
arctanh = _plain("arctanh", torch.arctanh, "0.0", "tensor(0.)")
sinc = _plain("sinc", torch.sinc, "0.0", "tensor(1.)")
deg2rad = radians = _plain("deg2rad", _times(math.pi / 180, torch.deg2rad), "0.0", "tensor(0.)")
rad2deg = degrees = _plain("rad2deg", _times(180 / math.pi, torch.rad2deg), "0.0", "tensor(0.)")
relu6 = _plain("relu6", _on_floats(F.relu6), "7.0", "tensor(6.)")
sigmoid = _plain("sigmoid", torch.sigmoid, "0.0", "tensor(0.5000)")
log_sigmoid = _plain("log_sigmoid", _on_floats(F.logsigmoid), "0.0", "tensor(-0.6931)")
softplus = _plain("softplus", _on_floats(F.softplus), "100.0", "tensor(100.)")
silu = swish = _plain("silu", _on_floats(F.silu), "0.0", "tensor(0.)")
selu = _plain("selu", _on_floats(F.selu), "0.0", "tensor(0.)")
mish = _plain("mish", _on_floats(F.mish), "0.0", "tensor(0.)")
hard_sigmoid = _plain("hard_sigmoid", _on_floats(F.hardsigmoid), "0.0", "tensor(0.5000)")
hard_silu = hard_swish = _plain("hard_silu", _on_floats(F.hardswish), "3.0", "tensor(3.)")
hard_tanh = _plain("hard_tanh", _hard_tanh, "3.0", "tensor(1.)")
soft_sign = _plain("soft_sign", F.softsign, "1.0", "tensor(0.5000)")


def _angle(x: Array, unit_to_scale: Any = None, *, deg: bool = False) -> Any:
    return torch.angle(x) * (180.0 / math.pi if deg else 1.0)


angle = _named(_angle, "angle", "-3.0 * u.mV", "tensor(3.1416)")

#: Two values of any units.
multiply = _two("multiply", torch.multiply, "2.0 * u.mV, 3.0 * u.mS", "6.0 uA")
divide = true_divide = _two("divide", torch.divide, "3.0 * u.mV, 2.0 * u.volt", "tensor(0.0015)")
copysign = _two("copysign", torch.copysign, "3.0 * u.mV, -1.0 * u.ms", "-3.0 mV")
heaviside = _two("heaviside", _step, "0.0 * u.mV, 0.5", "tensor(0.5000)")

#: Two values of one dimension.
add = _alike("add", torch.add, "1.0 * u.volt, 2.0 * u.mV", "1.002 V")
subtract = _alike("subtract", _less, "1.0 * u.volt, 2.0 * u.mV", "0.998 V")
floor_divide = _alike("floor_divide", _on_numbers(torch.floor_divide), "7.0 * u.mV, 2.0 * u.mV", "tensor(3.)")
mod = remainder = _alike("remainder", _on_numbers(torch.remainder), "-5.0 * u.mV, 3.0 * u.mV", "1.0 mV")
fmod = _alike("fmod", _on_numbers(torch.fmod), "-5.0 * u.mV, 3.0 * u.mV", "-2.0 mV")
maximum = _alike("maximum", torch.maximum, "3.0 * u.mV, 1.0 * u.volt", "1000.0 mV")
minimum = _alike("minimum", torch.minimum, "3.0 * u.mV, 1.0 * u.volt", "3.0 mV")
fmax = _alike("fmax", torch.fmax, "3.0 * u.mV, 1.0 * u.volt", "1000.0 mV")
fmin = _alike("fmin", torch.fmin, "3.0 * u.mV, 1.0 * u.volt", "3.0 mV")
nextafter = _alike("nextafter", _on_floats(torch.nextafter), "1.0 * u.mV, 1.0 * u.mV", "1.0 mV")
equal = _alike("equal", torch.eq, "1000.0 * u.mV, 1.0 * u.volt", "tensor(True)")
not_equal = _alike("not_equal", torch.ne, "1000.0 * u.mV, 1.0 * u.volt", "tensor(False)")
less = _alike("less", torch.lt, "3.0 * u.mV, 1.0 * u.volt", "tensor(True)")
less_equal = _alike("less_equal", torch.le, "3.0 * u.mV, 1.0 * u.volt", "tensor(True)")
greater = _alike("greater", torch.gt, "3.0 * u.mV, 1.0 * u.volt", "tensor(False)")
greater_equal = _alike("greater_equal", torch.ge, "3.0 * u.mV, 1.0 * u.volt", "tensor(False)")
logical_and = _alike("logical_and", torch.logical_and, "True, False", "tensor(False)")
logical_or = _alike("logical_or", torch.logical_or, "True, False", "tensor(True)")
logical_xor = _alike("logical_xor", torch.logical_xor, "True, False", "tensor(True)")
gcd = _alike("gcd", torch.gcd, "6, 4", "tensor(2, dtype=torch.int32)")
lcm = _alike("lcm", torch.lcm, "6, 4", "tensor(12, dtype=torch.int32)")
bitwise_and = _alike("bitwise_and", torch.bitwise_and, "6, 3", "tensor(2, dtype=torch.int32)")
bitwise_or = _alike("bitwise_or", torch.bitwise_or, "6, 3", "tensor(7, dtype=torch.int32)")
bitwise_xor = _alike("bitwise_xor", torch.bitwise_xor, "6, 3", "tensor(5, dtype=torch.int32)")
left_shift = _alike("left_shift", _on_numbers(torch.bitwise_left_shift), "1, 2", "tensor(4, dtype=torch.int32)")
right_shift = _alike("right_shift", _on_numbers(torch.bitwise_right_shift), "4, 2", "tensor(1, dtype=torch.int32)")

#: Two values of one dimension, or two plain ones counted in ``unit_to_scale``.
hypot = _plain_alike("hypot", _on_floats(torch.hypot), "3.0 * u.mV, 4.0 * u.mV", "5.0 mV")
arctan2 = _plain_alike("arctan2", torch.arctan2, "0.0 * u.mV, 4.0 * u.mV", "tensor(0.)")
logaddexp = _plain_alike("logaddexp", _on_floats(torch.logaddexp), "0.0, 0.0", "tensor(0.6931)")
logaddexp2 = _plain_alike("logaddexp2", _on_floats(torch.logaddexp2), "0.0, 0.0", "tensor(1.)")

relu = _one("relu", torch.relu, "-3.0 * u.mV", "0.0 mV")
