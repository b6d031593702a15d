"""Other shapes of the same elements."""

from collections.abc import Sequence
from typing import Any

import torch

from ..descriptions import described
from .axes import Array, Axis, Shape, axes_of, is_whole, wholes

__all__ = [
    "atleast_1d",
    "atleast_2d",
    "atleast_3d",
    "broadcast_arrays",
    "broadcast_shapes",
    "broadcast_to",
    "copy",
    "expand_dims",
    "flatten",
    "flip",
    "fliplr",
    "flipud",
    "matrix_transpose",
    "meshgrid",
    "moveaxis",
    "ravel",
    "repeat",
    "reshape",
    "resize",
    "roll",
    "rollaxis",
    "rot90",
    "squeeze",
    "swapaxes",
    "tile",
    "transpose",
    "unflatten",
]  # fmt: skip


def _shape(shape: Shape, name: str = "shape") -> tuple[int, ...]:
    lengths = wholes(shape, name)
    return (lengths,) if isinstance(lengths, int) else lengths


def _check_order(order: str) -> bool:
    """Whether the first axis is to run fastest."""
    if order not in ("C", "F", "A", "K"):
        raise ValueError(f"`order` must be 'C' or 'F'. Got {order!r}. Leave it out for 'C'.")
    return order == "F"


def reshape(a: Array, shape: Shape, order: str = "C") -> Array:
    """The same elements in another shape; with ``order="F"`` the first axis runs fastest.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.reshape([1.0, 2.0] * u.mV, (2, 1))
    tensor([[1.],
            [2.]]) mV
    """
    if _check_order(order):
        return transpose(transpose(a).reshape(tuple(reversed(_shape(shape)))))
    return torch.reshape(a, _shape(shape))


def ravel(a: Array, order: str = "C") -> Array:
    """All elements along one axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ravel([[1.0, 2.0], [3.0, 4.0]] * u.mV, order="F")
    tensor([1., 3., 2., 4.]) mV
    """
    return reshape(a, -1, order)


def resize(a: Array, new_shape: Shape) -> Array:
    """As many elements as the new shape has, the given ones over and over.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.resize([1.0, 2.0] * u.mV, 3)
    tensor([1., 2., 1.]) mV
    """
    shape = _shape(new_shape)
    flat = a.reshape(-1)
    places = torch.arange(torch.Size(shape).numel(), device=a.device) % max(flat.shape[0], 1)
    return flat[places].reshape(shape)


def flatten(x: Array, start_axis: int | None = None, end_axis: int | None = None) -> Array:
    """Several axes made one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.flatten([[1.0, 2.0]] * u.mV)
    tensor([1., 2.]) mV
    """
    return torch.flatten(x, start_axis or 0, -1 if end_axis is None else end_axis)


def unflatten(x: Array, axis: int, sizes: Sequence[int]) -> Array:
    """One axis made several.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unflatten([1.0, 2.0] * u.mV, 0, (2, 1))
    tensor([[1.],
            [2.]]) mV
    """
    return torch.unflatten(x, axis, tuple(sizes))


def transpose(a: Array, axes: Sequence[int] | None = None) -> Array:
    """The axes in another order, reversed where none is given.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.transpose([[1.0, 2.0]] * u.mV)
    tensor([[1.],
            [2.]]) mV
    """
    return torch.permute(a, tuple(reversed(range(a.ndim))) if axes is None else tuple(axes))


def swapaxes(a: Array, axis1: int, axis2: int) -> Array:
    """Two axes exchanged.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.swapaxes([[1.0, 2.0]] * u.mV, 0, 1)
    tensor([[1.],
            [2.]]) mV
    """
    return torch.swapaxes(a, axis1, axis2)


def moveaxis(a: Array, source: Shape, destination: Shape) -> Array:
    """Axes at other positions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.moveaxis([[1.0, 2.0]] * u.mV, 0, 1)
    tensor([[1.],
            [2.]]) mV
    """
    return torch.movedim(a, _shape(source, "source"), _shape(destination, "destination"))


def rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    """One axis put before another.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.rollaxis([[1.0, 2.0]] * u.mV, 1)
    tensor([[1.],
            [2.]]) mV
    """
    axis, start = axis % a.ndim, start + a.ndim if start < 0 else start
    return torch.movedim(a, axis, start - 1 if axis < start else start)


