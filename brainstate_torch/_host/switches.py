"""The switches of torch that decide which operations a piece of code becomes, and how these compute."""

import itertools
from typing import Any

import torch
from torch.overrides import _get_current_function_mode_stack
from torch.utils._device import DeviceContext

__all__ = ["changed_switches", "is_dual", "switches"]

_precision: Any = torch._C._get_fp32_precision_getter
_function_modes: Any = _get_current_function_mode_stack
_attention: Any = torch.backends.cuda
_determinism_of_memory: Any = torch.utils.deterministic
_autocasts = torch._C._is_any_autocast_enabled
_modes = torch._C._len_torch_function_stack
_dispatch_modes = torch._C._len_torch_dispatch_stack
_grad, _inference, _dtype = torch.is_grad_enabled, torch.is_inference_mode_enabled, torch.get_default_dtype
_deterministic, _flash = torch.are_deterministic_algorithms_enabled, _attention.flash_sdp_enabled
_efficient, _products = _attention.mem_efficient_sdp_enabled, _attention.math_sdp_enabled
_fast_path, _onednn = torch.backends.mha.get_fastpath_enabled, torch._C._get_mkldnn_enabled
_HAS_CUDA: bool = _attention.is_built()
#: Devices that have an autocast of their own.
_DEVICES = ("cpu", "cuda", "mps", "xpu")
_NAMES = (
    *("grad mode", "inference mode", "the default dtype", "deterministic algorithms"),
    *("the precision of matrix products", "the precision of convolutions", "the precision of CUDA's matrix products"),
    *("flash attention", "memory-efficient attention", "attention by products of matrices"),
    *("the fast path of attention layers", "oneDNN", "autocast", "the default device", "the switches of CUDA"),
)
#: The number of each way in which the switches have stood.
_numbers: dict[tuple[Any, ...], int] = {}
_count = itertools.count()


def switches() -> int | None:
    """A number for how the switches stand now; None where a mode of the user sees each operation."""
    if _dispatch_modes():
        return None
    if _modes() and not all(type(mode) is DeviceContext for mode in _function_modes()):
        return None
    now = (
        _grad(),
        _inference(),
        _dtype(),
        _deterministic() and _determinism(),
        # The getters without the names of backends raise after a setting by a name (torch 2.9).
        _precision("mkldnn", "matmul"),
        _precision("mkldnn", "conv"),
        _precision("cuda", "matmul"),
        _flash(),
        _efficient(),
        _products(),
        _fast_path(),
        _onednn(),
        _autocasts() and _autocast(),
        _modes() and torch.get_default_device(),
        _HAS_CUDA and _of_cuda(),
    )
    number = _numbers.get(now)
    return _numbers.setdefault(now, next(_count)) if number is None else number


def changed_switches(one: int, other: int) -> list[str]:
    """The names of the switches that differ."""
    ways = {number: way for way, number in _numbers.items()}
    return [name for name, now, then in zip(_NAMES, ways[one], ways[other], strict=True) if now != then]


def _determinism() -> tuple[bool, bool]:
    return torch.is_deterministic_algorithms_warn_only_enabled(), _determinism_of_memory.fill_uninitialized_memory


def _autocast() -> tuple[Any, ...]:
    return tuple([(kind, torch.get_autocast_dtype(kind)) for kind in _DEVICES if torch.is_autocast_enabled(kind)])


def _of_cuda() -> tuple[Any, ...]:
    return (
        _precision("cuda", "conv"),
        _precision("cuda", "rnn"),
        _attention.cudnn_sdp_enabled(),
        torch._C._get_cudnn_enabled(),
        torch._C._get_cudnn_benchmark(),
        torch._C._get_cudnn_deterministic(),
    )


def is_dual() -> bool:
    """Whether a level of torch's forward-mode differentiation is open."""
    return torch.autograd.forward_ad._current_level >= 0
