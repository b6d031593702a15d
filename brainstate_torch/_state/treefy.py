"""TreefyState: a State's value and metadata as a pytree node."""

from typing import Any, Generic, TypeVar

from .. import _tree
from ..util import PrettyObject
from ..util.pretty import short_repr

__all__ = ["TreefyState"]

A = TypeVar("A")

# Two references to States of one kind are of equal structure wherever they were made and whoever listens.
_NOT_STRUCTURE = ("_source_info", "_hooks_manager")


class TreefyState(PrettyObject, Generic[A]):
    """A State in pieces: its type, its value (the pytree child) and its metadata.

    Parameters
    ----------
    type
        The type of State that :meth:`to_state` makes.
    value
        The value.
    **metadata
        The attributes of the State.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> ref = brainstate.ParamState(torch.zeros(2), name='w').to_state_ref()
    >>> ref.replace(torch.ones(2)).to_state().value
    tensor([1., 1.])
    """

    def __init__(self, type: type[Any], value: A, **metadata: Any) -> None:
        vars(self).update(metadata)
        self.type = type
        self.value = value

    @property
    def name(self) -> str | None:
        """The name of the State."""
        return vars(self).get("_name")

    @name.setter
    def name(self, name: str | None) -> None:
        vars(self)["_name"] = name

    def replace(self, value: Any) -> "TreefyState[Any]":
        """The same metadata around another value.

        Parameters
        ----------
        value
            The value.

        Returns
        -------
        TreefyState
            The new reference.
        """
        return TreefyState(self.type, value, **self.get_metadata())

    def copy(self) -> "TreefyState[A]":
        """A new reference with the same value and metadata.

        Returns
        -------
        TreefyState
            The new reference.
        """
        return self.replace(self.value)

    def to_state(self) -> Any:
        """A new State with this value; the constructor of its type does not run.

        Returns
        -------
        State
            The new State.
        """
        state: Any = object.__new__(self.type)
        vars(state).update({"_name": None, "tag": None, **self.get_metadata()})
        state._begin()
        state._value = state._own(self.value)
        state._end()
        return state

    def get_metadata(self) -> dict[str, Any]:
        """Everything but the type and the value.

        Returns
        -------
        dict
            The metadata by name.
        """
        return {k: v for k, v in vars(self).items() if k not in ("type", "value")}

    def __repr__(self) -> str:
        hidden = ("_source_info", "_hooks_manager", "_been_writen", "_level")
        shown = {k.lstrip("_"): v for k, v in self.get_metadata().items() if k not in hidden and v is not None}
        parts = [f"type={self.type.__name__}", f"value={short_repr(self.value)}"]
        return f"TreefyState({', '.join(parts + [f'{k}={v!r}' for k, v in shown.items()])})"


def _split(ref: TreefyState[Any]) -> tuple[list[Any], Any]:
    metadata = {k: v for k, v in ref.get_metadata().items() if k not in _NOT_STRUCTURE}
    return [ref.value], (ref.type, tuple(metadata.items()))


def _join(children: Any, context: Any) -> TreefyState[Any]:
    (value,) = children
    kind, metadata = context
    return TreefyState(kind, value, **dict(metadata))


_tree.register(TreefyState, _split, _join)
