"""Stimuli: braintools.input, in the steps of ``environ``'s `dt`, with units and gradients.

Functions make arrays; the classes of the same names make objects that operators combine.
"""

from .basic import constant, ramp, section, step
from .composed import (
    Clipped,
    Composite,
    ConstantValue,
    Input,
    Repeated,
    Sequential,
    Smoothed,
    TimeShifted,
    Transformed,
)
from .pulses import burst, double_exponential, exponential_decay, gaussian_pulse, spike
from .signals import *  # noqa: F403
from .signals import __all__ as _classes
from .stochastic import ou_process, poisson, wiener_process
from .waveforms import chirp, noisy_sinusoidal, sawtooth, sinusoidal, square, triangular

__all__ = [
    "Clipped",
    "Composite",
    "ConstantValue",
    "Input",
    "Repeated",
    "Sequential",
    "Smoothed",
    "TimeShifted",
    "Transformed",
    "burst",
    "chirp",
    "constant",
    "double_exponential",
    "exponential_decay",
    "gaussian_pulse",
    "noisy_sinusoidal",
    "ou_process",
    "poisson",
    "ramp",
    "sawtooth",
    "section",
    "sinusoidal",
    "spike",
    "square",
    "step",
    "triangular",
    "wiener_process",
    *_classes,
]
