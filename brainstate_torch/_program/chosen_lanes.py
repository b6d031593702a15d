"""What the operands of an operation are in the lanes of a map that did not choose the branch around it."""

import threading
from collections.abc import Sequence
from typing import Protocol

import torch

__all__ = ["CHOSEN", "ChosenLanes"]


class ChosenLanes(Protocol):
    """A branch that runs in all lanes of a map."""

    def taken(self, x: torch.Tensor) -> torch.Tensor:
        """The tensor, constant in the lanes that did not choose the branch."""

    def computed(self, x: torch.Tensor) -> None:
        """Note a tensor that was computed within the branch."""


class _Chosen(threading.local):
    """Per thread: the branches that enclose the caller, outermost first."""

    branches: Sequence[ChosenLanes] = ()


CHOSEN = _Chosen()
