"""The mapping engine: a function of one lane, run for all lanes at once by the host's vmap.

split    the mapped leaves of the arguments, each with its axis
run      the function sees one slice of each; a State is taken apart when the function touches it
host     torch.vmap
commit   the lanes of the result and of the States are put together along their axes; the States are written, all
or none
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ... import _tree
from ..._arrays import as_tensor, beside, is_arraylike
from ..._host import functorch as _func
from ..._program.recording import local
from ..._state import State
from .._core.carry import as_arrays, protected
from .._core.functional import checked_arguments, combine, partition, run
from .._core.memory import overlaps
from .axes import UNMAPPED, StateAxes, broadcast_axes, common_size, normal_axis
from .collectives import Axis, named
from .concrete import refusal
from .lane_states import Again, LaneStates
from .ranks import ALONE, Ranks

__all__ = ["Plan"]


@dataclass(frozen=True)
class Plan:
    """A function, and what is mapped in its calls.

    Attributes
    ----------
    static_argnums, static_argnames
        Arguments that are the same in each lane. Other keyword arguments are mapped along axis 0.
    unexpected
        What to do with a value that differs from lane to lane in a State that `outside` does not name.
    new_axis
        Where the lanes of a State made inside go: None for one value, UNMAPPED for in front if they differ.
    ranks
        The processes that share the lanes, asked at each call.
    """

    fn: Callable[..., Any]
    in_axes: Any
    out_axes: Any
    inside: StateAxes
    outside: StateAxes
    unexpected: str = "raise"
    axis_size: int | None = None
    axis_name: Any = None
    static_argnums: Sequence[int] = ()
    static_argnames: Sequence[str] = ()
    new_axis: Callable[[State[Any]], Any] | None = None
    ranks: Callable[[], Ranks] = lambda: ALONE
    candidates: "weakref.WeakSet[State[Any]]" = field(default_factory=weakref.WeakSet)

    def __getstate__(self) -> dict[str, Any]:
        """Without what earlier calls have told of States: a copy has other ones."""
        return {key: value for key, value in vars(self).items() if key != "candidates"}

    def __setstate__(self, kept: dict[str, Any]) -> None:
        vars(self).update(kept, candidates=weakref.WeakSet())

    def call(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        """Call the function for all lanes."""
        positional, keywords = checked_arguments(args, kwargs, [self.fn])
        while True:
            call = _MappedCall(self, positional, keywords)
            try:
                return call.result()
            # A State turned out to be mapped only when it was read or written; nothing was committed.
            except Again:
                continue

    def states(self, size: int | None, ranks: Ranks = ALONE) -> LaneStates:
        """What happens to the States in one call."""
        return LaneStates(self.inside, self.outside, self.unexpected, self.candidates, size, ranks)

    def argument_axes(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[int | None]:
        """The axis of each leaf of (args, kwargs)."""
        axes = tuple(self.in_axes) if isinstance(self.in_axes, list) else self.in_axes
        static = {self._position(number, len(args)) for number in self.static_argnums}
        if static and not (isinstance(axes, tuple) and len(axes) != len(args)):
            each = axes if isinstance(axes, tuple) else [axes] * len(args)
            axes = tuple([None if i in static else axis for i, axis in enumerate(each)])
        keywords = {key: None if key in self.static_argnames else 0 for key in kwargs}
        return broadcast_axes("in_axes", axes, tuple(args)) + broadcast_axes("kwargs", keywords, dict(kwargs))

    @staticmethod
    def _position(number: int, count: int) -> int:
        if not -count <= number < count:
            raise ValueError(
                f"`static_argnums` must name positional arguments of the call. Got {number} where there are {count}."
            )
        return number % count


class _MappedCall:
    """One call of a mapped function."""

    def __init__(self, plan: Plan, args: list[Any], kwargs: dict[str, Any]) -> None:
        self.plan, self.ranks = plan, plan.ranks()
        self.leaves, self.spec = _tree.flatten((tuple(args), kwargs))
        self.axes = plan.argument_axes(args, kwargs)
        self.size = self._size(args, kwargs)
        self.ranks.count(self.size, "a mapped axis")
        self.states = plan.states(self.size, self.ranks)
        self.written_axes: list[int | None] = []
        self.created_axes: list[int | None] = []

    def _size(self, args: list[Any], kwargs: dict[str, Any]) -> int:
        sizes = []
        for i, (leaf, axis) in enumerate(zip(self.leaves, self.axes, strict=True)):
            # A string or a function is shared by all lanes.
            if axis is not None and (is_arraylike(leaf) or axis != 0):
                self.axes[i] = axis = normal_axis("in_axes", axis, leaf)
                sizes.append(("an argument", as_tensor(leaf).shape[axis]))
            else:
                self.axes[i] = None
        inside = self.plan.inside
        for state, axis in inside.known.items():
            for leaf in _tree.leaves(state._get()) if axis is not None else ():
                place = normal_axis(inside.name, axis or 0, leaf)
                sizes.append((f"a State of `{inside.name}`", leaf.shape[place]))
        if not sizes and self.plan.axis_size is None and inside.predicates:
            sizes += self._size_of_touched_states(args, kwargs)
        return common_size(sizes, self.plan.axis_size)

    def _size_of_touched_states(self, args: list[Any], kwargs: dict[str, Any]) -> list[tuple[str, int]]:
        """The size that the first mapped State has which the function touches: run it up to there."""
        states = self.plan.states(None)
        try:
            run(self.plan.fn, args, kwargs, frame=states.frame)
        except Again as found:
            return [("a State", found.args[0])]
        finally:
            states.frame.abandon()
        return []

    def result(self) -> Any:
        """Run all lanes, and commit."""
        places = [i for i, axis in enumerate(self.axes) if axis is not None]
        axes = [axis for axis in self.axes if axis is not None]
        tensors = [
            local(self.ranks.part(as_tensor(self.leaves[i]), axis)) for i, axis in zip(places, axes, strict=True)
        ]
        # torch.vmap refuses a call without a mapped input. The index of the lane is always one.
        device = tensors[0].device if tensors else torch.get_default_device()
        tensors.append(self.ranks.part(torch.arange(self.size, dtype=torch.int32, device=device), 0))

        def pure(*lanes: torch.Tensor) -> tuple[torch.Tensor, ...]:
            leaves = list(self.leaves)
            leaves = [protected(leaf) if isinstance(leaf, torch.Tensor) else leaf for leaf in leaves]
            for i, lane in zip(places, lanes, strict=False):
                leaves[i] = protected(lane)
            return self._run(leaves, lanes[-1])

        try:
            # "different": torch then draws for each lane, as JAX does with keys that are split.
            found = _func.vmap(pure, in_dims=(*axes, 0), out_dims=0, randomness="different")(*tensors)
            return self._finish(found[:-1])
        except BaseException as error:
            self.states.frame.abandon()
            refused = refusal(error)
            if refused is not None:
                raise refused from None
            raise

    def _run(self, leaves: list[Any], index: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The pure function of one lane, which also says where its States go."""
        args, kwargs = _tree.unflatten(self.spec, leaves)
        here = _func.level()
        with named(Axis(self.plan.axis_name, self.size, index, here, self.ranks)):
            outcome = run(self.plan.fn, args, kwargs, frame=self.states.frame)
        frame, after = outcome.frame, self.states.after

        def differs(value: Any) -> bool:
            return any(_func.is_batched(leaf, here) for leaf in _tree.leaves(value))

        written = [after.get(state, value) for state, value in zip(frame.written(), outcome.written, strict=True)]
        self.written_axes = [
            self.states.target(state, differs(value)) for state, value in zip(frame.written(), written, strict=True)
        ]
        self.created_axes = [
            self._axis_of_new(state, differs(value))
            for state, value in zip(frame.created, outcome.created, strict=True)
        ]
        with beside([index]):
            result = as_arrays(outcome.result)
        tensors, self.template = partition((result, written, outcome.created))
        self.batched = [_func.is_batched(x, here) for x in tensors]
        # The last one is a placeholder if there are no results.
        return (*tensors, torch.empty(0))

    def _axis_of_new(self, state: State[Any], differs: bool) -> Any:
        axis = UNMAPPED if self.plan.new_axis is None else self.plan.new_axis(state)
        if axis is UNMAPPED:
            return 0 if differs else None
        if axis is None and differs:
            state.raise_error_with_source_info(
                ValueError(
                    f"a State that is not batched must have one value for all lanes. "
                    f"Got one that differs from lane to lane for {state!r}. Make it a State of another kind."
                )
            )
        return axis

    def _finish(self, tensors: Sequence[torch.Tensor]) -> Any:
        pairs = list(zip(tensors, self.batched, strict=True))
        # With `out_dims=0` torch repeats what is not batched. One lane of it is repeated again as a view.
        lanes = [self.ranks.whole(x) if batched else _repeated(x[0], self.size) for x, batched in pairs]
        result, written, created = combine(lanes, self.template)
        ones = [x if batched else x[0] for x, batched in zip(lanes, self.batched, strict=True)]
        single_result, written_ones, created_ones = combine(ones, self.template)
        arranged = self._arranged(result, single_result)
        self.states.frame.commit(
            _put_together(written, written_ones, self.written_axes),
            _put_together(created, created_ones, self.created_axes),
        )
        return arranged

    def _arranged(self, result: Any, whole: Any) -> Any:
        """The result with the mapped axis where `out_axes` puts it."""
        out_axes = self.plan.out_axes
        leaves, spec = _tree.flatten(result)
        singles = _tree.leaves(whole)
        out = []
        axes = broadcast_axes("out_axes", tuple(out_axes) if isinstance(out_axes, list) else out_axes, result)
        for leaf, one, axis in zip(leaves, singles, axes, strict=True):
            if not isinstance(leaf, torch.Tensor):
                out.append(leaf)
            elif axis is None:
                if leaf.ndim == one.ndim:
                    raise ValueError(
                        "`out_axes` must name an axis for what differs from lane to lane. "
                        f"Got None for a result of shape {tuple(leaf.shape)}."
                    )
                out.append(one)
            else:
                leaf = leaf.clone(memory_format=torch.contiguous_format) if overlaps(leaf) else leaf
                out.append(leaf.movedim(0, normal_axis("out_axes", axis, leaf)))
        return _tree.unflatten(spec, out)


def _repeated(x: torch.Tensor, size: int) -> torch.Tensor:
    return x.expand(size, *x.shape)


def _put_together(lanes: list[Any], ones: list[Any], axes: Sequence[int | None]) -> list[Any]:
    """The value of each State: its lanes stacked along its axis, or the shared value."""
    return [
        one if axis is None else _tree.map(_to_axis(axis), many)
        for many, one, axis in zip(lanes, ones, axes, strict=True)
    ]


def _to_axis(axis: int) -> Callable[[Any], Any]:
    return lambda x: x.movedim(0, axis) if isinstance(x, torch.Tensor) else x
