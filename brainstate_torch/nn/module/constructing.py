"""What a layer says to an argument that it has under another name than torch."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["telling"]

_SIZE = ("in_size", "Pass `in_size`, the shape of one input without batch axes, with the channels last")
#: torch's name: the argument that a layer must have here, if any, and what to do.
_CURES = {
    "bias": ("b_init", "Pass `b_init`, the initialiser of the bias; `b_init=None` leaves it out"),
    "device": ("", "Make the layer in `with torch.device(...)`, or move it: `layer.to(...)`"),
    "dilation": ("rhs_dilation", "Pass `rhs_dilation`"),
    "dtype": ("", "Convert the layer, `layer.to(dtype)`, or set `environ.set(precision=...)`"),
    "elementwise_affine": ("use_scale", "Pass `use_scale` and `use_bias`"),
    "eps": ("epsilon", "Pass `epsilon`"),
    "hidden_size": ("num_out", "Pass `num_out`"),
    "in_channels": _SIZE,
    "in_features": ("in_size", "Pass `in_size`"),
    "input_size": ("num_in", "Pass `num_in`"),
    "normalized_shape": _SIZE,
    "num_channels": _SIZE,
    "num_features": _SIZE,
    "out_features": ("out_size", "Pass `out_size`"),
    "p": ("prob", "Pass `prob`, the probability to keep an element: 1 - p"),
}


def telling(init: Callable[..., None]) -> Callable[..., None]:
    """An `__init__` whose error for an argument with torch's name says what it is called here."""

    @functools.wraps(init)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            init(self, *args, **kwargs)
        except TypeError:
            for name in kwargs.keys() & _CURES.keys():
                _check(type(self).__name__, init, name)
            raise

    return __init__


def _check(layer: str, init: Callable[..., None], name: str) -> None:
    parameters = inspect.signature(init).parameters
    if name in parameters or any(x.kind is x.VAR_KEYWORD for x in parameters.values()):
        return
    argument, cure = _CURES[name]
    if not argument or argument in parameters:
        raise TypeError(f"`{layer}` must get the arguments of its signature. Got `{name}`, torch's name. {cure}.")
