"""Padding with zeros and other constants."""

from collections.abc import Sequence
from itertools import chain
from typing import Any

import torch
import torch.nn.functional as F

from ...typing import ArrayLike, Size
from ..module.operand import operand
from .base import Pad

__all__ = ["ConstantPad1d", "ConstantPad2d", "ConstantPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d"]


class _ZeroPad(Pad):
    def _pad(self, x: Any) -> Any:
        return F.pad(x, self._flat())

    def _flat(self) -> list[int]:
        """The ends as F.pad wants them: the last axis first, which is that of channels."""
        return [0, 0, *chain.from_iterable(reversed(self.padding))]


class _ConstantPad(_ZeroPad):
    def __init__(
        self,
        padding: int | Sequence[int],
        value: ArrayLike = 0,
        in_size: Size | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(padding, in_size, name)
        self.value = value

    def _pad(self, x: Any) -> Any:
        value = self.value
        if isinstance(value, (int, float)):
            if value == 0:
                return super()._pad(x)
            if isinstance(x, torch.Tensor):
                return F.pad(x, self._flat(), value=value)
        inside = F.pad(torch.ones(x.shape, dtype=torch.bool, device=x.device), self._flat())
        return torch.where(inside, super()._pad(x), operand(value, x).to(x.dtype))


class ZeroPad1d(_ZeroPad):
    """Put zeros around the input, along the axis of space of ``[*N, L, C]``.

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
    Source: brainstate.nn.ZeroPad1d (0.5.4), 1d to 3d. Differs: inputs may have units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ZeroPad1d(1)(torch.tensor([[1.], [2.], [3.]])).ravel()
    tensor([0., 1., 2., 3., 0.])
    """

    num_spatial_dims = 1


class ZeroPad2d(_ZeroPad):
    """As :class:`ZeroPad1d`, along two axes of space: ``[*N, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Parameters
    ----------
    padding, in_size, name
        As for :class:`ZeroPad1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ZeroPad2d((1, 2), in_size=(4, 5, 1)).out_size
    (6, 9, 1)
    """

    num_spatial_dims = 2


class ZeroPad3d(_ZeroPad):
    """As :class:`ZeroPad1d`, along three axes of space: ``[*N, D, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Parameters
    ----------
    padding, in_size, name
        As for :class:`ZeroPad1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ZeroPad3d((0, 0, 1, 1, 2, 2), in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3


class ConstantPad1d(_ConstantPad):
    """Put a constant around the input, along the axis of space of ``[*N, L, C]``.

    There is at most one batch axis.

    Parameters
    ----------
    padding
        How many elements go before and after: one integer, or two.
    value
        The constant, with the unit of the input; the number zero fits all.
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
    UnitMismatchError
        `value` does not have the dimension of the input.

    Notes
    -----
    Source: brainstate.nn.ConstantPad1d (0.5.4), 1d to 3d. Differs: inputs may have units.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ConstantPad1d((0, 2), 7.)(torch.tensor([[1.], [2.], [3.]])).ravel()
    tensor([1., 2., 3., 7., 7.])
    """

    num_spatial_dims = 1


class ConstantPad2d(_ConstantPad):
    """As :class:`ConstantPad1d`, along two axes of space: ``[*N, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Parameters
    ----------
    padding, value, in_size, name
        As for :class:`ConstantPad1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ConstantPad2d((1, 2), 7., in_size=(4, 5, 1)).out_size
    (6, 9, 1)
    """

    num_spatial_dims = 2


class ConstantPad3d(_ConstantPad):
    """As :class:`ConstantPad1d`, along three axes of space: ``[*N, D, H, W, C]``.

    `padding` is one integer, one for each axis of space, or two for each, those of the first axis first.

    Parameters
    ----------
    padding, value, in_size, name
        As for :class:`ConstantPad1d`.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ConstantPad3d((0, 0, 1, 1, 2, 2), 7., in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3
