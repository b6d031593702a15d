"""LentFrame: tensors that torch puts in the place of Parameters for the time of a call, as functional_call does."""

import sys
from typing import Any

import torch

from .. import _tree
from .._host.functorch import level
from .backing import filled
from .base import State
from .call_frame import CallFrame, carried
from .context import CONTEXT
from .value import as_value

__all__ = ["LentFrame", "lend", "lent_for", "tensors_of"]


#: What marks an error that was raised when a frame was left.
_ENDED = "_ended_exchange"


class LentFrame(CallFrame):
    """A call in which some States have tensors that are no Parameters of theirs.

    It begins with the first such tensor and ends when each Parameter is back in its place. What was written to these
    States is then found by the caller in the place of what it gave, and the States are as they were.
    """

    def __init__(self) -> None:
        super().__init__(name="functional_call")
        #: For each State, by the place of the leaf: the tensor that was given, and what stands for it in the value.
        self.given: dict[State[Any], dict[int, tuple[torch.Tensor, torch.Tensor]]] = {}
        self.begun_in = sys.exc_info()[0]

    def provide(self, state: State[Any]) -> Any:
        """What a State has that was given nothing."""
        # torch.export puts its tensors in place before it says that it is at work.
        self.observes = torch.compiler.is_exporting()
        value = self.values[state] = carried(state) if torch.is_grad_enabled() else state._show()
        return value

    def take(self, state: State[Any], place: int, tensor: torch.Tensor) -> None:
        """Put a tensor in the place of a leaf; the Parameter of the leaf itself ends that."""
        leaves = _tensors(self.values[state] if state in self.values else self.provide(state))
        given = self.given.setdefault(state, {})
        own = state._parameters_now()[place]
        before = given.pop(place, None)
        if before is not None and leaves[place] is not before[1] and torch.compiler.is_exporting():
            with torch.no_grad():  # a buffer that was assigned; torch.export sees writes in place only
                before[0].copy_(leaves[place])
        if tensor is own:
            leaves[place] = own
        else:
            leaves[place] = as_value(tensor.view_as(tensor))
            given[place] = tensor, leaves[place]
        self.level = level()
        self.values[state] = filled(state._value, leaves)
        self.note(state, self.values[state])
        if not given:
            del self.given[state], self.values[state]
            self._written.pop(state, None)
            self.notes.pop(state, None)
        if not self.given:
            self.end()

    def give(self, state: State[Any], value: Any) -> None:
        """Set the value that a State has inside."""
        if self.observes:
            self.refuse_carried(state)
        super().give(state, value)

    def end(self) -> None:
        """Leave the frame; a call that raised leaves every State as it was."""
        kind = sys.exc_info()[0]
        try:
            self.__exit__(None if kind is self.begun_in else kind, None, None)
        except Exception as error:
            error.__dict__[_ENDED] = True
            raise

    def tensors(self, state: State[Any]) -> list[torch.Tensor]:
        """The tensors of the leaves of a State as whoever gave them knows them, or what was written over them."""
        leaves = _tensors(self.values[state])
        for place, (given, shown) in self.given[state].items():
            if leaves[place] is shown:
                leaves[place] = given
        return leaves


def _tensors(value: Any) -> list[Any]:
    return [leaf for leaf in _tree.leaves(value) if isinstance(leaf, torch.Tensor)]


def _frame_of(state: State[Any] | None) -> LentFrame | None:
    frame = CONTEXT.frames[-1] if CONTEXT.frames else None
    return frame if isinstance(frame, LentFrame) and (state is None or state in frame.given) else None


def lend(state: State[Any], place: int, tensor: torch.Tensor) -> None:
    """Put a tensor in the place of the leaf of a State; its own Parameter ends that."""
    frame = _frame_of(None)
    if frame is None:
        # torch puts back what it exchanged before an error, which here ended the exchange.
        if tensor is state._parameters_now()[place] or hasattr(sys.exc_info()[1], _ENDED):
            return
        frame = LentFrame()
        frame.__enter__()
    elif state not in frame.given and tensor is state._parameters_now()[place]:
        return
    frame.take(state, place, tensor)


def lent_for(state: State[Any]) -> list[Any] | None:
    """The tensors of the leaves of a State of which some are lent; None if none is."""
    frame = _frame_of(state)
    return frame.tensors(state) if frame is not None else None


def tensors_of(state: State[Any]) -> list[Any]:
    """The Parameters of a State, in the order of its leaves; what is lent in their place."""
    return lent_for(state) or state._parameters_now()
