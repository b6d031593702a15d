"""The core that all transforms share: a stateful call as a pure function of tensors, and the way back.

    split    Selection.bind takes the tensors out of the States and arguments, units off
    run      Call.run is the pure function: tensors -> (result tensors, tensors to carry out)
    host     torch.func or autograd works on it
    commit   Call.commit puts static parts and units back and writes the States, all or none

What leaves a torch.func transform besides its result must be tensors; the static rest leaves in a plain attribute.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from ... import _tree
from ..._arrays import from_numpy
from ..._host.functorch import is_transformed
from ..._state import Frame, State
from ..._state.context import CONTEXT
from ..._state.value import Value
from ...units import Quantity, Unit
from .selection import Inputs

__all__ = ["Call", "Carried", "Outcome", "checked_arguments", "combine", "off_tape", "partition", "pure", "run"]

FLOAT0 = np.dtype([("float0", np.void, 0)])


class Static(NamedTuple):
    """A tree without its tensors."""

    spec: _tree.Spec
    leaves: list[Any]
    places: list[int]


def partition(tree: Any) -> tuple[tuple[torch.Tensor, ...], Static]:
    """The tensors of a tree, and the rest; inverse of :func:`combine`. Units stay in the rest."""
    leaves, spec = _tree.flatten(tree)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    tensors = tuple([leaves[i] for i in places])
    for i in places:
        leaves[i] = None
    return tensors, Static(spec, leaves, places)


def combine(tensors: Sequence[torch.Tensor], static: Static) -> Any:
    """The tree of given tensors and a static rest."""
    leaves = list(static.leaves)
    for i, tensor in zip(static.places, tensors, strict=True):
        leaves[i] = tensor
    return _tree.unflatten(static.spec, leaves)


def checked_arguments(args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with numpy arrays made tensors.

    Raises
    ------
    ValueError
        An argument is, or holds, a State.
    """
    return (
        [arg if type(arg) is torch.Tensor else _checked(f"argument {i}", arg) for i, arg in enumerate(args)],
        {key: _checked(f"argument `{key}`", arg) for key, arg in kwargs.items()},
    )


def _checked(name: str, arg: Any) -> Any:
    if arg is None or type(arg) in (Value, float, int, str):
        return arg
    leaves, spec = _tree.flatten(arg)
    changed = False
    for i, leaf in enumerate(leaves):
        if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "biufc":
            leaves[i], changed = from_numpy(leaf), True
        elif isinstance(leaf, State):
            raise ValueError(
                f"{name} of a transformed function cannot be an instance of State. Got a {type(leaf).__name__}. "
                "Use its `.value`."
            )
    return _tree.unflatten(spec, leaves) if changed else arg


class Outcome(NamedTuple):
    """What one run of a stateful function did: its result, and the values that States had at its end."""

    result: Any
    frame: Frame
    written: list[Any]
    created: list[Any]


def run(
    fun: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    states: Sequence[State[Any]] = (),
    values: Sequence[Any] = (),
    accept: Callable[[Any, Frame], None] | None = None,
    frame: Frame | None = None,
) -> Outcome:
    """Run a stateful function while `states` have other `values`; no State is changed.

    Raises
    ------
    ValueError
        The result holds a State, or a State was left with another structure or unit than it had.
    """
    with frame or Frame() as frame:
        frame.substitute(states, values)
        result = fun(*args, **kwargs)
        if type(result) is not torch.Tensor:
            result = _checked("the result", result)
        if accept is not None:
            accept(result, frame)
        written = []
        for state in frame.written():
            written.append(frame.values[state])
            _check_structure(state, frame.original(state), written[-1])
        created = [state._value for state in frame._created]
    return Outcome(result, frame, written, created)


class Carried(NamedTuple):
    """What a run brings out besides the tensors that the host transform works on."""

    value: Any
    aux: Any
    written: list[Any]
    created: list[Any]


_NOTHING = Carried(None, None, [], [])


