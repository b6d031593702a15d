"""The base of pooling layers: the pooled axes, and torch's layout of them."""

from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from typing import Any, ClassVar

import torch
import torch.nn.functional as F

from ...typing import Size
from ...units import Quantity
from ..module.module import Module
from ..module.operand import operand
from ..window import Padding, Pairs, as_padding, each, same_padding

__all__ = ["Pool", "Sliding", "lengths", "padded", "symmetric"]


def lengths(value: Any, axes: int, name: str) -> tuple[int, ...]:
    """One positive integer for each axis.

    Raises
    ------
    TypeError
        They are not integers.
    ValueError
        There is not one for each axis, or one is not positive.
    """
    if isinstance(value, (tuple, list)) and len(value) != axes:
        raise ValueError(f"`{name}` must be an integer or {axes} integers. Got {value!r}: got {len(value)}.")
    return each(value, axes, name)


def padded(x: Any, pads: Pairs, value: float) -> Any:
    """The last axes, with a number around them."""
    return F.pad(x, tuple(chain.from_iterable(reversed(pads))), value=value)


class Pool(Module):
    """A layer that pools `pool_dim` axes: the last ones beside that of channels. All others are batch axes."""

    pool_dim: ClassVar[int]

    def __init__(self, channel_axis: int | None, name: str | None) -> None:
        super().__init__(name=name)
        if channel_axis is not None and not isinstance(channel_axis, int):
            raise TypeError(f"`channel_axis` must be an int or None. Got {channel_axis!r}.")
        self.channel_axis = channel_axis

    def _order(self, ndim: int) -> list[int]:
        """The axes in torch's order: batch, channels, space.

        Raises
        ------
        ValueError
            There are too few, or none is that of channels.
        """
        channel, order = self.channel_axis, list(range(ndim))
        least = self.pool_dim + (channel is not None)
        if ndim < least:
            raise ValueError(f"`x` must have at least {least} axes. Got {ndim}.")
        if channel is not None:
            if not -ndim <= channel < ndim:
                raise ValueError(f"`channel_axis` must be an axis of `x`. Got {channel} for {ndim} axes.")
            order.insert(ndim - 1 - self.pool_dim, order.pop(channel))
        return order

    def _set_sizes(self, in_size: Size | None) -> None:
        """The size of the input without a batch axis, and that of the output."""
        if in_size is not None:
            self.in_size = in_size
            shape = [1, *self.in_size]
            space = self._order(len(shape))[-self.pool_dim :]
            for axis, size in zip(space, self._pooled([shape[axis] for axis in space]), strict=True):
                shape[axis] = size
            self.out_size = tuple(shape[1:])

    def _pooled(self, space: Sequence[int]) -> list[int]:
        """The sizes of the pooled axes after pooling; a subclass defines it."""
        raise NotImplementedError


class Sliding(Pool):
    """A layer that slides a window over the axes that it pools."""

    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None,
        padding: Padding,
        channel_axis: int | None,
        name: str | None,
        in_size: Size | None,
    ) -> None:
        super().__init__(channel_axis, name)
        self.kernel_size = lengths(kernel_size, self.pool_dim, "kernel_size")
        self.stride = self.kernel_size if stride is None else lengths(stride, self.pool_dim, "stride")
        self.padding = as_padding(padding, self.pool_dim)
        self._set_sizes(in_size)

    def _pads(self, space: Sequence[int]) -> Pairs:
        """What goes around axes of these sizes."""
        if self.padding == "SAME":
            return tuple(map(same_padding, space, self.kernel_size, self.stride))
        return ((0, 0),) * self.pool_dim if isinstance(self.padding, str) else self.padding

    def _pooled(self, space: Sequence[int]) -> list[int]:
        sizes = zip(space, self._pads(space), self.kernel_size, self.stride, strict=True)
        pooled = [(size + sum(pads) - window) // stride + 1 for size, pads, window, stride in sizes]
        if min(pooled) < 1:
            raise ValueError(
                f"`kernel_size` must fit into the input with its padding. Got {self.kernel_size} for {tuple(space)}."
            )
        return pooled

    def update(self, x: Any) -> Any:
        """The pooled axes of ``[*N, *space, C]``, or where `channel_axis` puts the channels, become shorter.

        Raises
        ------
        ValueError
            The input has too few axes, or is smaller than the window.
        """
        x = operand(x)
        if not isinstance(x, Quantity):
            return self._pool(x)
        y = self._pool(x.mantissa)
        return (y[0] * x.unit, *y[1:]) if isinstance(y, tuple) else y * x.unit

    def _pool(self, x: torch.Tensor) -> Any:
        axes, order = self.pool_dim, self._order(x.ndim)
        lead, space = [x.shape[axis] for axis in order[:-axes]], [x.shape[axis] for axis in order[-axes:]]
        pooled, pads = self._pooled(space), self._pads(space)
        # With one batch axis, one of channels and at least two of space torch pools the channels-last format without a
        # copy.
        one = [1] * (axes == 1)
        shape = (prod(lead[:-1]), lead[-1] if lead else 1, *one)

        def arranged(x: torch.Tensor) -> torch.Tensor:
            return x.permute(order).reshape(*shape, *space)

        back = sorted(range(x.ndim), key=order.__getitem__)
        outputs = self._slide(x, arranged, ((0, 0), *pads) if one else pads)
        restored = tuple(y.reshape(*lead, *pooled).permute(back) for y in outputs)
        return restored if len(restored) > 1 else restored[0]

    @property
    def _window(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Kernel and stride over two axes or three."""
        one = (1,) * (self.pool_dim == 1)
        return one + self.kernel_size, one + self.stride

    def _slide(
        self, x: torch.Tensor, arranged: Callable[[torch.Tensor], torch.Tensor], pads: Pairs
    ) -> tuple[torch.Tensor, ...]:
        """What torch makes of the input, arranged as ``[N, C, *space]``; a subclass defines it."""
        raise NotImplementedError


def symmetric(pads: Pairs, kernel: tuple[int, ...]) -> tuple[int, ...] | None:
    """The padding as torch's pooling takes it, if it does."""
    if all(0 <= before == after <= window // 2 for (before, after), window in zip(pads, kernel, strict=True)):
        return tuple(before for before, _ in pads)
    return None
