"""What must hold of brainstate_torch on a GPU. A check is a function; its name is what it says.

``same``: called with 'cpu' and with 'cuda', it gives the same numbers, those of the second on the device.
``quiet``: called with a device, it gives a function that must not make the host wait for the device, at its third call.
``few``: likewise, and a number of launches that it must not exceed; only where Triton runs what is compiled.
``check``: it raises if it does not hold.
"""

from . import (
    company,
    derivatives,
    draws,
    dynamics,
    graphs,
    journeys,
    launches,
    layers,
    loops,
    optimizers,
    rooms,
    states,
    torch_habits,
    waits,
)
from .registry import CHECKS, described, run

#: Importing one of them adds its checks to CHECKS.
TOPICS = (
    states,
    derivatives,
    loops,
    draws,
    layers,
    dynamics,
    optimizers,
    torch_habits,
    rooms,
    company,
    journeys,
    waits,
    graphs,
    launches,
)

__all__ = ["CHECKS", "TOPICS", "described", "run"]
