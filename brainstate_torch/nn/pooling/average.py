"""Pooling by a mean of the elements, or of a power of them."""

from collections.abc import Callable
from math import isfinite, prod
from typing import Any

import torch
import torch.nn.functional as F

from ...typing import Size
from ..module.operand import floating
from ..window import Padding, Pairs
from .base import Sliding, padded, symmetric

__all__ = ["AvgPool1d", "AvgPool2d", "AvgPool3d", "LPPool1d", "LPPool2d", "LPPool3d"]


class _Mean(Sliding):
    def _mean(self, x: torch.Tensor, pads: Pairs, count_padding: bool) -> torch.Tensor:
        """The means of ``[N, C, *space]``; with `count_padding`, elements around the input are zeros that count."""
        kernel, stride = self._window
        pool: Any = F.avg_pool2d if len(kernel) == 2 else F.avg_pool3d
        both = symmetric(pads, kernel)
        if both is not None:
            y: torch.Tensor = pool(x, kernel, stride, both, count_include_pad=count_padding)
            return y
        y = pool(padded(x, pads, 0.0), kernel, stride)
        if count_padding:
            return y
        inside = padded(torch.ones((1, 1, *x.shape[2:]), dtype=x.dtype, device=x.device), pads, 0.0)
        # A window that lies outside has the mean zero.
        share: torch.Tensor = pool(inside, kernel, stride)
        return y / share.clamp(min=1 / prod(kernel))


class _AvgPool(_Mean):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = 1,
        padding: Padding = "VALID",
        channel_axis: int | None = -1,
        name: str | None = None,
        in_size: Size | None = None,
    ) -> None:
        super().__init__(kernel_size, stride, padding, channel_axis, name, in_size)

    def _slide(
        self, x: torch.Tensor, arranged: Callable[[torch.Tensor], torch.Tensor], pads: Pairs
    ) -> tuple[torch.Tensor, ...]:
        return (self._mean(arranged(floating(x)), pads, count_padding=False),)


class _LPPool(_Mean):
    def __init__(
        self,
        norm_type: float,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Padding = "VALID",
        channel_axis: int | None = -1,
        name: str | None = None,
        in_size: Size | None = None,
    ) -> None:
        if not (norm_type > 0 and isfinite(norm_type)):
            raise ValueError(f"`norm_type` must be a positive finite number. Got {norm_type}.")
        super().__init__(kernel_size, stride, padding, channel_axis, name, in_size)
        self.norm_type = norm_type

    def _slide(
        self, x: torch.Tensor, arranged: Callable[[torch.Tensor], torch.Tensor], pads: Pairs
    ) -> tuple[torch.Tensor, ...]:
        powers = arranged(floating(x).abs() ** self.norm_type)
        means = self._mean(powers, pads, count_padding=True)
        # The root has no slope at zero; there it is taken of one instead, so that no NaN enters the gradient.
        some = means > 0
        roots = torch.where(some, means, torch.ones_like(means)) ** (1 / self.norm_type)
        return (torch.where(some, roots, torch.zeros_like(roots)),)


class AvgPool1d(_AvgPool):
    """The mean of a window that slides along the axis of space: ``[*N, L, C]`` to ``[*N, L', C]``.

    Parameters
    ----------
    kernel_size
        How many elements the window takes.
    stride
        How far it moves; by one unless said otherwise, None for the length of the window.
    padding
        How many elements go around the input, which do not count. 'SAME': the output has ``ceil(size / stride)``;
        'VALID': none; an integer for both ends; or a pair (before, after), in a list.
    channel_axis
        The axis of channels, counted with batch axes; None if there is none.
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
    Source: brainstate.nn.AvgPool1d (0.5.4), 1d to 3d. Differs: a window larger than the padded input is refused, where
    brainstate gives an empty output; inputs may have units. torch's AvgPool1d moves by the length of the window, and
    counts what is around the input as zeros.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> x = torch.tensor([[1.], [5.], [3.], [2.]])
    >>> brainstate.nn.AvgPool1d(2)(x).ravel(), brainstate.nn.AvgPool1d(2, 2, padding=1)(x).ravel()
    (tensor([3.0000, 4.0000, 2.5000]), tensor([1., 4., 2.]))
    """

    pool_dim = 1


class AvgPool2d(_AvgPool):
    """As :class:`AvgPool1d`, along two axes of space: ``[*N, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    kernel_size, stride, padding, channel_axis, name, in_size
        As for :class:`AvgPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.AvgPool2d(2, 2, in_size=(28, 28, 3)).out_size
    (14, 14, 3)
    """

    pool_dim = 2


class AvgPool3d(_AvgPool):
    """As :class:`AvgPool1d`, along three axes of space: ``[*N, D, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    kernel_size, stride, padding, channel_axis, name, in_size
        As for :class:`AvgPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.AvgPool3d((1, 2, 2), 2, in_size=(5, 8, 8, 3)).out_size
    (3, 4, 4, 3)
    """

    pool_dim = 3


class LPPool1d(_LPPool):
    """``mean(abs(x) ** p) ** (1 / p)`` of a window that slides along the axis of space, ``[*N, L, C]``.

    Parameters
    ----------
    norm_type
        The power.
    kernel_size
        How many elements the window takes.
    stride
        How far it moves; None for the length of the window.
    padding
        How many elements go around the input, zeros. 'SAME': the output has ``ceil(size / stride)``;
        'VALID': none; an integer for both ends; or a pair (before, after), in a list.
    channel_axis
        The axis of channels, counted with batch axes; None if there is none.
    name
        A name, for display.
    in_size
        The size of the input without the first batch axis, which gives the attribute `out_size`.

    Raises
    ------
    TypeError
        `kernel_size`, `stride` or `channel_axis` is not made of integers.
    ValueError
        `norm_type` is not positive and finite, `kernel_size`, `stride` or `padding` does not have one number for each
        axis of space, or the window is larger than the padded input.

    Notes
    -----
    Source: brainstate.nn.LPPool1d (0.5.4), 1d to 3d. Differs: as :class:`AvgPool1d`. torch's LPPool1d takes the sum,
    not the mean.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.LPPool1d(2, 2)(torch.tensor([[1.], [7.], [-5.], [5.]])).ravel()
    tensor([5., 5.])
    """

    pool_dim = 1


class LPPool2d(_LPPool):
    """As :class:`LPPool1d`, along two axes of space: ``[*N, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    norm_type, kernel_size, stride, padding, channel_axis, name, in_size
        As for :class:`LPPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.LPPool2d(2, 2, in_size=(28, 28, 3)).out_size
    (14, 14, 3)
    """

    pool_dim = 2


class LPPool3d(_LPPool):
    """As :class:`LPPool1d`, along three axes of space: ``[*N, D, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    norm_type, kernel_size, stride, padding, channel_axis, name, in_size
        As for :class:`LPPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.LPPool3d(2, (1, 2, 2), in_size=(5, 8, 8, 3)).out_size
    (5, 4, 4, 3)
    """

    pool_dim = 3
