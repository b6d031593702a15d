"""One call of a stateful function as a pure function of tensors, and its result put together again.

Only tensors leave a transform of torch.func, so the static part of what a run did (units, structure, its frame) leaves
as a :class:`Ran`, which the run hands to its :class:`Run`.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Self

import torch

from ... import _tree
from ..._errors import kind_of
from ..._host.functorch import is_transformed
from ..._state import Frame
from ..._state.context import CONTEXT
from ..._state.value import Value
from ...units import Quantity, Unit
from .carry import protected
from .functional import Template, combine, partition, run
from .selection import Inputs

__all__ = ["Carried", "Ran", "Run", "off_tape", "pure"]

Tensors = tuple[torch.Tensor, ...]

_PLAIN = {torch.Tensor}
_requires_grad: Callable[[torch.Tensor], bool] = torch.Tensor.requires_grad.__get__  # type: ignore[attr-defined]


class Carried(NamedTuple):
    """What a run brings out besides the tensors that the host transform works on."""

    value: Any
    aux: Any
    written: list[Any]
    created: list[Any]


_NOTHING = Carried(None, None, [], [])


class Ran(NamedTuple):
    """What one run did, without the tensors that left through the host transform.

    Attributes
    ----------
    output
        The result as the function returned it; its tensors belong to the host transform.
    units
        The unit of each result tensor, None for a plain one.
    spec
        The structure of the result, whose leaves are tensors and quantities.
    template
        The structure of the tensors that were carried out; None if there were none.
    frame
        What happened to States.
    """

    output: Any
    units: list[Unit | None]
    spec: _tree.Spec
    template: Template | None
    frame: Frame

    def carried(self, tensors: Sequence[torch.Tensor]) -> Carried:
        """What the run brought out, from the tensors as they left the host transform."""
        return _NOTHING if self.template is None else Carried(*combine(tensors, self.template))

    def commit(self, carried: Carried) -> None:
        """Write the States, all or none."""
        if self.frame.changed or CONTEXT.frames:
            self.frame.commit(carried.written, carried.created)


class Run:
    """A call of a stateful function, as a pure function of the tensors that are differentiated.

    As a context it undoes, after an exception, what its runs did outside States. The host transform may run it more
    than once; the last run counts.

    Parameters
    ----------
    user
        The user's function.
    inputs
        The tensors that the pure function takes, and the arguments and States that they belong to.
    kwargs
        The keyword arguments.
    has_aux
        The function returns a pair of its result and something to carry out.
    return_value
        The result itself is carried out, too.
    check_states
        Every State of the inputs must be read or written.
    """

    __slots__ = ("check_states", "has_aux", "inputs", "kwargs", "ran", "return_value", "user")

    def __init__(
        self,
        user: Callable[..., Any],
        inputs: Inputs,
        kwargs: Mapping[str, Any],
        *,
        has_aux: bool = False,
        return_value: bool = False,
        check_states: bool = True,
    ) -> None:
        self.user, self.inputs, self.kwargs = user, inputs, kwargs
        self.has_aux, self.return_value, self.check_states = has_aux, return_value, check_states
        self.ran: list[Ran] = []

    @property
    def last(self) -> Ran:
        """The last run."""
        return self.ran[-1]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: Any, traceback: Any) -> None:
        if kind is not None:
            self.abandon()

    def abandon(self) -> None:
        """Undo what the runs did outside States; no State made inside keeps a wrapper of the host transform."""
        # Last changes first, as they were made on top of each other.
        for ran in reversed(self.ran):
            ran.frame.abandon()

    def __call__(self, leaves: Sequence[torch.Tensor]) -> tuple[torch.Tensor | tuple[Any, ...], Tensors]:
        """Give the result's tensors (one, or a tuple), and the tensors to carry out.

        Raises
        ------
        TypeError
            With `has_aux`, the function returned no pair.
        ValueError
            A State to differentiate was never touched, or the result holds a State, or a State changed its structure.
        """
        selection = self.inputs.selection
        values, arguments = self.inputs.dressed(_protected(leaves))
        args, kwargs = self.inputs.args, self.kwargs
        if args:
            args = [arg if i in selection.places else protected(arg) for i, arg in enumerate(args)]
            for place, argument in zip(selection.places, arguments, strict=True):
                args[place] = argument
        if kwargs:
            kwargs = protected(kwargs)
        (output, aux), frame, written, created = run(
            self.user, args, kwargs, selection.states, values, accept=self._accepted
        )
        tensors: Tensors = ()
        template = None
        if self.return_value or aux is not None or written or created:
            tensors, template = partition((output, aux, written, created))
        bare, units, spec = _bare(output)
        self.ran.append(Ran(output, units, spec, template, frame))
        return bare, tensors

    def _accepted(self, result: Any, frame: Frame) -> tuple[Any, Any]:
        """The result and what it carries besides."""
        if self.check_states and not frame._originals.keys() >= self.inputs.selection.distinct:
            self._refuse_untouched(frame)
        if not self.has_aux:
            return result, None
        if isinstance(result, (tuple, list)) and len(result) == 2:
            return result[0], result[1]
        raise TypeError(
            "with `has_aux=True` the function must return a pair (loss, aux). "
            f"Got {_described(result)}. Write `return loss, aux`."
        )

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


def pure(leaves: Sequence[torch.Tensor], run: Run) -> tuple[Any, Tensors]:
    """The :class:`Run` as a function, which a base transform differentiates with respect to its first argument."""
    return run(leaves)


def off_tape(tensors: Any, inputs: Inputs) -> Any:
    """The tensors, in lists and tuples, without the autograd graph of what the function closed over.

    Outside of any transform a result carries a graph only if an input does, or inside :func:`taped`.
    """
    if set(map(type, tensors)) <= _PLAIN and not any(map(_requires_grad, tensors)):
        return tensors  # The usual case takes a quarter of the time here.
    if CONTEXT.frames or is_transformed() or any(leaf.requires_grad for leaf in inputs.leaves):
        return tensors
    return _detached(tensors)


def _detached(x: Any) -> Any:
    if isinstance(x, torch.Tensor):
        return x.detach() if x.requires_grad else x
    return type(x)([_detached(item) for item in x]) if isinstance(x, (list, tuple)) else x


def _bare(output: Any) -> tuple[torch.Tensor | tuple[Any, ...], list[Unit | None], _tree.Spec]:
    """The tensors of a result (one, or a tuple), the unit of each, and the structure of the result."""
    if type(output) is torch.Tensor:
        return output, [None], _tree.LEAF
    entries, spec = _tree.flatten(output, is_leaf=lambda x: type(x) is Quantity)
    units = [entry.unit if type(entry) is Quantity else None for entry in entries]
    bare = tuple([entry.mantissa if type(entry) is Quantity else entry for entry in entries])
    return (bare[0] if spec is _tree.LEAF else bare), units, spec


def _protected(leaves: Sequence[torch.Tensor]) -> list[torch.Tensor]:
    """The leaves, made safe from writes in place."""
    # The host transform has just made these tensors, so nothing else refers to them.
    for leaf in leaves:
        if type(leaf) is torch.Tensor:
            leaf.__class__ = Value
    return list(leaves)


def _described(x: Any) -> str:
    if isinstance(x, (tuple, list)):
        return f"{kind_of(x)} of length {len(x)}"
    return kind_of(x)
