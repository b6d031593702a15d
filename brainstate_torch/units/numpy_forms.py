"""Functions whose numpy form differs from torch's in more than the names of arguments."""

from typing import Any

import torch

from .creation import asarray

__all__ = [
    "append",
    "array_equal",
    "average",
    "cbrt",
    "cumulative",
    "flatten",
    "flip",
    "interp",
    "median",
    "outer",
    "percentile",
    "ptp",
    "repeat",
    "roll",
    "rot90",
    "split",
    "squareplus",
    "squeeze",
    "std",
    "take",
    "tensordot",
    "transpose",
    "unflatten",
    "var",
]


def _extent(dim: Any) -> dict[str, Any]:
    return {} if dim is None else {"dim": dim}


def std(x: Any, dim: Any = None, *, ddof: int = 0, keepdim: bool = False) -> Any:
    return x.std(dim, correction=ddof, keepdim=keepdim)


def var(x: Any, dim: Any = None, *, ddof: int = 0, keepdim: bool = False) -> Any:
    return x.var(dim, correction=ddof, keepdim=keepdim)


def median(x: Any, dim: Any = None, *, keepdim: bool = False) -> Any:
    return x.quantile(0.5, dim, keepdim=keepdim)


def percentile(x: Any, q: Any, dim: Any = None, *, keepdim: bool = False) -> Any:
    return torch.quantile(x, asarray(q).to(x.dtype) / 100.0, dim, keepdim=keepdim)


def average(x: Any, dim: Any = None, *, weights: Any = None) -> Any:
    if weights is None:
        return x.mean(dim)
    weights = asarray(weights)
    return (x * weights).sum(dim) / weights.sum(dim)


def ptp(x: Any, dim: Any = None, *, keepdim: bool = False) -> Any:
    return x.amax(**_extent(dim), keepdim=keepdim) - x.amin(**_extent(dim), keepdim=keepdim)


def cumulative(function: Any) -> Any:
    """Numpy's cumulative functions flatten where no axis is given."""
    return lambda x, dim=None: function(x.flatten() if dim is None else x, 0 if dim is None else dim)


def cbrt(x: Any) -> Any:
    return x.abs() ** (1 / 3) * x.sign()


def squareplus(x: Any, b: Any = 4.0) -> Any:
    return (x + torch.sqrt(x**2 + b)) / 2


def repeat(x: Any, repeats: Any, dim: Any = None) -> Any:
    return torch.repeat_interleave(x, repeats, dim=dim)


def transpose(x: Any, axes: Any = None) -> Any:
    return x.permute(tuple(reversed(range(x.ndim))) if axes is None else tuple(axes))


def squeeze(x: Any, dim: Any = None) -> Any:
    return x.squeeze(**_extent(dim))


def flip(x: Any, dim: Any = None) -> Any:
    return x.flip(tuple(range(x.ndim)) if dim is None else dim)


def roll(x: Any, shift: Any, dim: Any = None) -> Any:
    return torch.roll(x, shift, dims=dim)


def rot90(x: Any, k: int = 1, axes: Any = (0, 1)) -> Any:
    return torch.rot90(x, k, axes)


def outer(x: Any, y: Any) -> Any:
    return torch.outer(x.flatten(), y.flatten())


def tensordot(x: Any, y: Any, axes: Any = 2) -> Any:
    return torch.tensordot(x, y, dims=axes)


def flatten(x: Any, start_axis: int = 0, end_axis: int = -1) -> Any:
    return x.flatten(start_axis, end_axis)


def unflatten(x: Any, dim: int, sizes: Any) -> Any:
    return x.unflatten(dim, sizes)


def split(x: Any, indices_or_sections: Any, dim: int = 0) -> list[Any]:
    return list(x.tensor_split(indices_or_sections, dim=dim))


def take(x: Any, indices: Any, dim: Any = None) -> Any:
    indices = asarray(indices).long()
    return x.take(indices) if dim is None else x.index_select(dim, indices)


def append(x: Any, values: Any, dim: Any = None) -> Any:
    return torch.cat([x.flatten(), values.flatten()]) if dim is None else torch.cat([x, values], dim)


def array_equal(x: Any, y: Any) -> bool:
    return torch.equal(x, y)


def interp(x: Any, xp: Any, fp: Any) -> Any:
    """Linear interpolation, constant outside of the points."""
    right = torch.searchsorted(xp, x).clamp(1, len(xp) - 1)
    fraction = ((x - xp[right - 1]) / (xp[right] - xp[right - 1])).clamp(0.0, 1.0)
    return torch.lerp(fp[right - 1], fp[right], fraction)
