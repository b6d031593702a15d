"""The base of padding layers: the widths, and checks of the input."""

from collections.abc import Sequence
from operator import index
from typing import Any, ClassVar

from ...typing import Size
from ..module.module import Module
from ..module.operand import operand

__all__ = ["Pad"]

Pairs = tuple[tuple[int, int], ...]


def _as_pairs(padding: Any, axes: int) -> Pairs:
    """How many elements go before and after each axis."""
    several = isinstance(padding, (tuple, list)) or getattr(padding, "ndim", 0) > 0
    flat = [index(n) for n in padding] if several else [index(padding)] * axes
    if len(flat) == axes:
        flat = [n for n in flat for _ in range(2)]
    if len(flat) != 2 * axes:
        raise ValueError(f"`padding` must be one integer, {axes} or {2 * axes}. Got {len(flat)}.")
    if min(flat) < 0:
        raise ValueError(f"`padding` must not be negative. Got {padding!r}.")
    return tuple(zip(flat[::2], flat[1::2], strict=True))


class Pad(Module):
    """A layer that widens `num_spatial_dims` axes, before that of channels, which is the last."""

    num_spatial_dims: ClassVar[int]

    def __init__(self, padding: int | Sequence[int], in_size: Size | None = None, name: str | None = None) -> None:
        super().__init__(name=name)
        self.padding = _as_pairs(padding, self.num_spatial_dims)
        if in_size is not None:
            self.in_size = in_size
            self._check("in_size", self.in_size)
            size = list(self.in_size)
            for axis, ends in self._ends():
                size[axis] += sum(ends)
            self.out_size = tuple(size)

    def _ends(self) -> list[tuple[int, tuple[int, int]]]:
        """The axes, and how many elements go before and after."""
        axes = self.num_spatial_dims
        return list(zip(range(-axes - 1, -1), self.padding, strict=True))

    def _check(self, name: str, shape: Sequence[int]) -> None:
        axes = self.num_spatial_dims
        if len(shape) not in (axes + 1, axes + 2):
            raise ValueError(f"`{name}` must have {axes + 1} or {axes + 2} axes, channels last. Got {tuple(shape)}.")

    def update(self, x: Any) -> Any:
        """``[*N, *space, C]`` to ``[*N, *wider, C]``, with at most one batch axis.

        Raises
        ------
        ValueError
            The input has another number of axes.
        """
        x = operand(x)
        self._check("x", x.shape)
        return self._pad(x)

    def _pad(self, x: Any) -> Any:
        """The input, widened; a subclass defines it."""
        raise NotImplementedError
