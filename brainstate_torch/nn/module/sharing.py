"""Parameters that torch exchanges for good: FSDP's, and those of tensor parallelism."""

from typing import Any

import torch

from ..._host.sharding import find_parameters_by, is_distributed
from ..._state import State
from ..._state.call_frame import CallFrame
from ..._state.context import CONTEXT
from ..._state.value import StateParameter
from .named_parts import places

__all__ = ["exchanged"]


def exchanged(kind: type[torch.nn.Module], module: Any, name: str, value: torch.nn.Parameter) -> bool:
    """Let a Parameter back the leaf of a State that has the name, if processes share it, or shared the one before."""
    if "." not in name and not isinstance(vars(module).get(name), State):
        return False
    state, place = next((x for key, x, trained in places(module) if trained and key == name), (None, 0))
    if not isinstance(state, State):
        return False
    if not is_distributed(value) and type(state._parameters_now()[place]) is StateParameter:
        return False
    _leave_frames(state)
    state.exchange(place, value)
    find_parameters_by(kind, lambda module, name: module.get_parameter(name))
    return True


def _leave_frames(state: State[Any]) -> None:
    """Let calls of modules forget what they have read of a State.

    Raises
    ------
    NotImplementedError
        A transform has a value of its own for it.
    """
    for frame in CONTEXT.frames:
        if state in frame.values and (not isinstance(frame, CallFrame) or state in frame._written):
            state.raise_error_with_source_info(
                NotImplementedError(
                    "a model that processes share must be differentiated by `loss.backward()`. Got a call of one "
                    "inside a transform, in which FSDP exchanges Parameters. Write `model(x).sum().backward()` and "
                    "take an optimizer of torch.optim."
                )
            )
        frame.values.pop(state, None)
        frame.notes.pop(state, None)
