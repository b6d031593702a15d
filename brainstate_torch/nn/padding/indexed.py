"""Padding with copies of elements of the input."""

from typing import Any

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

    @staticmethod
    def _source(places: torch.Tensor, length: int) -> torch.Tensor:
        """From places, which may lie outside an axis, to places within; a subclass defines it."""
        raise NotImplementedError

    def _pad(self, x: Any) -> Any:
        # Not F.pad: its kernels need ends shorter than the axis, their backward takes up to four times longer with
        # channels last, and there are none for integers.
        for axis, (before, after) in self._ends():
            if before or after:
                length = x.shape[axis]
                places = torch.arange(-before, length + after, device=x.device)
                x = x.index_select(axis, self._source(places, length))
        return x


class _ReflectionPad(_IndexPad):
    @staticmethod
    def _source(places: torch.Tensor, length: int) -> torch.Tensor:
        period = max(2 * length - 2, 1)
        places = places.remainder(period)
        return torch.minimum(places, period - places) if length > 1 else places


class _ReplicationPad(_IndexPad):
    @staticmethod
    def _source(places: torch.Tensor, length: int) -> torch.Tensor:
        return places.clamp(0, length - 1)


class _CircularPad(_IndexPad):
    @staticmethod
    def _source(places: torch.Tensor, length: int) -> torch.Tensor:
        return places.remainder(length)


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
        A name, for display.

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

    Parameters
    ----------
    padding, in_size, name
        As for :class:`ReflectionPad1d`.

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

    Parameters
    ----------
    padding, in_size, name
        As for :class:`ReflectionPad1d`.

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
        A name, for display.

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

    Parameters
    ----------
    padding, in_size, name
        As for :class:`ReplicationPad1d`.

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

    Parameters
    ----------
    padding, in_size, name
        As for :class:`ReplicationPad1d`.

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
        A name, for display.

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

    Parameters
    ----------
    padding, in_size, name
        As for :class:`CircularPad1d`.

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

    Parameters
    ----------
    padding, in_size, name
        As for :class:`CircularPad1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.CircularPad3d((0, 0, 1, 1, 2, 2), in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3
