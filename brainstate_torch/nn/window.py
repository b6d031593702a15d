"""The numbers of a window that slides over axes of space: one for each axis, and how the edges are padded."""

from collections.abc import Sequence
from typing import Any

__all__ = ["Padding", "Pairs", "as_padding", "each", "same_padding", "span"]

#: The elements added before and after each axis of space.
Pairs = tuple[tuple[int, int], ...]
Padding = str | int | Sequence[int] | Sequence[Sequence[int]]


def each(value: Any, axes: int, name: str) -> tuple[int, ...]:
    """One positive integer for each axis, from one or several.

    Raises
    ------
    TypeError
        They are not integers, or neither one nor as many as axes.
    ValueError
        One is not positive.
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,)
    if len(values) == 1:
        values *= axes
    if len(values) != axes or not all(isinstance(n, int) for n in values):
        raise TypeError(f"`{name}` must be an integer, or a sequence of 1 or {axes} integers. Got {value!r}.")
    if min(values) < 1:
        raise ValueError(f"`{name}` must be positive. Got {value!r}.")
    return values


def as_padding(padding: Any, axes: int) -> str | Pairs:
    """'SAME' or 'VALID', or a pair for each axis.

    Raises
    ------
    ValueError
        The padding is none of the forms that are allowed.
    """
    if isinstance(padding, str):
        if padding in ("SAME", "VALID"):
            return padding
    elif isinstance(padding, int):
        return ((padding, padding),) * axes
    elif isinstance(padding, (tuple, list)):
        if all(isinstance(n, int) for n in padding):
            if axes == 1 and len(padding) == 2:
                return ((padding[0], padding[1]),)
            if len(padding) == axes:
                return tuple((n, n) for n in padding)
        elif len(padding) in (1, axes) and all(_is_pair(pair) for pair in padding):
            pairs: Pairs = tuple((pair[0], pair[1]) for pair in padding)
            return pairs if len(pairs) == axes else pairs * axes
    raise ValueError(
        f"`padding` must be 'SAME', 'VALID', an int, {axes} ints, a Tuple[int, int] if there is one axis of space, or "
        f"a sequence of 1 or {axes} Tuple[int, int]. Got {padding!r}."
    )


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, (tuple, list)) and len(pair) == 2 and all(isinstance(n, int) for n in pair)


def span(length: int, dilation: int) -> int:
    """The extent of a row whose elements are `dilation` apart."""
    return (length - 1) * dilation + 1


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """What makes the output as long as the input, divided by the stride and rounded up; the odd one goes last."""
    steps = -(-size // stride)
    total = max((steps - 1) * stride + window - size, 0)
    return total // 2, total - total // 2
