"""Vmap and Map: modules that run another one for many lanes at once."""

from collections.abc import Callable, Mapping
from typing import Any

from ..._state import State
from ...transform import pmap2, pmap2_new_states, vmap, vmap2, vmap2_new_states
from ...typing import Filter
from ...util.filter import to_predicate
from .module import Module

__all__ = ["Map", "Vmap"]


class Vmap(Module):
    """A module that is called through :func:`brainstate_torch.transform.vmap`.

    Parameters
    ----------
    module
        The module, written for one sample.
    in_axes, out_axes, axis_name, axis_size
        As for :func:`vmap`.
    vmap_states, vmap_out_states
        Which States of the module hold one slice for each lane, along axis 0: a filter; or ``{filter: axis}``. The
        others are shared. See `in_states` and `out_states` of :func:`vmap`.

    Raises
    ------
    TypeError
        `module` is not a Module, or an axis is not an integer.

    Notes
    -----
    Source: brainstate.nn.Vmap (0.5.4). Differs: the States are looked up at each call, so that `init_all_states` may
    replace them.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Vmap(brainstate.nn.Linear(2, 3))
    >>> layer(torch.ones(5, 2)).shape
    torch.Size([5, 3])
    """

    def __init__(
        self,
        module: Module,
        in_axes: Any = 0,
        out_axes: Any = 0,
        vmap_states: Any = None,
        vmap_out_states: Any = None,
        axis_name: Any = None,
        axis_size: int | None = None,
    ) -> None:
        super().__init__()
        _check_module(module)
        for name, given in (("vmap_states", vmap_states), ("vmap_out_states", vmap_out_states)):
            for axis in given.values() if isinstance(given, Mapping) else ():
                if not isinstance(axis, int):
                    raise TypeError(f"an axis in `{name}` must be an integer. Got {axis!r}. Write `{{filter: axis}}`.")
        self.module = module
        self.in_axes, self.out_axes = in_axes, out_axes
        self.axis_name, self.axis_size = axis_name, axis_size
        self._filters = [
            list(given.items()) if isinstance(given, Mapping) else [] if given is None else [(given, 0)]
            for given in (vmap_states, vmap_out_states)
        ]

    @property
    def vmapped_fn(self) -> Callable[..., Any]:
        """The module as a mapped function, with the States that it has now."""
        inside, outside = [self._by_axis(given) for given in self._filters]
        return vmap(
            self.module.__call__,
            in_axes=self.in_axes,
            out_axes=self.out_axes,
            in_states=inside,
            out_states=outside,
            axis_name=self.axis_name,
            axis_size=self.axis_size,
        )

    def _by_axis(self, pairs: list[tuple[Filter, int]]) -> dict[int, list[State[Any]]] | None:
        found: dict[int, list[State[Any]]] = {}
        taken: set[State[Any]] = set()
        for chosen, axis in pairs:
            # As everywhere, the first filter that matches counts.
            states = [state for state in self.module.states(chosen).values() if state not in taken]
            taken.update(states)
            found.setdefault(axis, []).extend(states)
        return found or None

    def update(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs of all lanes."""
        return self.vmapped_fn(*args, **kwargs)


class Map(Module):
    """Many copies of a module, each with its own States, run at once.

    :meth:`init_all_states` makes the States, one slice for each copy; a call runs all copies.

    Parameters
    ----------
    module
        The module, written for one copy.
    init_map_size
        The number of copies.
    init_state_axes
        Along which axis the States that are made are mapped, ``{axis: filter}``; axis 0 where none matches.
    state_tag
        Added to the tags of the States that are made.
    in_axes, out_axes, axis_name
        For calls, as for :func:`brainstate_torch.transform.vmap2`.
    spmd_axis_name
        Accepted so that programs port; has no meaning here.
    call_state_axes
        Further States that are mapped in calls, ``{axis: filter}``.
    behavior
        ``'vmap'``, or ``'pmap'``, where the processes of ``torch.distributed`` share the copies.

    Raises
    ------
    TypeError
        `module` is not a Module, or `init_map_size` not an integer.
    ValueError
        `behavior` is something else, or the module is called before `init_all_states`.

    Notes
    -----
    Source: brainstate.nn.Map (0.5.4). Differs: TypeError and ValueError where brainstate asserts.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Sum(brainstate.nn.Module):
    ...     def init_state(self):
    ...         self.total = brainstate.ShortTermState(torch.zeros(()))
    ...     def update(self, x):
    ...         self.total.value += x
    ...         return self.total.value
    >>> sums = brainstate.nn.Map(Sum(), 3)
    >>> sums.init_all_states()
    >>> _ = sums(torch.tensor([1., 2., 3.]))
    >>> sums(torch.ones(3))
    tensor([2., 3., 4.])
    """

    def __init__(
        self,
        module: Module,
        init_map_size: int,
        init_state_axes: Mapping[Any, Filter] | None = None,
        state_tag: str | None = None,
        in_axes: Any = 0,
        out_axes: Any = 0,
        axis_name: Any = None,
        spmd_axis_name: Any = None,
        call_state_axes: Mapping[Any, Filter] | None = None,
        behavior: str = "vmap",
    ) -> None:
        super().__init__()
        _check_module(module)
        if not isinstance(init_map_size, int):
            raise TypeError(f"`init_map_size` must be an integer. Got {type(init_map_size).__name__}.")
        self.module = module
        self.init_map_size = init_map_size
        self.init_state_axes, self.call_state_axes = init_state_axes, call_state_axes
        self.state_tag = state_tag
        self.in_axes, self.out_axes, self.axis_name = in_axes, out_axes, axis_name
        self.spmd_axis_name = spmd_axis_name
        self.behavior = behavior
        self._is_pmap()
        # By path and not by object, so that the States are found in a copy of the module too.
        self._paths: tuple[tuple[Any, tuple[Any, ...]], ...] | None = None

    @property
    def dict_vmap_states(self) -> dict[Any, list[State[Any]]] | None:
        """The States that were made, by axis; None before :meth:`init_all_states`."""
        if self._paths is None:
            return None
        states = self.module.states()
        return {axis: [states[path] for path in paths if path in states] for axis, paths in self._paths}

    def init_all_states(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Make the States of all copies: ``module.init_all_states(**kwargs)`` for each."""
        new_states = pmap2_new_states if self._is_pmap() else vmap2_new_states
        made = new_states(
            self.module,
            kwargs,
            state_tag=self.state_tag,
            axis_size=self.init_map_size,
            state_out_axes=self.init_state_axes,
        )
        paths = {state: path for path, state in self.module.states().items()}
        self._paths = tuple(
            (axis, tuple([paths[state] for state in states if state in paths])) for axis, states in made.items()
        )

    def update(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs of all copies.

        Raises
        ------
        ValueError
            :meth:`init_all_states` was not called.
        """
        call = self._mapped(self.module.__call__, self.in_axes, self.out_axes, self.axis_name, self.call_state_axes)
        return call(*args, **kwargs)

    def map(
        self,
        fn: str | Callable[..., Any],
        in_axes: Any = 0,
        out_axes: Any = 0,
        axis_name: Any = None,
        state_axes: Mapping[Any, Filter] | None = None,
    ) -> Callable[..., Any]:
        """A method of the module, or another function that uses it, for all copies.

        Parameters
        ----------
        fn
            The name of the method, or the function.
        in_axes, out_axes, axis_name
            As for :func:`brainstate_torch.transform.vmap2`.
        state_axes
            Further States that are mapped, ``{axis: filter}``.

        Raises
        ------
        AttributeError
            There is no such method.
        TypeError
            `fn` cannot be called.
        ValueError
            :meth:`init_all_states` was not called.
        """
        if isinstance(fn, str):
            if not hasattr(self.module, fn):
                raise AttributeError(f"`fn` must be a method of {type(self.module).__name__}. Got {fn!r}.")
            fn = getattr(self.module, fn)
        if not callable(fn):
            raise TypeError(f"`fn` must be a function or the name of a method. Got {type(fn).__name__}.")
        return self._mapped(fn, in_axes, out_axes, axis_name, state_axes)

    def _mapped(
        self, fn: Callable[..., Any], in_axes: Any, out_axes: Any, axis_name: Any, further: Mapping[Any, Filter] | None
    ) -> Callable[..., Any]:
        made = self.dict_vmap_states
        if made is None:
            raise ValueError("a Map must have States to be called. Got a call of one without. Call `init_all_states`.")
        axes = {axis: _any_of(states) for axis, states in made.items()}
        for axis, chosen in (further or {}).items():
            axes[axis] = _any_of(made.get(axis, ()), to_predicate(chosen))
        over = pmap2 if self._is_pmap() else vmap2
        return over(
            fn, in_axes=in_axes, out_axes=out_axes, axis_name=axis_name, state_in_axes=axes, state_out_axes=axes
        )

    def _is_pmap(self) -> bool:
        if self.behavior not in ("vmap", "pmap"):
            raise ValueError(f"`behavior` must be 'vmap' or 'pmap'. Got {self.behavior!r}.")
        return self.behavior == "pmap"


def _any_of(states: Any, chosen: Callable[[Any, Any], bool] | None = None) -> Callable[[Any, Any], bool]:
    mine = set(states)
    return lambda path, state: state in mine or (chosen is not None and chosen(path, state))


def _check_module(module: Any) -> None:
    if not isinstance(module, Module):
        raise TypeError(f"`module` must be a Module. Got {type(module).__name__}.")
