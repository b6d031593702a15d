"""Functions of sampled curves: interpolation, derivatives, integrals, convolutions, covariances, polynomials."""

import builtins
from typing import Any

import torch

from .axes import Alike, Array, Axis, axes_of, floating, is_whole
from .reductions import average, max, mean, median, min

__all__ = [
    "convolve", "corrcoef", "correlate", "cov", "gradient", "interp", "pad", "polyval", "trapezoid", "vander",
]  # fmt: skip


def interp(
    x: Array, xp: Array, fp: Alike, left: Alike | None = None, right: Alike | None = None, period: Array | None = None
) -> Array:
    """Linear interpolation between the points (`xp`, `fp`), constant outside of them.

    Parameters
    ----------
    x
        Where to read.
    xp
        The coordinates of the points, rising; of any order with `period`.
    fp
        The values of the points.
    left, right
        The values before the first and after the last point.
    period
        The length after which the curve repeats; `left` and `right` have no effect then.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.interp(1.5 * u.ms, [1.0, 2.0] * u.ms, [3.0, 4.0] * u.mV)
    3.5 mV
    """
    x, xp, fp = floating(x), floating(xp), floating(fp)
    if period is not None:
        x, xp = torch.remainder(x, period), torch.remainder(xp, period)
        order = torch.argsort(xp)
        xp, fp = xp[order], fp[order]
        xp = torch.cat([xp[-1:] - period, xp, xp[:1] + period])
        fp, left, right = torch.cat([fp[-1:], fp, fp[:1]]), None, None
    after = torch.searchsorted(xp, x.contiguous(), right=True).clamp(1, builtins.max(xp.shape[0] - 1, 1))
    after = after.clamp(max=xp.shape[0] - 1)
    before = (after - 1).clamp(min=0)
    width = xp[after] - xp[before]
    part = (x - xp[before]) / torch.where(width == 0, torch.ones_like(width), width)
    result = torch.lerp(fp[before], fp[after], part.clamp(0.0, 1.0).to(fp.dtype))
    result = result if left is None else torch.where(~(x < xp[0]), result, left)
    return result if right is None else torch.where(~(x > xp[-1]), result, right)


def gradient(f: Array, *varargs: Array, axis: Axis = None, edge_order: int | None = None) -> Any:
    """The derivative along axes by central differences; a list where there are several axes.

    Parameters
    ----------
    f
        The values.
    varargs
        The distance of samples, or their coordinates, one for all axes or one per axis; their unit divides that of `f`.
    axis
        The axes; all of them for None.
    edge_order
        Must be 1 or None: the edges have one-sided differences.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.gradient([1.0, 3.0, 7.0] * u.mV, 2.0 * u.ms)
    tensor([1.0000, 1.5000, 2.0000]) mV / ms
    """
    if edge_order not in (None, 1):
        raise NotImplementedError(f"`edge_order` must be 1. Got {edge_order}. Use torch.gradient for plain values.")
    f = floating(f)
    axes = axes_of(f, axis)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs
    if steps and len(steps) != len(axes):
        raise TypeError(f"`varargs` must be one spacing, or one per axis. Got {len(steps)} for {len(axes)} axes.")
    results = [_slope(f, each, steps[place] if steps else None) for place, each in enumerate(axes)]
    return results[0] if len(results) == 1 else results


def _slope(f: Array, axis: int, step: Array | None) -> Array:
    f = torch.movedim(f, axis, -1)
    if f.shape[-1] < 2:
        raise ValueError(f"`f` must have at least 2 elements along the axis. Got {f.shape[-1]}.")
    if step is None or not step.ndim:
        inner = (f[..., 2:] - f[..., :-2]) / 2
        slopes = torch.cat([f[..., 1:2] - f[..., :1], inner, f[..., -1:] - f[..., -2:-1]], -1)
        return torch.movedim(slopes if step is None else slopes / step, -1, axis)
    widths = torch.diff(step.to(f.dtype))
    sides = torch.diff(f) / widths
    low, high = widths[:-1], widths[1:]
    inner = (sides[..., :-1] * high + sides[..., 1:] * low) / (low + high)
    return torch.movedim(torch.cat([sides[..., :1], inner, sides[..., -1:]], -1), -1, axis)


def trapezoid(y: Array, x: Array | None = None, dx: Array = 1.0, axis: int = -1) -> Array:
    """The integral by the trapezoidal rule.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.trapezoid([1.0, 3.0] * u.mA, [0.0, 2.0] * u.ms), u.math.trapezoid([1.0, 3.0], dx=2.0)
    (4.0 uC, tensor(4.))
    """
    y = torch.movedim(floating(y), axis, -1)
    middle = (y[..., 1:] + y[..., :-1]) / 2
    if x is None:
        return torch.sum(middle, -1) * dx
    x = floating(x)
    return torch.sum(middle * torch.diff(x if x.ndim == 1 else torch.movedim(x, axis, -1)), -1)


