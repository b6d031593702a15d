"""What a signal leaves of torch's own bookkeeping, put right.

torch.func counts its levels in context managers written in Python. A signal handled between such a manager's count and
its `try`, or before the first line of its `__exit__`, leaves a level behind (every later tensor is then a wrapper) or
takes one away that is another's (an internal assertion).
"""

import contextlib
import functools
import sys
import threading
from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn

import torch
from torch._functorch import eager_transforms
from torch.autograd import forward_ad

__all__ = ["EXCLUSIVE", "Depth", "in_this_thread", "unwinding"]

_functorch = torch._C._functorch
#: Held while a graph is traced, for which torch.fx patches what all threads see, and while forward derivatives are
#: taken, whose levels are one stack for the process: of two threads, the second would end the level of the first.
#: One lock, since either may happen within the other.
EXCLUSIVE: Any = threading.RLock()


class Depth(NamedTuple):
    """How deep the caller is in torch's transforms, and what it lets autograd record."""

    levels: int
    forward: int
    dual: int
    grad: bool
    forward_grad: bool

    @classmethod
    def now(cls) -> "Depth":
        """That of the caller."""
        return cls(
            _functorch.maybe_current_level() or 0,
            eager_transforms.JVP_NESTING,
            forward_ad._current_level,
            torch.is_grad_enabled(),
            torch._C._is_fwd_grad_enabled(),
        )

    def restore(self) -> None:
        """Leave what was entered since."""
        if (_functorch.maybe_current_level() or 0) > self.levels:
            _functorch.pop_dynamic_layer_stack_and_undo_to_depth(self.levels)
        # Without the lock the forward levels are another thread's.
        if EXCLUSIVE._is_owned():
            eager_transforms.JVP_NESTING = self.forward
            # The level in Python and the one in C++ are counted one after the other, so they may differ by one.
            for level in range(max(forward_ad._current_level, self.dual) + 1, self.dual, -1):
                with contextlib.suppress(RuntimeError):
                    torch._C._exit_dual_level(level=level)
            forward_ad._current_level = self.dual
        torch._C._set_grad_enabled(self.grad)
        torch._C._set_fwd_grad_enabled(self.forward_grad)


class in_this_thread:
    """Context within which autograd's engine runs in the thread of the caller, as AOTAutograd has it.

    For CUDA tensors it has a thread for each device. What is thread-local (frames, settings, a recording under way and
    its lock) is missing there: a derivative that is recorded in a backward pass waited for its own caller.
    """

    __slots__ = ("before",)

    def __enter__(self) -> None:
        self.before = torch._C._is_multithreading_enabled()
        torch._C._set_multithreading_enabled(False)

    def __exit__(self, *error: object) -> None:
        torch._C._set_multithreading_enabled(self.before)


def unwinding(call: Callable[..., Any]) -> Callable[..., Any]:
    """The function, after whose exceptions torch's bookkeeping is what it was before."""

    @functools.wraps(call)
    def unwound(*args: Any, **kwargs: Any) -> Any:
        depth, handled = Depth.now(), sys.exc_info()[1]
        try:
            with in_this_thread():
                return call(*args, **kwargs)
        except BaseException as error:
            depth.restore()
            if _is_assertion(error):
                _raise_cause(error, handled)
            raise

    return unwound


def _is_assertion(error: BaseException) -> bool:
    return isinstance(error, RuntimeError) and "INTERNAL ASSERT" in str(error)


def _raise_cause(error: BaseException, handled: BaseException | None) -> NoReturn:
    """Raise the signal's exception where torch's assertion only followed from it; not what the caller was handling."""
    found: BaseException | None = error
    while found is not None and found is not handled:
        if not _is_assertion(found):
            raise found from None
        found = found.__context__
    raise error
