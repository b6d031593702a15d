"""States that are made from others: copies, pickles and references."""

from typing import Any, Generic, Self, TypeVar

from .._errors import kind_of
from .backing import INVALIDATED, Backed, filled, shown
from .context import CONTEXT
from .hooked import Hooked
from .source import SourceInfo
from .treefy import TreefyState
from .value import StateParameter

__all__ = ["A", "Copied"]

A = TypeVar("A")


class Copied(Backed, Hooked, Generic[A]):
    """The part of a State that makes others like it, or becomes like another."""

    value: A
    _level: int
    _source_info: SourceInfo

    def copy(self) -> Self:
        """A new State with the same value and metadata, and no hooks.

        Returns
        -------
        State
            The new State, of the same class.

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> a = brainstate.State(torch.zeros(2), name='a')
        >>> b = a.copy()
        >>> b.value += 1
        >>> a.value, b.name
        (tensor([0., 0.]), 'a')
        """
        return self._twin({})

    def _twin(self, changes: dict[str, Any]) -> Self:
        twin = object.__new__(type(self))
        vars(twin).update({**vars(self), "_value": self._own(self._get()), **changes})
        twin._begin()
        twin._end()
        return twin

    def copy_from(self, other: Self) -> None:
        """Take over the value and the metadata of another State of the same type; hooks stay.

        Parameters
        ----------
        other
            The State to take from.

        Raises
        ------
        ValueError
            The other State is of another type.
        """
        if type(self) is not type(other):
            raise ValueError(f"`other` must be {kind_of(self)}. Got {kind_of(other)}.")
        if self is other:
            return
        mine = ("_level", "_source_info", "_hooks_manager", "_parameters", "_value", "_shown")
        kept = {key: vars(self)[key] for key in mine}
        before = dict(vars(self))
        value, been_writen = self._own(other._get()), other._been_writen
        vars(self).clear()
        vars(self).update({**vars(other), **kept})
        if CONTEXT.frames:
            CONTEXT.frames[-1].on_failure(lambda: self._become(before))
            self._record_write()
        self._put(value)
        self._been_writen = been_writen

    def _become(self, attributes: dict[str, Any]) -> None:
        vars(self).clear()
        vars(self).update(attributes)

    def __copy__(self) -> Self:
        return self.copy()

    def __getstate__(self) -> dict[str, Any]:
        kept = {k: v for k, v in vars(self).items() if k not in ("_hooks_manager", "_level", "_shown")}
        if self._value is not INVALIDATED:
            kept["_value"] = self._get()
        return kept

    def __setstate__(self, kept: dict[str, Any]) -> None:
        parameters = kept.pop("_parameters")
        vars(self).update(kept)
        source, written = self._source_info, self._been_writen
        self._begin()
        self._source_info, self._been_writen = source, written
        self._value = self._own(self._value)
        if parameters is not None:
            for parameter in parameters:
                parameter.__class__ = StateParameter
            self._parameters = parameters
            self._value = filled(self._value, [shown(parameter) for parameter in parameters])

    def to_state_ref(self) -> TreefyState[A]:
        """The value and the metadata as a pytree node.

        Returns
        -------
        TreefyState
            The reference.
        """
        for trace in CONTEXT.traces[self._level :]:
            trace.read_its_value(self)
        hidden = ("_value", "_shown", "_level", "_parameters")
        return TreefyState(type(self), self._get(), **{k: v for k, v in vars(self).items() if k not in hidden})

    def update_from_ref(self, state_ref: TreefyState[A]) -> None:
        """Take over value and metadata of a :class:`TreefyState`: as a write if its source had been written.

        Parameters
        ----------
        state_ref
            The reference.
        """
        metadata = state_ref.get_metadata()
        written = metadata.pop("_been_writen", True)
        own = ("_hooks_manager", "_source_info", "_level", "_parameters", "_shown")
        vars(self).update({k: v for k, v in metadata.items() if k not in own})
        if written:
            self.value = state_ref.value
        else:
            self.restore_value(state_ref.value)

    def restore_value(self, v: A) -> None:
        """Set the value without a write."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Set the attributes that no two States share."""
        raise NotImplementedError

    def _end(self) -> None:
        """Tell the traces the first value."""
        raise NotImplementedError

    def _record_write(self) -> None:
        """Tell the traces of a write."""
        raise NotImplementedError

    def _get(self) -> Any:
        """The value that the caller sees."""
        raise NotImplementedError

    def _put(self, value: Any) -> None:
        """Set the value that the caller sees."""
        raise NotImplementedError
