"""CallFrame: the frame of a module that is called as an ordinary torch module, outside of any transform."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .. import _tree
from .._host.functorch import is_transformed
from .backing import filled
from .base import State
from .context import CONTEXT
from .frame import Frame, TapeFrame
from .kinds import ParamState
from .value import Value, unmarked

__all__ = ["CallFrame", "carried", "carrying", "in_graph", "is_outermost"]


class CallFrame(TapeFrame):
    """Within it, ParamStates show the Parameters that require a gradient; what is written leaves the graph at its end.

    Other States keep their own values, without Parameters: most calls touch many of them, and an optimizer wants none.
    An exception leaves every State as it was, as in a transform.
    """

    def __init__(self, name: str | None = None) -> None:
        super().__init__(name=name)
        #: The States that torch.export reads before it writes them; not kept otherwise.
        self.was_read: set[State[Any]] = set()
        self.observes = torch.compiler.is_exporting()

    def read_its_value(self, state: State[Any]) -> None:
        """Record a read of the State."""
        if self.observes and state not in self._written:
            self.was_read.add(state)
        super().read_its_value(state)

    def provide(self, state: State[Any]) -> Any:
        """The Parameters of a State that trains; the value of any other."""
        value = self.values[state] = carried(state)
        return value

    def abandon(self) -> None:
        """Undo what happened inside; unlike in a transform, what a State made inside holds is usable after it."""
        for state in self.created:
            state._hold(state._own(state._value))
        self.created = {}
        super().abandon()

    def __exit__(self, exc_type: Any, exc_value: Any, traceback: Any) -> None:
        Frame.__exit__(self, exc_type, exc_value, traceback)
        if exc_type is None and self.observes:
            self._drop_what_is_of_one_run()
        if exc_type is None and (self._written or self.created or self.lent):
            self.commit([self.values[state] for state in self.written()], [state._value for state in self.created])

    def _drop_what_is_of_one_run(self) -> None:
        """Forget what torch.export wrote to States that are no buffers, which an exported program does not have."""
        for state in self.written():
            if state._parameters is None:
                self.refuse_carried(state)
                del self._written[state]

    def refuse_carried(self, state: State[Any]) -> None:
        """Raise if a State that is written is no buffer, and was read before.

        Raises
        ------
        NotImplementedError
            Its value is an input of the exported program, which would have to return the new one.
        """
        if state._parameters is None and state in self.was_read:
            state.raise_error_with_source_info(NotImplementedError(_OF_ONE_RUN.format(state)))


_OF_ONE_RUN = (
    "an exported program must not carry a State of one run from call to call. Got {}, which is read and written. Hold "
    "it in a LongTermState, a buffer; or let the module take its value as an argument, assign it, and return the new "
    "one."
)


def carried(state: State[Any]) -> Any:
    if state._shown is not None and _tree.is_container(state._value):
        state._show()  # what was edited in a list or dict that was handed out is a write
    parameters, value = state._parameters, state._value
    if parameters is not None and any(parameter.requires_grad for parameter in parameters):
        return parameters[0] if type(value) is Value else filled(value, parameters)
    if parameters is None and (type(value) is not Value or isinstance(state, ParamState)):
        tensors = [leaf for leaf in _tree.leaves(value) if isinstance(leaf, torch.Tensor)]
        # A State made inside, from something with a graph, keeps that.
        if any(state._trains(x) for x in tensors) and not any(x.requires_grad for x in tensors):
            return state._with_parameters()
    value = state._show()
    # A list or dict that is edited inside must not be the State's own.
    return _tree.map(unmarked, value) if _tree.is_container(value) else value


def is_outermost() -> bool:
    """Whether a call of a module is to carry the graph: autograd records, and no transform or call is around."""
    return not CONTEXT.frames and torch.is_grad_enabled() and not is_transformed()


def carrying(method: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Call a function in a :class:`CallFrame`; :func:`is_outermost` holds."""
    frame = CallFrame()
    depth = len(CONTEXT.traces)
    try:
        with frame:
            return method(*args, **kwargs)
    except BaseException:
        # A signal within `__enter__`, or before the first line of `__exit__`, must not leave the frame behind.
        del CONTEXT.traces[depth:], CONTEXT.frames[:]
        frame.abandon()
        raise


def in_graph(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that carries the graph of the Parameters as the call of a module does."""

    @functools.wraps(method)
    def called(*args: Any, **kwargs: Any) -> Any:
        return carrying(method, args, kwargs) if is_outermost() else method(*args, **kwargs)

    return called
