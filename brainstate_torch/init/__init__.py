"""Initial values as braintools.init makes them, with units: distributions, mixtures, and profiles of the distance.

The initialisers of the same names in ``nn.init`` are brainstate's, with other arguments and some other numbers.
"""

from .base import Clipped, Compose, Initialization
from .distributions import (
    Beta,
    Constant,
    Exponential,
    Gamma,
    LogNormal,
    Normal,
    TruncatedNormal,
    Uniform,
    Weibull,
    ZeroInit,
)
from .formulas import *  # noqa: F403
from .formulas import __all__ as _formulas
from .mixed import Conditional, DistanceModulated, Mixture, Scaled
from .param import param
from .profiles import *  # noqa: F403
from .profiles import __all__ as _profiles
from .scaling import (
    DeltaOrthogonal,
    Identity,
    KaimingNormal,
    KaimingUniform,
    LecunNormal,
    LecunUniform,
    Orthogonal,
    VarianceScaling,
    XavierNormal,
    XavierUniform,
)

#: What braintools takes where it asks for an initialiser.
Initializer = Initialization

__all__ = [
    "Beta",
    "Clipped",
    "Compose",
    "Conditional",
    "Constant",
    "DeltaOrthogonal",
    "DistanceModulated",
    "Exponential",
    "Gamma",
    "Identity",
    "Initialization",
    "Initializer",
    "KaimingNormal",
    "KaimingUniform",
    "LecunNormal",
    "LecunUniform",
    "LogNormal",
    "Mixture",
    "Normal",
    "Orthogonal",
    "Scaled",
    "TruncatedNormal",
    "Uniform",
    "VarianceScaling",
    "Weibull",
    "XavierNormal",
    "XavierUniform",
    "ZeroInit",
    "param",
    *_formulas,
    *_profiles,
]
