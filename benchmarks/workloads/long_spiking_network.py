"""The network of ``spiking_network`` for longer: how much memory the backward pass needs."""

from . import Bar, spiking_network
from .spiking_network import compiled, hand, ours, theirs

__all__ = ["BARS", "CASES", "TITLE", "compiled", "hand", "inputs", "ours", "theirs"]

TITLE = "the same network, 1000 steps (quick: 300): memory"
CASES = ("gradient",)
BARS = (Bar("ours", "hand", 1.1, measure="memory"),)


def inputs(case, quick):
    return spiking_network.inputs(case, quick, steps=300 if quick else 1000)
