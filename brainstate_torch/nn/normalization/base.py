"""The base of normalising layers: axes, dtype, means and variances."""

from typing import Any

import torch

from ... import environ
from ...random._arguments import as_dtype
from ...typing import Axes, DTypeLike, Size
from ...units import Quantity, get_unit
from ..module.module import Module
from ..module.operand import operand

__all__ = ["Normalization", "as_mask", "axes_of", "centred", "mean_over", "squared"]


def axes_of(axes: Axes, ndim: int, name: str) -> tuple[int, ...]:
    """Axes counted from the front.

    Raises
    ------
    ValueError
        There is no such axis, or one is named twice.
    """
    given = (axes,) if isinstance(axes, int) else tuple(axes)
    found = tuple(axis % ndim for axis in given if -ndim <= axis < ndim)
    if len(set(found)) != len(given):
        raise ValueError(f"`{name}` must be different axes of an array with {ndim} axes. Got {axes}.")
    return found


def squared(x: torch.Tensor) -> torch.Tensor:
    """``|x|**2``, real."""
    return (x * x.conj()).real if x.is_complex() else x * x


def mean_over(x: torch.Tensor, axes: tuple[int, ...], mask: torch.Tensor | None = None) -> torch.Tensor:
    """The mean over axes, which stay with length 1, of what the mask selects; nan where it selects nothing."""
    if not axes:  # For no axes torch would reduce all.
        return mean_over(x.unsqueeze(0), (0,), mask).squeeze(0)
    if mask is None:
        return x.mean(axes, keepdim=True)
    chosen = torch.where(mask, x, torch.zeros_like(x)).sum(axes, keepdim=True)
    return chosen / mask.expand(x.shape).sum(axes, keepdim=True)


def centred(
    x: torch.Tensor, axes: tuple[int, ...], mask: torch.Tensor | None = None
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The input minus its mean; the mean; the variance, divided by the number of elements.

    In two passes, because ``E[x**2] - E[x]**2`` loses every digit where the mean is large. On the CPU ``var_mean``
    takes two to five times as long.
    """
    mean = mean_over(x, axes, mask)
    rest = x - mean
    # Masked before it is squared: a nan that is masked must not reach the gradient.
    kept = rest if mask is None else torch.where(mask, rest, torch.zeros_like(rest))
    return rest, mean, mean_over(squared(kept), axes, mask)


class Normalization(Module):
    """A layer whose output has the shape of its input, and its own dtype.

    Parameters
    ----------
    in_size
        The size without batch axes.
    feature_axes
        The axes of `in_size` along which scale and bias differ.
    argument
        What the user calls `feature_axes`.
    dtype
        The dtype of the result; None: that of the layer's own tensors.
    axis_name, axis_index_groups
        Not available.
    name
        A name, for display.
    """

    def __init__(
        self,
        in_size: Size,
        feature_axes: Axes,
        argument: str,
        dtype: DTypeLike | None,
        axis_name: Any,
        axis_index_groups: Any,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name)
        if axis_name is not None:
            raise NotImplementedError(
                f"`axis_name` must be None: torch has no named axes. Got {axis_name!r}. "
                "Call the layer on the whole batch, outside of vmap."
            )
        self.in_size = self.out_size = in_size
        self.feature_axes = axes_of(feature_axes, len(self.in_size), argument)
        self.axis_name, self.axis_index_groups = axis_name, axis_index_groups
        self.feature_size = tuple(n if i in self.feature_axes else 1 for i, n in enumerate(self.in_size))
        # Counted from the back, where an input has no batch axes.
        self._features = tuple((i - len(self.in_size), self.in_size[i]) for i in self.feature_axes)
        self._least_ndim = -min((axis for axis, _ in self._features), default=0)
        self._dtype = None if dtype is None else as_dtype(dtype)
        self._default_dtype = environ.dftype()
        if self._dtype is not None and not (self._dtype.is_floating_point or self._dtype.is_complex):
            raise ValueError(f"`dtype` must be floating or complex. Got {self._dtype}.")

    def __pretty_repr_item__(self, k: Any, v: Any) -> tuple[Any, Any] | None:
        derived = ("_features", "_least_ndim", "_default_dtype", "feature_size")
        return None if k in derived else super().__pretty_repr_item__(k, v)

    def _own(self) -> torch.Tensor | None:
        """A tensor whose dtype the result takes."""
        raise NotImplementedError

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the result: the one asked for, or that of the layer's own tensors, which ``to()`` changes."""
        if self._dtype is not None:
            return self._dtype
        own = self._own()
        return self._default_dtype if own is None else own.dtype

    def _operand(self, x: Any, dtype: torch.dtype) -> torch.Tensor:
        """A plain tensor of at least 32 bit, because half precision cannot hold a sum of squares."""
        x = operand(x, self._own())
        if isinstance(x, Quantity):
            raise TypeError(
                f"`x` must be a plain tensor: `epsilon` is added to its variance. Got the unit {get_unit(x)}. "
                "Divide by the unit."
            )
        if x.is_complex() and not dtype.is_complex:
            raise TypeError(
                f"`x` must be real where the layer's dtype is {dtype}. Got {x.dtype}. "
                "Pass a complex `dtype` to the layer."
            )
        return x.to(torch.promote_types(dtype, torch.float32))  # type: ignore[no-any-return]

    def _check_features(self, x: torch.Tensor) -> None:
        if x.ndim < self._least_ndim or any(x.shape[axis] != n for axis, n in self._features):
            raise ValueError(
                f"`x` must have the sizes of `in_size` {self.in_size} along the features, axes {self.feature_axes} of "
                f"it, after any batch axes. Got shape {tuple(x.shape)}."
            )


def as_mask(mask: Any, x: torch.Tensor) -> torch.Tensor | None:
    """A boolean tensor that broadcasts to the input, or None.

    Raises
    ------
    ValueError
        It does not broadcast.
    """
    if mask is None:
        return None
    mask = operand(mask, x)
    shape = (1,) * (x.ndim - mask.ndim) + tuple(mask.shape)
    if len(shape) != x.ndim or any(m not in (1, n) for m, n in zip(shape, x.shape, strict=True)):
        raise ValueError(f"`mask` must broadcast to the input's shape {tuple(x.shape)}. Got {tuple(mask.shape)}.")
    return mask.reshape(shape).to(torch.bool)  # type: ignore[no-any-return]
