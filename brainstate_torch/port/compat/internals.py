"""What neighbours import from the private modules of brainstate and JAX."""

from collections.abc import Iterable
from typing import Any

__all__ = ["record_state_value_write", "safe_zip", "unzip2"]


def safe_zip(*args: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The pairs of sequences of one length."""
    return list(zip(*args, strict=True))


def unzip2(xys: Iterable[tuple[Any, Any]]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Pairs as two tuples."""
    pairs = list(xys)
    return tuple(x for x, _ in pairs), tuple(y for _, y in pairs)


def record_state_value_write(state: Any) -> None:
    """Nothing: a State here says itself what is written to its value."""
