"""Unpooling: elements go back to where they were."""

from collections.abc import Sequence
from math import prod
from typing import Any

import torch

from ...typing import Size
from ...units import Quantity
from ..module.operand import operand
from .base import Pool, lengths

__all__ = ["MaxUnpool1d", "MaxUnpool2d", "MaxUnpool3d"]


class _MaxUnpool(Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: int | Sequence[int] = 0,
        channel_axis: int | None = -1,
        name: str | None = None,
        in_size: Size | None = None,
    ) -> None:
        super().__init__(channel_axis, name)
        self.kernel_size = lengths(kernel_size, self.pool_dim, "kernel_size")
        self.stride = self.kernel_size if stride is None else lengths(stride, self.pool_dim, "stride")
        ends: tuple[Any, ...] = tuple(padding) if isinstance(padding, (tuple, list)) else (padding,) * self.pool_dim
        if len(ends) != self.pool_dim:
            raise ValueError(f"`padding` must be an integer or {self.pool_dim} integers. Got {padding!r}.")
        if not all(isinstance(n, int) for n in ends):
            raise TypeError(f"`padding` must be made of integers. Got {padding!r}.")
        self.padding = ends
        self._set_sizes(in_size)

    def _pooled(self, space: Sequence[int]) -> list[int]:
        sizes = zip(space, self.stride, self.padding, self.kernel_size, strict=True)
        return [(size - 1) * stride - 2 * end + window for size, stride, end, window in sizes]

    def update(self, x: Any, indices: Any, output_size: int | Sequence[int] | None = None) -> Any:
        """The elements of ``[*N, *space, C]`` at their places in a larger array of zeros.

        Parameters
        ----------
        x, indices
            What :class:`MaxPool1d` returns with `return_indices`; both have the same shape.
        output_size
            The shape of the output: all of it, the axes of space, or one number for these. None: the least shape that
            was pooled to that of `x`.

        Raises
        ------
        ValueError
            The shapes of `x` and `indices` differ, or `x` or `output_size` has too few axes.
        """
        x, indices = operand(x), operand(indices)
        if isinstance(x, Quantity):
            return self.update(x.mantissa, indices, output_size) * x.unit
        if x.shape != indices.shape:
            raise ValueError(f"`indices` must have the shape of `x`. Got {tuple(indices.shape)} and {tuple(x.shape)}.")
        space = self._order(x.ndim)[-self.pool_dim :]
        least = _with(x.shape, space, self._pooled([x.shape[axis] for axis in space]))
        shape = least if output_size is None else self._wanted(x.shape, space, output_size)
        places = indices.reshape(-1).to(torch.int64)
        size = prod(shape)
        if shape != least and not self._pools_to(shape, x.shape, space):
            # The indices cannot have been counted in this shape, so they were in the least one.
            coordinates = torch.unravel_index(places, least)
            inside = torch.ones_like(places, dtype=torch.bool)
            moved = torch.zeros_like(places)
            for coordinate, length in zip(coordinates, shape, strict=True):
                inside = inside & (coordinate < length)
                moved = moved * length + coordinate
            places = torch.where(inside, moved, size)  # Beyond the end, and cut off below.
        zeros = torch.zeros(size + 1, dtype=x.dtype, device=x.device)
        return zeros.scatter(0, places, x.reshape(-1))[:size].reshape(shape)

    def _wanted(self, shape: Sequence[int], space: list[int], output_size: Any) -> tuple[int, ...]:
        sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * len(space)
        if len(sizes) == len(shape):
            return sizes
        if len(sizes) != len(space):
            raise ValueError(
                f"`output_size` must have {len(space)} axes of space, or {len(shape)}. Got {output_size!r}."
            )
        return _with(shape, space, sizes)

    def _pools_to(self, shape: tuple[int, ...], pooled: Sequence[int], space: list[int]) -> bool:
        """Whether an array of the first shape is pooled to one of the second."""
        sizes = zip(space, self.kernel_size, self.stride, self.padding, strict=True)
        steps = [(shape[axis] + 2 * end - window) // stride + 1 for axis, window, stride, end in sizes]
        return _with(shape, space, steps) == tuple(pooled)


def _with(shape: Sequence[int], axes: list[int], sizes: Sequence[int]) -> tuple[int, ...]:
    """The shape with other sizes along some axes."""
    changed = list(shape)
    for axis, size in zip(axes, sizes, strict=True):
        changed[axis] = size
    return tuple(changed)


class MaxUnpool1d(_MaxUnpool):
    """Put what :class:`MaxPool1d` found back to its place, and zeros elsewhere: ``[*N, L, C]`` to ``[*N, L', C]``.

    Parameters
    ----------
    kernel_size, stride, channel_axis, name
        As for :class:`MaxPool1d`.
    padding
        How many elements were put around the input at both ends.
    in_size
        The size of `x` without the first batch axis, which gives the attribute `out_size`.

    Raises
    ------
    TypeError
        `kernel_size`, `stride`, `padding` or `channel_axis` is not made of integers.
    ValueError
        `kernel_size`, `stride` or `padding` does not have one number for each axis of space.

    Notes
    -----
    Source: brainstate.nn.MaxUnpool1d (0.5.4), 1d to 3d. Differs: if `output_size` can be what was pooled, elements go
    to their places in it; brainstate counts places as if the least such shape had been pooled, so that elements of
    the second batch and later ones are misplaced. With `in_size`, `out_size` is known.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> y, indices = brainstate.nn.MaxPool1d(2, return_indices=True)(torch.tensor([[1.], [5.], [3.], [2.]]))
    >>> brainstate.nn.MaxUnpool1d(2)(y, indices).ravel()
    tensor([0., 5., 3., 0.])
    """

    pool_dim = 1


class MaxUnpool2d(_MaxUnpool):
    """As :class:`MaxUnpool1d`, along two axes of space: ``[*N, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    kernel_size, stride, padding, channel_axis, name, in_size
        As for :class:`MaxUnpool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.MaxUnpool2d(2, in_size=(14, 14, 3)).out_size
    (28, 28, 3)
    """

    pool_dim = 2


class MaxUnpool3d(_MaxUnpool):
    """As :class:`MaxUnpool1d`, along three axes of space: ``[*N, D, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    kernel_size, stride, padding, channel_axis, name, in_size
        As for :class:`MaxUnpool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.MaxUnpool3d((1, 2, 2), in_size=(5, 4, 4, 3)).out_size
    (5, 8, 8, 3)
    """

    pool_dim = 3
