"""Pooling by the largest element."""

from collections.abc import Callable
from math import inf
from typing import Any

import torch
import torch.nn.functional as F

from ...typing import Size
from ..window import Padding, Pairs
from .base import Sliding, padded, symmetric

__all__ = ["MaxPool1d", "MaxPool2d", "MaxPool3d"]


class _MaxPool(Sliding):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = "VALID",
        channel_axis: int | None = -1,
        return_indices: bool = False,
        name: str | None = None,
        in_size: Size | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, channel_axis, name, in_size)
        self.return_indices = return_indices

    def _slide(
        self, x: torch.Tensor, arranged: Callable[[torch.Tensor], torch.Tensor], pads: Pairs
    ) -> tuple[torch.Tensor, ...]:
        kernel, stride = self._window
        is_boolean = x.dtype is torch.bool  # torch pools no integers.
        x = x.to(torch.uint8) if is_boolean else x
        flat = arranged(x)
        both = symmetric(pads, kernel)
        if both is None:
            flat = padded(flat, pads, -inf if x.is_floating_point() else torch.iinfo(x.dtype).min)
        pool: Any = F.max_pool2d if len(kernel) == 2 else F.max_pool3d
        y = pool(flat, kernel, stride, both or 0, return_indices=self.return_indices)
        if not self.return_indices:
            return (y.to(torch.bool) if is_boolean else y,)
        places = torch.arange(x.numel(), device=x.device, dtype=torch.int32 if x.numel() < 2**31 else torch.int64)
        places = arranged(places.reshape(x.shape))
        if both is None:
            places = padded(places, pads, 0)
        return y[0].to(torch.bool) if is_boolean else y[0], places.flatten(2).gather(2, y[1].flatten(2)).reshape(
            y[1].shape
        )


class MaxPool1d(_MaxPool):
    """The largest element of a window that slides along the axis of space: ``[*N, L, C]`` to ``[*N, L', C]``.

    Parameters
    ----------
    kernel_size
        How many elements the window takes.
    stride
        How far it moves; None for the length of the window.
    padding
        How many elements go around the input, minus infinity. 'SAME': the output has ``ceil(size / stride)``;
        'VALID': none; an integer for both ends; or a pair (before, after), in a list.
    channel_axis
        The axis of channels, counted with batch axes; None if there is none.
    return_indices
        Return where the elements are, too, for :class:`MaxUnpool1d`: places in the whole flattened input, int32.
    name
        A name, for display.
    in_size
        The size of the input without the first batch axis, which gives the attribute `out_size`.

    Raises
    ------
    TypeError
        `kernel_size`, `stride` or `channel_axis` is not made of integers.
    ValueError
        `kernel_size`, `stride` or `padding` does not have one number for each axis of space, or the window is larger
        than the padded input.

    Notes
    -----
    Source: brainstate.nn.MaxPool1d (0.5.4), 1d to 3d. Differs: a window larger than the padded input is refused, where
    brainstate gives an empty output; `out_size` is known with `return_indices`, too; NaN is the largest there, too;
    inputs may have units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> x = torch.tensor([[1.], [5.], [3.], [2.]])
    >>> brainstate.nn.MaxPool1d(2)(x).ravel()
    tensor([5., 3.])
    >>> brainstate.nn.MaxPool1d(3, stride=1, return_indices=True)(x)[1].ravel()
    tensor([1, 1], dtype=torch.int32)
    """

    pool_dim = 1


class MaxPool2d(_MaxPool):
    """As :class:`MaxPool1d`, along two axes of space: ``[*N, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    kernel_size, stride, padding, channel_axis, return_indices, name, in_size
        As for :class:`MaxPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.MaxPool2d(2, in_size=(28, 28, 3)).out_size
    (14, 14, 3)
    """

    pool_dim = 2


class MaxPool3d(_MaxPool):
    """As :class:`MaxPool1d`, along three axes of space: ``[*N, D, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    kernel_size, stride, padding, channel_axis, return_indices, name, in_size
        As for :class:`MaxPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.MaxPool3d((1, 2, 2), in_size=(5, 8, 8, 3)).out_size
    (5, 4, 4, 3)
    """

    pool_dim = 3
