"""What identifies a State: its name, its tags, where it was made and how deep in traces."""

from typing import NoReturn

from .source import SourceInfo

__all__ = ["Labelled"]


class Labelled:
    """The part of a State that says which it is."""

    tag: set[str] | None
    _name: str | None
    _level: int
    _source_info: SourceInfo

    @property
    def name(self) -> str | None:
        """The name given by the user, or None."""
        return self._name

    @name.setter
    def name(self, name: str | None) -> None:
        self._name = name

    def add_tag(self, tag: str) -> None:
        """Add a string to the set of tags.

        Parameters
        ----------
        tag
            The tag.
        """
        if self.tag is None:
            self.tag = set()
        self.tag.add(tag)

    @property
    def source_info(self) -> SourceInfo:
        """Where the State was made."""
        return self._source_info

    def raise_error_with_source_info(self, error: Exception) -> NoReturn:
        """Raise `error` with a note that says where the State was made.

        Parameters
        ----------
        error
            The exception.
        """
        error.add_note(f"{type(self).__name__} made at {self._source_info}")
        raise error

    @property
    def stack_level(self) -> int:
        """How many traces were active when the State was made; only traces beyond that see it."""
        return self._level

    @stack_level.setter
    def stack_level(self, level: int) -> None:
        self._level = level

    def decrease_stack_level(self) -> None:
        """Let one more of the outer traces see the State."""
        self._level = max(self._level - 1, 0)

    def increase_stack_level(self) -> None:
        """Hide the State from one more of the traces."""
        self._level += 1
