"""checkify: checks that are reported as a value instead of raised."""

import threading
from collections.abc import Callable, Collection
from typing import Any

import torch

from ... import _tree
from ..._errors import kind_of
from ..._host.dispatch import TorchDispatchMode
from ..._program.effect import with_numbers_of
from ..._program.recording import is_recording
from .._core.derived import Derived
from .._core.functional import checked_arguments, combine, partition, run
from .._core.truth import as_truth

__all__ = [
    "all_checks",
    "automatic_checks",
    "check",
    "check_error",
    "checkify",
    "div_checks",
    "float_checks",
    "index_checks",
    "nan_checks",
    "user_checks",
]


class FailedCheckError(ValueError):
    """A :func:`check` failed."""


class NaNError(ValueError):
    """An operation made a NaN."""


class DivisionByZeroError(ValueError):
    """Something was divided by zero."""


class OOBError(ValueError):
    """An index was out of bounds."""


user_checks = frozenset({FailedCheckError})
nan_checks = frozenset({NaNError})
div_checks = frozenset({DivisionByZeroError})
index_checks = frozenset({OOBError})
float_checks = nan_checks | div_checks
automatic_checks = float_checks | index_checks
all_checks = automatic_checks | user_checks


class Error:
    """What :func:`checkify` found: the first failed check, or none."""

    def __init__(self, exception: ValueError | None = None) -> None:
        self._exception = exception

    def get(self) -> str | None:
        """The message, None if every check held."""
        return None if self._exception is None else str(self._exception)

    def throw(self) -> None:
        """Raise the error, if there is one."""
        if self._exception is not None:
            raise self._exception

    def __repr__(self) -> str:
        return f"Error({self.get()!r})"


class _Collector:
    """The first failed check of one checkified call."""

    def __init__(self, errors: Collection[type[ValueError]]) -> None:
        self.errors = errors
        self.first: ValueError | None = None

    def report(self, exception: ValueError) -> None:
        """Keep the error, if it is the first and of a kind that is asked for."""
        if self.first is None and type(exception) in self.errors:
            self.first = exception


class _Collectors(threading.local):
    """Per thread: the collectors of the checkified calls under way."""

    def __init__(self) -> None:
        self.collectors: list[_Collector] = []


_ACTIVE = _Collectors()


def check(pred: Any, msg: str, *fmt_args: Any, debug: bool = False, **fmt_kwargs: Any) -> None:
    """Demand that `pred` holds, in every lane of a vmap.

    Inside :func:`checkify` a failure is noted and the function goes on; elsewhere it raises.

    Parameters
    ----------
    pred
        One boolean.
    msg
        The message, formatted with ``msg.format(*fmt_args, **fmt_kwargs)``.
    *fmt_args, **fmt_kwargs
        Values for the message; tensors have the numbers of all lanes.
    debug
        Only look inside :func:`checkify`.

    Raises
    ------
    ValueError
        The check failed, outside :func:`checkify`.
    TypeError
        `pred` is not one boolean, or `msg` no string.

    Notes
    -----
    Source: brainstate.transform.check (0.5.4). Differs: the message may be formatted with numbers, too.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> x = torch.tensor(-1.)
    >>> brainstate.transform.check(x > 0, 'x must be positive, it is {}', x)
    Traceback (most recent call last):
    brainstate_torch.transform._watch.checkify.FailedCheckError: x must be positive, it is -1.0
    """
    if not isinstance(msg, str):
        raise TypeError(f"`msg` must be a string. Got {kind_of(msg)}.")
    truth = as_truth(pred, "`pred`", "b")
    collectors = _ACTIVE.collectors
    if debug and not collectors:
        return
    tensors, static = partition((fmt_args, fmt_kwargs))

    def act(holds: torch.Tensor, *numbers: torch.Tensor) -> None:
        if not bool(holds.all()):
            args, kwargs = combine(numbers, static)
            _raise_or_report(FailedCheckError(msg.format(*args, **kwargs)))

    with_numbers_of([torch.as_tensor(truth), *tensors], act)


def _raise_or_report(error: ValueError) -> None:
    if not _ACTIVE.collectors:
        raise error
    _ACTIVE.collectors[-1].report(error)


