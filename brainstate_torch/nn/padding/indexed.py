"""Padding with copies of elements of the input."""

from collections.abc import Callable
from typing import Any, ClassVar

import torch

from .base import Pad

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
]


class _IndexPad(Pad):
    """Each new element is a copy of an element of the input."""

    # From places, which may lie outside, and the length of an axis to places within.
    _source: ClassVar[Callable[[torch.Tensor, int], torch.Tensor]]

    def _pad(self, x: Any) -> Any:
        # Not F.pad: its kernels want channels first and ends shorter than the axis, their backward is four times slower
        # on channels that lie last, and there are none for integers.
        for axis, (before, after) in self._ends():
            if before or after:
                length = x.shape[axis]
                places = torch.arange(-before, length + after, device=x.device)
                x = x.index_select(axis, type(self)._source(places, length))
        return x


def _reflected(places: torch.Tensor, length: int) -> torch.Tensor:
    if length == 1:
        return torch.zeros_like(places)
    places = places.remainder(2 * length - 2)
    return torch.minimum(places, 2 * length - 2 - places)


class _ReflectionPad(_IndexPad):
    _source = staticmethod(_reflected)


class _ReplicationPad(_IndexPad):
    _source = staticmethod(lambda places, length: places.clamp(0, length - 1))


class _CircularPad(_IndexPad):
    _source = staticmethod(lambda places, length: places.remainder(length))


class ReflectionPad1d(_ReflectionPad):
    """Mirror the input at its ends, which are not repeated, along the axis of space of ``[*N, L, C]``.

    There is at most one batch axis.

    Parameters
    ----------
    padding
        How many elements go before and after: one integer, or two.
    in_size
        The size of the input, which gives the attribute `out_size`.
    name
        A name for people.

    Raises
    ------
    ValueError
        There are other numbers of integers in `padding`, one is negative, or the input has another number of axes.
    TypeError
        A number in `padding` is not an integer.

    Notes
    -----
    Source: brainstate.nn.ReflectionPad1d (0.5.4), 1d to 3d. Differs: inputs may have units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ReflectionPad1d(2)(torch.tensor([[1.], [2.], [3.]])).ravel()
    tensor([3., 2., 1., 2., 3., 2., 1.])
    """

    num_spatial_dims = 1


class ReflectionPad2d(_ReflectionPad):
    """As :class:`ReflectionPad1d`, along two axes of space: ``[*N, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ReflectionPad2d((1, 2), in_size=(4, 5, 1)).out_size
    (6, 9, 1)
    """

    num_spatial_dims = 2


class ReflectionPad3d(_ReflectionPad):
    """As :class:`ReflectionPad1d`, along three axes of space: ``[*N, D, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ReflectionPad3d((0, 0, 1, 1, 2, 2), in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3


class ReplicationPad1d(_ReplicationPad):
    """Repeat the elements at the ends, along the axis of space of ``[*N, L, C]``.

    There is at most one batch axis.

    Parameters
    ----------
    padding
        How many elements go before and after: one integer, or two.
    in_size
        The size of the input, which gives the attribute `out_size`.
    name
        A name for people.

    Raises
    ------
    ValueError
        There are other numbers of integers in `padding`, one is negative, or the input has another number of axes.
    TypeError
        A number in `padding` is not an integer.

    Notes
    -----
    Source: brainstate.nn.ReplicationPad1d (0.5.4), 1d to 3d. Differs: inputs may have units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ReplicationPad1d(2)(torch.tensor([[1.], [2.], [3.]])).ravel()
    tensor([1., 1., 1., 2., 3., 3., 3.])
    """

    num_spatial_dims = 1


class ReplicationPad2d(_ReplicationPad):
    """As :class:`ReplicationPad1d`, along two axes of space: ``[*N, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ReplicationPad2d((1, 2), in_size=(4, 5, 1)).out_size
    (6, 9, 1)
    """

    num_spatial_dims = 2


class ReplicationPad3d(_ReplicationPad):
    """As :class:`ReplicationPad1d`, along three axes of space: ``[*N, D, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ReplicationPad3d((0, 0, 1, 1, 2, 2), in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3


class CircularPad1d(_CircularPad):
    """Continue the input from its other end, as if it were a ring, along the axis of space of ``[*N, L, C]``.

    There is at most one batch axis.

    Parameters
    ----------
    padding
        How many elements go before and after: one integer, or two.
    in_size
        The size of the input, which gives the attribute `out_size`.
    name
        A name for people.

    Raises
    ------
    ValueError
        There are other numbers of integers in `padding`, one is negative, or the input has another number of axes.
    TypeError
        A number in `padding` is not an integer.

    Notes
    -----
    Source: brainstate.nn.CircularPad1d (0.5.4), 1d to 3d. Differs: inputs may have units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.CircularPad1d((1, 2))(torch.tensor([[1.], [2.], [3.]])).ravel()
    tensor([3., 1., 2., 3., 1., 2.])
    """

    num_spatial_dims = 1


class CircularPad2d(_CircularPad):
    """As :class:`CircularPad1d`, along two axes of space: ``[*N, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.CircularPad2d((1, 2), in_size=(4, 5, 1)).out_size
    (6, 9, 1)
    """

    num_spatial_dims = 2


class CircularPad3d(_CircularPad):
    """As :class:`CircularPad1d`, along three axes of space: ``[*N, D, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.CircularPad3d((0, 0, 1, 1, 2, 2), in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3
