"""Neural networks: modules, layers, activations and initial values."""

from . import init
from .activations import *  # noqa: F403
from .activations import __all__ as _activations
from .clip_grad_norm import clip_grad_norm
from .collective import assign_state_values, call_all_fns, call_order, init_all_states, reset_all_states
from .connections import AllToAll, OneToOne
from .count_parameters import count_parameters
from .delay import Delay, DelayAccess
from .dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropoutFixed, FeatureAlphaDropout
from .dynamics import Dynamics
from .environ_context import EnvironContext
from .event_linear import EventLinear
from .exp_euler import exp_euler_step
from .fixed_num_conn import EventFixedNumConn, EventFixedProb, FixedNumConn
from .flatten import Flatten, Unflatten
from .interpolation import InterpolationRegistry
from .linear import Linear, ScaledWSLinear, SignedWLinear
from .lora import LoRA
from .module import ElementWiseBlock, Module
from .prefetch import OutputDelayAt, Prefetch, PrefetchDelay, PrefetchDelayAt, init_maybe_prefetch
from .sequential import Sequential
from .sparse_linear import SparseLinear
from .state_with_delay import StateWithDelay
from .update_hooks import (
    not_receive_update_input,
    not_receive_update_output,
    receive_update_input,
    receive_update_output,
)
from .weight_standardization import weight_standardization

__all__ = [
    "AllToAll",
    "AlphaDropout",
    "Delay",
    "DelayAccess",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "DropoutFixed",
    "Dynamics",
    "ElementWiseBlock",
    "EnvironContext",
    "FeatureAlphaDropout",
    "EventFixedNumConn",
    "EventFixedProb",
    "EventLinear",
    "FixedNumConn",
    "Flatten",
    "InterpolationRegistry",
    "Linear",
    "LoRA",
    "Module",
    "OneToOne",
    "OutputDelayAt",
    "Prefetch",
    "PrefetchDelay",
    "PrefetchDelayAt",
    "ScaledWSLinear",
    "Sequential",
    "SignedWLinear",
    "SparseLinear",
    "StateWithDelay",
    "Unflatten",
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
    "weight_standardization",
    *_activations,
]
