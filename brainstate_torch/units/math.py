"""numpy's functions on tensors and quantities: ``u.math.sum(q, axis=0)``.

Names, arguments and results are those of jax.numpy and brainunit.math, on torch's tensors. Numbers, lists and numpy
arrays are taken where an array is wanted; torch's names of arguments (``dim``, ``keepdim``) are taken, too. Indices and
counts are integers of `environ`, 32 bits wide unless it says 64. What happens to units stands in `units.rules`, for all
functions. A function that needs plain numbers takes ``unit_to_scale=u.mV``: the unit in which to count a quantity.
"""

from math import e, inf, nan, pi
from typing import Any

import numpy as np

from . import absent, fft, linalg
from .creation import (
    arange,
    array,
    as_numpy,
    asarray,
    empty,
    eye,
    from_numpy,
    full,
    identity,
    linspace,
    logspace,
    ones,
    tree_ones_like,
    tree_zeros_like,
    tri,
    zeros,
)
from .decorators import assert_quantity, check_dims, check_units
from .dtypes import (
    astype,
    bfloat16,
    bool_,
    cdouble,
    complex64,
    complex128,
    complex_,
    complexfloating,
    csingle,
    double,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    float_,
    floating,
    get_promote_dtypes,
    half,
    iinfo,
    inexact,
    int8,
    int16,
    int32,
    int64,
    int_,
    integer,
    issubdtype,
    number,
    promote_dtypes,
    result_type,
    signedinteger,
    single,
    uint,
    uint8,
    uint16,
    uint32,
    uint64,
    unsignedinteger,
)  # fmt: skip
from .einops import einrearrange, einreduce, einrepeat, einshape
from .elementwise import (
    abs,
    absolute,
    add,
    angle,
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    bitwise_and,
    bitwise_not,
    bitwise_or,
    bitwise_xor,
    cbrt,
    ceil,
    conj,
    conjugate,
    copysign,
    cos,
    cosh,
    deg2rad,
    degrees,
    divide,
    equal,
    exp,
    exp2,
    expm1,
    fabs,
    fix,
    floor,
    floor_divide,
    fmax,
    fmin,
    fmod,
    gcd,
    greater,
    greater_equal,
    hard_sigmoid,
    hard_silu,
    hard_swish,
    hard_tanh,
    heaviside,
    hypot,
    imag,
    invert,
    isfinite,
    isinf,
    isnan,
    isreal,
    lcm,
    left_shift,
    less,
    less_equal,
    log,
    log1p,
    log2,
    log10,
    log_sigmoid,
    logaddexp,
    logaddexp2,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    maximum,
    minimum,
    mish,
    mod,
    multiply,
    negative,
    nextafter,
    not_equal,
    positive,
    rad2deg,
    radians,
    real,
    reciprocal,
    relu,
    relu6,
    remainder,
    right_shift,
    rint,
    selu,
    sigmoid,
    sign,
    signbit,
    silu,
    sin,
    sinc,
    sinh,
    soft_sign,
    softplus,
    sqrt,
    square,
    subtract,
    swish,
    tan,
    tanh,
    true_divide,
    trunc,
)  # fmt: skip
from .exprel import exprel, set_exprel_order
from .forms import (
    choosing,
    cumulative,
    curves,
    diagonals,
    elements,
    joining,
    likes,
    nans,
    ordering,
    products,
    reductions,
    shapes,
    windows,
)
from .functions import (
    display_in_unit,
    fail_for_dimension_mismatch,
    fail_for_unit_mismatch,
    get_dim,
    get_dtype,
    get_magnitude,
    get_mantissa,
    get_or_create_dimension,
    get_unit,
    is_dimensionless,
    is_float,
    is_int,
    is_quantity,
    is_unitless,
    isscalar,
    maybe_decimal,
    ndim,
    shape,
    size,
)
from .public import public

