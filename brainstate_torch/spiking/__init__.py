"""Spiking neurons, synapses, projections between them, and spike functions with surrogate derivatives."""

from . import surrogate

__all__ = ["surrogate"]
