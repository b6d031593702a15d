"""A result that depends on nothing, because its numbers left torch on the way, must not pass for a gradient of zero."""

import sys
import weakref
from collections.abc import Callable
from typing import Any

import torch

from ..._errors import ConcretizationError
from ..._host.dispatch import TorchFunctionMode
from ..._source import OURS, TORCH

__all__ = ["run_again"]

_Tensor = torch.Tensor
#: Functions that give numbers of a tensor to Python or numpy, or to a tensor without the graph.
_LEAVES = {
    _Tensor.item: "item()",
    _Tensor.tolist: "tolist()",
    _Tensor.numpy: "numpy()",
    _Tensor.__array__: "numpy.asarray",
    _Tensor.__float__: "float()",
    _Tensor.__int__: "int()",
    _Tensor.__complex__: "complex()",
    torch.tensor: "torch.tensor",
}
_DETACHES = {_Tensor.detach, _Tensor.clone, _Tensor.data.__get__}  # type: ignore[attr-defined]


class _NumbersThatLeave(TorchFunctionMode):
    """Notes where the first number left torch that belongs to a tensor with a graph, or to what was detached of one."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: tuple[str, str] | None = None
        self._detached: set[int] = set()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        x = args[0] if args else None
        followed = isinstance(x, torch.Tensor) and (x.requires_grad or id(x) in self._detached)
        if followed and self.seen is None and func in _LEAVES:
            self.seen = _LEAVES[func], _calling_line()
        found = func(*args, **(kwargs or {}))
        if followed and func in _DETACHES and isinstance(found, torch.Tensor):
            self._detached.add(id(found))
            weakref.finalize(found, self._detached.discard, id(found))
        return found


def _calling_line() -> str:
    """The innermost frame outside of this package and of torch."""
    frame: Any = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith((OURS, TORCH)):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def run_again(run: Callable[[], Any]) -> Any:
    """Run a function a second time, whose result depends on nothing, and see whether numbers left torch.

    Only functions without a gradient pay for a second run. Watching each operation of every run would cost more than
    the derivative.

    Parameters
    ----------
    run
        Runs the function with tensors that require a gradient.

    Returns
    -------
    Any
        What it returns.

    Raises
    ------
    ConcretizationError
        They did.
    """
    watch = _NumbersThatLeave()
    with watch:
        found = run()
    if watch.seen is not None:
        how, where = watch.seen
        raise ConcretizationError(
            f"the result of a function that is differentiated must depend on its inputs through tensors. Got a result "
            f"without a graph, after `{how}` had taken the numbers out of a tensor, at {where}. Compute the loss with "
            "tensors alone; for a zero gradient that is meant, use `x.detach()`."
        )
    return found
