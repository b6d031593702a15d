"""The States of a mapped call: the slices that lanes see, and the axes along which written values are stacked."""

import contextlib
import warnings
import weakref
from typing import Any

import torch

from ... import _tree
from ..._errors import BatchAxisError
from ..._host import functorch as _func
from ..._program.recording import is_recording, recording
from ..._state import State
from ..._state.supplied import SuppliedFrame
from ..._state.value import owned
from ...random import RandomState
from ...random._threefry import split
from .axes import UNMAPPED, StateAxes, normal_axis
from .ranks import Ranks

__all__ = ["POLICIES", "Again", "LaneStates"]

POLICIES = ("auto", "raise", "warn", "ignore")


class Again(BaseException):
    """The call has to be run once more: a State turned out to have a slice for each lane.

    Not an Exception: the function that is mapped must not catch it.
    """


class LaneStates:
    """What happens to the States in one call of a mapped function.

    Parameters
    ----------
    inside, outside
        The axes along which States are taken apart and put together.
    unexpected
        What to do with a value that differs from lane to lane in a State that neither names.
    candidates
        States that no argument names, which earlier calls read and then wrote batched: those of the right size are
        mapped.
    size
        The number of lanes; None while it is not known.
    ranks
        The processes that share the lanes.
    """

    def __init__(
        self,
        inside: StateAxes,
        outside: StateAxes,
        unexpected: str,
        candidates: "weakref.WeakSet[State[Any]]",
        size: int | None,
        ranks: Ranks,
    ) -> None:
        self.inside, self.outside, self.unexpected = inside, outside, unexpected
        self.candidates, self.size, self.ranks = candidates, size, ranks
        self.axes: dict[State[Any], int] = {}
        self.after: dict[State[Any], torch.Tensor] = {}
        self._recording = recording() if is_recording() else None
        self.frame = SuppliedFrame(self.supply, name="map", tells_reads=unexpected == "auto")

    def supply(self, state: State[Any], value: Any, frame: SuppliedFrame) -> Any:
        """What the lanes see of a State."""
        if isinstance(state, RandomState) and not _has_keys(value):
            return self._stream(state, value, frame)
        axis = self.inside.of(state)
        if axis is UNMAPPED and state in self.candidates and self._fits(value):
            axis = 0
        if axis is UNMAPPED or axis is None:
            return value
        out = self.outside.of(state)
        if out is not UNMAPPED and out is not None and out != axis:
            state.raise_error_with_source_info(
                BatchAxisError(
                    f"a State of `{self.inside.name}` must have the same axis in `{self.outside.name}`. "
                    f"Got {axis} and {out} for {state!r}."
                )
            )
        self.axes[state] = axis
        return self._lanes(_tree.map(lambda leaf: self._part(leaf, axis), value), axis)

    def _part(self, leaf: Any, axis: int) -> torch.Tensor:
        """What this process has of a leaf."""
        place = normal_axis(self.inside.name, axis, leaf)
        size = leaf.shape[place]
        if self.size is None:
            raise Again(size)
        if size != self.size:
            raise ValueError(
                f"the mapped axes must have one size. Got {size} in a State of `{self.inside.name}`, "
                f"where there are {self.size} lanes."
            )
        return self.ranks.part(leaf, place)

    def _lanes(self, value: Any, axis: int) -> Any:
        level = self.frame.level
        lanes = _tree.map(lambda leaf: _func.lanes_of(leaf, axis % leaf.ndim, level), value)
        return owned(lanes, level=level, attached=True)

    def _stream(self, state: RandomState, value: Any, frame: SuppliedFrame) -> Any:
        """The stream of a RandomState: its key is split by lanes, and continues after the splits."""
        if self.size is None:
            return value
        if state.impl == "torch":
            # torch's own generator draws another number for each lane.
            if self.ranks.size == 1:
                return value
            stream, self.after[state] = self.ranks.streams(value)
            frame.mark_written(state, value)
            return owned(stream, level=frame.level, attached=True)
        with self._outside():
            # As brainstate splits: one key for each lane, and one to continue with, so that the numbers are its own.
            keys = split(value, self.size + 1)
            self.after[state] = split(keys[..., 0, :], 2)[..., 1, :]
            lanes = self.ranks.part(keys[..., 1:, :], keys.ndim - 2)
        # A stream advances by being read.
        frame.mark_written(state, value)
        return self._lanes(lanes, -2)

    def _outside(self) -> contextlib.AbstractContextManager[Any]:
        """Within: the caller is outside of the vmap, but not in a loop or branch that is recorded inside it."""
        if self._recording is None or recording() is self._recording:
            return _func.below(self.frame.level)
        return self._recording.resumed()

    def _fits(self, value: Any) -> bool:
        leaves = _tree.leaves(value)
        return bool(leaves) and all(
            isinstance(leaf, torch.Tensor) and leaf.ndim > 0 and leaf.shape[0] == self.size for leaf in leaves
        )

    def target(self, state: State[Any], batched: bool) -> Any:
        """The axis of a written State along which its lanes are put together; None for one value for all.

        Raises
        ------
        BatchAxisError
            The lanes differ in a State that must not.
        ValueError
            The lanes differ in a State that the user said to be one.
        """
        if state in self.axes:
            return self.axes[state]
        axis = self.outside.of(state)
        # One value for all lanes, whatever axis was named.
        if not batched or state in self.after:
            return None
        if axis is None:
            state.raise_error_with_source_info(
                ValueError(
                    f"a State at None in `{self.outside.name}` must have one value for all lanes. "
                    f"Got one that differs from lane to lane for {state!r}. Give it an axis."
                )
            )
        return self._unexpected(state) if axis is UNMAPPED else axis

    def _unexpected(self, state: State[Any]) -> int:
        if self.unexpected == "raise":
            state.raise_error_with_source_info(
                BatchAxisError(
                    f"a value that differs from lane to lane must go to a State named in `{self.outside.name}`. "
                    f"Got one for {state!r}. Name it, or reduce the value over the lanes. No State was changed."
                )
            )
        if self.unexpected == "warn":
            warnings.warn(
                f"{state!r} was given a value that differs from lane to lane, and is not named in "
                f"`{self.outside.name}`. It gets a leading axis for the lanes.",
                UserWarning,
                stacklevel=2,
            )
        if self.unexpected == "auto" and state in self.frame.was_read:
            self._read_and_written(state)
        return 0

    def _read_and_written(self, state: State[Any]) -> None:
        """Run again with one slice of the State per lane, if it has as many; otherwise the next call will."""
        known = state in self.candidates
        self.candidates.add(state)
        if self._fits(self.frame.original(state)):
            raise Again
        if not known:
            warnings.warn(
                f"{state!r} is read, and is given a value that differs from lane to lane, but has no slice for each of "
                f"the {self.size} lanes. It gets a leading axis for them. Name it in `{self.inside.name}` or "
                f"`{self.outside.name}` to say that this is meant.",
                UserWarning,
                stacklevel=2,
            )


def _has_keys(value: Any) -> bool:
    """Whether these are several keys, as made by `self_assign_multi_keys`, which are mapped like any value."""
    return isinstance(value, torch.Tensor) and value.dtype == torch.uint32 and value.ndim > 1