def squeeze(a: Array, axis: Axis = None) -> Array:
    """Without axes of length one.

    Raises
    ------
    ValueError
        A given axis is longer.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.squeeze([[1.0, 2.0]] * u.mV)
    tensor([1., 2.]) mV
    """
    if axis is None:
        return torch.squeeze(a)
    axes = axes_of(a, axis)
    if any(a.shape[each] != 1 for each in axes):
        raise ValueError(
            f"`axis` must have length 1 to be squeezed. Got {axis} of the shape {tuple(a.shape)}. Leave it out."
        )
    return torch.squeeze(a, axes)


def expand_dims(a: Array, axis: Shape) -> Array:
    """With new axes of length one, at these positions of the result.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.expand_dims([1.0, 2.0] * u.mV, (0, 2)).shape
    torch.Size([1, 2, 1])
    """
    places = _shape(axis, "axis")
    total = a.ndim + len(places)
    if any(not -total <= place < total for place in places) or len({place % total for place in places}) < len(places):
        raise ValueError(
            f"`axis` must be different positions in a result with {total} axes. Got {axis}. Count from zero."
        )
    for place in sorted(place % total for place in places):
        a = torch.unsqueeze(a, place)
    return a


def broadcast_to(array: Array, shape: Shape) -> Array:
    """The array repeated along axes that it lacks or that have length one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.broadcast_to([1.0, 2.0] * u.mV, (2, 2))
    tensor([[1., 2.],
            [1., 2.]]) mV
    """
    return torch.broadcast_to(array, _shape(shape))


def broadcast_arrays(*args: Array) -> list[Array]:
    """The arrays in their common shape.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.broadcast_arrays(3.0 * u.mV, [2.0] * u.ms)
    [tensor([3.]) mV, tensor([2.]) ms]
    """
    return list(torch.broadcast_tensors(*args))  # type: ignore[no-untyped-call]


