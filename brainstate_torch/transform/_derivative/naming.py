"""The public names of base transforms, for messages."""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["name_of", "public_name"]

F = TypeVar("F", bound=Callable[..., Any])


def public_name(name: str) -> Callable[[F], F]:
    """Decorate a base transform with the name of the derivative that it stands for."""

    def named(base: F) -> F:
        base.public_name = name  # type: ignore[attr-defined]
        return base

    return named


def name_of(base: Any) -> str:
    """The public name of a base transform; that of the function itself where it has none."""
    return str(getattr(base, "public_name", getattr(base, "__name__", repr(base))))