__all__ = [
    "abs",
    "absolute",
    "add",
    "all",
    "allclose",
    "alltrue",
    "amax",
    "amin",
    "angle",
    "any",
    "append",
    "arange",
    "arccos",
    "arccosh",
    "arcsin",
    "arcsinh",
    "arctan",
    "arctan2",
    "arctanh",
    "argmax",
    "argmin",
    "argsort",
    "argwhere",
    "around",
    "array",
    "array_equal",
    "array_split",
    "as_numpy",
    "asarray",
    "assert_quantity",
    "astype",
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "average",
    "bartlett",
    "bfloat16",
    "bincount",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "blackman",
    "block",
    "bool_",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "cbrt",
    "cdouble",
    "ceil",
    "celu",
    "check_dims",
    "check_units",
    "choose",
    "clip",
    "column_stack",
    "complex64",
    "complex128",
    "complex_",
    "complexfloating",
    "compress",
    "concat",
    "concatenate",
    "conj",
    "conjugate",
    "convolve",
    "copysign",
    "corrcoef",
    "correlate",
    "cos",
    "cosh",
    "count_nonzero",
    "cov",
    "cross",
    "csingle",
    "cumprod",
    "cumproduct",
    "cumsum",
    "deg2rad",
    "degrees",
    "diag",
    "diag_indices",
    "diag_indices_from",
    "diagflat",
    "diagonal",
    "diff",
    "digitize",
    "display_in_unit",
    "divide",
    "divmod",
    "dot",
    "double",
    "dsplit",
    "dstack",
    "dtype",
    "e",
    "ediff1d",
    "einrearrange",
    "einreduce",
    "einrepeat",
    "einshape",
    "einsum",
    "elu",
    "empty",
    "empty_like",
    "equal",
    "euler_gamma",
    "exp",
    "exp2",
    "expand_dims",
    "expm1",
    "exprel",
    "extract",
    "eye",
    "fabs",
    "fail_for_dimension_mismatch",
    "fail_for_unit_mismatch",
    "fft",
    "fill_diagonal",
    "finfo",
    "fix",
    "flatnonzero",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "float16",
    "float32",
    "float64",
    "float_",
    "float_power",
    "floating",
    "floor",
    "floor_divide",
    "fmax",
    "fmin",
    "fmod",
    "frexp",
    "from_numpy",
    "full",
    "full_like",
    "gather",
    "gcd",
    "gelu",
    "get_dim",
    "get_dtype",
    "get_magnitude",
    "get_mantissa",
    "get_or_create_dimension",
    "get_promote_dtypes",
    "get_unit",
    "glu",
    "gradient",
    "greater",
    "greater_equal",
    "half",
    "hamming",
    "hanning",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "heaviside",
    "histogram",
    "hsplit",
    "hstack",
    "hypot",
    "identity",
    "iinfo",
    "imag",
    "inexact",
    "inf",
    "inner",
    "int8",
    "int16",
    "int32",
    "int64",
    "int_",
    "integer",
    "interp",
    "intersect1d",
    "invert",
    "is_dimensionless",
    "is_float",
    "is_int",
    "is_quantity",
    "is_unitless",
    "isclose",
    "iscomplexobj",
    "isfinite",
    "isinf",
    "isnan",
    "isreal",
    "isscalar",
    "issubdtype",
    "kaiser",
    "kron",
    "lcm",
    "ldexp",
    "leaky_relu",
    "left_shift",
    "less",
    "less_equal",
    "linalg",
    "linspace",
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
    "logspace",
    "matmul",
    "matrix_power",
    "max",
    "maximum",
    "maybe_decimal",
    "mean",
    "median",
    "meshgrid",
    "min",
    "minimum",
    "mish",
    "mod",
    "modf",
    "moveaxis",
    "multi_dot",
    "multiply",
    "nan",
    "nan_to_num",
    "nanargmax",
    "nanargmin",
    "nancumprod",
    "nancumsum",
    "nanmax",
    "nanmean",
    "nanmedian",
    "nanmin",
    "nanpercentile",
    "nanprod",
    "nanquantile",
    "nanstd",
    "nansum",
    "nanvar",
    "ndim",
    "negative",
    "newaxis",
    "nextafter",
    "nonzero",
    "not_equal",
    "number",
    "ones",
    "ones_like",
    "outer",
    "pad",
    "percentile",
    "permute_dims",
    "pi",
    "polyval",
    "positive",
    "power",
    "prod",
    "product",
    "promote_dtypes",
    "ptp",
    "quantile",
    "rad2deg",
    "radians",
    "ravel",
    "real",
    "reciprocal",
    "relu",
    "relu6",
    "remainder",
    "remove_diag",
    "repeat",
    "reshape",
    "resize",
    "result_type",
    "right_shift",
    "rint",
    "roll",
    "rollaxis",
    "rot90",
    "round",
    "row_stack",
    "searchsorted",
    "select",
    "selu",
    "set_exprel_order",
    "shape",
    "sigmoid",
    "sign",
    "signbit",
    "signedinteger",
    "silu",
    "sin",
    "sinc",
    "single",
    "sinh",
    "size",
    "soft_sign",
    "softplus",
    "sometrue",
    "sort",
    "sparse_plus",
    "sparse_sigmoid",
    "split",
    "sqrt",
    "square",
    "squareplus",
    "squeeze",
    "stack",
    "std",
    "subtract",
    "sum",
    "swapaxes",
    "swish",
    "take",
    "take_along_axis",
    "tan",
    "tanh",
    "tensordot",
    "tile",
    "trace",
    "transpose",
    "trapezoid",
    "trapz",
    "tree_ones_like",
    "tree_zeros_like",
    "tri",
    "tril",
    "tril_indices",
    "tril_indices_from",
    "triu",
    "triu_indices",
    "triu_indices_from",
    "true_divide",
    "trunc",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unflatten",
    "unique",
    "unravel_index",
    "unsignedinteger",
    "vander",
    "var",
    "vdot",
    "vecdot",
    "vsplit",
    "vstack",
    "where",
    "zeros",
    "zeros_like",
]  # fmt: skip

