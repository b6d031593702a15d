"""Functions of JAX that have no other home here, with JAX's names and arguments.

A ported program imports from here functions that torch or the package has in another form: trees, draws from explicit
keys, loops over numbers. Code that is written for torch needs none of it.
"""

from . import debug, initializers, random, scipy, tree, tree_util
from .arrays import apply_along_axis, dtype, load, optax_l2_loss, save, select, vectorize
from .derivatives import custom_jvp, custom_vjp, linearize, stop_gradient, value_and_grad, vjp
from .devices import (
    block_until_ready,
    clear_caches,
    config,
    default_backend,
    device_count,
    device_get,
    device_put,
    devices,
    disable_jit,
    ensure_compile_time_eval,
    local_device_count,
    local_devices,
    process_count,
    process_index,
    pure_callback,
)
from .loops import associative_scan, fori_loop, lax_map

__all__ = [
    "apply_along_axis",
    "associative_scan",
    "block_until_ready",
    "clear_caches",
    "config",
    "custom_jvp",
    "custom_vjp",
    "debug",
    "default_backend",
    "device_count",
    "device_get",
    "device_put",
    "devices",
    "disable_jit",
    "dtype",
    "ensure_compile_time_eval",
    "fori_loop",
    "initializers",
    "lax_map",
    "linearize",
    "load",
    "local_device_count",
    "local_devices",
    "optax_l2_loss",
    "process_count",
    "process_index",
    "pure_callback",
    "random",
    "save",
    "scipy",
    "select",
    "stop_gradient",
    "tree",
    "tree_util",
    "value_and_grad",
    "vectorize",
    "vjp",
]
