"""What is active in this thread: traces, frames, catchers, structure checks."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["CONTEXT", "check_state_jax_tracer", "check_state_value_tree", "is_transforming"]


class Context(threading.local):
    """Per thread: the traces from the outermost to the innermost, and those of them that are frames.

    The classes of the entries (`StateTraceStack`, `Frame`, `NewStateCatcher`) import this module: no names here.
    """

    def __init__(self) -> None:
        self.traces: list[Any] = []
        self.frames: list[Any] = []
        self.catchers: list[Any] = []
        #: Whether an assignment must keep the structure; None: only the dimensions.
        self.tree_check: list[bool | None] = [None]
        #: Whether the tape runs its backward pass.
        self.backward = False


CONTEXT = Context()


def is_transforming() -> bool:
    """Whether a transform is around the caller; :func:`taped` and the call of a module are none."""
    return any(not frame.transparent for frame in CONTEXT.frames)


@contextlib.contextmanager
def check_state_value_tree(val: bool = True) -> Iterator[None]:
    """Within the context, assigning ``state.value`` must keep the tree structure, units included.

    Shapes and dtypes may change. The context can be nested, and switched off inside with ``val=False``.

    Parameters
    ----------
    val
        False switches the check off, and the one that is always on too: that a value with a unit is replaced by values
        of its dimension only.

    Yields
    ------
    None

    Raises
    ------
    ValueError
        At an assignment: the new value has another tree structure or unit.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> s = brainstate.State({'a': torch.zeros(2)})
    >>> with brainstate.check_state_value_tree():
    ...     s.value = {'a': torch.ones(3)}
    ...     s.value = [1.0]
    Traceback (most recent call last):
    ValueError: the value of State must keep its structure {'a': *}. Got [*]. Assign one of equal structure and units.
    State made at ...
    """
    CONTEXT.tree_check.append(val)
    try:
        yield
    finally:
        CONTEXT.tree_check.pop()


@contextlib.contextmanager
def check_state_jax_tracer(val: bool = True) -> Iterator[None]:
    """A context without effect: what it asks for in brainstate is checked at every assignment here.

    A State never takes a tensor that belongs to ``torch.func.grad``, ``vmap`` or another raw torch transform, because
    it would be dead after that.

    Parameters
    ----------
    val
        Accepted so that programs port.

    Yields
    ------
    None

    Notes
    -----
    Source: brainstate.check_state_jax_tracer (0.5.4). Differs: see above.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> s = brainstate.State(torch.tensor(0.))
    >>> with brainstate.check_state_jax_tracer():
    ...     s.value = torch.tensor(1.)
    >>> s.value
    tensor(1.)
    """
    yield