def check_error(error: Error) -> None:
    """Raise what :func:`checkify` found, if anything; inside another :func:`checkify`, note it there.

    Parameters
    ----------
    error
        What a function of :func:`checkify` returned first.

    Raises
    ------
    ValueError
        There is an error.
    TypeError
        `error` is of another type.

    Notes
    -----
    Source: brainstate.transform.check_error (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> error, _ = brainstate.transform.checkify(lambda: brainstate.transform.check(1 > 0, 'no'))()
    >>> brainstate.transform.check_error(error)
    """
    if not isinstance(error, Error):
        raise TypeError(f"`error` must be what `checkify` returned first. Got {kind_of(error)}.")
    if error._exception is not None:
        _raise_or_report(error._exception)


def checkify(fun: Callable[..., Any], errors: Collection[type[ValueError]] = user_checks) -> Callable[..., Any]:
    """A function that returns ``(error, result)``: a failed check is a value, and the function goes on after it.

    What it writes to States is kept, whether or not a check failed.

    Parameters
    ----------
    fun
        Any function.
    errors
        What to check: `user_checks` (calls of :func:`check`), `nan_checks` (an operation gives a NaN), `div_checks`
        (a division by zero), `index_checks`, or a union of them: `float_checks` is NaN and division,
        `automatic_checks` adds indices, and `all_checks` everything.

    Returns
    -------
    Callable
        Its first result has ``get()``, the message or None, and ``throw()``, which raises it.

    Raises
    ------
    TypeError
        `fun` cannot be called, or `errors` is not a set of checks.
    NotImplementedError
        At a call inside :func:`jit`; write ``checkify(jit(fun))``, which runs the function uncompiled.

    Notes
    -----
    Source: brainstate.transform.checkify (0.5.4). Differs: torch has no result for an index out of bounds, so that
    with `index_checks` the result is then None and no State is changed; without, IndexError is raised.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> root = brainstate.transform.checkify(torch.sqrt, errors=brainstate.transform.nan_checks)
    >>> root(torch.tensor(4.))
    (Error(None), tensor(2.))
    >>> root(torch.tensor(-4.))
    (Error('`sqrt` gave a NaN.'), tensor(nan))
    """
    if not callable(fun):
        raise TypeError(f"`fun` must be callable. Got {kind_of(fun)}.")
    if not isinstance(errors, (set, frozenset)) or not errors <= all_checks:
        raise TypeError(f"`errors` must be a set of checks, such as `user_checks`. Got {errors!r}.")

    return Derived(_checked, fun, frozenset(errors))


def _checked(fun: Callable[..., Any], errors: frozenset[type[ValueError]]) -> Callable[..., Any]:
    def checked(*args: Any, **kwargs: Any) -> tuple[Error, Any]:
        if is_recording():
            raise NotImplementedError(
                "`checkify` must be outside of what is compiled: an error is no tensor that a program could return. "
                "Got it inside `jit`. Write `checkify(jit(fun))`, or leave it out: a failed `check` in `jit` raises."
            )
        positional, named = checked_arguments(args, kwargs)
        collector = _Collector(errors)
        _ACTIVE.collectors.append(collector)
        try:
            if errors & float_checks:
                with _EachOperation(collector):
                    outcome = run(fun, positional, named)
            else:
                outcome = run(fun, positional, named)
        except IndexError as error:
            if OOBError not in errors:
                raise
            collector.report(OOBError(str(error)))
            return Error(collector.first), None
        finally:
            _ACTIVE.collectors.pop()
        return Error(collector.first), outcome.committed()

    return checked


class _EachOperation(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Looks at the operands and results of every operation."""

    def __init__(self, collector: _Collector) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.collector = collector

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        if self.collector.first is None:
            name = func.overloadpacket.__name__
            if name in _DIVISOR and _has_zero(args[_DIVISOR[name]]):
                self.collector.report(DivisionByZeroError(f"`{name}` divided by zero."))
            # Views and copies cannot make a NaN, and the numbers in uninitialised memory do not count.
            aliases = [out.alias_info for out in func._schema.returns]
            is_same = name == "clone" or any(alias is not None and not alias.is_write for alias in aliases)
            if not is_same and "empty" not in name and any(_has_nan(x) for x in _tree.leaves(result)):
                self.collector.report(NaNError(f"`{name}` gave a NaN."))
        return result


#: Where the divisor stands among the arguments.
_DIVISOR = {"div": 1, "div_": 1, "floor_divide": 1, "true_divide": 1, "reciprocal": 0}


def _has_zero(x: Any) -> bool:
    return bool((x == 0).any()) if isinstance(x, torch.Tensor) else x == 0


def _has_nan(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and (x.is_floating_point() or x.is_complex()) and bool(torch.isnan(x).any())
