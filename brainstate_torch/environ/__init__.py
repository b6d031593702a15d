"""Settings that reach the whole program: precision, platform, time step, and any name a model wants to share.

Settings live in a store of the current thread. :func:`set` stores for good, :func:`context` for the duration
of a block; the innermost block wins, and another thread sees neither.
"""

from ._platform import SUPPORTED_PLATFORMS, get_host_device_count, get_platform, set_host_device_count, set_platform
from ._precision import SUPPORTED_PRECISIONS, dctype, dftype, ditype, dutype, get_precision, set_precision, tolerance
from ._settings import all, context, get, get_dt, pop, reset, set
from ._store import (
    DEFAULT_PRECISION,
    DT,
    FIT,
    HOST_DEVICE_COUNT,
    JIT_ERROR_CHECK,
    PLATFORM,
    PRECISION,
    EnvironmentState,
    I,
    T,
    list_registered_behaviors,
    register_default_behavior,
    unregister_default_behavior,
)

__all__ = [
    "DEFAULT_PRECISION",
    "DT",
    "FIT",
    "HOST_DEVICE_COUNT",
    "JIT_ERROR_CHECK",
    "PLATFORM",
    "PRECISION",
    "SUPPORTED_PLATFORMS",
    "SUPPORTED_PRECISIONS",
    "EnvironmentState",
    "I",
    "T",
    "all",
    "context",
    "dctype",
    "dftype",
    "ditype",
    "dutype",
    "get",
    "get_dt",
    "get_host_device_count",
    "get_platform",
    "get_precision",
    "list_registered_behaviors",
    "pop",
    "register_default_behavior",
    "reset",
    "set",
    "set_host_device_count",
    "set_platform",
    "set_precision",
    "tolerance",
    "unregister_default_behavior",
]
