"""brainstate on PyTorch: plain Python that reads and writes States, differentiated, mapped, looped and compiled."""

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from . import environ, typing, units
from ._errors import BatchAxisError, BrainStateError, ConcretizationError, TraceContextError
from ._state import *  # noqa: F403
from ._state import __all__ as _states
from ._state.hooks import *  # noqa: F403
from ._state.hooks import __all__ as _hooks
from ._version import __version__

if TYPE_CHECKING:
    from . import (
        event,
        graph,
        init,
        input,
        interop,
        metric,
        mixin,
        nn,
        online,
        optim,
        random,
        spiking,
        transform,
        util,
        visualize,
    )

__all__ = [
    "BatchAxisError",
    "BrainStateError",
    "ConcretizationError",
    "TraceContextError",
    "__version__",
    "environ",
    "event",
    "graph",
    "init",
    "input",
    "metric",
    "interop",
    "mixin",
    "nn",
    "online",
    "optim",
    "random",
    "spiking",
    "transform",
    "typing",
    "units",
    "util",
    "visualize",
    *[name for name in _states if name not in ("Frame", "SourceInfo", "NewStateCatcher")],
    *_hooks,
]


#: Read when a program first names them: together they take as long as all that is read at once.
_ROOMS = frozenset(
    (
        "event",
        "graph",
        "init",
        "input",
        "interop",
        "metric",
        "mixin",
        "nn",
        "online",
        "optim",
        "random",
        "spiking",
        "transform",
        "util",
        "visualize",
    )
)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f".{name}", __name__)
    if name in _MOVED:
        place = f"{__name__}.{_MOVED[name]}"
        warnings.warn(
            f"`{__name__}.{name}` is that of older releases: use `{place}`.", DeprecationWarning, stacklevel=2
        )
        return importlib.import_module(place)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


#: Modules of older releases of brainstate, and where what they had is.
_MOVED = {
    "augment": "transform",
    "compile": "transform",
    "functional": "nn",
    "surrogate": "spiking.surrogate",
}
