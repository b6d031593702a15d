"""Spiking neurons, synapses, projections between them, and spike functions with surrogate derivatives."""

from . import surrogate
from .align_post import AlignPost
from .dynamics import Dynamics
from .hodgkin_huxley import HH
from .integrate_and_fire import ALIF, IF, LIF, LIFRef
from .neuron import Neuron
from .outputs import COBA, CUBA, SynOut
from .projections import AlignPostProj, DeltaProj, Projection
from .synapses import STD, STP, Alpha, DualExpon, Expon, Synapse

__all__ = [
    "ALIF",
    "COBA",
    "CUBA",
    "HH",
    "IF",
    "LIF",
    "STD",
    "STP",
    "AlignPost",
    "AlignPostProj",
    "Alpha",
    "DeltaProj",
    "DualExpon",
    "Dynamics",
    "Expon",
    "LIFRef",
    "Neuron",
    "Projection",
    "SynOut",
    "Synapse",
    "surrogate",
]
