"""map: a function of one sample, applied to samples one after the other or in chunks."""

from collections.abc import Callable
from typing import Any, overload

import torch

from ... import _tree
from ...random import RandomState
from .._control.loop import for_loop
from .._core.functional import checked_arguments, run
from .._core.signatures import T
from .vmap2 import vmap2

__all__ = ["map"]


@overload
def map(f: Callable[..., T], *xs: Any, batch_size: int | None = None) -> T: ...


@overload
def map(f: Callable[..., Any], *xs: Any, batch_size: int | None = None) -> Any: ...


def map(f: Callable[..., Any], *xs: Any, batch_size: int | None = None) -> Any:
    """Call `f` with each slice of `xs` along the leading axis, and collect what it returns.

    The calls come one after the other, so that memory is that of one, and States that `f` writes pass from one to the
    next, as in :func:`for_loop`. With `batch_size`, that many are computed at once, by :func:`vmap2`.

    Parameters
    ----------
    f
        Written for one sample.
    *xs
        Pytrees of tensors or quantities ``[length, ...]``.
    batch_size
        How many samples to compute at once. `f` may read States and draw random numbers then, but not write States.

    Returns
    -------
    Any
        A tree like the result of `f` of tensors ``[length, ...]``.

    Raises
    ------
    ValueError
        There is nothing to map, the leading axes differ, `batch_size` is not a positive int, or `f` writes a State
        though `batch_size` is given. No State is changed then.

    Notes
    -----
    Source: brainstate.transform.map (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.map(lambda x: x ** 2, torch.tensor([1., 2., 3.]), batch_size=2)
    tensor([1., 4., 9.])
    """
    xs = tuple(checked_arguments(xs, {}, [f])[0])
    leaves = _tree.leaves(xs)
    if not leaves:
        raise ValueError("`xs` must hold a tensor to map over. Got none.")
    shapes = [tuple(leaf.shape) if isinstance(leaf, torch.Tensor) else () for leaf in leaves]
    if () in shapes or len({shape[0] for shape in shapes}) > 1:
        raise ValueError(f"`xs` must hold tensors with leading axes of one length. Got the shapes {shapes}.")
    if batch_size is None:
        return for_loop(f, *xs)
    if not isinstance(batch_size, int) or batch_size < 1:
        raise ValueError(f"`batch_size` must be a positive int. Got {batch_size!r}.")
    return _in_chunks(vmap2(_reading(f)), xs, batch_size, shapes[0][0])


def _in_chunks(f: Callable[..., Any], xs: tuple[Any, ...], size: int, length: int) -> Any:
    """All full chunks in one loop, then the rest, as one transform."""
    whole = length - length % size

    def both(*xs: Any) -> Any:
        parts = []
        if whole:
            chunks = _tree.map(lambda x: x[:whole].unflatten(0, (-1, size)), xs)
            parts.append(_tree.map(lambda y: y.flatten(0, 1), for_loop(f, *chunks)))
        if whole < length or not whole:
            parts.append(f(*_tree.map(lambda x: x[whole:], xs)))
        return _tree.map(lambda *ys: torch.cat(ys), *parts)

    return run(both, xs, {}).committed()


def _reading(f: Callable[..., Any]) -> Callable[..., Any]:
    """The function, which may draw but not write States."""

    def reading(*args: Any) -> Any:
        outcome = run(f, args, {})
        for state in outcome.frame.written():
            if not isinstance(state, RandomState):
                state.raise_error_with_source_info(
                    ValueError(
                        f"`f` of `map` must not write States where `batch_size` is given: its calls are not one after "
                        f"the other. Got a write of {state!r}. Drop `batch_size`, or use `vmap2`."
                    )
                )
        return outcome.committed()

    return reading
