"""Neural networks: modules, layers, activations and initial values."""

from . import init
from .activations import *  # noqa: F403
from .activations import __all__ as _activations
from .clip_grad_norm import clip_grad_norm
from .collective import assign_state_values, call_all_fns, call_order, init_all_states, reset_all_states
from .connections import AllToAll, OneToOne
from .convolution import *  # noqa: F403
from .convolution import __all__ as _convolution
from .count_parameters import count_parameters
from .dropout import AlphaDropout, Dropout, Dropout1d, Dropout2d, Dropout3d, DropoutFixed, FeatureAlphaDropout
from .embedding import Embedding
from .environ_context import EnvironContext
from .flatten import Flatten, Unflatten
from .linear import Linear, ScaledWSLinear, SignedWLinear
from .lora import LoRA
from .module import ElementWiseBlock, Module
from .padding import *  # noqa: F403
from .padding import __all__ as _padding
from .pooling import *  # noqa: F403
from .pooling import __all__ as _pooling
from .sequential import Sequential
from .weight_standardization import weight_standardization

__all__ = [
    "AllToAll",
    "AlphaDropout",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "DropoutFixed",
    "ElementWiseBlock",
    "Embedding",
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
    *_convolution,
    *_padding,
    *_pooling,
]
