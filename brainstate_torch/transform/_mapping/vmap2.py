"""vmap2 and StatefulMapping: States to map chosen by filters."""

import copy
import dataclasses
import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

import torch

from ..._errors import kind_of
from ..._host import functorch as _func
from ...typing import Missing
from .._core.signatures import P, T
from .axes import StateAxes
from .lane_states import POLICIES
from .plan import Plan
from .ranks import ALONE, Ranks
from .vmap import vmap

__all__ = ["StatefulMapping", "vmap2"]

_MISSING = Missing()


def _is_vmap(mapping: Any) -> bool:
    """Whether a function maps as torch.vmap does, with options that say nothing."""
    if isinstance(mapping, functools.partial):
        return not mapping.args and not any(x is not None for x in mapping.keywords.values()) and _is_vmap(mapping.func)
    return any(mapping is known for known in (_func.vmap, vmap, torch.vmap))


Out = TypeVar("Out", covariant=True)
S = TypeVar("S")
Q = ParamSpec("Q")


class StatefulMapping(Generic[P, Out]):
    """A function that applies `fun` to every slice of its arguments at once; what :func:`vmap2` and :func:`pmap2` make.

    A State is shared by all lanes unless `state_in_axes` gives it an axis: then each lane sees one slice, and what it
    writes goes back along the same axis. Where a shared State is written, one value must be the same in each lane;
    values that differ are put together along the axis that `state_out_axes` names, or else as
    `unexpected_out_state_mapping` says. Random draws differ from lane to lane, and repeat after the same seed.

    Parameters
    ----------
    fun
        Written for one sample.
    in_axes, out_axes
        An axis, or None for what is not mapped; or a tree of them that begins like the positional arguments or the
        result. Keyword arguments are mapped along axis 0.
    state_in_axes, state_out_axes
        ``{axis: what}``, where `what` is a filter (see ``util.filter``), a State, or several States, and the axis may
        be None for no mapping; or `what` alone for axis 0.
    unexpected_out_state_mapping
        What to do with a value that differs from lane to lane in a State that neither names. ``'raise'``: refuse it.
        ``'ignore'`` and ``'warn'``: give the State a leading axis for the lanes. ``'auto'``: the same, but a State that
        is read too, and has one slice for each lane along axis 0 already, is mapped along it.
    static_argnums, static_argnames
        Arguments that are the same in each lane and can be anything; negative numbers count from the end.
    axis_env, return_only_write
        Have no meaning here; accepted so that programs port.
    axis_size
        The number of lanes, where nothing is mapped.
    axis_name
        A name for the axis, for :func:`psum`, :func:`pmean` and :func:`axis_index`.
    name
        Shown by ``repr``.
    mapping_fn, mapping_kwargs
        Only the default, :func:`vmap` and torch's are possible, and options that are None.

    Raises
    ------
    TypeError
        `fun` cannot be called, or an axis of States is not an int or a filter no filter.
    ValueError
        There is no such policy; at a call: sizes differ, an axis does not exist, nothing is mapped, an argument is a
        State, or a State at None was given a value that differs.
    BatchAxisError
        At a call: a State is given two axes, or ``'raise'`` refuses a value. No State is changed then.
    NotImplementedError
        `mapping_fn` or `mapping_kwargs` is given.

    Notes
    -----
    Source: brainstate.transform.StatefulMapping (0.5.4). Differs: the function runs once in a call, and once more where
    ``'auto'`` finds a State to map or only States tell the number of lanes. A State that is not named always gets its
    new axis in front. In a State whose value is a tree, it is enough if one leaf differs from lane to lane.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> total = brainstate.ShortTermState(torch.zeros(3))
    >>> def add(x):
    ...     total.value += x
    ...     return total.value
    >>> lanes = brainstate.transform.StatefulMapping(add, state_in_axes={0: brainstate.ShortTermState})
    >>> lanes(torch.tensor([1., 2., 3.]))
    tensor([1., 2., 3.])
    """

    def __init__(
        self,
        fun: Callable[..., Any],
        in_axes: Any = 0,
        out_axes: Any = 0,
        state_in_axes: Any = None,
        state_out_axes: Any = None,
        unexpected_out_state_mapping: str = "auto",
        static_argnums: int | Iterable[int] = (),
        static_argnames: str | Iterable[str] = (),
        axis_env: Any = None,
        return_only_write: bool = True,
        axis_size: int | None = None,
        axis_name: Any = None,
        name: str | None = None,
        mapping_fn: Callable[..., Any] = _func.vmap,
        mapping_kwargs: Mapping[str, Any] | None = None,
    ) -> None:
        if not callable(fun):
            raise TypeError(f"the function to map must be callable. Got {kind_of(fun)}.")
        if unexpected_out_state_mapping not in POLICIES:
            raise ValueError(
                f"`unexpected_out_state_mapping` must be one of {', '.join(map(repr, POLICIES))}. "
                f"Got {unexpected_out_state_mapping!r}."
            )
        if not _is_vmap(mapping_fn) or any(value is not None for value in (mapping_kwargs or {}).values()):
            raise NotImplementedError(
                "`mapping_fn` must be left at its default, and `mapping_kwargs` empty: lanes are those of torch.vmap. "
                "Use `pmap2` or `shard_map` for several processes."
            )
        self.origin_fun, self.name = fun, name
        self.in_axes, self.out_axes = in_axes, out_axes
        self.axis_size, self.axis_name = axis_size, axis_name
        self.axis_env, self.return_only_write = axis_env, return_only_write
        self.unexpected_out_state_mapping = unexpected_out_state_mapping
        self.mapping_fn, self.mapping_kwargs = mapping_fn, dict(mapping_kwargs or {})
        self.static_argnums, self.static_argnames = _several(static_argnums), _several(static_argnames)
        inside, outside = StateAxes("state_in_axes", state_in_axes), StateAxes("state_out_axes", state_out_axes)
        self.state_in_axes, self.state_out_axes = inside.predicates, outside.predicates
        self._plan = Plan(
            fun,
            in_axes,
            out_axes,
            inside,
            outside,
            unexpected_out_state_mapping,
            axis_size,
            axis_name,
            self.static_argnums,
            self.static_argnames,
            ranks=self._ranks,
        )

    def _ranks(self) -> Ranks:
        """The processes that share the lanes."""
        return ALONE

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Out:
        return self._plan.call(args, kwargs)  # type: ignore[no-any-return]

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...

    @overload
    def __get__(
        self: "StatefulMapping[Concatenate[S, Q], Out]", instance: S, owner: Any = None
    ) -> "StatefulMapping[Q, Out]": ...

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        """As a method of a class it is bound to the instance; axes count what comes after ``self``."""
        if instance is None or not hasattr(self.origin_fun, "__get__"):
            return self
        bound = copy.copy(self)
        bound.origin_fun = self.origin_fun.__get__(instance, owner)
        bound._plan = dataclasses.replace(self._plan, fn=bound.origin_fun)
        return bound

    def __repr__(self) -> str:
        fun = getattr(self.origin_fun, "__qualname__", repr(self.origin_fun))
        label = f", name={self.name!r}" if self.name is not None else ""
        return f"{type(self).__name__}({fun}, in_axes={self.in_axes!r}, out_axes={self.out_axes!r}{label})"


