"""Those functions of jax.lax that are one line on torch, with units; the others raise and name torch's way."""

import builtins
from collections.abc import Callable, Sequence
from typing import Any

import torch

from . import absent, math
from .dtype_names import dtype as as_dtype
from .forms.axes import Alike, Array, indices, is_whole
from .lax_bits import *  # noqa: F403
from .lax_linalg import *  # noqa: F403
from .public import public
from .unit import UNITLESS, as_unit

acos, acosh, asin, asinh, atan, atanh = (
    math.arccos, math.arccosh, math.arcsin, math.arcsinh, math.arctan, math.arctanh,
)  # fmt: skip
atan2, logistic = math.arctan2, math.sigmoid
add, sub, mul, rem, neg = math.add, math.subtract, math.multiply, math.fmod, math.negative
eq, ne, lt, le, gt, ge = math.equal, math.not_equal, math.less, math.less_equal, math.greater, math.greater_equal
pow, integer_pow = math.power, math.power
shift_left, shift_right_arithmetic = math.left_shift, math.right_shift
broadcast_shapes, fft = math.broadcast_shapes, math.fft


def _plain(name: str, function: Callable[..., Any]) -> Any:
    def call(x: Array, unit_to_scale: Any = None) -> Any:
        return function(x)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"jax.lax.{name} of plain numbers, or of a quantity counted in ``unit_to_scale``."
    return public(call)


def _plain_two(name: str, function: Callable[..., Any]) -> Any:
    def call(x: Array, y: Array, unit_to_scale: Any = None) -> Any:
        return function(x, y)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"jax.lax.{name} of plain numbers, or of quantities counted in ``unit_to_scale``."
    return public(call)


special = torch.special
erf, erfc, erf_inv = _plain("erf", special.erf), _plain("erfc", special.erfc), _plain("erf_inv", special.erfinv)
digamma, lgamma = _plain("digamma", special.digamma), _plain("lgamma", special.gammaln)
bessel_i0e, bessel_i1e = _plain("bessel_i0e", special.i0e), _plain("bessel_i1e", special.i1e)
igamma, igammac = _plain_two("igamma", special.gammainc), _plain_two("igammac", special.gammaincc)
zeta = _plain_two("zeta", special.zeta)
polygamma = _plain_two("polygamma", lambda order, x: special.polygamma(int(order), x))


def _running(function: Callable[..., Any], x: Any, axis: int, reverse: bool) -> Any:
    x = torch.flip(x, (axis,)) if reverse else x
    result = function(x, axis)
    result = result[0] if isinstance(result, tuple) else result
    return torch.flip(result, (axis,)) if reverse else result


def _cumulative(name: str, function: Callable[..., Any]) -> Any:
    def call(operand: Array, axis: int = 0, reverse: bool = False) -> Any:
        return _running(function, operand, axis, reverse)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"jax.lax.{name} along an axis, from its end where `reverse`."
    return public(call)


cumsum, cumprod = _cumulative("cumsum", torch.cumsum), _cumulative("cumprod", torch.cumprod)
cummax = _cumulative("cummax", lambda x, axis: torch.cummax(x, axis)[0])
cummin = _cumulative("cummin", lambda x, axis: torch.cummin(x, axis)[0])
cumlogsumexp = _cumulative("cumlogsumexp", torch.logcumsumexp)


@public
def div(x: Array, y: Array) -> Any:
    """The quotient; for integers it is truncated."""
    if is_whole(x.dtype) and is_whole(y.dtype):
        return torch.div(x, y, rounding_mode="trunc")
    return torch.div(x, y)


@public
def rsqrt(x: Array) -> Any:
    """One over the square root."""
    return torch.rsqrt(x)


@public
def clamp(min: Alike, x: Alike, max: Alike) -> Any:
    """The elements, none less than `min` nor greater than `max`."""
    return torch.minimum(torch.maximum(x, min), max)


@public
def complex(x: Alike, y: Alike) -> Any:
    """Complex numbers from real and imaginary parts."""
    return torch.complex(x, y)


