"""Neural networks: modules, layers, activations and initial values."""

from typing import Any

import torch

from . import init
from .activations import *  # noqa: F403
from .activations import __all__ as _activations
from .clip_grad_norm import clip_grad_norm
from .connection.connections import AllToAll, OneToOne
from .connection.embedding import Embedding
from .connection.event_linear import EventLinear
from .connection.fixed_num_conn import EventFixedNumConn, EventFixedProb, FixedNumConn
from .connection.linear import Linear, ScaledWSLinear, SignedWLinear
from .connection.lora import LoRA
from .connection.sparse_linear import SparseLinear
from .connection.weight_standardization import weight_standardization
from .convolution import *  # noqa: F403
from .convolution import __all__ as _convolution
from .delay.delay import Delay, DelayAccess
from .delay.interpolation import InterpolationRegistry
from .delay.prefetch import OutputDelayAt, Prefetch, PrefetchDelay, PrefetchDelayAt, init_maybe_prefetch
from .delay.state_with_delay import StateWithDelay
from .dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropoutFixed, FeatureAlphaDropout
from .dynamics.dynamics import Dynamics
from .dynamics.exp_euler import exp_euler_step
from .dynamics.hidata import HiData
from .flatten import Flatten, Unflatten
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
from .module.collective import assign_state_values, call_all_fns, call_order, init_all_states, reset_all_states
from .module.count_parameters import count_parameters
from .module.element_wise import ElementWiseBlock
from .module.environ_context import EnvironContext
from .module.mapped import Map, Vmap
from .module.module import Module
from .module.sequential import Sequential
from .module.update_hooks import (
    not_receive_update_input,
    not_receive_update_output,
    receive_update_input,
    receive_update_output,
)
from .module.vmap_collective import vmap_call_all_fns, vmap_init_all_states, vmap_reset_all_states
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
from .padding import *  # noqa: F403
from .padding import __all__ as _padding
from .param import Const, Param
from .param_transforms import *  # noqa: F403
from .param_transforms import __all__ as _transforms
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling
from .recurrent import GRUCell, LSTMCell, MGUCell, RNNCell, URLSTMCell, ValinaRNNCell
from .regularization import *  # noqa: F403
from .regularization import __all__ as _regularizations

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
    "Delay",
    "DelayAccess",
    "Const",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "DropoutFixed",
    "Dynamics",
    "ElementWiseBlock",
    "Embedding",
    "EnvironContext",
    "FeatureAlphaDropout",
    "EventFixedNumConn",
    "EventFixedProb",
    "EventLinear",
    "FixedNumConn",
    "Flatten",
    "InterpolationRegistry",
    "HiData",
    "Linear",
    "LoRA",
    "Map",
    "Module",
    "OneToOne",
    "OutputDelayAt",
    "Prefetch",
    "PrefetchDelay",
    "PrefetchDelayAt",
    "Param",
    "ScaledWSLinear",
    "Sequential",
    "SignedWLinear",
    "SparseLinear",
    "StateWithDelay",
    "Unflatten",
    "Vmap",
    "assign_state_values",
    "call_all_fns",
    "call_order",
    "clip_grad_norm",
    "count_parameters",
    "exp_euler_step",
    "init",
    "init_all_states",
    "init_maybe_prefetch",
    "not_receive_update_input",
    "not_receive_update_output",
    "receive_update_input",
    "receive_update_output",
    "reset_all_states",
    "vmap_call_all_fns",
    "vmap_init_all_states",
    "vmap_reset_all_states",
    "weight_standardization",
    *_activations,
    *_convolution,
    *_padding,
    *_pooling,
    *_regularizations,
    *_transforms,
]


def __getattr__(name: str) -> Any:
    cure = ""
    if not name.startswith("_") and hasattr(torch.nn, name):
        cure = f", and torch has one: `torch.nn.{name}`, which can be used in a model"
        if name in ("ModuleList", "ModuleDict"):
            cure = f"{cure}, as can a {'list' if name == 'ModuleList' else 'dict'}"
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{cure}")
