"""Mapping a function over the States that it makes: each lane makes its own."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

from ... import _tree
from ..._arrays import SCALARS, as_tensor
from ..._errors import kind_of
from ..._state import NonBatchState, State, catch_new_states
from ...typing import Missing
from .._core.derived import Derived
from .axes import UNMAPPED, StateAxes
from .plan import Plan
from .ranks import ALONE, Ranks, world

__all__ = ["in_new_state_probe", "pmap2_new_states", "vmap2_new_states", "vmap_new_states"]

_MISSING = Missing()
#: The filter for States that have one value for all lanes.
_NOT_BATCHED = [NonBatchState, "INIT_NO_BATCHING"]


def vmap_new_states(
    fun: Any = _MISSING,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    state_tag: str | None = None,
    state_to_exclude: Callable[[Any, Any], bool] | None = None,
    in_states: Any = None,
    out_states: Any = None,
) -> Any:
    """Apply `fun` to every slice of its arguments at once, and give the States that it makes a leading axis.

    Each lane draws independent random numbers, so that random initial values differ. A :class:`NonBatchState`, and a
    State with the tag ``'INIT_NO_BATCHING'``, is one for all lanes.

    Parameters
    ----------
    fun
        Makes States; without it `vmap_new_states` is a decorator.
    in_axes, out_axes, axis_name, axis_size, spmd_axis_name
        See :func:`vmap`.
    state_tag
        Added to the tags of the States that get the axis.
    state_to_exclude
        A predicate ``(path, state) -> bool``, such as ``util.filter.OfType(ParamState)``: States to leave alone.
    in_states, out_states
        Not possible: the States are those that `fun` makes.

    Returns
    -------
    callable
        Takes batched arguments, returns batched results; without `fun` a decorator.

    Raises
    ------
    ValueError
        `axis_size` is not positive, or `in_states` or `out_states` is given; at a call: as :func:`vmap`, or a State
        that is one for all lanes has a value that differs.
    BatchAxisError
        At a call: a value that differs from lane to lane was written to a State that was there before.
    NotImplementedError
        At a call: keyword arguments.

    Notes
    -----
    Source: brainstate.transform.vmap_new_states (0.5.4). Differs: `fun` runs once, not twice. An excluded State whose
    value differs from lane to lane stays usable, with a leading axis.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> @brainstate.transform.vmap_new_states(axis_size=3)
    ... def make():
    ...     global v
    ...     v = brainstate.State(torch.zeros(2))
    >>> make()
    >>> v.value.shape
    torch.Size([3, 2])
    """
    if isinstance(fun, Missing):
        return functools.partial(
            vmap_new_states,
            in_axes=in_axes,
            out_axes=out_axes,
            axis_name=axis_name,
            axis_size=axis_size,
            spmd_axis_name=spmd_axis_name,
            state_tag=state_tag,
            state_to_exclude=state_to_exclude,
            in_states=in_states,
            out_states=out_states,
        )
    if in_states is not None or out_states is not None:
        raise ValueError(
            "`in_states` and `out_states` must not be given: the States are those that the function makes. "
            "Got one of them. Use `vmap` for States that are there before."
        )
    if axis_size is not None and axis_size < 1:
        raise ValueError(f"`axis_size` must be a positive int. Got {axis_size}.")
    if not callable(fun):
        raise TypeError(f"the function to map must be callable. Got {kind_of(fun)}.")

    return Derived(_vmapped, fun, in_axes, out_axes, axis_size, axis_name, state_tag, state_to_exclude)


def _vmapped(
    fun: Callable[..., Any],
    in_axes: Any,
    out_axes: Any,
    axis_size: int | None,
    axis_name: Any,
    state_tag: str | None,
    state_to_exclude: Callable[[Any, Any], bool] | None,
) -> Callable[..., Any]:
    def mapped(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise NotImplementedError(
                f"vmap_new_states maps positional arguments. Got the keywords {sorted(kwargs)}. "
                "Pass them by position, or bind them with `functools.partial`."
            )
        making = _Making(fun, None, state_tag, state_to_exclude)
        return making.plan(in_axes, out_axes, axis_size, axis_name).call(args, {})

    return mapped


class _Making:
    """One call of a function that makes States, and the axis that each gets."""

    def __init__(
        self,
        fun: Callable[..., Any],
        axes: Any,
        state_tag: str | None = None,
        state_to_exclude: Callable[[Any, Any], bool] | None = None,
    ) -> None:
        self.fun, self.tag, self.exclude = fun, state_tag, state_to_exclude
        given = {} if axes is None else dict(axes) if isinstance(axes, Mapping) else {0: axes}
        whole = [*_NOT_BATCHED, given.pop(None)] if None in given else _NOT_BATCHED
        last = {0: given.pop(0)} if 0 in given else {}
        self.axes = StateAxes("state_out_axes", {None: whole, **given, **last})
        self.states: list[State[Any]] = []

    def plan(
        self, in_axes: Any, out_axes: Any, size: int | None, name: Any, ranks: Callable[[], Ranks] = lambda: ALONE
    ) -> Plan:
        """How the function is mapped."""
        none = StateAxes("in_states", None), StateAxes("out_states", None)
        return Plan(
            self._caught, in_axes, out_axes, *none, axis_size=size, axis_name=name, new_axis=self.axis_of, ranks=ranks
        )

    def _caught(self, *args: Any) -> Any:
        with catch_new_states(self.tag, self.exclude) as catcher:
            result = self.fun(*args)
        self.states = catcher.get_states()
        for state in self.states:
            value = state._get()
            if self.axis_of(state) not in (None, UNMAPPED) and any(isinstance(x, SCALARS) for x in _tree.leaves(value)):
                # A Python number cannot hold lanes, a tensor can.
                state.value = _tree.map(lambda x: as_tensor(x) if isinstance(x, SCALARS) else x, value)
        return result

    def axis_of(self, state: State[Any]) -> Any:
        """The axis of a State that was made; UNMAPPED for one left alone."""
        if all(state is not other for other in self.states):
            return UNMAPPED
        axis = self.axes.of(state)
        return 0 if axis is UNMAPPED else axis


def vmap2_new_states(
    module: Any,
    init_kwargs: Mapping[str, Any],
    state_tag: str | None = None,
    axis_size: int | None = None,
    state_out_axes: Any = None,
    spmd_axis_name: Any = None,
) -> dict[int | None, list[State[Any]]]:
    """Make the States of a module for many lanes at once: ``module.init_all_states(**init_kwargs)`` in each.

    Each lane draws independent random numbers. A :class:`NonBatchState`, and a State with the tag
    ``'INIT_NO_BATCHING'``, is one for all lanes.

    Parameters
    ----------
    module
        Has a method `init_all_states`.
    init_kwargs
        Its keyword arguments, the same in each lane.
    state_tag
        Added to the tags of the States that are made.
    axis_size
        The number of lanes; must be given.
    state_out_axes
        ``{axis: filter}``, tried in order, or a filter for axis 0; None as an axis means one State for all lanes.
        States that none matches get axis 0.
    spmd_axis_name
        Has no meaning here; accepted so that programs port.

    Returns
    -------
    dict
        The States that were made, by axis.

    Raises
    ------
    ValueError
        `axis_size` is missing or not positive, or a State that is one for all lanes has a value that differs.
    BatchAxisError
        A value that differs from lane to lane was written to a State that was there before.

    Notes
    -----
    Source: brainstate.transform.vmap2_new_states (0.5.4). Differs: `init_all_states` runs once, not twice.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Counter(brainstate.nn.Module):
    ...     def init_state(self):
    ...         self.count = brainstate.ShortTermState(torch.zeros(2))
    >>> counter = Counter()
    >>> made = brainstate.transform.vmap2_new_states(counter, {}, axis_size=3)
    >>> made[0][0] is counter.count, counter.count.value.shape
    (True, torch.Size([3, 2]))
    """
    if axis_size is None:
        raise ValueError("`axis_size` must be given, the number of lanes. Got None.")
    return _made(module, init_kwargs, state_tag, axis_size, state_out_axes, None, lambda: ALONE)


def pmap2_new_states(
    module: Any,
    init_kwargs: Mapping[str, Any],
    state_tag: str | None = None,
    axis_size: int | None = None,
    state_out_axes: Any = None,
    axis_name: Any = None,
) -> dict[int | None, list[State[Any]]]:
    """Make the States of a module for many lanes that the processes of the default group share.

    Every process ends with the States of all lanes; see :func:`vmap2_new_states`, and :func:`pmap2` for what is shared.

    Parameters
    ----------
    module, init_kwargs, state_tag, state_out_axes
        See :func:`vmap2_new_states`.
    axis_size
        The number of lanes, a multiple of the number of processes. None: one for each.
    axis_name
        A name for the axis, for :func:`psum`, :func:`pmean` and :func:`axis_index`.

    Returns
    -------
    dict
        The States that were made, by the axis that they got.

    Notes
    -----
    Source: brainstate.transform.pmap2_new_states (0.5.4). Differs: processes of torch.distributed take the place of
    devices; `init_all_states` runs once, not twice.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Counter(brainstate.nn.Module):
    ...     def init_state(self):
    ...         self.count = brainstate.ShortTermState(torch.zeros(2))
    >>> counter = Counter()
    >>> made = brainstate.transform.pmap2_new_states(counter, {}, axis_size=4)
    >>> counter.count.value.shape
    torch.Size([4, 2])
    """
    size = world().size if axis_size is None else axis_size
    return _made(module, init_kwargs, state_tag, size, state_out_axes, axis_name, world)


def _made(
    module: Any,
    init_kwargs: Mapping[str, Any],
    state_tag: str | None,
    size: int,
    axes: Any,
    axis_name: Any,
    ranks: Callable[[], Ranks],
) -> dict[int | None, list[State[Any]]]:
    making = _Making(lambda: _nothing(module.init_all_states(**init_kwargs)), axes, state_tag)
    making.plan(0, 0, size, axis_name, ranks).call((), {})
    by_axis: dict[int | None, list[State[Any]]] = {}
    for state in making.states:
        by_axis.setdefault(making.axis_of(state), []).append(state)
    return by_axis


def _nothing(_: Any) -> None:
    return None


def in_new_state_probe() -> bool:
    """Whether the caller is in a trial run that finds out which States a function makes: always False here.

    brainstate runs a function that makes States twice, and code with side effects asks this first.

    Returns
    -------
    bool
        Always False.

    Notes
    -----
    Source: brainstate.transform.in_new_state_probe (0.5.4). Differs: :func:`vmap_new_states` and its relatives run the
    function once, so the answer is always False, and what acts once acts on the States that stay.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.transform.in_new_state_probe()
    False
    """
    return False
