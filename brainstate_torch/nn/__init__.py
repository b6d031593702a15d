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
from .hidata import HiData
from .linear import Linear, ScaledWSLinear, SignedWLinear
from .lora import LoRA
from .module import ElementWiseBlock, Module
from .param import Const, Param
from .param_transforms import *  # noqa: F403
from .param_transforms import __all__ as _transforms
from .regularization import *  # noqa: F403
from .regularization import __all__ as _regularizations
from .sequential import Sequential
from .weight_standardization import weight_standardization

__all__ = [
    "AllToAll",
    "AlphaDropout",
    "Const",
    "Dropout",
    "Dropout1d",
    "Dropout2d",
    "Dropout3d",
    "DropoutFixed",
    "ElementWiseBlock",
    "EnvironContext",
    "FeatureAlphaDropout",
    "Flatten",
    "HiData",
    "Linear",
    "LoRA",
    "Module",
    "OneToOne",
    "Param",
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
    *_regularizations,
    *_transforms,
]
