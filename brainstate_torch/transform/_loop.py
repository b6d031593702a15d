"""scan and for_loop: a Python loop over the leading axis, as one transform."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch

from .. import _tree
from .._arrays import as_tensor, is_arraylike
from .._state import Frame
from .._state.value import owned
from ._abstract import eval_shape
from ._carry import Pattern, as_arrays, check_states
from ._functional import checked_arguments, run
from ._progress import Progress, ProgressBar, as_progress
from ._shapes import ShapeDtypeStruct

__all__ = ["Loop", "for_loop", "over_arguments", "scan"]


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
        Go from the last `x` to the first. Each `y` stays at the place of its `x`.
    unroll
        Has no meaning here; accepted so that programs port.
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
    loop = Loop("scan", f, init, xs, length, pbar)
    return loop.run(lambda carry: loop.advance(carry, range(loop.length)[:: -1 if reverse else 1]), reverse)


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
        Pytrees of tensors or quantities ``[length, ...]``. Without any, `f` is called without arguments, `length` times.
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
    loop = Loop("for_loop", over_arguments(f), None, xs, length, pbar)
    return loop.run(lambda carry: loop.advance(carry, range(loop.length)[:: -1 if reverse else 1]), reverse)[1]


def over_arguments(f: Callable[..., Any]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """The step of `scan` that calls `f` with the slices as arguments and carries nothing."""
    if not callable(f):
        raise TypeError(f"`f` must be callable. Got a {type(f).__name__}.")
    return lambda carry, x: (carry, f(*x))


class Loop:
    """A loop over leading axes: its inputs, checked, and its steps."""

    def __init__(
        self, name: str, f: Callable[[Any, Any], Any], init: Any, xs: Any, length: int | None, pbar: Any
    ) -> None:
        if not callable(f):
            raise TypeError(f"`f` must be callable. Got a {type(f).__name__}.")
        (init, xs), _ = checked_arguments((init, xs), {})
        self.name, self.f = name, f
        self.first, self.pattern = as_arrays(init), Pattern(init)
        leaves, self.spec = _tree.flatten(xs)
        self.length = _length(leaves, length)
        self.slices = _Slices(leaves, self.spec)
        self.progress: Progress = as_progress(pbar, self.length)
        self.frame = Frame(name=name)
        self._checked = False

    def run(self, steps: Callable[[Any], tuple[Any, list[Any]]], reverse: bool = False) -> tuple[Any, Any]:
        """Run `steps`, carry -> (carry, outputs), as one transform: the last carry, and the outputs stacked."""
        if self.length == 0:
            return self.first, self._empty()

        def whole(init: Any) -> tuple[Any, Any]:
            with self.progress:
                carry, outputs = steps(init)
            self.check(carry)
            return carry, _stacked(outputs[::-1] if reverse else outputs, self.name)

        outcome = run(whole, [self.first], {}, frame=self.frame)
        self.frame.commit(outcome.written, outcome.created)
        carry, stacked = outcome.result
        return as_arrays(carry), stacked

    def advance(self, carry: Any, steps: Iterable[int]) -> tuple[Any, list[Any]]:
        """Run some of the steps: the carry behind them, and their outputs."""
        f, slices, progress, level = self.f, self.slices, self.progress, self.frame.level
        outputs = []
        for i in steps:
            # A carry that cannot be written in place: `carry += x` must change neither the caller's tensor nor the
            # outputs that hold it.
            carry, y = _pair(f(owned(carry, level=level, attached=True), slices[i]))
            outputs.append(y)
            if not self._checked:
                self.check(carry)
            if progress.active:
                progress.step(carry=carry, y=y)
        return carry, outputs

    def check(self, carry: Any) -> None:
        """Raise if the carry or a State is not of the kind that it was at the start."""
        self._checked = True
        found = self.pattern.difference(carry)
        if found:
            raise TypeError(
                f"`f` of `{self.name}` must return a carry like the one that it gets. Got {found}. "
                "Give `init` the structure, shapes, dtypes and units that every step returns."
            )
        check_states(self.frame, self.name)

    def _empty(self) -> Any:
        """What no step returns: empty tensors of the shapes that one would have."""
        _, y = _pair(eval_shape(self.f, self.first, self.slices.shapes()))
        return _tree.map(lambda leaf: torch.empty((0, *leaf.shape), dtype=leaf.dtype), y)


class _Slices:
    """The slices of a tree along the leading axis, unbound once: indexing would write a full array in backward."""

    def __init__(self, leaves: Sequence[torch.Tensor], spec: _tree.Spec) -> None:
        self.leaves, self.spec = leaves, spec
        self.columns = [leaf.unbind(0) for leaf in leaves]

    def __getitem__(self, i: int) -> Any:
        if self.spec is _tree.LEAF:
            return _protected(self.columns[0][i])
        return _tree.unflatten(self.spec, [_protected(column[i]) for column in self.columns])

    def shapes(self) -> Any:
        """The tree of one slice, with shapes only."""
        return _tree.unflatten(self.spec, [ShapeDtypeStruct(leaf.shape[1:], leaf.dtype) for leaf in self.leaves])


def _protected(leaf: torch.Tensor) -> torch.Tensor:
    return owned(leaf, level=1 << 30, attached=True)  # type: ignore[no-any-return]


def _length(leaves: Sequence[Any], length: int | None) -> int:
    for leaf in leaves:
        if not isinstance(leaf, torch.Tensor) or leaf.ndim == 0:
            raise ValueError(
                "`xs` must hold tensors with a leading axis to loop over. "
                f"Got {'a tensor without axes' if isinstance(leaf, torch.Tensor) else f'a {type(leaf).__name__}'}. "
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
    seen = f"{len(result)} values" if isinstance(result, (tuple, list)) else f"a {type(result).__name__}"
    raise ValueError(f"`f` must return a pair (carry, y). Got {seen}. Write `return carry, None` if there is no y.")


def _stacked(outputs: Sequence[Any], name: str) -> Any:
    """One tree from those of all steps, with a new leading axis."""
    spec = _tree.structure(outputs[0])
    rows = []
    for output in outputs:
        leaves, other = _tree.flatten(output)
        if other != spec:
            raise TypeError(f"each step of `{name}` must return a y of the same structure. Got {other} after {spec}.")
        rows.append(leaves)
    return _tree.unflatten(spec, [_column(column, name) for column in zip(*rows, strict=True)])


def _column(values: Sequence[Any], name: str) -> torch.Tensor:
    for value in values:
        if not is_arraylike(value):
            raise TypeError(f"each step of `{name}` must return tensors or numbers. Got a {type(value).__name__}.")
    tensors = [as_tensor(value) for value in values]
    shapes = {tuple(tensor.shape) for tensor in tensors}
    if len(shapes) > 1:
        raise TypeError(f"each step of `{name}` must return a y of the same shape. Got {sorted(shapes)}.")
    return torch.stack(tensors)
