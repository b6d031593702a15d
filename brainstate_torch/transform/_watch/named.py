"""named_scope and named_call: labels for the profiler."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ..._errors import kind_of
from ..._host.dispatch import dispatch_modes, is_profiled
from .._core.derived import Derived

__all__ = ["named_call", "named_scope"]


def named_scope(
    name: str,
    static_argnums: int | Sequence[int] | Callable[..., Any] | None = None,
    static_argnames: str | Sequence[str] | Callable[..., Any] | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """A decorator that labels a function's calls in the profiler; the function itself is its attribute `fn`.

    Parameters
    ----------
    name
        The label.
    static_argnums, static_argnames
        Have no meaning here; accepted so that programs port.

    Returns
    -------
    callable
        The labelled function, or a decorator.

    Raises
    ------
    TypeError
        `name` is not a string, or what is decorated cannot be called.

    Notes
    -----
    Source: brainstate.transform.named_scope (0.5.4). Differs: a label only, never compiled by itself.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> double = brainstate.transform.named_scope('double')(lambda x: 2 * x)
    >>> with torch.profiler.profile() as profile:
    ...     _ = double(torch.ones(2))
    >>> 'double' in {event.name for event in profile.events()}
    True
    """
    return lambda fn: _labelled(fn, name)


def named_call(fun: Callable[..., Any] | None = None, *, name: str | None = None) -> Callable[..., Any]:
    """Label a function's calls in the profiler.

    Parameters
    ----------
    fun
        The function; without it `named_call` is a decorator.
    name
        The label, by default the function's name.

    Returns
    -------
    callable
        The labelled function, or a decorator.

    Raises
    ------
    TypeError
        `name` is not a string, or `fun` cannot be called.

    Notes
    -----
    Source: brainstate.transform.named_call (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> @brainstate.transform.named_call
    ... def layer(x):
    ...     return 2 * x
    >>> layer(torch.ones(2)), layer.__name__
    (tensor([2., 2.]), 'layer')
    """
    if fun is None:
        return functools.partial(named_call, name=name)
    return _labelled(fun, getattr(fun, "__name__", "named_call") if name is None else name)


def _labelled(fun: Callable[..., Any], name: str) -> Callable[..., Any]:
    if not callable(fun):
        raise TypeError(f"what is labelled must be callable. Got {kind_of(fun)}.")
    if not isinstance(name, str):
        raise TypeError(f"`name` must be a string. Got {kind_of(name)}.")

    found = Derived(_called, fun, name)
    found.fn = fun  # type: ignore[attr-defined]
    return found


def _called(fun: Callable[..., Any], name: str) -> Callable[..., Any]:
    def labelled(*args: Any, **kwargs: Any) -> Any:
        # A label costs 5 µs, and would be a node of a traced graph.
        if not is_profiled() or dispatch_modes():
            return fun(*args, **kwargs)
        with torch.profiler.record_function(name):
            return fun(*args, **kwargs)

    return labelled