newaxis = None
euler_gamma = float(np.euler_gamma)

all = public(reductions.all)
any = public(reductions.any)
argmax = public(reductions.argmax)
argmin = public(reductions.argmin)
average = public(reductions.average)
count_nonzero = public(reductions.count_nonzero)
max = public(reductions.max)
mean = public(reductions.mean)
median = public(reductions.median)
min = public(reductions.min)
percentile = public(reductions.percentile)
prod = public(reductions.prod)
ptp = public(reductions.ptp)
quantile = public(reductions.quantile)
std = public(reductions.std)
sum = public(reductions.sum)
var = public(reductions.var)

nanargmax = public(nans.nanargmax)
nanargmin = public(nans.nanargmin)
nancumprod = public(nans.nancumprod)
nancumsum = public(nans.nancumsum)
nanmax = public(nans.nanmax)
nanmean = public(nans.nanmean)
nanmedian = public(nans.nanmedian)
nanmin = public(nans.nanmin)
nanpercentile = public(nans.nanpercentile)
nanprod = public(nans.nanprod)
nanquantile = public(nans.nanquantile)
nanstd = public(nans.nanstd)
nansum = public(nans.nansum)
nanvar = public(nans.nanvar)

cumprod = public(cumulative.cumprod)
cumsum = public(cumulative.cumsum)
diff = public(cumulative.diff)
ediff1d = public(cumulative.ediff1d)

atleast_1d = public(shapes.atleast_1d)
atleast_2d = public(shapes.atleast_2d)
atleast_3d = public(shapes.atleast_3d)
broadcast_arrays = public(shapes.broadcast_arrays)
broadcast_shapes = shapes.broadcast_shapes
broadcast_to = public(shapes.broadcast_to)
expand_dims = public(shapes.expand_dims)
flatten = public(shapes.flatten)
flip = public(shapes.flip)
fliplr = public(shapes.fliplr)
flipud = public(shapes.flipud)
meshgrid = public(shapes.meshgrid)
moveaxis = public(shapes.moveaxis)
ravel = public(shapes.ravel)
repeat = public(shapes.repeat)
reshape = public(shapes.reshape)
resize = public(shapes.resize)
roll = public(shapes.roll)
rollaxis = public(shapes.rollaxis)
rot90 = public(shapes.rot90)
squeeze = public(shapes.squeeze)
swapaxes = public(shapes.swapaxes)
tile = public(shapes.tile)
transpose = public(shapes.transpose)
unflatten = public(shapes.unflatten)

