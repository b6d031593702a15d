"""The network of ``spiking_network`` for 1000 steps: how much memory the backward pass needs."""

from . import Bar, spiking_network
from .spiking_network import hand, ours, theirs

__all__ = ["BARS", "CASES", "TITLE", "hand", "inputs", "ours", "theirs"]

TITLE = "the same network, 1000 steps: memory"
CASES = ("gradient",)
BARS = (Bar("ours", "hand", 1.1, measure="memory"),)


def inputs(case, quick):
    return spiking_network.inputs(case, quick, steps=1000)
