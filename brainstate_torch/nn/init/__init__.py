"""Initial values of parameters: objects that make a value of a given shape, in the precision of `environ`."""

from .base import Initializer
from .constants import Constant, Identity, ZeroInit
from .distributions import Exponential, Gamma, Normal, TruncatedNormal, Uniform
from .orthogonal import DeltaOrthogonal, Orthogonal
from .param import param
from .scaling import (
    KaimingNormal,
    KaimingUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
    XavierNormal,
    XavierUniform,
    calculate_init_gain,
)

__all__ = [
    "Constant",
    "DeltaOrthogonal",
    "Exponential",
    "Gamma",
    "Identity",
    "Initializer",
    "KaimingNormal",
    "KaimingUniform",
    "LecunNormal",
    "LecunUniform",
    "Normal",
    "Orthogonal",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "XavierNormal",
    "XavierUniform",
    "ZeroInit",
    "calculate_init_gain",
    "param",
]
