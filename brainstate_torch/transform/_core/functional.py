"""The core that all transforms share: a stateful function runs on given values of States, and changes none.

split    Inputs takes the tensors out of States and arguments, units off
run      a Run is the pure function: tensors -> (result tensors, tensors to carry out)
host     torch.func or autograd works on it
commit   Ran.carried puts static parts and units back, Ran.commit writes the States, all or none
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from ... import _tree
from ..._arrays import from_numpy
from ..._errors import kind_of
from ..._state import Frame, State
from ..._state.context import CONTEXT
from ..._state.value import Value, unmarked
from .memory import own
from .placing import device_beside

__all__ = ["FLOAT0", "Outcome", "Template", "checked_arguments", "combine", "partition", "run", "run_and_commit"]

FLOAT0 = np.dtype([("float0", np.void, 0)])


class Template(NamedTuple):
    """A tree with its tensors taken out: its structure, its other leaves, and the places of the tensors."""

    spec: _tree.Spec
    leaves: list[Any]
    places: list[int]


def partition(tree: Any) -> tuple[tuple[torch.Tensor, ...], Template]:
    """The tensors of a tree, and its template; inverse of :func:`combine`. Units stay in the template."""
    leaves, spec = _tree.flatten(tree)
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]
    tensors = tuple([leaves[i] for i in places])
    for i in places:
        leaves[i] = None
    return tensors, Template(spec, leaves, places)


def combine(tensors: Sequence[torch.Tensor], template: Template) -> Any:
    """The tree with these tensors in the places of a template."""
    leaves = list(template.leaves)
    for i, tensor in zip(template.places, tensors, strict=True):
        leaves[i] = tensor
    return _tree.unflatten(template.spec, leaves)


def checked_arguments(
    args: Sequence[Any], kwargs: Mapping[str, Any], beside: Sequence[Any] = ()
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with numpy arrays made tensors, and dicts in the order of their sorted keys.

    Parameters
    ----------
    beside
        Functions, modules and States by which an array is placed where no tensor is among the arguments.

    Raises
    ------
    ValueError
        An argument is, or holds, a State.
    """

    def place() -> torch.device | None:
        return device_beside((args, kwargs), beside)

    return (
        [
            arg if type(arg) is torch.Tensor else _checked(f"argument {i}", arg, True, place)
            for i, arg in enumerate(args)
        ],
        {key: _checked(f"argument `{key}`", arg, True, place) for key, arg in kwargs.items()},
    )


def _checked(
    name: str, arg: Any, canonical: bool = False, place: Callable[[], torch.device | None] = lambda: None
) -> Any:
    if arg is None or type(arg) in (Value, float, int, str):
        return arg
    leaves, spec = _tree.flatten(arg)
    changed = False
    for i, leaf in enumerate(leaves):
        if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "biufc":
            leaves[i], changed = from_numpy(leaf, place() if leaf.ndim else None), True
        elif isinstance(leaf, torch.Tensor):
            leaves[i] = unmarked(leaf)
            changed |= leaves[i] is not leaf
        elif isinstance(leaf, State):
            raise ValueError(
                f"{name} of a transformed function cannot be an instance of State. Got {kind_of(leaf)}. "
                "Use its `.value`."
            )
    if canonical and spec.reordered:
        return _tree.unflatten(spec.canonical(), leaves)
    return _tree.unflatten(spec, leaves) if changed else arg


class Outcome(NamedTuple):
    """What one run of a stateful function did: its result, and the values that States had at its end."""

    result: Any
    frame: Frame
    written: list[Any]
    created: list[Any]

    def committed(self) -> Any:
        """Write the States, all or none, and give the result."""
        self.frame.commit(self.written, self.created)
        return self.result


def run(
    user: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    states: Sequence[State[Any]] = (),
    values: Sequence[Any] = (),
    accept: Callable[[Any, Frame], Any] | None = None,
    frame: Frame | None = None,
) -> Outcome:
    """Run the user's function while `states` have other `values`; no State is changed.

    Parameters
    ----------
    accept
        Takes the result and the active frame, and returns the result to use. If it raises, the run has no effect.

    Raises
    ------
    ValueError
        The result holds a State, or a State was left with another structure or unit than it had.
    """
    frame = frame or Frame()
    traces, frames = CONTEXT.traces, CONTEXT.frames
    depth, height = len(traces), len(frames)
    try:
        with frame:
            frame.substitute(states, values)
            result = user(*args, **kwargs)
            result = own(result)
            if type(result) is not torch.Tensor:
                result = _checked("the result", result, True, lambda: device_beside((args, kwargs), ()))
            if accept is not None:
                result = accept(result, frame)
            written, created = [], []
            if frame._written or frame.lent or frame._created:
                for state in frame.written():
                    written.append(frame.values[state])
                    _check_structure(state, frame.original(state), written[-1])
                created = [state._value for state in frame._created]
    except BaseException:
        # A signal may have arrived within `__enter__` or before the first line of `__exit__`: the frame would stay
        # active, and every later write of the thread would be lost. No signal is handled within the next line.
        del traces[depth:], frames[height:]
        frame.abandon()
        raise
    return Outcome(result, frame, written, created)


def run_and_commit(user: Callable[..., Any], args: Sequence[Any]) -> Any:
    """Run a function, write the States, all or none, and give the result.

    A signal that arrives between the two undoes what the function did outside States, too.
    """
    frame = Frame()
    try:
        return run(user, args, {}, frame=frame).committed()
    except BaseException:
        frame.abandon()
        raise


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
