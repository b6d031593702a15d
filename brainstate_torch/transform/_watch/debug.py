"""debug_nan, debug_nan_if, breakpoint_if: looking at numbers while a program runs."""

from collections.abc import Callable
from typing import Any

import torch

from ..._arrays import as_tensor
from ..._host.functorch import concrete
from ..._program.effect import with_numbers_of
from .._core.draws import random_state, rewind
from .._core.functional import checked_arguments, run
from .nonfinite import check_finite

__all__ = ["breakpoint_if", "debug_nan", "debug_nan_if"]


def debug_nan(fn: Callable[..., Any], *args: Any, phase: str = "") -> None:
    """Run a function and raise if its result holds a NaN or an infinity.

    Only what reaches the result counts: a NaN that ``torch.where`` masks is none. No State is changed and no random
    generator advanced. A compiled program checks every run, and does not name the operation.

    Parameters
    ----------
    fn, *args
        The function and its arguments.
    phase
        A string for the message.

    Raises
    ------
    RuntimeError
        Naming the operation that made the first one, forward or backward, its file and line, and counts by result.

    Notes
    -----
    Source: brainstate.transform.debug_nan (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.debug_nan(torch.log, torch.tensor([1., 2.]))
    >>> try:
    ...     brainstate.transform.debug_nan(torch.log, torch.tensor([-1., 2.]), phase='prior')
    ... except RuntimeError as error:
    ...     print(str(error).splitlines()[0])
    NaN/Inf detected [prior] in the output of the checked function.
    """
    before = random_state()
    positional, _ = checked_arguments(args, {})

    def once() -> Any:
        outcome = run(fn, positional, {})
        outcome.frame.abandon()
        return outcome.result

    try:
        check_finite(once(), once, before, phase)
    finally:
        rewind(before)


def debug_nan_if(has_nan: Any, fn: Callable[..., Any], *args: Any, phase: str = "") -> None:
    """:func:`debug_nan`, if `has_nan` holds anywhere.

    Parameters
    ----------
    has_nan
        A boolean or a tensor of any shape.
    fn, *args, phase
        See :func:`debug_nan`.

    Raises
    ------
    RuntimeError
        As :func:`debug_nan`.

    Notes
    -----
    Source: brainstate.transform.debug_nan_if (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.debug_nan_if(False, torch.log, torch.tensor([-1.]))
    """
    if bool(concrete(as_tensor(has_nan)).any()):
        debug_nan(fn, *args, phase=phase)


def breakpoint_if(pred: Any, **breakpoint_kwargs: Any) -> Any:
    """Stop in the debugger if `pred` holds anywhere, in any lane of a vmap.

    Parameters
    ----------
    pred
        A boolean or a tensor of any shape.
    **breakpoint_kwargs
        `token` is returned; other keywords go to Python's ``breakpoint``.

    Returns
    -------
    Any
        `token`, or None.

    Notes
    -----
    Source: brainstate.transform.breakpoint_if (0.5.4). Differs: Python's own debugger, which can step on.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.breakpoint_if(torch.tensor([False, False]))
    """
    token = breakpoint_kwargs.pop("token", None)

    def act(holds: torch.Tensor) -> None:
        if bool(holds.any()):
            breakpoint(**breakpoint_kwargs)

    with_numbers_of([as_tensor(pred)], act)
    return token
