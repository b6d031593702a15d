"""while_loop and bounded_while_loop."""

from collections.abc import Callable
from typing import Any, overload

import torch

from ... import _tree
from ..._arrays import as_tensor
from ..._errors import kind_of
from ..._host.functorch import FakeTensor, concrete
from ..._program.recording import is_recording
from ..._state import Frame
from .._compile.looping import StatefulLoop
from .._core.abstract import is_abstract
from .._core.carry import Pattern, as_arrays, check_states, protected
from .._core.functional import checked_arguments, run
from .._core.signatures import T
from .._core.stacking import aligned
from .._core.truth import as_truth
from .branch import cond
from .checkpointed_loop import check_base, in_blocks, record_in_blocks
from .loop import Scan
from .select import select

__all__ = ["bounded_while_loop", "while_loop"]


@overload
def while_loop(cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], T], init_val: Any) -> T: ...


@overload
def while_loop(cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any) -> Any: ...


def while_loop(cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any) -> Any:
    """Run ``val = body_fun(val)`` as long as ``cond_fun(val)`` holds.

    It is a Python loop, and one transform: if a step raises, every State is as it was before the first. Under vmap the
    steps go on until no lane needs one, and each lane keeps the value that it had when its own condition failed.

    Parameters
    ----------
    cond_fun
        Takes the value, returns one boolean. It may read States and must not write any.
    body_fun
        One step. It must keep the structure, shapes, dtypes and units of the value, and the shapes and dtypes of the
        States that it writes; only a Python number may turn into a wider kind of number.
    init_val
        The first value, any pytree.

    Returns
    -------
    Any
        The last value.

    Raises
    ------
    TypeError
        A function cannot be called, the condition is not one boolean, or a step changes a shape or dtype.
    ValueError
        `cond_fun` writes a State.

    Notes
    -----
    Source: brainstate.transform.while_loop (0.5.4). Differs: it has reverse derivatives.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.while_loop(lambda v: v < 10, lambda v: 2 * v, torch.tensor(1.))
    tensor(16.)
    >>> brainstate.transform.grad(lambda x: brainstate.transform.while_loop(lambda v: v < 10, lambda v: 2 * v, x))(
    ...     torch.tensor(1.))
    tensor(16.)
    """
    loop = _While("while_loop", cond_fun, body_fun, init_val)
    if is_recording():
        return loop.record()
    return loop.run(lambda val: loop.advance(val, None))


@overload
def bounded_while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], T], init_val: Any, *, max_steps: int, base: int = 16
) -> T: ...


@overload
def bounded_while_loop(
    cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], init_val: Any, *, max_steps: int, base: int = 16
) -> Any: ...


def bounded_while_loop(
    cond_fun: Callable[[Any], Any],
    body_fun: Callable[[Any], Any],
    init_val: Any,
    *,
    max_steps: int,
    base: int = 16,
) -> Any:
    """:func:`while_loop` of at most `max_steps` steps, which keeps few of them in memory for the backward pass.

    Parameters
    ----------
    cond_fun, body_fun, init_val
        See :func:`while_loop`.
    max_steps
        The loop stops silently after this many steps.
    base
        Steps per block that is computed again in the backward pass; see :func:`checkpointed_scan`.

    Returns
    -------
    Any
        The last value.

    Raises
    ------
    TypeError, ValueError
        As :func:`while_loop`; `max_steps` is not an integer or negative, or `base` is not an integer of at least 2.

    Notes
    -----
    Source: brainstate.transform.bounded_while_loop (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.transform.bounded_while_loop(lambda v: v < 10, lambda v: 2 * v, torch.tensor(1.), max_steps=3)
    tensor(8.)
    """
    if not isinstance(max_steps, int) or max_steps < 0:
        raise ValueError(f"`max_steps` must be an integer of at least 0. Got {max_steps!r}.")
    check_base(base)
    loop = _While("bounded_while_loop", cond_fun, body_fun, init_val)
    if is_recording():
        return loop.record_bounded(max_steps)

    def advance(val: Any, steps: range) -> tuple[Any, list[Any], bool]:
        val, go_on = loop.advance(val, len(steps))
        return val, [], go_on

    return loop.run(lambda val: in_blocks(advance, val, range(max_steps), base)[::2])


