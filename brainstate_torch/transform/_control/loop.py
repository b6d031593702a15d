"""scan and for_loop: a Python loop over the leading axis, as one transform."""

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, overload

import torch

from ... import _tree
from ..._errors import kind_of
from ..._program import loop as loops
from ..._program.operation import SETTINGS
from ..._program.recording import is_recording
from ..._state import Frame
from .._compile.looping import StatefulLoop
from .._core.abstract import eval_shape
from .._core.carry import Pattern, as_arrays, check_states, protected
from .._core.functional import checked_arguments, run
from .._core.shapes import ShapeDtypeStruct
from .._core.signatures import T2, T
from .._core.stacking import aligned, checked_output, stacked
from .progress import Progress, ProgressBar, as_progress

__all__ = ["Scan", "for_loop", "over_arguments", "scan"]


@overload
def scan(
    f: Callable[[Any, Any], tuple[T, T2]],
    init: Any,
    xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    pbar: ProgressBar | int | None = None,
) -> tuple[T, T2]: ...


@overload
def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    pbar: ProgressBar | int | None = None,
) -> tuple[Any, Any]: ...


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    pbar: ProgressBar | int | None = None,
) -> tuple[Any, Any]:
    """Run ``carry, y = f(carry, x)`` for each `x` of `xs`, and collect the `y`.

    It is a Python loop: a debugger can step through it, the steps may differ, and derivatives pass through. The whole
    loop is one transform: if a step raises, every State is as it was before the first.

    Parameters
    ----------
    f
        One step.
    init
        The first carry, any pytree. Each step must keep its structure, shapes, dtypes and units; only a Python number
        may turn into a wider kind of number. The same holds for the States that are written.
    xs
        A pytree of tensors or quantities ``[length, ...]``; None if there is nothing to loop over.
    length
        The number of steps; needed where `xs` holds no tensor.
    reverse
        Go from the last `x` to the first. Each `y` is stored at the index of its `x`.
    unroll
        How many steps a compiled program takes as one piece, all if True; 1 leaves that to the size of a step.
    pbar
        A :class:`ProgressBar`, or after how many steps to update one.

    Returns
    -------
    tuple
        The last carry, and a tree like `y` of tensors ``[length, ...]``.

    Raises
    ------
    TypeError
        `f` cannot be called, `pbar` is of another type, or a step changes the carry, a State or `y` in shape or dtype.
    ValueError
        The leading axes disagree with each other or with `length`, there is none, or `f` returns no pair.

    Notes
    -----
    Source: brainstate.transform.scan (0.5.4). Differs: `f` runs at every step.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.scan(lambda total, x: (total + x, 2 * x), 0., torch.tensor([1., 2., 3.]))
    (tensor(6.), tensor([2., 4., 6.]))
    """
    return _run(Scan("scan", f, init, xs, length, pbar), reverse, unroll)


@overload
def for_loop(
    f: Callable[..., T],
    *xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    pbar: ProgressBar | int | None = None,
) -> T: ...


@overload
def for_loop(
    f: Callable[..., Any],
    *xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    pbar: ProgressBar | int | None = None,
) -> Any: ...


def for_loop(
    f: Callable[..., Any],
    *xs: Any,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
    pbar: ProgressBar | int | None = None,
) -> Any:
    """Call `f` with each slice of `xs` along the leading axis, and collect what it returns.

    What passes from step to step are the States. See :func:`scan` for the rules and the other parameters.

    Parameters
    ----------
    f
        One step, called as ``f(*slices)``.
    *xs
        Pytrees of tensors or quantities ``[length, ...]``. Without any, `f` is called `length` times, as ``f()``.
    length, reverse, unroll, pbar
        See :func:`scan`.

    Returns
    -------
    Any
        A tree like the result of `f` of tensors ``[length, ...]``.

    Raises
    ------
    TypeError, ValueError
        As :func:`scan`.

    Notes
    -----
    Source: brainstate.transform.for_loop (0.5.4). Differs: `f` runs at every step; it may take no argument.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> total = brainstate.State(torch.tensor(0.))
    >>> def step(x):
    ...     total.value += x
    ...     return total.value
    >>> brainstate.transform.for_loop(step, torch.tensor([1., 2., 3.]))
    tensor([1., 3., 6.])
    """
    return _run(Scan("for_loop", over_arguments(f), None, xs, length, pbar), reverse, unroll)[1]


def _run(loop: "Scan", reverse: bool, unroll: int | bool) -> tuple[Any, Any]:
    if is_recording():
        return loop.record(reverse, unroll)
    steps = range(loop.length)
    if not reverse:
        return loop.run(lambda carry: loop.advance(carry, steps))

    def backwards(carry: Any) -> tuple[Any, list[Any]]:
        carry, outputs = loop.advance(carry, reversed(steps))
        return carry, outputs[::-1]

    return loop.run(backwards)