class Call:
    """One call of a stateful function, with what is differentiated taken apart.

    Attributes
    ----------
    inputs
        The tensors that :meth:`run` takes.
    output_units, output_spec
        Set by :meth:`run`: the unit of each result tensor (None for a plain one) and the structure of the result.
    """

    __slots__ = (
        "_exact",
        "_frames",
        "_pair",
        "_static",
        "check_states",
        "detached",
        "fun",
        "has_aux",
        "inputs",
        "kwargs",
        "output",
        "output_spec",
        "output_units",
        "return_value",
    )

    def __init__(
        self,
        fun: Callable[..., Any],
        inputs: Inputs,
        kwargs: Mapping[str, Any],
        *,
        has_aux: bool = False,
        return_value: bool = False,
        check_states: bool = True,
    ) -> None:
        self.fun, self.inputs, self.kwargs, self.return_value = fun, inputs, kwargs, return_value
        self.has_aux, self.check_states = has_aux, check_states
        self.output: Any = None
        self._pair: tuple[Any, Any] = (None, None)
        self.output_units: list[Unit | None] = []
        self.output_spec: _tree.Spec = _tree.LEAF
        self._static: Static | None = None
        self._exact: Sequence[int] = ()
        #: Has the base transform taken all graphs off already?
        self.detached = False
        self._frames: list[Frame] = []

    def run(self, leaves: Sequence[torch.Tensor]) -> tuple[torch.Tensor | tuple[Any, ...], tuple[torch.Tensor, ...]]:
        """The pure function: the result's tensors (one, or a tuple), and the tensors to carry out.

        Raises
        ------
        TypeError
            With `has_aux`, the function returned no pair.
        ValueError
            A State to differentiate was never touched, or the result holds a State, or a State changed its structure.
        """
        selection = self.inputs.selection
        if self._exact:
            leaves = self._merged(leaves)
        values, arguments = self.inputs.dressed(_protected(leaves, self.inputs))
        args = self.inputs.args
        if arguments:
            args = list(args)
            for place, argument in zip(selection.places, arguments, strict=True):
                args[place] = argument
        outcome = run(self.fun, args, self.kwargs, selection.states, values, accept=self._accept)
        output, aux = self._pair
        self._frames.append(outcome.frame)
        self.output = output
        if not self.return_value and aux is None and not outcome.written and not outcome.created:
            self._static = None
            return self._strip(output), ()
        tensors, self._static = partition((output, aux, outcome.written, outcome.created))
        return self._strip(output), tensors

    def hold(self, exact: Sequence[int]) -> list[torch.Tensor]:
        """Hold the leaves at these places constant; the others are what :meth:`run` takes from now on."""
        self._exact = exact
        return [leaf for i, leaf in enumerate(self.inputs.leaves) if i not in exact] if exact else self.inputs.leaves

    def _merged(self, free: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        supply = iter(free)
        return [leaf if i in self._exact else next(supply) for i, leaf in enumerate(self.inputs.leaves)]

    def with_exact(self, derivatives: list[Any], result: Sequence[int] = ()) -> list[Any]:
        """The derivatives of a result of that shape, with JAX's answer for integers in the places held constant.

        It is an array of the empty dtype float0.
        """
        if not self._exact:
            return derivatives
        supply = iter(derivatives)
        return [
            np.zeros((*result, *leaf.shape), FLOAT0) if i in self._exact else next(supply)
            for i, leaf in enumerate(self.inputs.leaves)
        ]

    def _accept(self, result: Any, frame: Frame) -> None:
        """Look at the result while the frame is still there, so that a refusal leaves no trace."""
        if self.check_states and not frame._originals.keys() >= self.inputs.selection.distinct:
            self._refuse_untouched(frame)
        if not self.has_aux:
            self._pair = (result, None)
        elif isinstance(result, (tuple, list)) and len(result) >= 2:
            self._pair = (result[0], result[1])
        else:
            raise TypeError(
                "with `has_aux=True` the function must return a pair (loss, aux). "
                f"Got {_described(result)}. Write `return loss, aux`."
            )

    def _strip(self, output: Any) -> torch.Tensor | tuple[Any, ...]:
        if type(output) is torch.Tensor:
            self.output_units, self.output_spec = [None], _tree.LEAF
            return output
        entries, self.output_spec = _tree.flatten(output, is_leaf=lambda x: type(x) is Quantity)
        self.output_units = [entry.unit if type(entry) is Quantity else None for entry in entries]
        bare = tuple([entry.mantissa if type(entry) is Quantity else entry for entry in entries])
        return bare[0] if self.output_spec is _tree.LEAF else bare

    def _refuse_untouched(self, frame: Frame) -> None:
        for state in self.inputs.selection.states:
            if not frame.is_touched(state):
                state.raise_error_with_source_info(
                    ValueError(
                        f"every State of `grad_states` must be used by the function. Got {state!r}, "
                        f"made at {state.source_info}, which it never reads or writes. "
                        "Take it out, or pass `check_states=False` for a zero gradient."
                    )
                )

    def carried(self, tensors: Sequence[torch.Tensor]) -> Carried:
        """What the run brought out, from the tensors as they left the host transform."""
        if self._static is None:
            return _NOTHING
        return Carried(*combine(tensors, self._static))

    def commit(self, carried: Carried) -> None:
        """Write the States, all or none."""
        frame = self._frames[-1]
        if frame.changed or CONTEXT.frames:
            frame.commit(carried.written, carried.created)

    def abandon(self) -> None:
        """After an exception: undo what lives outside States; no State made inside keeps a wrapper of the host."""
        for frame in reversed(self._frames):
            frame.abandon()


def pure(leaves: Sequence[torch.Tensor], call: Call) -> tuple[Any, tuple[torch.Tensor, ...]]:
    """What a base transform differentiates by its first argument: :meth:`Call.run` as a function."""
    return call.run(leaves)


def off_tape(tensors: Any, call: Call) -> Any:
    """The tensors, in lists and tuples, without the autograd graph of what the function closed over.

    Outside of any transform a result carries a graph only if an input does, or inside :func:`taped`.
    """
    if call.detached or CONTEXT.frames or is_transformed():
        return tensors
    if any(leaf.requires_grad for leaf in call.inputs.leaves):
        return tensors
    return _detached(tensors)


def _detached(x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return x.detach() if x.requires_grad else x
    return type(x)([_detached(item) for item in x]) if isinstance(x, (list, tuple)) else x


def _protected(leaves: Sequence[torch.Tensor], inputs: Inputs) -> list[torch.Tensor]:
    """The leaves, with those of States made safe from writes in place."""
    count = inputs.spec.children[0].size
    for leaf in leaves[:count]:
        # The host transform has just made these tensors, so that nobody else can be surprised by the change.
        if type(leaf) is torch.Tensor:
            leaf.__class__ = Value
    return list(leaves)


def _check_structure(state: State[Any], before: Any, after: Any) -> None:
    if type(before) is Value and type(after) is Value:
        return
    old, new = _tree.structure(before), _tree.structure(after)
    if old != new:
        state.raise_error_with_source_info(
            ValueError(
                f"a transformed function must leave each State with the structure and units that it had. "
                f"Got {new} for {state!r}, which had {old}. No State was changed."
            )
        )


def _described(x: Any) -> str:
    if isinstance(x, (tuple, list)):
        return f"a {type(x).__name__} of length {len(x)}"
    return f"a {type(x).__name__}"
