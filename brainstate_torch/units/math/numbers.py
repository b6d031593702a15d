"""Functions of single elements."""

from ..elementwise import arccos, arccosh, arcsin, arcsinh, arctan, arctan2, arctanh, invert, left_shift, right_shift
from ..forms import elements, windows
from ..public import public

__all__ = [
    "acos", "acosh", "allclose", "around", "array_equal", "array_equiv", "asin", "asinh", "atan", "atan2",
    "atanh", "bartlett", "bitwise_count", "bitwise_invert", "bitwise_left_shift", "bitwise_right_shift",
    "blackman", "celu", "divmod", "elu", "float_power", "frexp", "gelu", "glu", "hamming", "hanning", "i0",
    "isclose", "iscomplex", "iscomplexobj", "isneginf", "isposinf", "isrealobj", "kaiser", "ldexp", "leaky_relu",
    "modf", "nan_to_num", "pow", "power", "round", "spacing", "sparse_plus", "sparse_sigmoid", "squareplus",
    "unwrap",
]  # fmt: skip

allclose = public(elements.allclose)
array_equal = public(elements.array_equal)
array_equiv = public(elements.array_equiv)
bitwise_count = public(elements.bitwise_count)
celu = public(elements.celu)
divmod = public(elements.divmod)
elu = public(elements.elu)
float_power = public(elements.float_power)
frexp = public(elements.frexp)
gelu = public(elements.gelu)
glu = public(elements.glu)
i0 = public(elements.i0)
isclose = public(elements.isclose)
iscomplex = public(elements.iscomplex)
iscomplexobj = public(elements.iscomplexobj)
isneginf = public(elements.isneginf)
isposinf = public(elements.isposinf)
isrealobj = public(elements.isrealobj)
ldexp = public(elements.ldexp)
leaky_relu = public(elements.leaky_relu)
modf = public(elements.modf)
nan_to_num = public(elements.nan_to_num)
power = public(elements.power)
round = public(elements.round)
spacing = public(elements.spacing)
sparse_plus = public(elements.sparse_plus)
sparse_sigmoid = public(elements.sparse_sigmoid)
squareplus = public(elements.squareplus)
unwrap = public(elements.unwrap)

bartlett = windows.bartlett
blackman = windows.blackman
hamming = windows.hamming
hanning = windows.hanning
kaiser = windows.kaiser

#: Other names.
around = round
acos = arccos
acosh = arccosh
asin = arcsin
asinh = arcsinh
atan = arctan
atanh = arctanh
atan2 = arctan2
pow = power
bitwise_invert = invert
bitwise_left_shift = left_shift
bitwise_right_shift = right_shift
