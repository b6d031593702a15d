"""Convolutions: ``jax.scipy.signal``."""

from typing import Any

import torch

from ....units import math

__all__ = ["convolve", "convolve2d", "correlate", "correlate2d", "detrend", "fftconvolve"]


def _cut(full: torch.Tensor, first: Any, second: Any, mode: str) -> torch.Tensor:
    """The part of a full convolution that a mode keeps."""
    if mode == "full":
        return full
    if mode not in ("same", "valid"):
        raise ValueError(f"`mode` must be 'full', 'same' or 'valid'. Got {mode!r}.")
    for axis, (a, b) in enumerate(zip(first.shape, second.shape, strict=True)):
        length = a if mode == "same" else max(a, b) - min(a, b) + 1
        start = (b - 1) // 2 if mode == "same" else min(a, b) - 1
        full = full.narrow(axis, start, length)
    return full


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto", **_: Any) -> Any:
    """The convolution of two arrays with as many axes, at most three."""
    a, b = math.asarray(in1), math.asarray(in2)
    kind = torch.promote_types(torch.promote_types(a.dtype, b.dtype), torch.float32)
    a, b = a.to(kind), b.to(kind)
    apply: Any = getattr(torch.nn.functional, f"conv{a.ndim}d")
    axes = tuple(range(a.ndim))
    full = apply(a[None, None], b.flip(axes)[None, None], padding=tuple(n - 1 for n in b.shape))[0, 0]
    return _cut(full, a, b, mode)


def convolve2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: float = 0, **_: Any) -> Any:
    """The convolution of two matrices, with zeros around."""
    if boundary != "fill" or fillvalue != 0:
        raise NotImplementedError("`boundary` must be 'fill' with zeros. Got another. Pad the matrix before.")
    return convolve(in1, in2, mode)


def correlate(in1: Any, in2: Any, mode: str = "full", method: str = "auto", **_: Any) -> Any:
    """The correlation of two arrays."""
    other = math.asarray(in2)
    return convolve(in1, other.flip(tuple(range(other.ndim))).conj(), mode)


def correlate2d(in1: Any, in2: Any, mode: str = "full", boundary: str = "fill", fillvalue: float = 0, **_: Any) -> Any:
    """The correlation of two matrices, with zeros around."""
    other = math.asarray(in2)
    return convolve2d(in1, other.flip((0, 1)).conj(), mode, boundary, fillvalue)


def fftconvolve(in1: Any, in2: Any, mode: str = "full", axes: Any = None) -> Any:
    """The convolution by Fourier transforms."""
    a, b = math.asarray(in1), math.asarray(in2)
    if axes is not None:
        raise NotImplementedError("`axes` must be None. Got some. Map over the other axes.")
    shape = [n + m - 1 for n, m in zip(a.shape, b.shape, strict=True)]
    dims = tuple(range(a.ndim))
    product = torch.fft.fftn(a, shape, dims) * torch.fft.fftn(b, shape, dims)
    full = torch.fft.ifftn(product, dim=dims)
    return _cut(full if a.is_complex() or b.is_complex() else full.real, a, b, mode)


def detrend(data: Any, axis: int = -1, type: str = "linear", **_: Any) -> Any:
    """An array less its mean, or less the line that fits it best."""
    x = math.asarray(data).movedim(axis, -1)
    x = x - x.mean(-1, keepdim=True)
    if type == "linear":
        t = torch.arange(x.shape[-1], dtype=x.dtype, device=x.device)
        t = t - t.mean()
        x = x - (x @ t)[..., None] / (t @ t) * t
    return x.movedim(-1, axis)
