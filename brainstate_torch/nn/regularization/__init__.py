"""Regularisations: costs of parameters that are added to the loss of a model."""

from .base import ChainedReg, Regularization
from .bounded import BetaReg, LogUniformReg, MaxNormReg, UniformReg
from .matrices import OrthogonalReg, SpectralNormReg
from .positive import ExponentialReg, GammaReg, InverseGammaReg, LogNormalReg
from .simplex import DirichletReg, EntropyReg
from .sizes import ElasticNetReg, GroupLassoReg, HuberReg, L1Reg, L2Reg, TotalVariationReg
from .symmetric import CauchyReg, GaussianReg, HorseshoeReg, SpikeAndSlabReg, StudentTReg

__all__ = [
    "BetaReg",
    "CauchyReg",
    "ChainedReg",
    "DirichletReg",
    "ElasticNetReg",
    "EntropyReg",
    "ExponentialReg",
    "GammaReg",
    "GaussianReg",
    "GroupLassoReg",
    "HorseshoeReg",
    "HuberReg",
    "InverseGammaReg",
    "L1Reg",
    "L2Reg",
    "LogNormalReg",
    "LogUniformReg",
    "MaxNormReg",
    "OrthogonalReg",
    "Regularization",
    "SpectralNormReg",
    "SpikeAndSlabReg",
    "StudentTReg",
    "TotalVariationReg",
    "UniformReg",
]
