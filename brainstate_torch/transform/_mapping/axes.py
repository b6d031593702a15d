"""The mapped axis of each leaf, from axes given for whole trees."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from ... import _tree
from ..._arrays import is_arraylike
from ..._errors import BatchAxisError, kind_of
from ..._state import State
from ...units import Quantity
from ...util.filter import to_predicate

__all__ = ["UNMAPPED", "StateAxes", "broadcast_axes", "common_size", "is_axis", "mapped_states", "normal_axis"]

#: Marks a State that no argument names.
UNMAPPED: Any = object()


class StateAxes:
    """Which States have an axis to map, and which one.

    Parameters
    ----------
    name
        The argument that says so, for messages.
    axes
        None; ``{axis: what}``, or `what` alone for axis 0, where `what` is a filter, a State or several States.

    Raises
    ------
    TypeError
        An axis is neither an int nor None, or `what` is no filter.
    """

    def __init__(self, name: str, axes: Any) -> None:
        self.name = name
        groups = {} if axes is None else axes if isinstance(axes, Mapping) else {0: axes}
        for axis in groups:
            if not is_axis(axis):
                raise TypeError(
                    f"`{name}` must have an int or None for each axis. Got {axis!r}. "
                    "Write `{0: filter}`, or the filter alone for axis 0."
                )
        #: The States given as such.
        self.known: dict[State[Any], int | None] = {}
        #: For each axis, a function of (path, State) that tells whether the State is mapped along it.
        self.predicates = {axis: self._predicate(axis, what) for axis, what in groups.items()}

    @classmethod
    def of_states(cls, name: str, axes: Mapping[State[Any], int]) -> Self:
        """From the axis of each State."""
        return cls(name, {axis: [s for s, other in axes.items() if other == axis] for axis in set(axes.values())})

    def _predicate(self, axis: int | None, what: Any) -> Callable[..., bool]:
        if isinstance(what, State):
            what = [what]
        if isinstance(what, (list, tuple, set)) and what and all(isinstance(state, State) for state in what):
            for state in what:
                self.known.setdefault(state, axis)
            return lambda path, state: state in what
        predicate: Callable[..., bool] = to_predicate(what)
        return predicate

    def of(self, state: State[Any]) -> Any:
        """The axis of a State: the first that matches; UNMAPPED without one."""
        if state in self.known:
            return self.known[state]
        return next((axis for axis, matches in self.predicates.items() if matches((), state)), UNMAPPED)


def is_axis(x: Any) -> bool:
    """Whether this is an axis, or None for not mapped."""
    return x is None or (isinstance(x, int) and not isinstance(x, bool))


def broadcast_axes(name: str, axes: Any, tree: Any) -> list[int | None]:
    """One axis for each leaf of a tree; an axis in the place of a subtree holds for all its leaves.

    Raises
    ------
    ValueError
        The axes have another structure than the tree, or one is no int.
    """
    if is_axis(axes):
        return [axes] * len(_tree.leaves(tree))
    if isinstance(axes, (list, tuple)) and isinstance(tree, (list, tuple)) and len(axes) == len(tree):
        return [axis for a, t in zip(axes, tree, strict=True) for axis in broadcast_axes(name, a, t)]
    if isinstance(axes, Mapping) and isinstance(tree, Mapping) and axes.keys() == tree.keys():
        return [axis for key in _tree.keys_of(tree) for axis in broadcast_axes(name, axes[key], tree[key])]
    raise ValueError(
        f"`{name}` must be an int, None, or a tree of them that begins like what it is for. "
        f"Got {axes!r} for {_tree.structure(tree)}."
    )


def normal_axis(name: str, axis: int, leaf: Any) -> int:
    """The axis counted from the front.

    Raises
    ------
    ValueError
        The leaf has no such axis, or is no array.
    """
    if not is_arraylike(leaf) and not isinstance(leaf, Quantity):
        raise ValueError(f"`{name}` must map arrays. Got axis {axis} for {kind_of(leaf)}. Give None for this argument.")
    ndim: int = leaf.ndim if hasattr(leaf, "ndim") else 0
    if not -ndim <= axis < ndim:
        raise ValueError(f"`{name}` must name an axis of each array. Got {axis} for one with {ndim} axes.")
    return axis % ndim


def common_size(sizes: Sequence[tuple[str, int]], axis_size: int | None) -> int:
    """The size that all mapped axes have.

    Raises
    ------
    ValueError
        They differ, or nothing is mapped and no `axis_size` is given.
    """
    if axis_size is not None and (not isinstance(axis_size, int) or axis_size < 1):
        raise ValueError(f"`axis_size` must be a positive int. Got {axis_size!r}.")
    known = dict.fromkeys(size for _, size in sizes)
    seen = ", ".join(f"{size} in {name}" for name, size in sizes)
    if axis_size is not None and known.keys() - {axis_size}:
        raise ValueError(f"`axis_size` must be the size of what is mapped. Got axis_size={axis_size}, but {seen}.")
    if len(known) > 1:
        raise ValueError(f"the mapped axes must have one size. Got {seen}.")
    if not known and axis_size is None:
        raise ValueError(
            "there must be something to map, or an `axis_size`. Got neither: every axis is None. Pass `axis_size`."
        )
    return next(iter(known), axis_size or 0)


def mapped_states(name: str, states: Any) -> dict[State[Any], int]:
    """The axis of each State, from one State, a list or dict of them (axis 0), or a dict by axis of such.

    Raises
    ------
    TypeError
        Something in it is no State.
    BatchAxisError
        A State stands at two axes.
    """
    if states is None:
        return {}
    by_axis: Mapping[Any, Any] = {0: states}
    if isinstance(states, Mapping) and states and all(is_axis(key) for key in states):
        nested = any(not isinstance(group, State) for group in states.values())
        by_axis = states if nested else {0: states}
    found: dict[State[Any], int] = {}
    for axis, group in by_axis.items():
        for state in _tree.leaves(group, is_leaf=lambda x: isinstance(x, State)):
            if not isinstance(state, State):
                raise TypeError(f"`{name}` must be made of States. Got {kind_of(state)}.")
            if found.setdefault(state, axis) != axis:
                raise BatchAxisError(
                    f"`{name}` must give each State one axis. Got {found[state]} and {axis} for {state!r}."
                )
    return found
