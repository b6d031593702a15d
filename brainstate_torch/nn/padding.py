"""Layers that widen the axes of space, with channels last."""

from collections.abc import Callable, Sequence
from itertools import chain
from operator import index
from typing import Any, ClassVar

import torch
import torch.nn.functional as F

from ..typing import ArrayLike, Size
from .module import Module
from .operand import operand

__all__ = [
    "CircularPad1d",
    "CircularPad2d",
    "CircularPad3d",
    "ConstantPad1d",
    "ConstantPad2d",
    "ConstantPad3d",
    "ReflectionPad1d",
    "ReflectionPad2d",
    "ReflectionPad3d",
    "ReplicationPad1d",
    "ReplicationPad2d",
    "ReplicationPad3d",
    "ZeroPad1d",
    "ZeroPad2d",
    "ZeroPad3d",
]

Pairs = tuple[tuple[int, int], ...]


def _as_pairs(padding: Any, axes: int) -> Pairs:
    """How many elements go before and after each axis."""
    several = isinstance(padding, (tuple, list)) or getattr(padding, "ndim", 0) > 0
    flat = [index(n) for n in padding] if several else [index(padding)] * axes
    if len(flat) == axes:
        flat = [n for n in flat for _ in range(2)]
    if len(flat) != 2 * axes:
        raise ValueError(f"`padding` must be one integer, {axes} or {2 * axes}. Got {len(flat)}.")
    if min(flat) < 0:
        raise ValueError(f"`padding` must not be negative. Got {padding!r}.")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


class _Pad(Module):
    num_spatial_dims: ClassVar[int]

    def __init__(self, padding: int | Sequence[int], in_size: Size | None = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self.padding = _as_pairs(padding, self.num_spatial_dims)
        if in_size is not None:
            self.in_size = in_size
            self._check("in_size", self.in_size)
            size = list(self.in_size)
            for axis, ends in self._ends():
                size[axis] += sum(ends)
            self.out_size = tuple(size)

    def _ends(self) -> list[tuple[int, tuple[int, int]]]:
        axes = self.num_spatial_dims
        return list(zip(range(-axes - 1, -1), self.padding, strict=True))

    def _check(self, name: str, shape: Sequence[int]) -> None:
        axes = self.num_spatial_dims
        if len(shape) not in (axes + 1, axes + 2):
            raise ValueError(f"`{name}` must have {axes + 1} or {axes + 2} axes, channels last. Got {tuple(shape)}.")

    def update(self, x: Any) -> Any:
        """``[*N, *space, C]`` to ``[*N, *wider, C]``, with at most one batch axis.

        Raises
        ------
        ValueError
            The input has another number of axes.
        """
        x = operand(x)
        self._check("x", x.shape)
        return self._pad(x)

    def _pad(self, x: Any) -> Any:
        raise NotImplementedError


class _IndexPad(_Pad):
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


class _ZeroPad(_Pad):
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
        return torch.where(inside, super()._pad(x), operand(value).to(x.dtype))


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
    Source: brainstate.nn.ReflectionPad1d (0.5.4), as 2d and 3d. Differs: a negative `padding` is refused at once; inputs may
    have units.

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
    Source: brainstate.nn.ReplicationPad1d (0.5.4), as 2d and 3d. Differs: a negative `padding` is refused at once; inputs may
    have units.

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
    Source: brainstate.nn.CircularPad1d (0.5.4), as 2d and 3d. Differs: a negative `padding` is refused at once; inputs may
    have units.

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
        A name for people.

    Raises
    ------
    ValueError
        There are other numbers of integers in `padding`, one is negative, or the input has another number of axes.
    TypeError
        A number in `padding` is not an integer.

    Notes
    -----
    Source: brainstate.nn.ZeroPad1d (0.5.4), as 2d and 3d. Differs: a negative `padding` is refused at once; inputs may
    have units.

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
        A name for people.

    Raises
    ------
    ValueError
        There are other numbers of integers in `padding`, one is negative, or the input has another number of axes.
    TypeError
        A number in `padding` is not an integer.
    UnitMismatchError
        `value` has not the dimension of the input.

    Notes
    -----
    Source: brainstate.nn.ConstantPad1d (0.5.4), as 2d and 3d. Differs: a negative `padding` is refused at once; inputs may
    have units.

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

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.ConstantPad3d((0, 0, 1, 1, 2, 2), 7., in_size=(3, 4, 5, 1)).out_size
    (3, 6, 9, 1)
    """

    num_spatial_dims = 3
