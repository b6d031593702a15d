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
from .optimizer import Optimizer
from .schedule import ConstantLR, LRScheduler
from .sgd import SGD, Momentum, MomentumNesterov
from .state import OptimState

__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialDecayLR",
    "ExponentialLR",
    "LRScheduler",
    "LinearLR",
    "Lion",
    "Momentum",
    "MomentumNesterov",
    "MultiStepLR",
    "Nadam",
    "OneCycleLR",
    "OptimState",
    "Optimizer",
    "PiecewiseConstantSchedule",
    "PolynomialLR",
    "RAdam",
    "RMSprop",
    "Rprop",
    "SequentialLR",
    "StepLR",
    "WarmupCosineSchedule",
    "WarmupScheduler",
]
