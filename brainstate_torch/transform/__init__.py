"""Transforms of functions that read and write States."""

from ._abstract import eval_shape
from ._checkpoint import checkpoint, remat
from ._debug import breakpoint_if, debug_nan, debug_nan_if
from ._finder import StateFinder
from ._forward import fwd_grad
from ._gradient import GradientTransform, grad, vector_grad
from ._jacobian import hessian, jacfwd, jacobian, jacrev
from ._map import vmap
from ._products import jvp, vjp
from ._shapes import ShapeDtypeStruct
from ._stateful import StatefulFunction

__all__ = [
    "GradientTransform",
    "ShapeDtypeStruct",
    "StateFinder",
    "StatefulFunction",
    "breakpoint_if",
    "checkpoint",
    "debug_nan",
    "debug_nan_if",
    "eval_shape",
    "fwd_grad",
    "grad",
    "hessian",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "remat",
    "vector_grad",
    "vjp",
    "vmap",
]
