"""Layers that flatten and unflatten axes."""

from collections.abc import Sequence
from typing import Any

import torch

from ..typing import Size
from .module.module import Module
from .module.operand import operand

__all__ = ["Flatten", "Unflatten"]


class Flatten(Module):
    """Join neighbouring axes to one.

    Parameters
    ----------
    start_axis, end_axis
        The first and the last of them. With `in_size`, axes are counted without those of the batch.
    in_size
        The size of the input without batch axes.

    Raises
    ------
    ValueError
        The input has another size than `in_size`.

    Notes
    -----
    Source: brainstate.nn.Flatten (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Flatten(in_size=(3, 4))
    >>> layer(torch.zeros(2, 3, 4)).shape, layer.out_size
    (torch.Size([2, 12]), (12,))
    """

    def __init__(self, start_axis: int = 0, end_axis: int = -1, in_size: Sequence[int] | None = None) -> None:
        super().__init__()
        self.start_axis, self.end_axis = start_axis, end_axis
        if in_size is not None:
            self.in_size = tuple(in_size)
            self.out_size = tuple(torch.empty(self.in_size, device="meta").flatten(start_axis, end_axis).shape)

    def update(self, x: Any) -> Any:
        """The same numbers, ``[*before, n, *after]``."""
        x = operand(x)
        batch = 0
        if self.in_size is not None:
            batch = x.ndim - len(self.in_size)
            if batch < 0 or tuple(x.shape[batch:]) != self.in_size:
                raise ValueError(f"`x` must have the size {self.in_size} after its batch axes. Got {tuple(x.shape)}.")
        start, end = (axis + batch if axis >= 0 else axis for axis in (self.start_axis, self.end_axis))
        return x.flatten(start, end)


class Unflatten(Module):
    """Split an axis into several.

    Parameters
    ----------
    axis
        The axis.
    sizes
        Their lengths.
    name
        A name, for display.
    in_size
        The size of the input without batch axes.

    Raises
    ------
    TypeError
        `sizes` is not a tuple or list of integers.

    Notes
    -----
    Source: brainstate.nn.Unflatten (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Unflatten(-1, (3, 4))(torch.zeros(2, 12)).shape
    torch.Size([2, 3, 4])
    """

    def __init__(self, axis: int, sizes: Size, name: str | None = None, in_size: Sequence[int] | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(sizes, (tuple, list)) or not all(isinstance(size, int) for size in sizes):
            raise TypeError(f"`sizes` must be a tuple or list of ints. Got {sizes!r}.")
        self.axis, self.sizes = axis, tuple(sizes)
        if in_size is not None:
            self.in_size = tuple(in_size)
            self.out_size = tuple(operand(torch.empty(self.in_size, device="meta")).unflatten(axis, self.sizes).shape)

    def update(self, x: Any) -> Any:
        """The same numbers, ``[*before, *sizes, *after]``."""
        return operand(x).unflatten(self.axis, self.sizes)
