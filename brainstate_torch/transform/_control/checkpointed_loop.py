"""checkpointed_scan and checkpointed_for_loop: loops that keep few steps in memory for the backward pass."""

import math
from collections.abc import Callable
from typing import Any, overload

import torch

from ... import _tree
from ..._program.recording import is_recording
from .._core.signatures import T2, T
from .._derivative.checkpoint import checkpoint
from .loop import Scan, over_arguments
from .progress import ProgressBar

__all__ = ["check_base", "checkpointed_for_loop", "checkpointed_scan", "in_blocks", "record_in_blocks"]

Advance = Callable[[Any, range], tuple[Any, list[Any], bool]]


@overload
def checkpointed_scan(
    f: Callable[[Any, Any], tuple[T, T2]],
    init: Any,
    xs: Any,
    length: int | None = None,
    base: int = 16,
    pbar: ProgressBar | int | None = None,
) -> tuple[T, T2]: ...


@overload
def checkpointed_scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None = None,
    base: int = 16,
    pbar: ProgressBar | int | None = None,
) -> tuple[Any, Any]: ...


def checkpointed_scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None = None,
    base: int = 16,
    pbar: ProgressBar | int | None = None,
) -> tuple[Any, Any]:
    """:func:`scan` that keeps for a gradient only what is needed to recompute the steps.

    The steps form blocks. Values inside a block are not kept, but recomputed by :func:`checkpoint` in the backward
    pass. Blocks have about ``sqrt(length)`` steps, so that memory grows like that instead of like `length`, and each
    step runs once more. More than ``base**3`` steps form blocks of `base` blocks, and so on, with memory like ``base *
    log(length)``, and each step runs once more per level; in a compiled program there is one level always.

    Parameters
    ----------
    f, init, xs, length, pbar
        See :func:`scan`.
    base
        The number of steps up to which there are no blocks; see above.

    Returns
    -------
    tuple
        The last carry and the outputs, as :func:`scan`.

    Raises
    ------
    TypeError
        As :func:`scan`.
    ValueError
        As :func:`scan`; `length` is 0, or `base` is not an integer of at least 2.

    Notes
    -----
    Source: brainstate.transform.checkpointed_scan (0.5.4). Differs: fewer levels of blocks, where memory allows.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> def last(x):
    ...     return brainstate.transform.checkpointed_scan(lambda c, _: (c * x, None), 1., None, length=100)[0]
    >>> brainstate.transform.grad(last)(torch.tensor(1.))
    tensor(100.)
    """
    return _run(Scan("checkpointed_scan", f, init, xs, length, pbar), base)


@overload
def checkpointed_for_loop(
    f: Callable[..., T],
    *xs: Any,
    length: int | None = None,
    base: int = 16,
    pbar: ProgressBar | int | None = None,
) -> T: ...


@overload
def checkpointed_for_loop(
    f: Callable[..., Any],
    *xs: Any,
    length: int | None = None,
    base: int = 16,
    pbar: ProgressBar | int | None = None,
) -> Any: ...


def checkpointed_for_loop(
    f: Callable[..., Any],
    *xs: Any,
    length: int | None = None,
    base: int = 16,
    pbar: ProgressBar | int | None = None,
) -> Any:
    """:func:`for_loop` that keeps few steps in memory for the backward pass, as :func:`checkpointed_scan`.

    Parameters
    ----------
    f, *xs, length, pbar
        See :func:`for_loop`.
    base
        See :func:`checkpointed_scan`.

    Returns
    -------
    Any
        The results of the steps, stacked along a new first axis.

    Raises
    ------
    TypeError, ValueError
        As :func:`checkpointed_scan`.

    Notes
    -----
    Source: brainstate.transform.checkpointed_for_loop (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.checkpointed_for_loop(lambda x: x ** 2, torch.arange(4.))
    tensor([0., 1., 4., 9.])
    """
    return _run(Scan("checkpointed_for_loop", over_arguments(f), None, xs, length, pbar), base)[1]


def _run(loop: Scan, base: int) -> tuple[Any, Any]:
    if loop.length < 1:
        raise ValueError(f"`length` of `{loop.name}` must be at least 1. Got {loop.length}. Use `scan` or `for_loop`.")
    check_base(base)
    if is_recording():
        return record_in_blocks(loop)

    def advance(carry: Any, steps: range) -> tuple[Any, list[Any], bool]:
        return *loop.advance(carry, steps), True

    return loop.run(lambda carry: in_blocks(advance, carry, range(loop.length), base)[:2])


def check_base(base: Any) -> None:
    """Raise unless `base` is an integer of at least 2."""
    if isinstance(base, bool) or not isinstance(base, int) or base < 2:
        raise ValueError(f"`base` must be an integer of at least 2. Got {base!r}.")


def in_blocks(advance: Advance, carry: Any, steps: range, base: int) -> tuple[Any, list[Any], bool]:
    """Run steps in nested blocks that are computed again in the backward pass.

    Parameters
    ----------
    advance
        (carry, steps) -> (carry, outputs, whether to go on).
    """
    if len(steps) <= base:
        return advance(carry, steps)
    size = base
    while size * base < len(steps):
        size *= base
    if flat := len(steps) <= base**3:
        # One level of larger blocks takes about the memory of two levels, and less time.
        size = _block(len(steps))
    outputs: list[Any] = []
    go_on = True
    for start in range(0, len(steps), size):
        block = checkpoint(advance if flat else lambda carry, part: in_blocks(advance, carry, part, base))
        carry, some, go_on = block(carry, steps[start : start + size])
        outputs += some
        if not go_on:
            break
    return carry, outputs, go_on


def record_in_blocks(loop: Scan) -> tuple[Any, Any]:
    """Put a loop into the graph that is recorded, as a loop of blocks that keeps only what enters each of them."""
    size = _block(loop.length)
    count = loop.length // size
    f = loop.f  # A function of its own, which binds the present values.

    def part(carry: Any, xs: Any, length: int) -> Scan:
        found = Scan(loop.name, f, carry, xs, length, None)
        found.progress = loop.progress
        return found

    def block(carry: Any, xs: Any) -> tuple[Any, Any]:
        return part(carry, xs, size).record()

    full = size * count
    head = [x[:full].unflatten(0, (count, size)) for x in loop.leaves]
    blocks = Scan(loop.name, block, loop.first, _tree.unflatten(loop.spec, head), count, None)
    carry, outputs = blocks.record(forgetful=True)
    outputs = _tree.map(lambda y: y.flatten(0, 1), outputs)
    if full == loop.length:
        return carry, outputs
    tail = _tree.unflatten(loop.spec, [x[full:] for x in loop.leaves])
    carry, more = part(carry, tail, loop.length - full).record()
    return carry, _tree.map(lambda y, z: torch.cat([y, z]), outputs, more)


def _block(length: int) -> int:
    """How many steps make a block: about the square root, and so that none is left over where that is possible."""
    root = math.isqrt(length)
    near = [size for size in range(max(root * 2 // 3, 1), root * 3 // 2 + 1) if length % size == 0]
    return min(near, key=lambda size: abs(size - root), default=root)