class _While:
    """A loop with a condition: its inputs, checked, and its steps."""

    def __init__(self, name: str, cond_fun: Callable[[Any], Any], body_fun: Callable[[Any], Any], val: Any) -> None:
        for key, fun in (("cond_fun", cond_fun), ("body_fun", body_fun)):
            if not callable(fun):
                raise TypeError(f"`{key}` must be callable. Got {kind_of(fun)}.")
        (val,), _ = checked_arguments([val], {}, [cond_fun, body_fun])
        self.name, self.cond_fun, self.body_fun = name, cond_fun, body_fun
        self.first, self.pattern = as_arrays(val), Pattern(val)
        self.frame = Frame(name=name)
        self._checked = False

    def record(self) -> Any:
        """Put the loop into the graph that is recorded, as one operation."""
        cond_fun, body_fun = self.cond_fun, self.body_fun

        def step(val: Any, _: Any) -> tuple[list[torch.Tensor], Any]:
            val = protected(val)
            keep = as_tensor(as_truth(self._condition(val, cond_fun), "the result of `cond_fun`", "b"))
            return self._leaves(body_fun(val)), keep

        return StatefulLoop(self.name, step, self.first, None, lambda frame: check_states(frame, self.name)).while_()

    def record_bounded(self, max_steps: int) -> Any:
        """The same loop with a fixed number of steps; those after its end have no effect."""
        cond_fun, body_fun = self.cond_fun, self.body_fun

        def body(val: Any) -> Any:
            return _tree.unflatten(self.pattern.spec, self._leaves(body_fun(val)))

        def step(carry: Any, _: Any) -> tuple[Any, None]:
            val, active = carry
            keep = active & as_tensor(as_truth(self._condition(val, cond_fun), "the result of `cond_fun`", "b"))
            return (cond(keep, body, _identity, val), keep), None

        # A step's result is on the device of its value.
        device = next((x.device for x in _tree.leaves(self.first) if isinstance(x, torch.Tensor)), None)
        first = (self.first, torch.ones((), dtype=torch.bool, device=device))
        loop = Scan(self.name, step, first, None, max_steps, None)
        return record_in_blocks(loop)[0][0] if max_steps else self.first

    def _leaves(self, val: Any) -> list[torch.Tensor]:
        """The tensors of a value that a step returns, in the order of the first one."""
        self._check_value(val)
        leaves = aligned(self.pattern.spec, as_arrays(val))
        assert leaves is not None
        return [x for x in leaves if isinstance(x, torch.Tensor)]

    def run(self, steps: Callable[[Any], tuple[Any, bool]]) -> Any:
        """Run `steps`, value -> (value, whether to go on), as one transform: the last value."""

        def whole(val: Any) -> Any:
            val = as_arrays(steps(val)[0])
            self._check(val)
            return val

        return run(whole, [self.first], {}, frame=self.frame).committed()

    def advance(self, val: Any, count: int | None) -> tuple[Any, bool]:
        """Run at most `count` steps; return the value after them, and whether the condition may still hold."""
        while count is None or count > 0:
            val = protected(val)
            keep = as_truth(self._condition(val, self.cond_fun), "the result of `cond_fun`", "b")
            if isinstance(keep, bool):
                if not keep:
                    return val, False
                val = self.body_fun(val)
            elif isinstance(concrete(keep), FakeTensor):
                # Without numbers there is no end to find; one step has the shapes of all.
                if not is_abstract():
                    raise NotImplementedError(
                        f"`{self.name}` must know the number of steps to be traced. Got a condition without numbers. "
                        "Use `scan`, or leave the loop outside what is traced."
                    )
                return self.body_fun(val), False
            elif bool(concrete(keep).any()):
                val = self._masked(keep, val)
            else:
                return val, False
            if not self._checked:
                self._check(val)
            count = None if count is None else count - 1
        return val, True

    def _masked(self, keep: torch.Tensor, val: Any) -> Any:
        """One step in the lanes that need it."""
        return select([keep, ~keep], [self.body_fun, _identity], [val], ["`body_fun`", "the value before"])

    def _check(self, val: Any) -> None:
        self._checked = True
        self._check_value(val)
        check_states(self.frame, self.name)

    def _check_value(self, val: Any) -> None:
        found = self.pattern.difference(val)
        if found:
            raise TypeError(
                f"`body_fun` of `{self.name}` must return a value like the one that it gets. Got {found}. "
                "Give `init_val` the structure, shapes, dtypes and units that every step returns."
            )

    def _condition(self, val: Any, cond_fun: Callable[[Any], Any]) -> Any:
        if self._checked:
            return cond_fun(val)
        outcome = run(cond_fun, [val], {})
        if outcome.written:
            raise ValueError(
                f"`cond_fun` of `{self.name}` must not write a State. "
                f"Got a write to {outcome.frame.written()[0]!r}. Write it in `body_fun`."
            )
        return outcome.result


def _identity(val: Any) -> Any:
    return val
