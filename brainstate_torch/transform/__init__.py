"""Transforms of functions that read and write States."""

from ._compile.finder import StateFinder
from ._compile.jit import jit
from ._compile.program_code import fn_to_python_code, graph_to_python_code, jaxpr_to_python_code
from ._compile.program_graph import ProgramGraph, draw, make_graph, make_jaxpr
from ._compile.program_passes import optimize_graph, optimize_jaxpr
from ._compile.stateful_function import StatefulFunction
from ._control.branch import cond, ifelse, switch
from ._control.checkpointed_loop import checkpointed_for_loop, checkpointed_scan
from ._control.loop import for_loop, scan
from ._control.progress import ProgressBar
from ._control.while_loop import bounded_while_loop, while_loop
from ._core.abstract import eval_shape
from ._core.shapes import ShapeDtypeStruct
from ._derivative.checkpoint import checkpoint, remat
from ._derivative.forward import fwd_grad
from ._derivative.gradient import grad, vector_grad
from ._derivative.gradient_transform import GradientTransform
from ._derivative.jacobian import hessian, jacfwd, jacobian, jacrev
from ._derivative.products import jvp, vjp
from ._mapping.chunked import map
from ._mapping.collectives import axis_index, pmean, psum
from ._mapping.new_states import in_new_state_probe, pmap2_new_states, vmap2_new_states, vmap_new_states
from ._mapping.pmap2 import pmap2
from ._mapping.shard_map import PartitionSpec, shard_map
from ._mapping.unvmap import unvmap
from ._mapping.vmap import vmap
from ._mapping.vmap2 import StatefulMapping, vmap2
from ._watch.checkify import (
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
from ._watch.debug import breakpoint_if, debug_nan, debug_nan_if
from ._watch.error_if import jit_error_if
from ._watch.named import named_call, named_scope
from ._watch.profile import profile

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
    "profile",
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