def _several(x: Any) -> Sequence[Any]:
    return () if x is None else (x,) if isinstance(x, (int, str)) else tuple(x)


@overload
def vmap2(
    fn: Callable[P, T],
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    state_in_axes: Any = None,
    state_out_axes: Any = None,
    unexpected_out_state_mapping: str = "auto",
) -> StatefulMapping[P, T]: ...


@overload
def vmap2(
    fn: Callable[P, Any],
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    state_in_axes: Any = None,
    state_out_axes: Any = None,
    unexpected_out_state_mapping: str = "auto",
) -> StatefulMapping[P, Any]: ...


@overload
def vmap2(
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    state_in_axes: Any = None,
    state_out_axes: Any = None,
    unexpected_out_state_mapping: str = "auto",
) -> Callable[[Callable[P, T]], StatefulMapping[P, T]]: ...


def vmap2(
    fn: Any = _MISSING,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    state_in_axes: Any = None,
    state_out_axes: Any = None,
    unexpected_out_state_mapping: str = "auto",
) -> Any:
    """A function that applies `fn` to every slice of its arguments at once, with the States to map chosen by filters.

    See :class:`StatefulMapping` for the rules.

    Parameters
    ----------
    fn
        Written for one sample; without it `vmap2` is a decorator.
    spmd_axis_name
        Has no meaning here; accepted so that programs port.
    in_axes, out_axes, axis_name, axis_size, state_in_axes, state_out_axes, unexpected_out_state_mapping
        See :class:`StatefulMapping`.

    Returns
    -------
    StatefulMapping

    Notes
    -----
    Source: brainstate.transform.vmap2 (0.5.4). Differs: as :class:`StatefulMapping`.

    Examples
    --------
    Three models at once, each with its own weights, on the same input:

    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([[1., 0.], [0., 1.], [1., 1.]]))
    >>> model = lambda x: (w.value * x).sum()
    >>> ensemble = brainstate.transform.vmap2(model, in_axes=None, state_in_axes=brainstate.ParamState)
    >>> ensemble(torch.tensor([2., 3.]))
    tensor([2., 3., 5.])
    """
    options = {
        "in_axes": in_axes,
        "out_axes": out_axes,
        "axis_name": axis_name,
        "axis_size": axis_size,
        "state_in_axes": state_in_axes,
        "state_out_axes": state_out_axes,
        "unexpected_out_state_mapping": unexpected_out_state_mapping,
    }
    if isinstance(fn, Missing):
        return lambda fn: vmap2(fn, **options)
    return StatefulMapping(fn, name="vmap2", **options)