@described
def broadcast_shapes(*shapes: Shape) -> tuple[int, ...]:
    """The common shape of arrays with these shapes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    return tuple(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call]


def meshgrid(*xi: Array, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> list[Array]:
    """For each vector an array of the whole grid that has its values along its axis; ``[1, n, 1]`` if `sparse`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.meshgrid([1.0] * u.mV, [2.0] * u.ms)
    [tensor([[1.]]) mV, tensor([[2.]]) ms]
    """
    if indexing not in ("xy", "ij"):
        raise ValueError(f"`indexing` must be 'xy' or 'ij'. Got {indexing!r}. Leave it out for 'xy'.")
    vectors = [torch.atleast_1d(x) for x in xi]  # type: ignore[no-untyped-call]
    swapped = indexing == "xy" and len(vectors) > 1
    axes = [1, 0, *range(2, len(vectors))] if swapped else range(len(vectors))
    shapes = [[-1 if place == axis else 1 for place in range(len(vectors))] for axis in axes]
    results = [vector.reshape(shape) for vector, shape in zip(vectors, shapes, strict=True)]
    return results if sparse else list(torch.broadcast_tensors(*results))  # type: ignore[no-untyped-call]


def tile(A: Array, reps: Shape) -> Array:
    """The whole array several times along each axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tile([1.0, 2.0] * u.mV, 2)
    tensor([1., 2., 1., 2.]) mV
    """
    return torch.tile(A, _shape(reps, "reps"))


def repeat(a: Array, repeats: Any, axis: int | None = None, total_repeat_length: int | None = None) -> Array:
    """Each element several times, in the flattened array where no axis is given.

    `total_repeat_length` cuts the result, or fills it with its last element.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.repeat([1.0, 2.0] * u.mV, 2)
    tensor([1., 1., 2., 2.]) mV
    """
    if axis is None:
        a, axis = a.reshape(-1), 0
    if not isinstance(repeats, int):
        repeats = torch.as_tensor(repeats, device=a.device)
        if not is_whole(repeats.dtype):
            raise TypeError(f"`repeats` must be integers. Got {repeats.dtype}. Round them first.")
        repeats = repeats.long()
        repeats = torch.broadcast_to(repeats.reshape(-1), (a.shape[axis],))
    if total_repeat_length is None:
        return torch.repeat_interleave(a, repeats, dim=axis)
    length = a.shape[axis]
    if isinstance(repeats, int):
        repeats = torch.full((length,), repeats, device=a.device)
    # The element of each place of the result, in the shapes of graphs and lanes; there searchsorted warns of an input
    # that is not in them.
    places = torch.arange(total_repeat_length, device=a.device) + torch.zeros_like(repeats.sum())
    places = torch.searchsorted(torch.cumsum(repeats, 0), places, right=True)
    return torch.index_select(a, axis, places.clamp(max=length - 1))


def flip(m: Array, axis: Axis = None) -> Array:
    """The elements in reversed order along axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.flip([1.0, 2.0] * u.mV)
    tensor([2., 1.]) mV
    """
    return torch.flip(m, axes_of(m, axis))


def fliplr(m: Array) -> Array:
    """The elements in reversed order along the second axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.fliplr([[1.0, 2.0]] * u.mV)
    tensor([[2., 1.]]) mV
    """
    return torch.fliplr(m)


def flipud(m: Array) -> Array:
    """The elements in reversed order along the first axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.flipud([1.0, 2.0] * u.mV)
    tensor([2., 1.]) mV
    """
    return torch.flipud(m)


def roll(a: Array, shift: Shape, axis: Axis = None) -> Array:
    """The elements moved along axes, those that fall off put in at the other end.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.roll([1.0, 2.0] * u.mV, 1)
    tensor([2., 1.]) mV
    """
    if isinstance(shift, torch.Tensor):
        return _rolled(a, shift, axis)
    if axis is None:
        return torch.roll(a.reshape(-1), sum(_shape(shift, "shift"))).reshape(a.shape)
    axes = axes_of(a, axis)
    shifts = _shape(shift, "shift")
    return torch.roll(a, shifts * len(axes) if len(shifts) == 1 else shifts, axes)


def _rolled(a: Array, shift: torch.Tensor, axis: Axis) -> Array:
    """As :func:`roll`, by numbers of a tensor, which a graph and a lane do not know."""
    if axis is None:
        return _rolled(a.reshape(-1), shift.sum(), 0).reshape(a.shape)
    axes = axes_of(a, axis)
    for number, each in zip(shift.reshape(-1).expand(len(axes)), axes, strict=True):
        places = torch.arange(a.shape[each], device=a.device)
        a = torch.index_select(a, each, (places - number) % max(a.shape[each], 1))
    return a


def rot90(m: Array, k: int = 1, axes: Sequence[int] = (0, 1)) -> Array:
    """Turned by a quarter, `k` times, from the first of the axes towards the second.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.rot90([[1.0, 2.0]] * u.mV)
    tensor([[2.],
            [1.]]) mV
    """
    return torch.rot90(m, k, tuple(axes))


def _each(function: Any, arys: tuple[Array, ...]) -> Any:
    results = [function(array) for array in arys]
    return results[0] if len(results) == 1 else results


def atleast_1d(*arys: Array) -> Any:
    """With at least one axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.atleast_1d(3.0 * u.mV)
    tensor([3.]) mV
    """
    return _each(torch.atleast_1d, arys)


def atleast_2d(*arys: Array) -> Any:
    """With at least two axes, new ones in front.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.atleast_2d(3.0 * u.mV)
    tensor([[3.]]) mV
    """
    return _each(torch.atleast_2d, arys)


def atleast_3d(*arys: Array) -> Any:
    """With at least three axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.atleast_3d(3.0 * u.mV)
    tensor([[[3.]]]) mV
    """
    return _each(torch.atleast_3d, arys)


def copy(a: Array, order: str | None = None) -> Array:
    """The same elements in memory of their own.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.copy([1.0, 2.0] * u.mV)
    tensor([1., 2.]) mV
    """
    return torch.clone(a)


def matrix_transpose(x: Array, /) -> Array:
    """The last two axes exchanged.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.matrix_transpose([[1.0, 2.0]] * u.mV)
    tensor([[1.],
            [2.]]) mV
    """
    return torch.swapaxes(x, -1, -2)
