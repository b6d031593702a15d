"""A function applied to single elements, to vectors along an axis, or to parts."""

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ..descriptions import described
from .axes import Array, as_array

__all__ = ["apply_along_axis", "apply_over_axes", "piecewise", "vectorize"]


@described
def vectorize(
    pyfunc: Callable[..., Any], *, excluded: Any = frozenset(), signature: str | None = None
) -> Callable[..., Any]:
    """The function of single elements, or of arrays with few axes, mapped over all axes in front, which broadcast.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.vectorize(lambda x: x * x)([1.0, 2.0] * u.mV)
    tensor([1., 4.]) mV ** 2
    """
    cores = (
        None if signature is None else [_rank(part) for part in re.findall(r"\(([^)]*)\)", signature.split("->")[0])]
    )

    @functools.wraps(pyfunc, updated=())
    def mapped(*args: Any, **kwargs: Any) -> Any:
        arrays = [arg if place in excluded else as_array(arg) for place, arg in enumerate(args)]
        moving = [place for place in range(len(arrays)) if place not in excluded]
        ranks = {place: 0 if cores is None else cores[at] for at, place in enumerate(moving)}
        loops = {place: tuple(arrays[place].shape[: arrays[place].ndim - ranks[place]]) for place in moving}
        common = torch.broadcast_shapes(*loops.values())  # type: ignore[no-untyped-call]
        for place in moving:
            core = arrays[place].shape[len(loops[place]) :]
            arrays[place] = torch.broadcast_to(arrays[place], (*common, *core))
        call = lambda *values: pyfunc(*values, **kwargs)
        return _mapped(call, arrays, [0 if place in ranks else None for place in range(len(arrays))], len(common))

    return mapped


def _rank(part: str) -> int:
    return len([name for name in part.split(",") if name.strip()])


def _mapped(call: Callable[..., Any], arrays: Sequence[Any], in_dims: Sequence[int | None], depth: int) -> Any:
    """The stacked results of calls with the slices along the first axis, so many axes deep."""
    if not depth:
        return call(*arrays)
    length = next(array.shape[0] for array, axis in zip(arrays, in_dims, strict=True) if axis is not None)
    results = [
        _mapped(call, [array if axis is None else array[at] for array, axis in zip(arrays, in_dims, strict=True)],
                in_dims, depth - 1)
        for at in range(length)
    ]  # fmt: skip
    return _stacked(results)


def _stacked(results: list[Any]) -> Any:
    if isinstance(results[0], tuple):
        return tuple(_stacked(list(parts)) for parts in zip(*results, strict=True))
    return torch.stack([as_array(part) for part in results])


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Array, *args: Any, **kwargs: Any) -> Any:
    """The results of a function of each vector along an axis, in the place of that axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.apply_along_axis(lambda x: x.sum(), 1, [[1.0, 2.0], [3.0, 4.0]] * u.mV)
    tensor([3., 7.]) mV
    """
    axis = axis % arr.ndim
    result = _mapped(lambda x: func1d(x, *args, **kwargs), [torch.movedim(arr, axis, -1)], [0], arr.ndim - 1)
    added = result.ndim - (arr.ndim - 1)
    return torch.movedim(result, tuple(range(arr.ndim - 1, result.ndim)), tuple(range(axis, axis + added)))


@described
def apply_over_axes(func: Callable[..., Any], a: Array, axes: Any) -> Any:
    """The result of a function of an array and an axis, applied for each of the axes, which stay.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.apply_over_axes(u.math.sum, [[1.0, 2.0], [3.0, 4.0]] * u.mV, [0, 1])
    tensor([[10.]]) mV
    """
    for axis in (axes,) if isinstance(axes, int) else axes:
        result = func(a, axis)
        a = torch.unsqueeze(result, axis % a.ndim) if result.ndim < a.ndim else result
    return a


def piecewise(x: Array, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """For each element the result of the function, or the number, of the last condition that holds; 0 for none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.piecewise([-1.0, 2.0], [u.math.asarray([True, False])], [5.0, lambda x: x * x])
    tensor([5., 4.])
    """
    conditions = condlist if isinstance(condlist, (list, tuple)) else [condlist]
    conditions = [as_array(condition) for condition in conditions]
    functions = list(funclist)
    if len(functions) == len(conditions) + 1:
        conditions.append(~torch.stack(conditions).any(0))
    if len(functions) != len(conditions):
        raise ValueError(
            f"`funclist` must have a function for each condition, or one more. Got {len(functions)} for "
            f"{len(conditions)}. Pair them."
        )
    result: Any = None
    for condition, function in zip(conditions, functions, strict=True):
        value = function(x, *args, **kw) if callable(function) else function
        result = torch.zeros_like(x) + 0 if result is None and not callable(function) else result
        blank = torch.zeros_like(value if hasattr(value, "ndim") else x) if result is None else result
        result = torch.where(condition, value, blank)
    return result.to(x.dtype) if hasattr(result, "to") else result
