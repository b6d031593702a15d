"""Optimizers and learning-rate schedules, under the names that braintools.optim has for them."""

from .adam import Adam, Adamax, AdamW, Nadam, RAdam
from .adaptive import Adadelta, Adagrad, Lion, RMSprop, Rprop
from .annealing import CosineAnnealingLR, CosineAnnealingWarmRestarts, OneCycleLR, WarmupCosineSchedule
from .combined import ChainedScheduler, SequentialLR
from .decay import (
    ExponentialDecayLR,
    ExponentialLR,
    LinearLR,
    MultiStepLR,
    PiecewiseConstantSchedule,
    PolynomialLR,
    StepLR,
    WarmupScheduler,
)
from .layerwise import Fromage, Lamb, Lars
from .lookahead import LBFGS, Lookahead
from .optimizer import Optimizer
from .reacting import CyclicLR, ReduceLROnPlateau
from .schedule import ConstantLR, LRScheduler
from .sgd import SGD, Momentum, MomentumNesterov
from .state import OptimState
from .variants import SM3, AdaBelief, Adafactor, Novograd, Yogi

__all__ = [
    "LBFGS",
    "SGD",
    "SM3",
    "AdaBelief",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "CyclicLR",
    "ExponentialDecayLR",
    "ExponentialLR",
    "Fromage",
    "LRScheduler",
    "Lamb",
    "Lars",
    "LinearLR",
    "Lion",
    "Lookahead",
    "Momentum",
    "MomentumNesterov",
    "MultiStepLR",
    "Nadam",
    "Novograd",
    "OneCycleLR",
    "OptimState",
    "Optimizer",
    "PiecewiseConstantSchedule",
    "PolynomialLR",
    "RAdam",
    "RMSprop",
    "ReduceLROnPlateau",
    "Rprop",
    "SequentialLR",
    "StepLR",
    "WarmupCosineSchedule",
    "WarmupScheduler",
    "Yogi",
]
