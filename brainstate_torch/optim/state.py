"""OptimState: the memory of an optimizer or a schedule."""

from .._state import LongTermState
from .._state.copied import A

__all__ = ["OptimState"]


class OptimState(LongTermState[A]):
    """A State of an optimizer or of a learning-rate schedule: moments, counts, the present rate.

    Notes
    -----
    Source: braintools.optim.OptimState (0.3.0).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> optimizer = brainstate.optim.Adam(lr=0.1)
    >>> optimizer.step_count
    OptimState(value=int64[])
    """
