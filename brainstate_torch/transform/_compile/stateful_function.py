"""StatefulFunction: a function together with the States that it reads and writes."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import torch

from ... import _tree
from ..._errors import kind_of
from ..._host.switches import switches
from ..._state import State
from ...environ._store import Observed, observed
from ...util import BoundedCache
from .._core.draws import random_state, rewind
from .._core.functional import Outcome, checked_arguments, run
from .._core.shapes import shapes_of
from .call_key import static_key
from .program_graph import ProgramGraph, recorded_graph
from .watched import Watched, looking

__all__ = ["StatefulFunction"]

_CAPACITY = 128


class _Signature(NamedTuple):
    """What calls with one signature do: the States they touch and write, and the shapes of their results.

    It is valid as long as the settings and Python objects that the function reads are unchanged.
    """

    states: tuple[State[Any], ...]
    written: tuple[State[Any], ...]
    out_shapes: Any
    state_shapes: tuple[Any, ...]
    before: tuple[Any, ...]
    noted: Observed
    watched: Watched


class StatefulFunction:
    """A function whose States are known.

    Calling it runs the function and commits what it wrote, all or nothing. The `get_` methods run it once for each
    signature (structure, shapes, dtypes and units of the arguments), change no State and no random generator, and
    remember the answer until something that the function reads has changed: a setting, the mode of a module, a
    switch of torch, or what else :func:`jit` sees.

    Parameters
    ----------
    fun
        Any function.
    static_argnums, static_argnames
        Arguments whose value, not only shape, is part of the signature. They must be hashable.
    name
        Shown in the repr.
    return_only_write
        :meth:`jaxpr_call` gives None in the place of States that are only read.
    axis_env, ir_optimizations
        Must be None: they belong to JAX's compiler.

    Raises
    ------
    TypeError
        `fun` cannot be called.
    NotImplementedError
        `axis_env` or `ir_optimizations` is given.

    Notes
    -----
    Source: brainstate.transform.StatefulFunction (0.5.4). Differs: the function runs at every call.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> n = brainstate.State(torch.tensor(1.))
    >>> def count(x):
    ...     n.value = n.value + x
    ...     return 2 * x
    >>> f = brainstate.transform.StatefulFunction(count)
    >>> f.get_write_states(torch.tensor(3.)) == (n,), f.jaxpr_call([torch.tensor(5.)], torch.tensor(3.)), n.value
    (True, ((tensor(8.),), tensor(6.)), tensor(1.))
    >>> f(torch.tensor(3.)), n.value
    (tensor(6.), tensor(4.))
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        static_argnums: int | Iterable[int] = (),
        static_argnames: str | Iterable[str] = (),
        axis_env: Any = None,
        name: str | None = None,
        return_only_write: bool = True,
        ir_optimizations: Any = None,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"`fun` must be callable. Got {kind_of(fun)}.")
        if axis_env is not None or ir_optimizations is not None:
            raise NotImplementedError("`axis_env` and `ir_optimizations` belong to JAX's compiler. Leave them out.")
        self.fun, self.name, self.return_only_write = fun, name, return_only_write
        self.static_argnums = (static_argnums,) if isinstance(static_argnums, int) else tuple(static_argnums)
        self.static_argnames = (static_argnames,) if isinstance(static_argnames, str) else tuple(static_argnames)
        self._cache = BoundedCache(_CAPACITY)
        self._hits = self._misses = 0

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the function and commit what it wrote, all or nothing.

        Parameters
        ----------
        *args, **kwargs
            The arguments.

        Returns
        -------
        Any
            The result.
        """
        if self.static_argnums or self.static_argnames:
            self.get_arg_cache_key(*args, **kwargs)
        return self._run(args, kwargs).committed()

    jaxpr_call_auto = __call__

    def _run(self, args: Any, kwargs: Any, states: Sequence[State[Any]] = (), values: Sequence[Any] = ()) -> Outcome:
        positional, named = checked_arguments(args, kwargs, [self.fun])
        return run(self.fun, positional, named, states, values)

    def jaxpr_call(self, state_vals: Sequence[Any], *args: Any, **kwargs: Any) -> tuple[tuple[Any, ...], Any]:
        """Run with other values for the States, changing none: ``(new values, result)``.

        Parameters
        ----------
        state_vals
            One value for each State of :meth:`get_states`, in that order.

        Raises
        ------
        ValueError
            There are not as many values as States, or one is None.
        """
        known = self._signature(args, kwargs)
        if len(state_vals) != len(known.states):
            raise ValueError(
                f"`state_vals` must have one value for each of the {len(known.states)} States. Got {len(state_vals)}."
            )
        for state, value in zip(known.states, state_vals, strict=True):
            if value is None and state._get() is not None:
                raise ValueError(f"`state_vals` must have a value for every State. Got None for {state!r}.")
        values = [state._own(value) for state, value in zip(known.states, state_vals, strict=True)]
        outcome = self._run(args, kwargs, known.states, values)
        outcome.frame.abandon()
        new = dict(zip(outcome.frame.written(), outcome.written, strict=True))
        kept: dict[State[Any], Any] = {} if self.return_only_write else dict(zip(known.states, values, strict=True))
        return tuple([new.get(state, kept.get(state)) for state in known.states]), outcome.result

    def get_states(self, *args: Any, compile_if_miss: bool = True, **kwargs: Any) -> tuple[State[Any], ...]:
        """The States that a call with these arguments reads or writes, in the order of first touch.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.
        compile_if_miss
            Whether to look at a call that is not known yet; otherwise it is an error.

        Returns
        -------
        tuple of State
            The States.
        """
        return self._signature(args, kwargs, compile_if_miss).states

    def get_read_states(self, *args: Any, compile_if_miss: bool = True, **kwargs: Any) -> tuple[State[Any], ...]:
        """The States that a call reads and does not write.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.
        compile_if_miss
            Whether to look at a call that is not known yet; otherwise it is an error.

        Returns
        -------
        tuple of State
            The States.
        """
        known = self._signature(args, kwargs, compile_if_miss)
        return tuple([state for state in known.states if state not in known.written])

    def get_write_states(self, *args: Any, compile_if_miss: bool = True, **kwargs: Any) -> tuple[State[Any], ...]:
        """The States that a call writes.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.
        compile_if_miss
            Whether to look at a call that is not known yet; otherwise it is an error.

        Returns
        -------
        tuple of State
            The States.
        """
        return self._signature(args, kwargs, compile_if_miss).written

    def get_out_shapes(self, *args: Any, compile_if_miss: bool = True, **kwargs: Any) -> tuple[Any, tuple[Any, ...]]:
        """The shapes of the result, and of each State after the call (None where it is only read).

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.
        compile_if_miss
            Whether to look at a call that is not known yet; otherwise it is an error.

        Returns
        -------
        tuple
            A tree of shapes like the result, and one for each State.
        """
        known = self._signature(args, kwargs, compile_if_miss)
        return known.out_shapes, known.state_shapes

    def get_graph(self, *args: Any, **kwargs: Any) -> ProgramGraph:
        """What a call with such arguments does, to be printed; see :func:`make_graph`.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.

        Returns
        -------
        ProgramGraph
            The graph.
        """
        return recorded_graph(self.fun, self.static_argnums, self.static_argnames, args, kwargs, self.name)

    def make_jaxpr(self, *args: Any, **kwargs: Any) -> "StatefulFunction":
        """Analyse a call with such arguments once, for the `get_` methods; return the function itself.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.

        Returns
        -------
        StatefulFunction
            This object.
        """
        self._signature(args, kwargs)
        return self

    def get_arg_cache_key(self, *args: Any, compile_if_miss: bool = False, **kwargs: Any) -> Any:
        """The signature of a call: equal for calls that share an analysis.

        Parameters
        ----------
        *args, **kwargs
            The arguments of a call; only their kinds count.
        compile_if_miss
            Whether to look at a call that is not known yet; otherwise it is an error.

        Returns
        -------
        Hashable
            The signature.

        Raises
        ------
        ValueError
            A static argument is not hashable, or `static_argnums` goes beyond the arguments.
        """
        for place in self.static_argnums:
            if place >= len(args):
                raise ValueError(
                    f"`static_argnums` must name positional arguments. Got {place} for {len(args)} of them."
                )
        named = [(key, _key(kwargs[key], key in self.static_argnames, f"`{key}`")) for key in sorted(kwargs)]
        key = (
            switches(),
            tuple([_key(arg, i in self.static_argnums, str(i)) for i, arg in enumerate(args)]),
            tuple(named),
        )
        if compile_if_miss:
            self._signature(args, kwargs)
        return key

    def clear_cache(self) -> None:
        """Forget all signatures."""
        self._cache.clear()

    def get_cache_stats(self) -> dict[str, int]:
        """How many signatures are known, and how often one was found or not.

        Returns
        -------
        dict
            The counts by name.
        """
        return {"size": len(self._cache), "capacity": self._cache.maxsize, "hits": self._hits, "misses": self._misses}

    def _signature(self, args: Any, kwargs: Any, compile_if_miss: bool = True) -> _Signature:
        key = self.get_arg_cache_key(*args, **kwargs)
        known: _Signature | None = self._cache.get(key)
        if known is not None and self._is_current(known):
            self._hits += 1
            return known
        if not compile_if_miss:
            raise ValueError("this signature must have been seen before. Got a new one. Pass `compile_if_miss=True`.")
        self._misses += 1
        draws = random_state()
        static = [arg for i, arg in enumerate(args) if i in self.static_argnums]
        watched = Watched(self.fun, *static, *[kwargs[name] for name in self.static_argnames if name in kwargs])
        try:
            with observed() as noted, looking(watched, noted):
                outcome = self._run(args, kwargs)
        finally:
            rewind(draws)
        outcome.frame.abandon()
        new = dict(zip(outcome.frame.written(), outcome.written, strict=True))
        states = tuple(outcome.frame.states)
        before_shapes = tuple([shapes_of(s._get()) for s in states])
        shapes = [
            shapes_of(new[s]) if s in new else None if self.return_only_write else shapes_of(s._get()) for s in states
        ]
        known = _Signature(
            states,
            tuple(outcome.frame.written()),
            shapes_of(outcome.result),
            tuple(shapes),
            before_shapes,
            noted,
            watched,
        )
        self._cache.pop(key)
        self._cache.set(key, known)
        return known

    @staticmethod
    def _is_current(known: _Signature) -> bool:
        """Whether the States still have the shapes recorded in the signature, and the function reads what it did."""
        shapes = all(shapes_of(s._get()) == shape for s, shape in zip(known.states, known.before, strict=True))
        return shapes and known.noted.holds() and known.watched.holds()

    def __repr__(self) -> str:
        name = self.name or getattr(self.fun, "__qualname__", repr(self.fun))
        return f"StatefulFunction({name}, signatures={len(self._cache)})"


def _key(arg: Any, static: bool, name: str) -> Any:
    if static:
        return static_key(arg, name)
    leaves, spec = _tree.flatten(arg)
    return spec, tuple([_leaf_key(leaf) for leaf in leaves])


def _leaf_key(leaf: Any) -> Any:
    if isinstance(leaf, torch.Tensor):
        return leaf.shape, leaf.dtype, leaf.device
    return type(leaf), getattr(leaf, "shape", None), getattr(leaf, "dtype", None)
