"""SuppliedFrame: a frame that decides what value a State has inside when the State is first touched."""

from collections.abc import Callable
from typing import Any

from .. import _tree
from .base import State
from .context import CONTEXT
from .frame import Frame, outside
from .writes import is_watched, noted

__all__ = ["SuppliedFrame"]


class SuppliedFrame(Frame):
    """A frame in which States have the values that a function makes of the ones they have outside.

    Parameters
    ----------
    supply
        Called once with each State that is touched, its value outside, and this frame, with the surroundings of the
        frame active. It returns the value inside.
    name
        Shown by ``str``.
    tells_reads
        Keep apart the States that are read, in `was_read`, from those that are only written.
    """

    provides = True

    def __init__(
        self,
        supply: Callable[[State[Any], Any, "SuppliedFrame"], Any],
        name: str | None = None,
        tells_reads: bool = False,
    ) -> None:
        super().__init__(name=name)
        self._supply = supply
        self.was_read: set[State[Any]] = set()
        self.observes = tells_reads

    def provide(self, state: State[Any]) -> Any:
        """The value of a State that is touched for the first time."""
        with outside(self):
            outer = state._get()
            for trace in CONTEXT.traces[state._level :]:
                trace.read_its_value(state)
            value = self._supply(state, outer, self)
        # A list or dict that is edited inside must not be the State's own.
        self.values[state] = _tree.map(lambda x: x, value) if _tree.is_container(value) else value
        if is_watched():
            self.notes[state] = noted(self.values[state])
        return self.values[state]

    def read_its_value(self, state: State[Any]) -> None:
        """Record a read of the State; what is read after a write is not the value that the State had."""
        if state not in self._written:
            self.was_read.add(state)
        super().read_its_value(state)

    def write_its_value(self, state: State[Any]) -> None:
        """Record a write of the State."""
        if state not in self._originals:
            super().read_its_value(state)
        self._written[state] = None

    def mark_written(self, state: State[Any], value: Any) -> None:
        """Count the State as written, though no code inside did."""
        self._originals.setdefault(state, value)
        self._written[state] = None
