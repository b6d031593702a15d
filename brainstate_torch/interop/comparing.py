"""compare: one model in two frameworks, side by side."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .. import _tree, graph
from .._state import ParamState
from ..transform import grad
from ..units import Quantity
from ._comparison_picture import picture
from ._extras import extra
from .values import array_tree, tensor_tree

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Row:
    """How one value compares at each step, in SI units.

    Attributes
    ----------
    name
        ``output``, or a State or gradient and its path.
    difference
        The largest absolute difference of all steps.
    first
        The first step with an element beyond the tolerance, or None.
    steps
        The steps at which it was compared.
    differences
        The largest absolute difference of each of them.
    excesses
        The largest of (difference / tolerance) of each; beyond 1 is beyond the tolerance.
    place, pair
        The element that is most beyond it at the first such step: its index, and the value here and there.
    spikes
        For what is always 0 or 1: how many elements differ, and how many are 1 there.
    """

    name: str
    difference: float
    first: int | None
    steps: tuple[int, ...] = ()
    differences: tuple[float, ...] = ()
    excesses: tuple[float, ...] = ()
    place: tuple[int, ...] | None = None
    pair: tuple[float, float] | None = None
    spikes: tuple[int, int] | None = None

    def __str__(self) -> str:
        if self.spikes is not None:
            seen = f"{self.spikes[0]} of {self.spikes[1]} spikes"
        else:
            seen = f"{self.difference:9.2e}"
        if self.first is None or self.pair is None:
            return seen
        place = f" at {list(self.place)}" if self.place else ""
        return f"{seen}  from step {self.first} on{place}: {self.pair[0]:.7g} here, {self.pair[1]:.7g} there"


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found; its text is a table.

    Parameters
    ----------
    rows
        One for the output, each State and each gradient: `name`, the largest absolute `difference` in SI units, the
        `first` step at which it is beyond the tolerance, and there the `place` and the `pair` of values; the
        `differences` of each step; `spikes`, for what is always 0 or 1.
    seconds
        What the steps took here and there, the first, which compiles, left out.
    memory
        The bytes of all States here and there, after the last step.

    Examples
    --------
    See :func:`compare`.

    >>> import brainstate_torch as brainstate
    >>> brainstate.interop.Comparison([], (0.1, 0.2)).agrees
    True
    """

    rows: Sequence[Row]
    seconds: tuple[float, float]
    memory: tuple[int, int] = (0, 0)

    @property
    def agrees(self) -> bool:
        """Whether every value is within the tolerance at every step."""
        return self.first is None

    @property
    def first(self) -> Row | None:
        """The value that is the first to be beyond the tolerance; of several at one step, the one that is most so."""
        beyond = [
            (row.first, -row.excesses[row.steps.index(row.first)], i)
            for i, row in enumerate(self.rows)
            if row.first is not None
        ]
        return self.rows[min(beyond)[2]] if beyond else None

    def __str__(self) -> str:
        width = max([len(row.name) for row in self.rows], default=0)
        return "\n".join(
            [
                *[f"{row.name:{width}}  {row}" for row in self.rows],
                f"torch {self.seconds[0]:.3g} s, {self.memory[0]} bytes of States; "
                f"JAX {self.seconds[1]:.3g} s, {self.memory[1]} bytes",
            ]
        )

    def plot(self, ax: Any = None) -> Any:
        """A picture: a row for each value, a column for each step, and a cross where a value leaves the tolerance.

        Parameters
        ----------
        ax
            The axes of matplotlib to draw on; None: new ones.

        Returns
        -------
        matplotlib.axes.Axes
            The axes.

        Raises
        ------
        MissingDependencyError
            matplotlib is not installed.
        """
        return picture(self, ax)


def compare(
    torch_model: Any, jax_model: Any, inputs: Sequence[Any], *, rtol: float = 1e-5, atol: float = 1e-6
) -> Comparison:
    """Run a model here and its twin in brainstate for some steps, and compare outputs, States and gradients.

    The gradients are those of the sum of squares of the last step's output, by each ParamState. Both models have
    their States back afterwards.

    Parameters
    ----------
    torch_model, jax_model
        The two models, with States of equal paths.
    inputs
        One input for each step: arrays, tensors or quantities of either framework.
    rtol, atol
        A value agrees if it differs by at most ``atol + rtol * |value|``, both in SI units.

    Returns
    -------
    Comparison
        A row for each value, and times.

    Raises
    ------
    ValueError
        There is no input, the models have States of other paths, or values have other structures or shapes.

    Notes
    -----
    Source: the parity tests of this package.

    Examples
    --------
    >>> import torch, brainstate as theirs, brainstate_torch as brainstate
    >>> model = theirs.nn.GRUCell(2, 3)
    >>> _ = theirs.nn.init_all_states(model)
    >>> twin = brainstate.interop.from_brainstate(model)
    >>> brainstate.interop.compare(twin, model, [torch.ones(2)] * 3).agrees
    True
    """
    brain = extra("brainstate", "jax")
    if not len(inputs):
        raise ValueError("`inputs` must have one input for each step. Got none. Pass for example [x].")
    ours, theirs = dict(graph.states(torch_model)), dict(brain.graph.states(jax_model))
    if ours.keys() != theirs.keys():
        raise ValueError(
            f"the models must have States of equal paths. Got {sorted(map(str, ours.keys() ^ theirs.keys()))} in one "
            "alone. Make one with `from_brainstate`, and call `init_all_states` on both or none."
        )
    before = [(state, state.value) for state in [*ours.values(), *theirs.values()]]
    rows, seconds, memory = _Rows(rtol, atol), [0.0, 0.0], (0, 0)
    try:
        for step, x in enumerate(inputs):
            found, spent = _timed(torch_model, tensor_tree(x))
            wanted, spent_there = _timed(jax_model, array_tree(x))
            if step:
                seconds = [seconds[0] + spent, seconds[1] + spent_there]
            rows.add("output", found, wanted, step)
            for path in ours:
                rows.add(_named("State", path), ours[path].value, theirs[path].value, step)
        memory = _bytes(ours), _bytes(theirs)
        _gradients(rows, (torch_model, ours), (jax_model, theirs), inputs[-1], len(inputs) - 1)
    finally:
        for state, value in before:
            state.value = value
    return Comparison(rows.rows(), (seconds[0], seconds[1]), memory)


