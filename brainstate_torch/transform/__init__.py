"""Transforms of functions that read and write States."""

from ._abstract import eval_shape
from ._branch import cond, ifelse, switch
from ._checkify import (
    all_checks,
    automatic_checks,
    check,
    check_error,
    checkify,
    div_checks,
    float_checks,
    index_checks,
    nan_checks,
    user_checks,
)
from ._checkpoint import checkpoint, remat
from ._checkpointed_loop import checkpointed_for_loop, checkpointed_scan
from ._collectives import axis_index, pmean, psum
from ._debug import breakpoint_if, debug_nan, debug_nan_if
from ._error_if import jit_error_if
from ._finder import StateFinder
from ._forward import fwd_grad
from ._gradient import GradientTransform, grad, vector_grad
from ._jacobian import hessian, jacfwd, jacobian, jacrev
from ._jit import jit
from ._loop import for_loop, scan
from ._map import vmap
from ._named import named_call, named_scope
from ._new_states import in_new_state_probe, pmap2_new_states, vmap2_new_states, vmap_new_states
from ._pmap2 import pmap2
from ._products import jvp, vjp
from ._program_code import fn_to_python_code, graph_to_python_code, jaxpr_to_python_code
from ._program_graph import ProgramGraph, draw, make_graph, make_jaxpr
from ._program_passes import optimize_graph, optimize_jaxpr
from ._progress import ProgressBar
from ._sequential_map import map
from ._shapes import ShapeDtypeStruct
from ._shard_map import PartitionSpec, shard_map
from ._stateful import StatefulFunction
from ._unvmap import unvmap
from ._vmap2 import StatefulMapping, vmap2
from ._while import bounded_while_loop, while_loop

__all__ = [
    "GradientTransform",
    "PartitionSpec",
    "ProgramGraph",
    "ProgressBar",
    "ShapeDtypeStruct",
    "StateFinder",
    "StatefulFunction",
    "StatefulMapping",
    "all_checks",
    "automatic_checks",
    "axis_index",
    "bounded_while_loop",
    "breakpoint_if",
    "check",
    "check_error",
    "checkify",
    "checkpoint",
    "checkpointed_for_loop",
    "checkpointed_scan",
    "cond",
    "debug_nan",
    "debug_nan_if",
    "div_checks",
    "draw",
    "eval_shape",
    "float_checks",
    "fn_to_python_code",
    "for_loop",
    "fwd_grad",
    "grad",
    "graph_to_python_code",
    "hessian",
    "ifelse",
    "in_new_state_probe",
    "index_checks",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jaxpr_to_python_code",
    "jit",
    "jit_error_if",
    "jvp",
    "make_graph",
    "make_jaxpr",
    "map",
    "named_call",
    "named_scope",
    "nan_checks",
    "optimize_graph",
    "optimize_jaxpr",
    "pmap2",
    "pmap2_new_states",
    "pmean",
    "psum",
    "remat",
    "scan",
    "shard_map",
    "switch",
    "unvmap",
    "user_checks",
    "vector_grad",
    "vjp",
    "vmap",
    "vmap2",
    "vmap2_new_states",
    "vmap_new_states",
    "while_loop",
]
