"""The walk over a model, one layer or a sequence, and the interface that a framework implements for it."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

from ..nn import Sequential
from .errors import MissingShapeError, UnsupportedStructureError
from .registry import exported, imported

__all__ = ["Exporter", "Importer", "shape_of"]


def shape_of(sample_input: Any) -> tuple[int, ...] | None:
    """The shape of an example, which may be the shape itself."""
    if sample_input is None:
        return None
    return tuple(int(n) for n in getattr(sample_input, "shape", sample_input))


class _Walk:
    """What the functions of a mapping get as their context.

    Attributes
    ----------
    sample_input
        The shape that the user gave, without the batch.
    cur_size
        The size at the layer at hand: that of the sample, or what the layer before gives.
    """

    framework: ClassVar[str]

    def __init__(self, sample_input: Any = None) -> None:
        self.sample_input = self.cur_size = shape_of(sample_input)
        self._made: dict[int, tuple[Any, Any]] = {}

    @property
    def in_size(self) -> tuple[int, ...] | None:
        """The same as `cur_size`."""
        return self.cur_size

    def require_size(self, layer_name: str) -> tuple[int, ...]:
        """The size at the layer at hand.

        Raises
        ------
        MissingShapeError
            It is not known.
        """
        if self.cur_size is None:
            raise MissingShapeError(
                f"`sample_input` must be given for {layer_name}, which depends on the size of its input. Got none. "
                "Pass one example without the batch, or its shape."
            )
        return self.cur_size

    def convert(self, node: Any) -> Any:
        """The counterpart of a layer, or of layers in a sequence; one for each object."""
        if id(node) not in self._made:
            # The old one is kept, so that no other object gets its identity meanwhile.
            self._made[id(node)] = node, self._converted(node)
        return self._made[id(node)][1]

    def _converted(self, node: Any) -> Any:
        raise NotImplementedError

    def _all_of(self, nodes: Sequence[Any]) -> list[Any]:
        if not nodes:
            raise UnsupportedStructureError("a sequence must have a layer. Got an empty one.")
        return [self.convert(node) for node in nodes]


class Importer(_Walk, ABC):
    """From another framework to ours."""

    def _converted(self, node: Any) -> Any:
        mapping = imported(self.framework, self.kind_of(node))
        if mapping is not None:
            made = mapping.to_bst(node, self)
        else:
            parts = self.parts(node)
            made = self.leaf(node) if parts is None else Sequential(*self._all_of(parts))
        if getattr(made, "out_size", None) is not None:
            self.cur_size = tuple(made.out_size)
        return made

    def kind_of(self, node: Any) -> type:
        """The class that the registry knows."""
        return type(node)

    @abstractmethod
    def parts(self, node: Any) -> Sequence[Any] | None:
        """The layers of a sequence; None for another layer."""

    @abstractmethod
    def leaf(self, node: Any) -> Any:
        """The counterpart of a layer without an entry in the registry."""


class Exporter(_Walk, ABC):
    """From ours to another framework."""

    def _converted(self, node: Any) -> Any:
        mapping = exported(self.framework, type(node))
        if mapping is not None:
            return mapping.to_foreign(node, self)
        if isinstance(node, Sequential):
            return self.sequence(self._all_of(list(node)))
        return self.leaf(node)

    @abstractmethod
    def sequence(self, parts: list[Any]) -> Any:
        """The framework's own sequence."""

    @abstractmethod
    def leaf(self, node: Any) -> Any:
        """The counterpart of a layer without an entry in the registry."""
