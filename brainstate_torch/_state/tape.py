"""taped: the door to PyTorch's own ``loss.backward()``."""

import contextlib
from collections.abc import Iterator

from .._errors import BrainStateError
from .context import CONTEXT, is_transforming
from .frame import TapeFrame

__all__ = ["taped"]


@contextlib.contextmanager
def taped() -> Iterator[None]:
    """Within the context, reading a State gives its Parameters, and what is written keeps its autograd graph.

    ``loss.backward()`` then fills ``parameter.grad``. When the context is left, the States that were written keep their
    values without the graph.

    Yields
    ------
    None

    Raises
    ------
    BrainStateError
        The context is entered inside a transform, which has a tape of its own.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> with brainstate.taped():
    ...     (w.value ** 2).sum().backward()
    >>> w.parameters()[0].grad
    tensor([2., 4.])
    """
    if is_transforming():
        raise BrainStateError(
            "`taped` must not be entered inside a transform. Got an active transform. "
            "Use `transform.grad` there: it nests."
        )
    if CONTEXT.frames:
        yield
        return
    frame = TapeFrame(name="taped")
    depth = len(CONTEXT.traces)
    try:
        with frame:
            yield
    except BaseException:
        # As in `run`: a signal must not leave the frame behind.
        del CONTEXT.traces[depth:], CONTEXT.frames[:]
        raise
