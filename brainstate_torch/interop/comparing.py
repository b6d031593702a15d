"""compare: one model in two frameworks, side by side."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .. import _tree, graph
from .._state import ParamState
from ..transform import grad
from ..units import Quantity
from ._extras import extra
from .values import array_tree, tensor_tree

__all__ = ["Comparison", "compare"]


@dataclass(frozen=True)
class Row:
    """How one value compares: the largest difference over the steps, and the first step beyond the tolerance."""

    name: str
    difference: float
    first: int | None


@dataclass(frozen=True)
class Comparison:
    """What :func:`compare` found; its text is a table.

    Parameters
    ----------
    rows
        One for the output, each State and each gradient: a name, the largest absolute difference in SI units, and the
        first step at which it is beyond the tolerance, or None.
    seconds
        What the steps took here and there, the first, which compiles, left out.

    Examples
    --------
    See :func:`compare`.

    >>> import brainstate_torch as brainstate
    >>> brainstate.interop.Comparison([], (0.1, 0.2)).agrees
    True
    """

    rows: Sequence[Row]
    seconds: tuple[float, float]

    @property
    def agrees(self) -> bool:
        """Whether every value is within the tolerance at every step."""
        return all(row.first is None for row in self.rows)

    def __str__(self) -> str:
        width = max([len(row.name) for row in self.rows], default=0)
        lines = [
            f"{row.name:{width}}  {row.difference:9.2e}  {'' if row.first is None else f'from step {row.first} on'}"
            for row in self.rows
        ]
        return "\n".join([*lines, f"torch {self.seconds[0]:.3g} s, JAX {self.seconds[1]:.3g} s"])


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
    rows, seconds = _Rows(rtol, atol), [0.0, 0.0]
    try:
        for step, x in enumerate(inputs):
            found, spent = _timed(torch_model, tensor_tree(x))
            wanted, spent_there = _timed(jax_model, array_tree(x))
            if step:
                seconds = [seconds[0] + spent, seconds[1] + spent_there]
            rows.add("output", found, wanted, step)
            for path in ours:
                rows.add(_named("State", path), ours[path].value, theirs[path].value, step)
        _gradients(rows, (torch_model, ours), (jax_model, theirs), inputs[-1], len(inputs) - 1)
    finally:
        for state, value in before:
            state.value = value
    return Comparison(rows.rows(), (seconds[0], seconds[1]))


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
    """The largest difference of each value, and where it began to differ."""

    def __init__(self, rtol: float, atol: float) -> None:
        self.rtol, self.atol = rtol, atol
        self._found: dict[str, tuple[float, int | None]] = {}

    def add(self, name: str, ours: Any, theirs: Any, step: int) -> None:
        """Compare two values at a step."""
        a, b = _numbers(ours), _numbers(theirs)
        if [x.shape for x in a] != [x.shape for x in b]:
            raise ValueError(
                f"{name} must have the same shapes in both models. Got {[x.shape for x in a]} and "
                f"{[x.shape for x in b]}. Check how the models were made."
            )
        for x, y in zip(a, b, strict=True):
            largest, first = self._found.get(name, (0.0, None))
            difference = float(np.nan_to_num(np.abs(x - y), nan=0.0, posinf=np.inf).max(initial=0.0))
            if first is None and not np.allclose(x, y, rtol=self.rtol, atol=self.atol, equal_nan=True):
                first = step
            self._found[name] = max(largest, difference), first

    def rows(self) -> list[Row]:
        """One for each value."""
        return [Row(name, *found) for name, found in self._found.items()]


def _numbers(tree: Any) -> list[Any]:
    """The leaves of a value as numbers in SI units."""
    found = []
    for leaf in _leaves(tensor_tree(tree)):
        scale = leaf.unit.magnitude if isinstance(leaf, Quantity) else 1.0
        mantissa = leaf.mantissa if isinstance(leaf, Quantity) else leaf
        wide = torch.as_tensor(mantissa).detach()
        found.append((wide if wide.is_complex() else wide.double()).numpy() * scale)
    return found