def _bytes(states: Mapping[Any, Any]) -> int:
    """The size of all values; of one that two States share, once each."""
    leaves = [leaf for state in states.values() for leaf in _leaves(tensor_tree(state.value))]
    bare = [leaf.mantissa if isinstance(leaf, Quantity) else leaf for leaf in leaves]
    return sum(x.numel() * x.element_size() for x in bare if isinstance(x, torch.Tensor))


def _timed(model: Callable[[Any], Any], x: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    result = extra("jax", "jax").block_until_ready(model(x))
    return result, time.perf_counter() - start


def _named(kind: str, path: Sequence[Any]) -> str:
    return f"{kind} {'.'.join(map(str, path))}"


def _gradients(rows: "_Rows", ours: Any, theirs: Any, x: Any, step: int) -> None:
    brain = extra("brainstate", "jax")
    here = {path: state for path, state in ours[1].items() if isinstance(state, ParamState)}
    there = {path: theirs[1][path] for path in here}
    if not here:
        return

    def total(leaves: Sequence[Any]) -> Any:
        return sum((y * y).sum() for y in leaves)

    def bare(y: Any) -> Any:
        return y.mantissa if hasattr(y, "mantissa") else y

    found = grad(lambda: total([bare(y) for y in _leaves(ours[0](tensor_tree(x)))]), here)()
    wanted = brain.transform.grad(lambda: total([bare(y) for y in _leaves(theirs[0](array_tree(x)))]), there)()
    for path in here:
        rows.add(_named("gradient", path), found[path], wanted[path], step)


def _leaves(tree: Any) -> list[Any]:
    return _tree.leaves(tree, is_leaf=lambda x: isinstance(x, Quantity))


class _Rows:
    """The differences of each value at each step."""

    def __init__(self, rtol: float, atol: float) -> None:
        self.rtol, self.atol = rtol, atol
        self._steps: dict[str, list[tuple[int, float, float]]] = {}
        self._first: dict[str, tuple[int, tuple[int, ...], tuple[float, float]]] = {}
        #: How many elements differ, how many are 1 there, and whether all were 0 or 1.
        self._spikes: dict[str, tuple[int, int, bool]] = {}

    def add(self, name: str, ours: Any, theirs: Any, step: int) -> None:
        """Compare two values at a step."""
        a, b = _numbers(ours), _numbers(theirs)
        if [x.shape for x in a] != [x.shape for x in b]:
            raise ValueError(
                f"{name} must have the same shapes in both models. Got {[x.shape for x in a]} and "
                f"{[x.shape for x in b]}. Check how the models were made."
            )
        largest = worst = 0.0
        wrong, ones, binary = self._spikes.get(name, (0, 0, True))
        for x, y in zip(a, b, strict=True):
            difference, excess = self._excess(x, y)
            largest = max(largest, float(difference.max(initial=0.0)))
            if excess.size and float(excess.max()) > worst:
                worst = float(excess.max())
                if worst > 1 and self._first.get(name, (step,))[0] == step:
                    place = np.unravel_index(int(excess.argmax()), excess.shape)
                    values = (_number(x[place]), _number(y[place]))
                    self._first[name] = step, tuple(int(i) for i in place), values
            binary = binary and bool(np.isin(x, (0, 1)).all() and np.isin(y, (0, 1)).all())
            wrong, ones = wrong + int((x != y).sum()), ones + int((y == 1).sum())
        self._spikes[name] = wrong, ones, binary
        self._steps.setdefault(name, []).append((step, largest, worst))

    def _excess(self, x: Any, y: Any) -> tuple[Any, Any]:
        """The absolute difference of each element, and how many times the tolerance it is."""
        with np.errstate(invalid="ignore"):
            same = (x == y) | (np.isnan(x) & np.isnan(y))
            difference = np.where(same, 0.0, np.nan_to_num(np.abs(x - y), nan=np.inf, posinf=np.inf))
            allowed = self.atol + self.rtol * np.nan_to_num(np.abs(y), nan=0.0, posinf=0.0)
        return difference, np.where(same, 0.0, difference / np.maximum(allowed, 1e-300))

    def rows(self) -> list[Row]:
        """One for each value."""
        found = []
        for name, noted in self._steps.items():
            steps, differences, excesses = zip(*noted, strict=True)
            first, place, pair = self._first.get(name, (None, None, None))
            wrong, ones, binary = self._spikes[name]
            spikes = (wrong, ones) if binary and wrong + ones and not name.startswith("gradient") else None
            found.append(Row(name, max(differences), first, steps, differences, excesses, place, pair, spikes))
        return found


def _number(x: Any) -> Any:
    return complex(x) if np.iscomplexobj(x) else float(x)


def _numbers(tree: Any) -> list[Any]:
    """The leaves of a value as numbers in SI units."""
    found = []
    for leaf in _leaves(tensor_tree(tree)):
        scale = leaf.unit.magnitude if isinstance(leaf, Quantity) else 1.0
        mantissa = leaf.mantissa if isinstance(leaf, Quantity) else leaf
        wide = torch.as_tensor(mantissa).detach()
        found.append((wide if wide.is_complex() else wide.double()).numpy() * scale)
    return found
