"""Spiking neurons, synapses, projections between them, and spike functions with surrogate derivatives."""

from . import surrogate
from .align_post import AlignPost
from .conductance_based import FitzHughNagumo, HindmarshRose, MorrisLecar, WangBuzsakiHH
from .couplings import (
    AsymmetryGapJunction,
    CurrentProj,
    LeakyRateReadout,
    SymmetryGapJunction,
    align_post_projection,
    align_pre_projection,
)
from .currents import (
    ConstantInput,
    OUProcessInput,
    RampInput,
    SectionInput,
    SinusoidalInput,
    StepInput,
    WienerProcessInput,
)
from .dynamics import Dynamics
from .generalized import CobaLIF, CubaLIF, Gif, GifRef
from .hodgkin_huxley import HH
from .input_delay import InputDelay
from .integrate_and_fire import ALIF, IF, LIF, LIFRef
from .izhikevich import Izhikevich, IzhikevichRef
from .neuron import Neuron
from .nonlinear import AdExIF, AdExIFRef, AdQuaIF, AdQuaIFRef, ExpIF, ExpIFRef, QuaIF
from .outputs import COBA, CUBA, MgBlock, SynOut
from .projections import AlignPostProj, DeltaProj, Projection
from .receptors import AMPA, BioNMDA, GABAa
from .stimuli import PoissonEncoder, PoissonInput, PoissonSpike, SpikeTime, poisson_input
from .synapses import STD, STP, Alpha, DualExpon, Expon, Synapse

__all__ = [
    "ALIF",
    "AMPA",
    "COBA",
    "CUBA",
    "HH",
    "IF",
    "LIF",
    "STD",
    "STP",
    "AdExIF",
    "AdExIFRef",
    "AdQuaIF",
    "AdQuaIFRef",
    "AlignPost",
    "AlignPostProj",
    "Alpha",
    "AsymmetryGapJunction",
    "BioNMDA",
    "CobaLIF",
    "ConstantInput",
    "CubaLIF",
    "CurrentProj",
    "DeltaProj",
    "DualExpon",
    "Dynamics",
    "ExpIF",
    "ExpIFRef",
    "Expon",
    "FitzHughNagumo",
    "GABAa",
    "Gif",
    "GifRef",
    "HindmarshRose",
    "InputDelay",
    "Izhikevich",
    "IzhikevichRef",
    "LIFRef",
    "LeakyRateReadout",
    "MgBlock",
    "MorrisLecar",
    "Neuron",
    "OUProcessInput",
    "PoissonEncoder",
    "PoissonInput",
    "PoissonSpike",
    "Projection",
    "QuaIF",
    "RampInput",
    "SectionInput",
    "SinusoidalInput",
    "SpikeTime",
    "StepInput",
    "SymmetryGapJunction",
    "SynOut",
    "Synapse",
    "WangBuzsakiHH",
    "WienerProcessInput",
    "align_post_projection",
    "align_pre_projection",
    "poisson_input",
    "surrogate",
]
