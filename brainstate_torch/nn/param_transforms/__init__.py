"""Transforms between the values of a parameter and the unconstrained numbers that are trained in their place."""

from .base import Transform
from .bounded import ClipT, ScaledSigmoidT, SigmoidT, SoftsignT, TanhT
from .combined import ChainT, MaskedT
from .half_line import ExpT, LogT, NegativeT, NegSoftplusT, PositiveT, ReluT, SoftplusT
from .line import AffineT, IdentityT, PowerT
from .vectors import OrderedT, SimplexT, UnitVectorT

__all__ = [
    "AffineT",
    "ChainT",
    "ClipT",
    "ExpT",
    "IdentityT",
    "LogT",
    "MaskedT",
    "NegSoftplusT",
    "NegativeT",
    "OrderedT",
    "PositiveT",
    "PowerT",
    "ReluT",
    "ScaledSigmoidT",
    "SigmoidT",
    "SimplexT",
    "SoftplusT",
    "SoftsignT",
    "TanhT",
    "Transform",
    "UnitVectorT",
]
