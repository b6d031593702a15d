"""brainstate on PyTorch: plain Python that reads and writes States, differentiated, mapped, looped and compiled."""

import importlib
from typing import TYPE_CHECKING, Any

from . import environ, graph, input, metric, mixin, nn, optim, random, spiking, transform, typing, units, util
from ._errors import BatchAxisError, BrainStateError, ConcretizationError, TraceContextError
from ._state import *  # noqa: F403
from ._state import __all__ as _states
from ._state.hooks import *  # noqa: F403
from ._state.hooks import __all__ as _hooks
from ._version import __version__

if TYPE_CHECKING:
    from . import interop

__all__ = [
    "BatchAxisError",
    "BrainStateError",
    "ConcretizationError",
    "TraceContextError",
    "__version__",
    "environ",
    "graph",
    "input",
    "metric",
    "interop",
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


def __getattr__(name: str) -> Any:
    # Few programs need it, and it need not be read for the others.
    if name == "interop":
        return importlib.import_module(".interop", __name__)
    cure = f". What older releases of brainstate had there is in `{_MOVED[name]}`" if name in _MOVED else ""
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}{cure}")


_MOVED = {
    "augment": "brainstate_torch.transform",
    "compile": "brainstate_torch.transform",
    "event": "brainstate_torch.nn",
    "functional": "brainstate_torch.nn",
    "init": "brainstate_torch.nn.init",
    "surrogate": "brainstate_torch.spiking.surrogate",
}