diag = public(diagonals.diag)
diag_indices = diagonals.diag_indices
diag_indices_from = public(diagonals.diag_indices_from)
diagflat = public(diagonals.diagflat)
diagonal = public(diagonals.diagonal)
fill_diagonal = public(diagonals.fill_diagonal)
remove_diag = public(diagonals.remove_diag)
trace = public(diagonals.trace)
tril = public(diagonals.tril)
tril_indices = diagonals.tril_indices
tril_indices_from = public(diagonals.tril_indices_from)
triu = public(diagonals.triu)
triu_indices = diagonals.triu_indices
triu_indices_from = public(diagonals.triu_indices_from)

append = public(joining.append)
array_split = public(joining.array_split)
block = public(joining.block)
column_stack = public(joining.column_stack)
concatenate = public(joining.concatenate)
dsplit = public(joining.dsplit)
dstack = public(joining.dstack)
hsplit = public(joining.hsplit)
hstack = public(joining.hstack)
row_stack = public(joining.row_stack)
split = public(joining.split)
stack = public(joining.stack)
vsplit = public(joining.vsplit)
vstack = public(joining.vstack)

argsort = public(ordering.argsort)
bincount = public(ordering.bincount)
digitize = public(ordering.digitize)
histogram = public(ordering.histogram)
intersect1d = public(ordering.intersect1d)
searchsorted = public(ordering.searchsorted)
sort = public(ordering.sort)
unique = public(ordering.unique)

argwhere = public(choosing.argwhere)
choose = public(choosing.choose)
clip = public(choosing.clip)
compress = public(choosing.compress)
extract = public(choosing.extract)
flatnonzero = public(choosing.flatnonzero)
gather = public(choosing.gather)
nonzero = public(choosing.nonzero)
select = public(choosing.select)
take = public(choosing.take)
take_along_axis = public(choosing.take_along_axis)
unravel_index = public(choosing.unravel_index)
where = public(choosing.where)

cross = public(products.cross)
dot = public(products.dot)
einsum = public(products.einsum)
inner = public(products.inner)
kron = public(products.kron)
matmul = public(products.matmul)
matrix_power = public(products.matrix_power)
multi_dot = public(products.multi_dot)
outer = public(products.outer)
tensordot = public(products.tensordot)
vdot = public(products.vdot)
vecdot = public(products.vecdot)

convolve = public(curves.convolve)
corrcoef = public(curves.corrcoef)
correlate = public(curves.correlate)
cov = public(curves.cov)
gradient = public(curves.gradient)
interp = public(curves.interp)
pad = public(curves.pad)
polyval = public(curves.polyval)
trapezoid = public(curves.trapezoid)
vander = public(curves.vander)

allclose = public(elements.allclose)
array_equal = public(elements.array_equal)
celu = public(elements.celu)
divmod = public(elements.divmod)
elu = public(elements.elu)
float_power = public(elements.float_power)
frexp = public(elements.frexp)
gelu = public(elements.gelu)
glu = public(elements.glu)
isclose = public(elements.isclose)
iscomplexobj = public(elements.iscomplexobj)
ldexp = public(elements.ldexp)
leaky_relu = public(elements.leaky_relu)
modf = public(elements.modf)
nan_to_num = public(elements.nan_to_num)
power = public(elements.power)
round = public(elements.round)
sparse_plus = public(elements.sparse_plus)
sparse_sigmoid = public(elements.sparse_sigmoid)
squareplus = public(elements.squareplus)

empty_like = public(likes.empty_like)
full_like = public(likes.full_like)
ones_like = public(likes.ones_like)
zeros_like = public(likes.zeros_like)

bartlett = windows.bartlett
blackman = windows.blackman
hamming = windows.hamming
hanning = windows.hanning
kaiser = windows.kaiser

amax = max
amin = min
alltrue = all
sometrue = any
product = prod
cumproduct = cumprod
around = round
concat = concatenate
permute_dims = transpose
trapz = trapezoid


def __getattr__(name: str) -> Any:
    absent.refuse(__name__, name)
