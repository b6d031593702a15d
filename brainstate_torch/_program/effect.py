"""What a program does besides computing, such as raising an error that depends on numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._host.functorch import FakeTensor, concrete, is_batched, lanes_within, level_of, untracked
from .capture import capture
from .operation import SETTINGS, Body, Cotangents, Operation, Pull, Tensors
from .recording import is_recording, recording
from .waits import WAITS

__all__ = ["Effect", "with_numbers_of"]


def with_numbers_of(tensors: Sequence[torch.Tensor], act: Callable[..., None], by_lane: bool = False) -> None:
    """Call `act` with the numbers of tensors: now, or whenever a recorded program gets here.

    They are those of all lanes, or with `by_lane` those of one lane after the other.

    Where only shapes are computed there are no numbers, and `act` is not called.
    """
    if is_recording():
        # Skipped in a backward pass: the forward pass has checked the same values.
        if not SETTINGS.backward:
            Effect(act, by_lane).apply([recording().local(x) for x in tensors])
        return
    if by_lane and any(map(is_batched, tensors)):
        at = max(map(level_of, tensors))
        own = [lanes_within(x) if level_of(x) == at else None for x in tensors]
        sizes = [lanes.tensor.shape[lanes.axis] for lanes in own if lanes is not None]
        if not sizes:  # a derivative lies around the map
            with_numbers_of([untracked(x, at) for x in tensors], act, by_lane=True)
            return
        inner = [x if lanes is None else lanes.tensor for x, lanes in zip(tensors, own, strict=True)]
        axes = [None if lanes is None else lanes.axis for lanes in own]
        _each_lane(lambda *lane: with_numbers_of(lane, act, by_lane=True), inner, axes, sizes[0])
        return
    numbers = [concrete(x) for x in tensors]
    if not any(isinstance(x, FakeTensor) for x in numbers):
        act(*numbers)


def _each_lane(
    act: Callable[..., None], tensors: Sequence[torch.Tensor], axes: Sequence[int | None], size: int
) -> None:
    for i in range(size):
        act(*[x if axis is None else x.select(axis, i) for x, axis in zip(tensors, axes, strict=True)])


class Effect(Operation):
    """tensors -> nothing; run for its side effect.

    Parameters
    ----------
    act
        Takes the tensors. What it raises, the program raises.
    by_lane
        Whether it takes those of one lane of a map after the other.
    """

    count = 0
    constant = True
    acts = True
    title = "act"

    def __init__(self, act: Callable[..., None], by_lane: bool = False) -> None:
        self.act, self.by_lane = act, by_lane

    def bodies(self) -> list[Body]:
        return []

    def prepare(self) -> None:
        """There is nothing to compile."""

    def run(self, tensors: Tensors) -> list[torch.Tensor]:
        recorded = capture()
        if recorded is None:
            WAITS.count += 1
            self.act(*tensors)
        else:
            recorded.late.append((self.act, list(tensors)))
        return []

    def shapes(self, tensors: Tensors) -> list[torch.Tensor]:
        return []

    def pulled(self, needs: Sequence[bool], higher: bool) -> Pull:
        return Pull(self, lambda needs, *_: [None] * len(needs))

    def pushed(self, tensors: Tensors, tangents: Cotangents) -> list[torch.Tensor | None]:
        return []

    def batched(
        self, tensors: Tensors, dims: Sequence[int | None], size: int, randomness: str
    ) -> tuple[Tensors, list[int | None]]:
        if not self.by_lane:
            return self.apply(tensors), []
        axes = list(dims)
        return Effect(lambda *all_lanes: _each_lane(self.act, all_lanes, axes, size), by_lane=True).apply(tensors), []

    def spread(self, flags: Sequence[bool], randomness: str) -> list[Any]:
        return []
