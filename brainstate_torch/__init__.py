"""brainstate on PyTorch: plain Python that reads and writes States, differentiated, mapped, looped and compiled."""

from . import environ, graph, mixin, nn, optim, random, spiking, transform, typing, units, util
from ._errors import BatchAxisError, BrainStateError, ConcretizationError, TraceContextError
from ._state import *  # noqa: F403
from ._state import __all__ as _states
from ._state.hooks import *  # noqa: F403
from ._state.hooks import __all__ as _hooks
from ._version import __version__

__all__ = [
    "BatchAxisError",
    "BrainStateError",
    "ConcretizationError",
    "TraceContextError",
    "__version__",
    "environ",
    "graph",
    "mixin",
    "nn",
    "optim",
    "random",
    "spiking",
    "transform",
    "typing",
    "units",
    "util",
    *[name for name in _states if name not in ("Frame", "SourceInfo", "NewStateCatcher")],
    *_hooks,
]
