"""Neural networks: modules, layers, activations and initial values."""

from . import init
from .activations import *  # noqa: F403
from .activations import __all__ as _activations
from .clip_grad_norm import clip_grad_norm
from .collective import assign_state_values, call_all_fns, call_order, init_all_states, reset_all_states
from .connections import AllToAll, OneToOne
from .count_parameters import count_parameters
from .dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropoutFixed, FeatureAlphaDropout
from .environ_context import EnvironContext
from .flatten import Flatten, Unflatten
from .linear import Linear, ScaledWSLinear, SignedWLinear
from .lora import LoRA
from .metrics import (
    AccuracyMetric,
    AverageMetric,
    ConfusionMatrix,
    F1ScoreMetric,
    Metric,
    MetricState,
    MultiMetric,
    PrecisionMetric,
    RecallMetric,
    Statistics,
    WelfordMetric,
)
from .module import ElementWiseBlock, Module
from .normalization import (
    BatchNorm0d,
    BatchNorm1d,
    BatchNorm2d,
    BatchNorm3d,
    GroupNorm,
    LayerNorm,
    NormalizationParamState,
    RMSNorm,
)
from .recurrent import GRUCell, LSTMCell, MGUCell, RNNCell, URLSTMCell, ValinaRNNCell
from .sequential import Sequential
from .weight_standardization import weight_standardization

__all__ = [
    "AccuracyMetric",
    "AverageMetric",
    "BatchNorm0d",
    "BatchNorm1d",
    "BatchNorm2d",
    "BatchNorm3d",
    "ConfusionMatrix",
    "F1ScoreMetric",
    "GRUCell",
    "GroupNorm",
    "LSTMCell",
    "LayerNorm",
    "MGUCell",
    "Metric",
    "MetricState",
    "MultiMetric",
    "NormalizationParamState",
    "PrecisionMetric",
    "RMSNorm",
    "RNNCell",
    "RecallMetric",
    "Statistics",
    "URLSTMCell",
    "ValinaRNNCell",
    "WelfordMetric",
    "AllToAll",
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "DropoutFixed",
    "ElementWiseBlock",
    "EnvironContext",
    "FeatureAlphaDropout",
    "Flatten",
    "Linear",
    "LoRA",
    "Module",
    "OneToOne",
    "ScaledWSLinear",
    "Sequential",
    "SignedWLinear",
    "Unflatten",
    "assign_state_values",
    "call_all_fns",
    "call_order",
    "clip_grad_norm",
    "count_parameters",
    "init",
    "init_all_states",
    "reset_all_states",
    "weight_standardization",
    *_activations,
]
