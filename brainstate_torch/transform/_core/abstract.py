"""eval_shape: what a function returns and leaves in its States, without computing it."""

from collections.abc import Callable
from typing import Any

import torch

from ... import _tree
from ..._host.functorch import shapes_alone
from ..._state import Frame, State
from ..._state.context import CONTEXT
from .functional import checked_arguments, run
from .placing import device_beside
from .shapes import ShapeDtypeStruct, shapes_of

__all__ = ["eval_shape", "is_abstract"]


class _AbstractFrame(Frame):
    """A frame in which every State holds tensors without numbers."""

    provides = True

    def provide(self, state: State[Any]) -> Any:
        """The State's value without numbers."""
        outer = [frame.values[state] for frame in CONTEXT.frames if state in frame.values]
        self.values[state] = state._own(_without_numbers(outer[-1] if outer else state._value))
        return self.values[state]

    def check(self) -> None:
        """There are no numbers that could have been written."""


def is_abstract() -> bool:
    """Whether only shapes are being computed."""
    return any(isinstance(frame, _AbstractFrame) for frame in CONTEXT.frames)


def _without_numbers(tree: Any, home: torch.device | None = None) -> Any:
    """The tree with fake tensors, called under a FakeTensorMode."""

    def fake(leaf: Any) -> Any:
        if not isinstance(leaf, (ShapeDtypeStruct, torch.Tensor)):
            return leaf
        return torch.empty(leaf.shape, dtype=leaf.dtype, device=getattr(leaf, "device", home))

    return _tree.map(fake, tree)


def eval_shape(f: Callable[..., Any], *args: Any, return_state_shapes: bool = False, **kwargs: Any) -> Any:
    """The shapes and dtypes of a function's result, at no cost in time or memory; no State is changed.

    States made inside, also those of a module that is returned, hold shapes afterwards.

    Parameters
    ----------
    f
        Any function that does not look at the numbers.
    *args, **kwargs
        Tensors, or :class:`ShapeDtypeStruct` in their place.
    return_state_shapes
        Return ``(shapes of the States touched, shapes of the result)``, the first as a dict by State.

    Returns
    -------
    Any
        A tree like the result with a :class:`ShapeDtypeStruct` for each tensor or number; quantities keep their unit.

    Notes
    -----
    Source: brainstate.transform.eval_shape (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.ones(3, 2))
    >>> x = brainstate.transform.ShapeDtypeStruct((1000, 3), torch.float32)
    >>> brainstate.transform.eval_shape(lambda x: x @ w.value, x)
    ShapeDtypeStruct(float32[1000, 2])
    """
    positional, named = checked_arguments(args, kwargs)
    home = device_beside((args, kwargs), [f])
    with shapes_alone():
        frame = _AbstractFrame(name="eval_shape")
        fakes = _without_numbers((positional, named), home)
        outcome = run(f, fakes[0], fakes[1], frame=frame)
        shapes = shapes_of(outcome.result)
        values = dict(zip(frame.written(), outcome.written, strict=True))
        touched = {state: shapes_of(values.get(state, frame.values.get(state))) for state in frame.states}
        created = shapes_of(outcome.created)
    frame.abandon()
    for state, value in zip(frame.created, created, strict=True):
        state._hold(value)
    return (touched, shapes) if return_state_shapes else shapes
