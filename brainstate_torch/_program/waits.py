"""How often a program looks at a number, which waits for the device."""

import threading

import torch

__all__ = ["WAITS", "waited"]


class _Waits(threading.local):
    """Per thread: how often."""

    count = 0


WAITS = _Waits()


def waited(x: torch.Tensor) -> torch.Tensor:
    """The tensor, whose number is looked at now."""
    WAITS.count += 1
    return x