def convolve(
    a: Array, v: Array, mode: str = "full", *, precision: Any = None, preferred_element_type: torch.dtype | None = None
) -> Array:
    """The convolution of two vectors; the unit is the product of theirs.

    Parameters
    ----------
    a, v
        The vectors.
    mode
        "full" for every overlap, "same" for as many values as the longer vector has, "valid" for whole overlaps.
    precision, preferred_element_type
        Known to XLA; the second is the dtype of the result.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.convolve([1.0, 2.0] * u.mV, [1.0, 1.0] * u.mS)
    tensor([1., 3., 2.]) uA
    """
    if a.ndim != 1 or v.ndim != 1:
        raise ValueError(f"`a` and `v` must have one axis. Got {a.ndim} and {v.ndim}. Use torch.nn.functional.conv2d.")
    if a.shape[0] < v.shape[0]:
        a, v = v, a
    a, v = floating(a), floating(v)
    dtype = torch.promote_types(a.dtype, v.dtype)
    pad = {"full": v.shape[0] - 1, "same": v.shape[0] // 2, "valid": 0}.get(mode)
    if pad is None:
        raise ValueError(f"`mode` must be 'full', 'same' or 'valid'. Got {mode!r}. Leave it out for 'full'.")
    signal, kernel = a.to(dtype)[None, None], torch.flip(v.to(dtype), (0,))[None, None]
    result = torch.nn.functional.conv1d(signal, kernel, padding=pad)[0, 0]
    if mode == "same":
        # numpy leaves the extra value of an even kernel out at the end.
        result = result[: a.shape[0]]
    return result if preferred_element_type is None else result.to(preferred_element_type)


def correlate(
    a: Array, v: Array, mode: str = "valid", *, precision: Any = None,
    preferred_element_type: torch.dtype | None = None,
) -> Array:  # fmt: skip
    """The cross-correlation of two vectors; the unit is the product of theirs.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.correlate([1.0, 2.0] * u.mV, [1.0, 1.0] * u.mS)
    tensor([3.]) uA
    """
    swapped = a.shape[0] < v.shape[0]
    result = convolve(a, torch.flip(torch.conj(v), (0,)), mode, preferred_element_type=preferred_element_type)
    return result if not swapped or mode != "same" else _same_of_swapped(a, v)


def _same_of_swapped(a: Array, v: Array) -> Array:
    full = convolve(a, torch.flip(torch.conj(v), (0,)))
    start = (full.shape[0] - v.shape[0] + 1) // 2
    return full[start : start + v.shape[0]]


def cov(
    m: Array, y: Array | None = None, rowvar: bool = True, bias: bool = False, ddof: int | None = None,
    fweights: Array | None = None, aweights: Array | None = None,
) -> Array:  # fmt: skip
    """The covariances of variables, each of which is a row.

    Parameters
    ----------
    m
        The observations, ``[variables, observations]``, or of one variable.
    y
        More variables.
    rowvar
        Whether variables are rows.
    bias
        Whether to divide by the number of observations, not by one less.
    ddof
        What to take from the number of observations; goes before `bias`.
    fweights, aweights
        How often each observation counts, and how much.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.cov([1.0, 3.0] * u.mV)
    2.0 mV ** 2
    """
    x = floating(torch.atleast_2d(m))  # type: ignore[no-untyped-call]
    x = x.T if not rowvar and m.ndim == 2 else x
    if y is not None:
        more = floating(torch.atleast_2d(y))  # type: ignore[no-untyped-call]
        x = torch.cat([x, more.T if not rowvar and y.ndim == 2 else more])
    ddof = ddof if ddof is not None else 0 if bias else 1
    weights = None
    for each in (fweights, aweights):
        weights = each if weights is None else weights if each is None else weights * each
    if weights is None:
        distance, total = x - x.mean(1, keepdim=True), x.shape[1] - ddof
    else:
        weights = weights.to(x.dtype)
        mean, whole = average(x, 1, weights, returned=True, keepdims=True)
        whole, distance = whole.reshape(-1)[0], x - mean
        total = whole - (ddof if aweights is None else ddof * (weights * aweights).sum() / whole)
    result = (distance if weights is None else distance * weights) @ torch.conj(distance).T / total
    if not x.shape[1]:
        result = result * float("nan")  # an empty sum is 0
    return result.squeeze()


def corrcoef(x: Array, y: Array | None = None, rowvar: bool = True, unit_to_scale: Any = None) -> torch.Tensor:
    """The correlations of variables, each of which is a row.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.corrcoef([1.0, 3.0, 5.0] * u.mV, [1.0, 2.0, 3.0] * u.mV)
    tensor([[1., 1.],
            [1., 1.]])
    """
    c = cov(x, y, rowvar)
    if not c.ndim:
        return c / c  # type: ignore[no-any-return]
    deviation = torch.sqrt(torch.real(torch.diag(c)))
    ratio = c / deviation[:, None] / deviation[None, :]
    return ratio.clamp(-1.0, 1.0)  # type: ignore[no-any-return]


def vander(x: Array, N: int | None = None, increasing: bool = False, unit: Any = None) -> Array:
    """The powers of plain numbers as rows of a matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vander([1.0, 2.0, 3.0], 2)
    tensor([[1., 1.],
            [2., 1.],
            [3., 1.]])
    """
    result = torch.vander(x, N, increasing=increasing).to(x.dtype)
    return result if unit is None else result * unit


def polyval(p: Array, x: Array) -> Array:
    """The polynomial of plain numbers with these coefficients, the highest power first.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polyval([1.0, 0.0, 2.0], 3.0)
    tensor(11.)
    """
    result = torch.zeros_like(x * p[0])
    for coefficient in p:
        result = result * x + coefficient
    return result


_EDGES = {"edge", "reflect", "symmetric", "wrap"}
#: Modes in which the new elements are one number of each line along the axis.
_SUMMARIES: dict[str, Any] = {
    "mean": mean, "median": median, "maximum": max, "minimum": min,
}  # fmt: skip


def pad(
    array: Alike, pad_width: Any, mode: str = "constant", *, constant_values: Any = 0, end_values: Any = 0,
    stat_length: Any = None,
) -> Array:  # fmt: skip
    """The array with more elements before and after along each axis.

    Parameters
    ----------
    array
        The values.
    pad_width
        How many: one number, a pair (before, after), or a pair for each axis.
    mode
        "constant", "edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "median", "maximum", "minimum" or
        "empty".
    constant_values
        The value of the new elements, or one per side or per axis, with the unit of the array; 0 needs none.
    end_values
        The outermost value of a ramp, or one per side or per axis.
    stat_length
        How many elements at each end make a mean, a median, a maximum or a minimum; all where it is None.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.pad([1.0, 2.0] * u.mV, 1, mode="edge"), u.math.pad([1.0, 2.0] * u.mV, (0, 1))
    (tensor([1., 1., 2., 2.]) mV, tensor([1., 2., 0.]) mV)
    """
    widths = torch.broadcast_to(torch.as_tensor(pad_width), (array.ndim, 2)).tolist()
    if mode in _EDGES:
        for axis, (before, after) in enumerate(widths):
            array = torch.index_select(array, axis, _source(array.shape[axis], before, after, mode).to(array.device))
        return array
    if mode not in ("constant", "empty", "linear_ramp", *_SUMMARIES):
        known = sorted({"constant", "empty", "linear_ramp", *_SUMMARIES, *_EDGES})
        raise ValueError(f"`mode` must be one of {known}. Got {mode!r}. Leave it out for 'constant'.")
    given = end_values if mode == "linear_ramp" else 0 if mode == "empty" else constant_values
    for axis, (before, after) in enumerate(widths):
        sides = [
            _side(array, axis, width, mode, _pair(given, axis, place), _pair(stat_length, axis, place), place)
            for place, width in enumerate((before, after))
        ]
        array = torch.cat([sides[0], array, sides[1]], axis)
    return array


def _pair(values: Any, axis: int, place: int) -> Any:
    """The value for one side of one axis, of one number, of (before, after), or of a pair for each axis."""
    if not isinstance(values, (list, tuple)):
        return values
    if len(values) == 1:
        return _pair(values[0], axis, place)
    return values[axis][place] if isinstance(values[0], (list, tuple)) else values[place]


def _side(array: Array, axis: int, width: int, mode: str, value: Any, count: int | None, place: int) -> Array:
    """The new elements on one side of an axis."""
    length = array.shape[axis]
    kept = length if count is None or mode not in _SUMMARIES else builtins.min(count, length)
    part = torch.narrow(array, axis, 0 if place == 0 else length - kept, kept)
    shape = [width if each == axis else size for each, size in enumerate(array.shape)]
    if mode in _SUMMARIES:
        number = _SUMMARIES[mode](part, axis, keepdims=True)
        whole = is_whole(array.dtype) and mode in ("mean", "median")
        return torch.broadcast_to(torch.round(number).to(array.dtype) if whole else number, shape)
    edge = torch.narrow(array, axis, 0 if place == 0 or not length else length - 1, 1 if length else 0)
    blank = torch.zeros_like(torch.broadcast_to(array.reshape(-1)[:0].sum(), shape))
    outer = blank + value
    if mode == "linear_ramp":
        steps = torch.arange(width, device=array.device).reshape(
            [-1 if each == axis else 1 for each in range(array.ndim)]
        )
        part = (steps if place == 0 else width - 1 - steps) / width
        outer = outer + (edge - outer) * part
    return outer.to(array.dtype)


def _source(length: int, before: int, after: int, mode: str) -> torch.Tensor:
    place = torch.arange(-before, length + after)
    if mode == "edge":
        return place.clamp(0, length - 1)
    if mode == "wrap":
        return place.remainder(length)
    if mode == "symmetric":
        place = place.remainder(2 * length)
        return torch.where(place < length, place, 2 * length - 1 - place)
    if length == 1:
        return torch.zeros_like(place)
    place = place.remainder(2 * length - 2)
    return torch.where(place < length, place, 2 * length - 2 - place)
