"""`forward` of each class of modules, with the signature of its `update`."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

__all__ = ["runs_update", "signed"]

_RUNS_UPDATE = "_runs_update"


def runs_update(forward: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a `forward` that takes what `update` takes and hands it on."""
    setattr(forward, _RUNS_UPDATE, True)
    return forward


def signed(cls: type) -> None:
    """Give a class a `forward` of its own that shows the signature of its `update`.

    torch.export names dynamic shapes by it, and trainers drop the columns of a data set that it does not name. The code
    is that of the inherited `forward`, so that a call takes no further step.
    """
    if "forward" in vars(cls):
        return
    # Copies are passed over: a base that comes first must not hide the hooks of one that comes later.
    found = (vars(base)["forward"] for base in cls.__mro__ if "forward" in vars(base))
    inherited = next(x for x in found if not hasattr(x, "__wrapped__") or not hasattr(x, _RUNS_UPDATE))
    if not hasattr(inherited, _RUNS_UPDATE):
        if cls.forward is not inherited:  # type: ignore[attr-defined]
            cls.forward = inherited  # type: ignore[attr-defined]
        return
    forward = FunctionType(
        inherited.__code__, inherited.__globals__, inherited.__name__, inherited.__defaults__, inherited.__closure__
    )
    forward.__doc__, forward.__qualname__ = inherited.__doc__, f"{cls.__qualname__}.forward"
    forward.__module__ = cls.__module__
    # inspect.signature follows it when it is asked; to compute the signature now would slow imports.
    forward.__wrapped__ = cls.update  # type: ignore[attr-defined]
    cls.forward = runs_update(forward)  # type: ignore[attr-defined]