@public
def convert_element_type(operand: Array, new_dtype: Any) -> Any:
    """The array with another dtype."""
    return operand.to(as_dtype(new_dtype))


@public
def top_k(operand: Array, k: int) -> list[Any]:
    """The largest `k` elements along the last axis, and their places."""
    # torch.topk takes equal elements in any order, JAX the first of them first.
    values, found = torch.sort(operand, dim=-1, descending=True, stable=True)
    return [values[..., :k], indices(found[..., :k])]


@public
def sort(operand: Array, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any:
    """The elements in order."""
    return torch.sort(operand, dim=dimension, stable=is_stable)[0]


@public
def sort_key_val(keys: Array, values: Array, dimension: int = -1, is_stable: bool = True) -> tuple[Any, Any]:
    """Keys in order, and the values in the order of their keys."""
    ordered, places = torch.sort(keys, dim=dimension, stable=is_stable)
    return ordered, torch.take_along_dim(values, places, dimension)


@public
def broadcast(operand: Array, sizes: Sequence[int]) -> Any:
    """The array repeated along new axes in front."""
    return torch.broadcast_to(operand, (*sizes, *operand.shape))


@public
def broadcast_in_dim(operand: Array, shape: Sequence[int], broadcast_dimensions: Sequence[int]) -> Any:
    """The array in another shape, in which its axes have the given positions."""
    lengths = [1] * len(shape)
    for axis, place in enumerate(broadcast_dimensions):
        lengths[place] = operand.shape[axis]
    return torch.broadcast_to(operand.reshape(lengths), tuple(shape))


@public
def broadcast_to_rank(x: Array, rank: int) -> Any:
    """The array with axes of length one in front, so many that it has `rank` axes."""
    return x.reshape((1,) * (rank - x.ndim) + tuple(x.shape))


@public
def collapse(operand: Array, start_dimension: int, stop_dimension: int | None = None) -> Any:
    """The axes from one to before another made one."""
    stop = operand.ndim if stop_dimension is None else stop_dimension
    return torch.flatten(operand, start_dimension, stop - 1)


@public
def slice(
    operand: Array, start_indices: Sequence[int], limit_indices: Sequence[int], strides: Sequence[int] | None = None
) -> Any:
    """A part of the array, by starts, ends and steps along all axes."""
    steps = strides or (1,) * operand.ndim
    return operand[tuple(map(builtins.slice, start_indices, limit_indices, steps))]


@public
def slice_in_dim(
    operand: Array, start_index: int | None, limit_index: int | None, stride: int = 1, axis: int = 0
) -> Any:
    """A part of the array along one axis."""
    index = [builtins.slice(None)] * operand.ndim
    index[axis] = builtins.slice(start_index, limit_index, stride)
    return operand[tuple(index)]


def _start(index: Any, length: int, size: int) -> Any:
    """A start that JAX moves so that the part lies within the array; a tensor stays one, so that it may be traced."""
    if isinstance(index, torch.Tensor):
        start = index.long()
        return torch.where(start < 0, start + length, start).clamp(0, length - size)
    place = int(index)
    return max(0, min(place + length if place < 0 else place, length - size))


def _narrowed(operand: Array, axis: int, start: Any, size: int) -> Any:
    if isinstance(start, torch.Tensor):
        places = start + torch.arange(size, device=operand.device)
        return torch.index_select(operand, axis, places)
    return torch.narrow(operand, axis, start, size)


@public
def dynamic_slice(operand: Array, start_indices: Sequence[Any], slice_sizes: Sequence[int]) -> Any:
    """A part of the array, by starts and lengths; a start that is too large is moved back."""
    starts = start_indices.unbind() if isinstance(start_indices, torch.Tensor) else start_indices
    for axis, (start, size) in enumerate(zip(starts, slice_sizes, strict=True)):
        operand = _narrowed(operand, axis, _start(start, operand.shape[axis], size), size)
    return operand


@public
def dynamic_slice_in_dim(operand: Array, start_index: Any, slice_size: int, axis: int = 0) -> Any:
    """A part of the array along one axis."""
    return _narrowed(operand, axis, _start(start_index, operand.shape[axis], slice_size), slice_size)


dynamic_slice_ind_dim = dynamic_slice_in_dim


@public
def index_in_dim(operand: Array, index: int, axis: int = 0, keepdims: bool = True) -> Any:
    """One slice along an axis."""
    found = torch.narrow(operand, axis, index % operand.shape[axis], 1)
    return found if keepdims else torch.squeeze(found, axis)


@public
def dynamic_index_in_dim(operand: Array, index: Any, axis: int = 0, keepdims: bool = True) -> Any:
    """One slice along an axis; an index outside is moved to the edge."""
    found = _narrowed(operand, axis, _start(index, operand.shape[axis], 1), 1)
    return found if keepdims else torch.squeeze(found, axis)


@public
def index_take(src: Array, idxs: Sequence[Any], axes: Sequence[int]) -> Any:
    """The slices at indices along axes, which become the first axis."""
    rest = [axis for axis in range(src.ndim) if axis not in axes]
    return torch.permute(src, (*axes, *rest))[tuple(torch.as_tensor(idx).long() for idx in idxs)]


@public
def dynamic_update_slice(operand: Alike, update: Alike, start_indices: Sequence[Any]) -> Any:
    """The array with another part, from the starts on."""
    places = start_indices.unbind() if isinstance(start_indices, torch.Tensor) else start_indices
    starts = [_start(*each) for each in zip(places, operand.shape, update.shape, strict=True)]
    if any(isinstance(start, torch.Tensor) for start in starts):
        rows = [start + torch.arange(n, device=operand.device) for start, n in zip(starts, update.shape, strict=True)]
        return torch.index_put(operand, torch.meshgrid(*rows, indexing="ij"), update.to(operand.dtype))
    result = operand.clone()
    result[tuple(builtins.slice(start, start + n) for start, n in zip(starts, update.shape, strict=True))] = update
    return result


@public
def dynamic_update_slice_in_dim(operand: Alike, update: Alike, start_index: Any, axis: int) -> Any:
    """The array with another part along one axis."""
    starts = [start_index if each == axis % operand.ndim else 0 for each in range(operand.ndim)]
    return dynamic_update_slice(operand, update, starts)


@public
def dynamic_update_index_in_dim(operand: Alike, update: Alike, index: Any, axis: int) -> Any:
    """The array with another slice along one axis."""
    update = update if update.ndim == operand.ndim else torch.unsqueeze(update, axis)
    return dynamic_update_slice_in_dim(operand, update, index, axis)


@public
def pad(operand: Alike, padding_value: Alike, padding_config: Sequence[tuple[int, int, int]]) -> Any:
    """The array with elements before, after and between those along each axis; negative numbers cut."""
    for axis, (before, after, between) in enumerate(padding_config):
        length = operand.shape[axis]
        step = between + 1
        whole = before + max((length - 1) * step + 1, 0) + after
        place = torch.arange(whole, device=operand.device) - before
        known = (place >= 0) & (place <= (length - 1) * step) & (place % step == 0)
        source = torch.index_select(operand, axis, (place // step).clamp(0, max(length - 1, 0)))
        shape = [-1 if each == axis else 1 for each in range(operand.ndim)]
        operand = torch.where(known.reshape(shape), source, padding_value)
    return operand


@public
def dot_general(
    x: Array, y: Array, dimension_numbers: Any, precision: Any = None, preferred_element_type: Any = None,
    out_type: Any = None,
) -> Any:  # fmt: skip
    """The sum of products over the contracted axes, for each element of the batch axes."""
    (contract_x, contract_y), (batch_x, batch_y) = dimension_numbers
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    names_x = [next(letters) for _ in x.shape]
    names_y = [next(letters) for _ in y.shape]
    for here, there in (*zip(contract_x, contract_y, strict=True), *zip(batch_x, batch_y, strict=True)):
        names_y[there] = names_x[here]
    batch = [names_x[axis] for axis in batch_x]
    free_x = [name for axis, name in enumerate(names_x) if axis not in (*contract_x, *batch_x)]
    free_y = [name for axis, name in enumerate(names_y) if axis not in (*contract_y, *batch_y)]
    result = "".join([*batch, *free_x, *free_y])
    return math.einsum(
        f"{''.join(names_x)},{''.join(names_y)}->{result}", x, y, preferred_element_type=preferred_element_type
    )


batch_matmul = math.matmul


def iota(dtype: Any, size: int, unit: Any = None) -> Any:
    """The numbers from zero on."""
    return (
        math.asarray(torch.arange(size, dtype=as_dtype(dtype))) * as_unit(unit)
        if unit is not None
        else torch.arange(size, dtype=as_dtype(dtype))
    )


def broadcasted_iota(dtype: Any, shape: Sequence[int], dimension: int, unit: Any = None) -> Any:
    """For each element its index along one axis."""
    along = [-1 if axis == dimension % len(shape) else 1 for axis in range(len(shape))]
    places = torch.arange(shape[dimension], dtype=as_dtype(dtype)).reshape(along).expand(tuple(shape)).clone()
    return places if unit is None or as_unit(unit) is UNITLESS else places * as_unit(unit)


zeros_like_array = math.zeros_like

_INSTEAD = {
    "approx_max_k": "u.lax.top_k", "approx_min_k": "torch.topk(x, k, largest=False)",
    "betainc": "scipy.special.betainc",
    "conv": "torch.nn.functional.conv2d", "conv_transpose": "torch.nn.functional.conv_transpose2d",
    "conv_general_dilated": "torch.nn.functional.conv2d", "cond": "brainstate_torch.transform.cond",
    "eig": "u.linalg.eig", "fori_loop": "brainstate_torch.transform.for_loop",
    "gather": "q[index], or torch.gather", "hessenberg": "scipy.linalg.hessenberg",
    "igamma_grad_a": "torch.special.gammainc",
    "lu": "torch.linalg.lu", "map": "brainstate_torch.transform.map",
    "qdwh": "u.linalg.svd", "random_gamma_grad": "brainstate_torch.random.gamma",
    "reduce": "u.math.sum, prod, max, min", "reduce_precision": "x.to(dtype)",
    "scan": "brainstate_torch.transform.scan",
    "scatter": "q.at[index].set", "scatter_add": "q.at[index].add", "scatter_apply": "q.at[index].apply",
    "scatter_max": "q.at[index].max", "scatter_min": "q.at[index].min", "scatter_mul": "q.at[index].multiply",
    "scatter_sub": "q.at[index].subtract", "schur": "scipy.linalg.schur",
    "stop_gradient": "x.detach()", "switch": "brainstate_torch.transform.switch",
    "tridiagonal": "scipy.linalg", "tridiagonal_solve":
    "u.linalg.solve", "while_loop": "brainstate_torch.transform.while_loop",
}  # fmt: skip

__all__ = sorted(
    name for name, value in list(globals().items())
    if callable(value) and not name.startswith("_") and name not in {"Any", "Array", "Alike", "Callable", "Sequence"}
    and name not in {"public", "as_dtype", "as_unit"}
)  # fmt: skip


#: Functions of jax.lax that have one meaning and one name with `units.math`.
_OF_MATH = {
    "abs", "argmax", "argmin", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "cbrt", "ceil", "concatenate",
    "conj", "cos", "cosh", "exp", "exp2", "expand_dims", "expm1", "floor", "full", "full_like", "imag", "log", "log1p",
    "max", "min", "nextafter", "real", "reshape", "round", "sign", "sin", "sinh", "sqrt", "square", "squeeze", "tan",
    "tanh", "tile", "transpose",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _OF_MATH:
        return getattr(math, name)
    absent.refuse(__name__, name, _INSTEAD)