def over_arguments(f: Callable[..., Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The step of `scan` that calls `f` with the slices as arguments and carries nothing."""
    if not callable(f):
        raise TypeError(f"`f` must be callable. Got {kind_of(f)}.")
    return lambda carry, x: (carry, f(*x))


class Scan:
    """A loop over leading axes: its inputs, checked, and its steps."""

    def __init__(
        self, name: str, f: Callable[[Any, Any], Any], init: Any, xs: Any, length: int | None, pbar: Any
    ) -> None:
        if not callable(f):
            raise TypeError(f"`f` must be callable. Got {kind_of(f)}.")
        (init, xs), _ = checked_arguments((init, xs), {}, [f])
        self.name, self.f = name, f
        self.first, self.pattern = as_arrays(init), Pattern(init)
        leaves, self.spec = _tree.flatten(xs)
        self.length = _length(leaves, length)
        self.leaves = leaves
        self.shapes = [ShapeDtypeStruct(leaf.shape[1:], leaf.dtype) for leaf in leaves]
        tensors = [leaf for leaf in (*leaves, *_tree.leaves(self.first)) if isinstance(leaf, torch.Tensor)]
        self.device = tensors[0].device if tensors else None
        self.progress: Progress = as_progress(pbar, self.length)
        self.frame = Frame(name=name)
        self._checked = False

    @functools.cached_property
    def columns(self) -> list[list[torch.Tensor]]:
        """The slices of `xs`. Indexing in the loop would write an array of full size per step in the backward pass."""
        return [[protected(part) for part in leaf.unbind(0)] for leaf in self.leaves]

    def record(self, reverse: bool = False, unroll: int | bool = 1, forgetful: bool = False) -> tuple[Any, Any]:
        """Put the loop into the graph that is recorded, as one operation."""
        if self.length == 0:
            return self.first, self._empty()
        unroll = self.length if unroll is True else unroll
        f = self.f

        def step(carry: Any, x: Any) -> tuple[list[torch.Tensor], Any]:
            carry, y = _pair(f(protected(carry), protected(x)))
            self._check_carry(carry)
            leaves = aligned(self.pattern.spec, as_arrays(carry))
            assert leaves is not None
            return [x for x in leaves if isinstance(x, torch.Tensor)], checked_output(y, self.name)

        loop = StatefulLoop(
            self.name,
            step,
            self.first,
            _tree.unflatten(self.spec, self.leaves),
            lambda frame: check_states(frame, self.name),
        )
        # A backward pass that recomputes the steps does not advance the bar.
        watch = self._watch(loop) if self.progress.active and not SETTINGS.backward else None
        wanted = unroll if unroll > 1 else None
        return loop.run(
            loops.Loop(loop.body(), loop.layout, self.length, reverse, forgetful=forgetful, unroll=wanted, watch=watch)
        )

    def _watch(self, loop: StatefulLoop) -> Callable[[Any, Any], None]:
        """What moves the progress bar inside a compiled loop."""
        progress = self.progress

        def watch(carry: Any, y: Any) -> None:
            values = loop.shown(carry, y)
            progress.step(carry=values[0], y=values[1])
            if progress.done == progress.n:
                progress.close()

        return watch

    def run(self, steps: Callable[[Any], tuple[Any, list[Any]]]) -> tuple[Any, Any]:
        """Run `steps`, carry -> (carry, outputs), as one transform: the last carry, and the outputs stacked."""
        if self.length == 0:
            return self.first, self._empty()

        def whole(init: Any) -> tuple[Any, Any]:
            with self.progress:
                carry, outputs = steps(init)
            self.check(carry)
            return as_arrays(carry), stacked(outputs, self.name)

        return run(whole, [self.first], {}, frame=self.frame).committed()  # type: ignore[no-any-return]

    def advance(self, carry: Any, steps: Iterable[int]) -> tuple[Any, list[Any]]:
        """Run some of the steps; return the carry after them, and their outputs."""
        f, columns, spec, progress = self.f, self.columns, self.spec, self.progress
        outputs = []
        for i in steps:
            x = _tree.unflatten(spec, [column[i] for column in columns])
            carry, y = _pair(f(protected(carry), x))
            outputs.append(y)
            if not self._checked:
                self.check(carry)
            if progress.active:
                progress.step(carry=carry, y=y)
        return carry, outputs

    def check(self, carry: Any) -> None:
        """Raise if the carry or a State is not of the kind that it was at the start."""
        self._checked = True
        self._check_carry(carry)
        check_states(self.frame, self.name)

    def _check_carry(self, carry: Any) -> None:
        found = self.pattern.difference(carry)
        if found:
            raise TypeError(
                f"`f` of `{self.name}` must return a carry like the one that it gets. Got {found}. "
                "Give `init` the structure, shapes, dtypes and units that every step returns."
            )

    def _empty(self) -> Any:
        """What no step returns: empty tensors of the shapes that one would have."""
        _, y = _pair(eval_shape(self.f, self.first, _tree.unflatten(self.spec, self.shapes)))
        return _tree.map(lambda leaf: torch.empty((0, *leaf.shape), dtype=leaf.dtype, device=self.device), y)


def _length(leaves: Sequence[Any], length: int | None) -> int:
    for leaf in leaves:
        if not isinstance(leaf, torch.Tensor) or leaf.ndim == 0:
            raise ValueError(
                "`xs` must hold tensors with a leading axis to loop over. "
                f"Got {'a tensor without axes' if isinstance(leaf, torch.Tensor) else f'{kind_of(leaf)}'}. "
                "Make one tensor of several numbers, with `torch.tensor`."
            )
    sizes = [leaf.shape[0] for leaf in leaves]
    if length is None:
        if not sizes:
            raise ValueError("`length` must be given where `xs` holds no tensor. Got neither.")
        length = sizes[0]
    length = int(length)
    if length < 0:
        raise ValueError(f"`length` must not be negative. Got {length}.")
    if any(size != length for size in sizes):
        raise ValueError(f"`xs` must have one `length` along the leading axes. Got {sizes}, and length={length}.")
    return length


def _pair(result: Any) -> Any:
    if isinstance(result, (tuple, list)) and len(result) == 2:
        return result
    seen = f"{len(result)} values" if isinstance(result, (tuple, list)) else kind_of(result)
    raise ValueError(f"`f` must return a pair (carry, y). Got {seen}. Write `return carry, None` if there is no y.")
