"""psum, pmean, axis_index: communication between the lanes of a named axis."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor
from ..._host import functorch as _func
from .ranks import Ranks

__all__ = ["Axis", "axis_index", "named", "pmean", "psum"]


@dataclass(frozen=True)
class Axis:
    """A mapped axis while the function runs.

    Attributes
    ----------
    name
        What the user calls it.
    size
        Its size, over all processes.
    index
        Where each lane stands on it.
    level
        The level of the vmap whose lanes lie on it; 0 where each process has one part and no lanes.
    ranks
        The processes that share it.
    """

    name: Any
    size: int
    index: torch.Tensor
    level: int
    ranks: Ranks


class _AxesInUse(threading.local):
    def __init__(self) -> None:
        self.axes: list[Axis] = []


_ACTIVE = _AxesInUse()


@contextlib.contextmanager
def named(*axes: Axis) -> Iterator[None]:
    """Within the context, functions can refer to the axes by their names."""
    count = len(_ACTIVE.axes)
    _ACTIVE.axes += axes
    try:
        yield
    finally:
        del _ACTIVE.axes[count:]


def _axis(name: Any) -> Axis:
    for axis in reversed(_ACTIVE.axes):
        if axis.name == name:
            return axis
    known = ", ".join(sorted({repr(axis.name) for axis in _ACTIVE.axes}))
    raise NameError(
        f"`axis_name` must be the name of a mapped axis around the call. Got {name!r}, "
        f"where there is {known or 'none'}. Pass `axis_name={name!r}` to the transform that maps."
    )


def psum(x: Any, axis_name: Any) -> Any:
    """The sum over all lanes of a mapped axis, the same in each lane.

    Parameters
    ----------
    x
        A pytree of tensors, quantities or numbers.
    axis_name
        The name that :func:`vmap`, :func:`vmap2`, :func:`pmap2` or the mesh of :func:`shard_map` gives the axis.

    Returns
    -------
    Any
        A pytree like `x`, the same in every lane.

    Raises
    ------
    NameError
        There is no axis of that name.

    Notes
    -----
    Source: jax.lax.psum. The derivative is the one of the sum over lanes: the cotangents are summed over them.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> share = lambda x: x / brainstate.transform.psum(x, 'i')
    >>> brainstate.transform.vmap2(share, axis_name='i')(torch.tensor([1., 3.]))
    tensor([0.2500, 0.7500])
    """
    axis = _axis(axis_name)
    return _tree.map(lambda leaf: _summed(as_tensor(leaf), axis), x)


def pmean(x: Any, axis_name: Any) -> Any:
    """The mean over all lanes of a mapped axis, the same in each lane.

    Inside :func:`pmap2` this averages over processes, for example gradients.

    Parameters
    ----------
    x, axis_name
        As for :func:`psum`.

    Returns
    -------
    Any
        A pytree like `x`, the same in every lane.

    Raises
    ------
    NameError
        There is no axis of that name.

    Notes
    -----
    Source: jax.lax.pmean.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> centred = lambda x: x - brainstate.transform.pmean(x, 'i')
    >>> brainstate.transform.vmap2(centred, axis_name='i')(torch.tensor([1., 3.]))
    tensor([-1.,  1.])
    """
    axis = _axis(axis_name)
    return _tree.map(lambda leaf: _summed(as_tensor(leaf), axis) / axis.size, x)


def axis_index(axis_name: Any) -> torch.Tensor:
    """Where the lane stands on a mapped axis, counted from 0.

    Parameters
    ----------
    axis_name
        The name that :func:`vmap`, :func:`vmap2`, :func:`pmap2` or the mesh of :func:`shard_map` gives the axis.

    Returns
    -------
    Tensor
        A 0-d integer that differs from lane to lane.

    Raises
    ------
    NameError
        There is no axis of that name.

    Notes
    -----
    Source: jax.lax.axis_index.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> number = lambda x: x + brainstate.transform.axis_index('i')
    >>> brainstate.transform.vmap2(number, axis_name='i')(torch.zeros(3))
    tensor([0., 1., 2.])
    """
    return _axis(axis_name).index


def _summed(x: torch.Tensor, axis: Axis) -> torch.Tensor:
    if axis.level:
        x = _LaneSum.apply(x, axis.level, axis.size // axis.ranks.size)  # type: ignore[no-untyped-call]
    return axis.ranks.summed(x)


class _LaneSum(torch.autograd.Function):
    """The sum over the lanes of the vmap at a level; for an unbatched value `count` times that."""

    @staticmethod
    def forward(x: torch.Tensor, level: int, count: int) -> torch.Tensor:
        return x * count

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        _, ctx.level, ctx.count = inputs

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> Any:
        return _LaneSum.apply(grads[0], ctx.level, ctx.count), None, None  # type: ignore[no-untyped-call]

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        return _LaneSum.apply(tangents[0], ctx.level, ctx.count)  # type: ignore[no-untyped-call]

    @staticmethod
    def vmap(info: Any, in_dims: Any, x: torch.Tensor, level: int, count: int) -> Any:
        # Called from one level below that of the lanes.
        if _func.level() == level - 1:
            return x.sum(in_dims[0], dtype=x.dtype), None
        return _LaneSum.apply(x, level, count), in_dims[0]  # type: ignore[no-untyped-call]
