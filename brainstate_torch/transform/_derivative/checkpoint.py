"""checkpoint: do not keep what a block computes, but recompute it when the gradient needs it."""

import functools
from collections.abc import Callable, Iterable
from typing import Any, overload

from torch.utils.checkpoint import checkpoint as recomputed

from ... import environ
from ...typing import Missing
from .._core.carry import protected
from .._core.derived import Derived
from .._core.draws import random_state, rewind
from .._core.frozen import frozen
from .._core.functional import Outcome, checked_arguments, run
from .._core.signatures import P, R
from .reverse import can_recompute

__all__ = ["checkpoint", "remat"]

_MISSING = Missing()


@overload
def checkpoint(
    fun: Callable[P, R], *, prevent_cse: bool = True, policy: Any = None, static_argnums: int | Iterable[int] = ()
) -> Callable[P, R]: ...


@overload
def checkpoint(
    *, prevent_cse: bool = True, policy: Any = None, static_argnums: int | Iterable[int] = ()
) -> Callable[[Callable[P, R]], Callable[P, R]]: ...


def checkpoint(
    fun: Any = _MISSING, *, prevent_cse: bool = True, policy: Any = None, static_argnums: int | Iterable[int] = ()
) -> Any:
    """A function whose intermediate values are computed again in the backward pass instead of being kept.

    States read in the block have their values of the first run in the second, random draws are repeated, and what the
    block writes counts once. It acts on the autograd tape: in ``grad`` and ``vector_grad`` called outermost, and under
    :func:`taped`. Around another derivative, in higher derivatives and with ``engine='func'`` the block runs as it is,
    with the same numbers and the memory of a plain call: torch.func keeps everything for a further derivative.

    Parameters
    ----------
    fun
        Any function; without it `checkpoint` is a decorator.
    prevent_cse
        Has no meaning here; accepted so that programs port.
    policy
        None, to recompute everything. Other policies of JAX have no counterpart.
    static_argnums
        Accepted so that programs port; every argument may be anything here. Must not be negative.

    Returns
    -------
    callable
        Takes and returns what `fun` does.

    Raises
    ------
    ValueError
        `static_argnums` holds a negative index.
    NotImplementedError
        There is a `policy`.

    Notes
    -----
    Source: brainstate.transform.checkpoint (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> block = brainstate.transform.checkpoint(lambda x: (w.value * x) ** 2)
    >>> brainstate.transform.grad(lambda: block(torch.tensor(3.)).sum(), w)()
    tensor([18., 36.])
    """
    if isinstance(fun, Missing):
        return functools.partial(checkpoint, prevent_cse=prevent_cse, policy=policy, static_argnums=static_argnums)
    for place in (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums):
        if place < 0:
            raise ValueError(f"`static_argnums` must not be negative. Got {place}. Count the arguments from 0.")
    if policy is not None:
        raise NotImplementedError(
            "`policy` has no counterpart on torch. Got one. Leave it out, and checkpoint smaller blocks to keep more."
        )

    return Derived(_checkpointed, fun)


remat = checkpoint


def _checkpointed(fun: Callable[..., Any]) -> Callable[..., Any]:
    def checkpointed(*args: Any, **kwargs: Any) -> Any:
        positional, named = protected(checked_arguments(args, kwargs, [fun]))
        return _Block(fun, positional, named).forward() if can_recompute() else plain(fun, positional, named)

    return checkpointed


def plain(fun: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Run the function as it is."""
    return run(fun, args, kwargs).committed()


class _Block:
    """One call of a checkpointed function: what a second run needs to repeat the first."""

    def __init__(self, fun: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> None:
        self.fun, self.args, self.kwargs = fun, args, kwargs
        # By the second run variables may be rebound, as `layer` in ``for layer in layers: x = checkpoint(lambda h:
        # layer(h))(x)``.
        self.again = frozen(fun, deeply=True)
        self.settings = environ.all()
        self.first: Outcome | None = None
        self.draws: Any = None

    def forward(self) -> Any:
        self.draws = random_state()
        try:
            result, written = recomputed(self._run, use_reentrant=False)
        except RuntimeError as error:
            # torch.func's derivatives refuse to run where saved-tensor hooks are active.
            if "saved tensor hooks" not in str(error):
                raise
            rewind(self.draws)
            return plain(self.fun, self.args, self.kwargs)
        assert self.first is not None
        self.first.frame.commit(written)
        return result

    def _run(self) -> tuple[Any, list[Any]]:
        if self.first is None:
            self.first = run(self.fun, self.args, self.kwargs)
            return self.first.result, self.first.written
        # autograd runs the backward pass on CUDA in its own threads, without this thread's settings.
        frame = self.first.frame
        states = [*frame.states, *frame.created]
        values = [*frame.original_state_values, *frame.created.values()]
        # torch's checkpoint restores generators for the devices of its arguments; here it gets no arguments.
        now = random_state()
        rewind(self.draws)
        try:
            with environ.context(**self.settings):
                again = run(self.again, self.args, self.kwargs, states, values)
        finally:
            rewind(now)
        again.frame.abandon()
        return again.result, again.written
