"""Pooling to a given size."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch

from ...typing import Size
from ..module.operand import floating, operand
from .base import Pool

__all__ = [
    "AdaptiveAvgPool1d",
    "AdaptiveAvgPool2d",
    "AdaptiveAvgPool3d",
    "AdaptiveMaxPool1d",
    "AdaptiveMaxPool2d",
    "AdaptiveMaxPool3d",
]


def _blocks(x: Any, axis: int, blocks: int, reduce: Callable[..., Any]) -> Any:
    """The axis in consecutive blocks, each reduced to one element; the first ones are longer by one if need be."""
    length, longer = divmod(x.shape[axis], blocks)
    if not longer:
        return reduce(x.unflatten(axis, (blocks, length)), axis + 1)
    split = longer * (length + 1)
    parts = torch.split(x, [split, x.shape[axis] - split], axis)
    return torch.cat([_blocks(parts[0], axis, longer, reduce), _blocks(parts[1], axis, blocks - longer, reduce)], axis)


class _AdaptivePool(Pool):
    _reduce: ClassVar[Callable[..., Any]]

    def __init__(
        self,
        target_size: int | Sequence[int | None],
        channel_axis: int | None = -1,
        name: str | None = None,
        in_size: Size | None = None,
    ) -> None:
        super().__init__(channel_axis, name)
        self.target_shape = _as_targets(target_size, self.pool_dim)
        self._set_sizes(in_size)

    def _pooled(self, space: Sequence[int]) -> list[int]:
        pairs = list(zip(space, self.target_shape, strict=True))
        if any(target is not None and target > size for size, target in pairs):
            raise ValueError(
                f"`target_size` must not be larger than the input, {tuple(space)}. Got {self.target_shape}."
            )
        return [size if target is None else target for size, target in pairs]

    def update(self, x: Any) -> Any:
        """The pooled axes of ``[*N, *space, C]``, or where `channel_axis` puts the channels, become shorter.

        Raises
        ------
        ValueError
            The input has too few axes, or is smaller than the target.
        """
        x = operand(x)
        space = self._order(x.ndim)[-self.pool_dim :]
        for axis, target in zip(space, self._pooled([x.shape[axis] for axis in space]), strict=True):
            if target != x.shape[axis]:
                x = _blocks(x, axis, target, type(self)._reduce)
        return x


def _as_targets(target_size: Any, axes: int) -> tuple[int | None, ...]:
    if isinstance(target_size, str):
        raise TypeError(f"`target_size` must be an int or a sequence of ints. Got {target_size!r}.")
    if isinstance(target_size, int):
        targets: tuple[Any, ...] = (target_size,) * axes
    elif isinstance(target_size, Sequence) and len(target_size) == axes:
        targets = tuple(target_size)
    else:
        raise ValueError(f"`target_size` must be an int or a sequence of {axes} ints. Got {target_size!r}.")
    if not all(target is None or isinstance(target, int) for target in targets):
        raise TypeError(f"`target_size` entries must be ints or None. Got {target_size!r}.")
    if any(target is not None and target < 1 for target in targets):
        raise ValueError(f"`target_size` must be positive. Got {target_size!r}.")
    return targets


class _AdaptiveAvgPool(_AdaptivePool):
    _reduce = staticmethod(torch.mean)

    def update(self, x: Any) -> Any:
        return super().update(floating(x))


class _AdaptiveMaxPool(_AdaptivePool):
    _reduce = staticmethod(torch.amax)


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """Means of as many blocks as asked for, along the axis of space: ``[*N, L, C]`` to ``[*N, target_size, C]``.

    If the blocks cannot be equal, the first ones are longer by one element.

    Parameters
    ----------
    target_size
        The number of blocks along each axis of space; None to leave an axis as it is.
    channel_axis
        The axis of channels, counted with batch axes; None if there is none.
    name
        A name, for display.
    in_size
        The size of the input without the first batch axis, which gives the attribute `out_size`.

    Raises
    ------
    TypeError
        `target_size` or `channel_axis` is not made of integers.
    ValueError
        `target_size` does not have one number for each axis of space, one is not positive, or larger than the input.

    Notes
    -----
    Source: brainstate.nn.AdaptiveAvgPool1d (0.5.4), 1d to 3d. Differs: inputs may have units. torch's AdaptiveAvgPool1d
    takes blocks that overlap if they cannot be equal.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.AdaptiveAvgPool1d(2)(torch.tensor([[1.], [2.], [3.], [4.], [6.]])).ravel()
    tensor([2., 5.])
    """

    pool_dim = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """As :class:`AdaptiveAvgPool1d`, along two axes of space: ``[*N, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    target_size, channel_axis, name, in_size
        As for :class:`AdaptiveAvgPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.AdaptiveAvgPool2d((2, None), in_size=(7, 5, 3)).out_size
    (2, 5, 3)
    """

    pool_dim = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """As :class:`AdaptiveAvgPool1d`, along three axes of space: ``[*N, D, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    target_size, channel_axis, name, in_size
        As for :class:`AdaptiveAvgPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.AdaptiveAvgPool3d(2, in_size=(4, 7, 5, 3)).out_size
    (2, 2, 2, 3)
    """

    pool_dim = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The largest element of as many blocks as asked for, along the axis of space, see :class:`AdaptiveAvgPool1d`.

    Parameters
    ----------
    target_size, channel_axis, name, in_size
        As for :class:`AdaptiveAvgPool1d`.

    Notes
    -----
    Source: brainstate.nn.AdaptiveMaxPool1d (0.5.4), 1d to 3d. Differs: as :class:`AdaptiveAvgPool1d`. As there,
    elements that are equally large share the gradient.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.AdaptiveMaxPool1d(2)(torch.tensor([[1.], [2.], [3.], [4.], [6.]])).ravel()
    tensor([3., 6.])
    """

    pool_dim = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """As :class:`AdaptiveMaxPool1d`, along two axes of space: ``[*N, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    target_size, channel_axis, name, in_size
        As for :class:`AdaptiveMaxPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.AdaptiveMaxPool2d((2, None), in_size=(7, 5, 3)).out_size
    (2, 5, 3)
    """

    pool_dim = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """As :class:`AdaptiveMaxPool1d`, along three axes of space: ``[*N, D, H, W, C]``.

    Numbers are one for all axes of space, or one for each.

    Parameters
    ----------
    target_size, channel_axis, name, in_size
        As for :class:`AdaptiveMaxPool1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.AdaptiveMaxPool3d(2, in_size=(4, 7, 5, 3)).out_size
    (2, 2, 2, 3)
    """

    pool_dim = 3
