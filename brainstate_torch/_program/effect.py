"""What a program does besides computing, such as raising an error that depends on numbers."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._host.functorch import FakeTensor, concrete
from .capture import capture
from .operation import SETTINGS, Body, Cotangents, Operation, Pull, Tensors
from .recording import is_recording, recording
from .waits import WAITS

__all__ = ["Effect", "with_numbers_of"]


def with_numbers_of(tensors: Sequence[torch.Tensor], act: Callable[..., None]) -> None:
    """Call `act` with the numbers of tensors, those of all lanes: now, or whenever a recorded program gets here.

    Where only shapes are computed there are no numbers, and `act` is not called.
    """
    if is_recording():
        # Skipped in a backward pass: the forward pass has checked the same values.
        if not SETTINGS.backward:
            Effect(act).apply([recording().local(x) for x in tensors])
        return
    numbers = [concrete(x) for x in tensors]
    if not any(isinstance(x, FakeTensor) for x in numbers):
        act(*numbers)


class Effect(Operation):
    """tensors -> nothing; run for its side effect.

    Parameters
    ----------
    act
        Takes the tensors. What it raises, the program raises.
    """

    count = 0
    constant = True
    acts = True
    title = "act"

    def __init__(self, act: Callable[..., None]) -> None:
        self.act = act

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
        return self.apply(tensors), []

    def spread(self, flags: Sequence[bool], randomness: str) -> list[Any]:
        return []
