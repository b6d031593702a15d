"""torch's dispatcher: modes that see each operation, and its tables of operators."""

from typing import Any

import torch
from torch._ops import OpOverload
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = [
    "OpOverload",
    "TorchDispatchMode",
    "TorchFunctionMode",
    "as_plain_tensors",
    "current_autograd_node",
    "disabled_torch_function",
    "dispatch_modes",
    "is_all_true",
    "is_observed",
    "is_profiled",
    "parsed_move",
    "standard_gamma",
    "standard_gamma_grad",
    "without_modes",
]

#: As `__torch_function__` of a subclass: results are plain tensors, and a call costs nothing more.
disabled_torch_function: Any = torch._C._disabled_torch_function_impl
#: A context in which torch's functions take a tensor of a subclass as a plain one.
as_plain_tensors = torch._C.DisableTorchFunctionSubclass
#: A context in which neither subclasses nor function modes see torch's functions.
without_modes = torch._C.DisableTorchFunction
#: The autograd node whose backward pass runs in this thread, or None.
current_autograd_node = torch._C._current_autograd_node
#: Number of active `TorchDispatchMode`s.
dispatch_modes = torch._C._len_torch_dispatch_stack
#: The arguments of `torch.nn.Module.to` as (device, dtype, non_blocking, memory format).
parsed_move = torch._C._nn._parse_to
#: Draws from the gamma distribution with scale 1, and the derivative of a draw by its shape parameter.
standard_gamma = torch._standard_gamma
standard_gamma_grad = torch._standard_gamma_grad
#: What `torch.distributions` asks of the checks of its arguments.
is_all_true = torch._is_all_true


def is_profiled() -> bool:
    """Whether torch's profiler records."""
    return torch.autograd.profiler._is_profiler_enabled


def is_observed() -> bool:
    """Whether a dispatch or function mode, such as a tracer's, sees each operation."""
    return bool(dispatch_modes() or torch._C._len_torch_function_stack())
