"""shard_map: a function of the shards that each process has."""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from ... import _tree
from ..._errors import kind_of
from ..._host import functorch as _func
from ..._state import State
from ..._state.supplied import SuppliedFrame
from ..._state.value import owned
from ...random import RandomState
from .._core.derived import Derived
from .._core.functional import checked_arguments, run
from .collectives import Axis, named
from .ranks import Ranks, mesh_ranks

__all__ = ["PartitionSpec", "shard_map"]


class PartitionSpec(tuple[Any, ...]):
    """How the axes of a tensor are shared: for each the name of a mesh axis, several names, or None for not at all.

    Parameters
    ----------
    *names
        For each axis of the tensor the name of a mesh axis, a tuple of names, or None.

    Notes
    -----
    Source: jax.sharding.PartitionSpec.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.transform.PartitionSpec('x', None)
    PartitionSpec('x', None)
    """

    __slots__ = ()

    def __new__(cls, *names: Any) -> "PartitionSpec":
        return super().__new__(cls, names)

    def __repr__(self) -> str:
        return f"PartitionSpec({', '.join(map(repr, self))})"


def shard_map(
    fun: Callable[..., Any],
    mesh: Any,
    in_specs: Any,
    out_specs: Any,
    *,
    state_in_specs: Any = None,
    state_out_specs: Any = None,
    check_vma: bool = True,
) -> Callable[..., Any]:
    """A function that runs on the shards of its arguments, one for each process of ``torch.distributed``.

    Every process runs the same program, with equal whole arguments and States. `fun` sees this process's shards, all
    axes kept; the shards of what it returns and writes are joined, so that every process ends with the whole. Inside,
    :func:`psum`, :func:`pmean` and :func:`axis_index` refer to the axes of the mesh.

    Parameters
    ----------
    fun
        Written for one shard. Keyword arguments are not shared.
    mesh
        A ``DeviceMesh`` with names, or for one axis a dict such as ``{'x': 4}``; without a process group ``{'x': 1}``.
    in_specs
        A :class:`PartitionSpec` for all positional arguments, or one for each.
    out_specs
        A :class:`PartitionSpec`, or a tree of them that begins like the result.
    state_in_specs, state_out_specs
        A :class:`PartitionSpec` for all States, or ``{State: PartitionSpec}``. Other States are the same in each
        process. RandomStates always are.
    check_vma
        Check, at the cost of communication, that what is not shared came out the same in each process.

    Returns
    -------
    callable
        Takes whole arguments and returns whole results.

    Raises
    ------
    TypeError
        A spec or the mesh is something else.
    ValueError
        At a call: a spec does not fit its tensor or names no axis of the mesh, there is not one for each argument, or
        what is not shared differs between processes. No State is changed then.
    NotImplementedError
        At a call: a gradient is taken around it on several processes.

    Notes
    -----
    Source: brainstate.transform.shard_map (0.5.4). Differs: processes take the place of devices; shards must be equal
    in size. If one process raises, the others wait for it until the timeout of the process group.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> P = brainstate.transform.PartitionSpec
    >>> w = brainstate.ParamState(torch.tensor(3.))
    >>> scaled = brainstate.transform.shard_map(lambda x: w.value * x, {'x': 1}, P('x'), P('x'))
    >>> scaled(torch.tensor([1., 2.]))
    tensor([3., 6.])
    """
    if not callable(fun):
        raise TypeError(f"`fun` must be callable. Got {kind_of(fun)}.")
    for name, specs in (("in_specs", in_specs), ("out_specs", out_specs)):
        _check_specs(name, specs)
    # Specs that do not fit raise now, not at the first call.
    return Derived(_sharded, fun, mesh, in_specs, out_specs, state_in_specs, state_out_specs, check_vma)


def _sharded(
    fun: Callable[..., Any],
    mesh: Any,
    in_specs: Any,
    out_specs: Any,
    state_in_specs: Any,
    state_out_specs: Any,
    check_vma: bool,
) -> Callable[..., Any]:
    inside, outside = _StateSpecs("state_in_specs", state_in_specs), _StateSpecs("state_out_specs", state_out_specs)
    shards = _Shards(mesh_ranks(mesh), check_vma)

    def supply(state: State[Any], value: Any, frame: SuppliedFrame) -> Any:
        spec = inside.of(state)
        if isinstance(state, RandomState) or not spec:
            return value
        with _func.below(frame.level + 1):
            parts = shards.parts("state_in_specs", value, spec)
        return owned(parts, level=frame.level, attached=True)

    def mapped(*args: Any, **kwargs: Any) -> Any:
        positional, keywords = checked_arguments(args, kwargs)
        each = [in_specs] * len(positional) if isinstance(in_specs, PartitionSpec) else in_specs
        if len(each) != len(positional):
            raise ValueError(
                f"`in_specs` must have one spec for each positional argument. Got {len(each)} for {len(positional)}."
            )
        local = [shards.parts("in_specs", arg, spec) for arg, spec in zip(positional, each, strict=True)]
        frame = SuppliedFrame(supply, name="shard_map")
        try:
            with named(*shards.axes()):
                outcome = run(fun, local, keywords, frame=frame)
            result = shards.joined("out_specs", outcome.result, out_specs)
            written = [
                value if isinstance(state, RandomState) else shards.joined("state_out_specs", value, outside.of(state))
                for state, value in zip(frame.written(), outcome.written, strict=True)
            ]
        except BaseException:
            frame.abandon()
            raise
        frame.commit(written, outcome.created)
        return result

    return mapped


class _StateSpecs:
    """The spec of each State."""

    def __init__(self, name: str, specs: Any) -> None:
        self.default = specs if isinstance(specs, PartitionSpec) else PartitionSpec()
        self.table: dict[Any, PartitionSpec] = dict(specs) if isinstance(specs, Mapping) else {}
        for spec in self.table.values() if isinstance(specs, Mapping) else [] if specs is None else [specs]:
            _check_specs(name, spec)

    def of(self, state: State[Any]) -> PartitionSpec:
        """The spec of a State; an empty one without."""
        return self.table.get(state, self.default)


class _Shards:
    """What each process has of the tensors that a mesh shares."""

    def __init__(self, ranks: Mapping[Any, Ranks], check: bool) -> None:
        self.ranks, self.check = ranks, check

    def axes(self) -> list[Axis]:
        """The axes of the mesh, for collectives."""
        return [
            Axis(name, ranks.size, torch.tensor(ranks.index, dtype=torch.int32), 0, ranks)
            for name, ranks in self.ranks.items()
        ]

    def parts(self, name: str, tree: Any, spec: PartitionSpec) -> Any:
        """The shards that this process has."""

        def part(leaf: Any) -> Any:
            if isinstance(leaf, torch.Tensor):
                for axis, shared in self._steps(name, leaf, spec):
                    leaf = shared.part(leaf, axis)
            return leaf

        return _tree.map(part, tree)

    def joined(self, name: str, tree: Any, specs: Any) -> Any:
        """The whole of which each process has a shard."""
        each, structure = _tree.flatten(specs)
        parts = [tree] if structure is _tree.LEAF else _tree.flatten_up_to(structure, tree)
        return _tree.unflatten(
            structure,
            [
                _tree.map(functools.partial(self._whole, name, spec), part)
                for part, spec in zip(parts, each, strict=True)
            ],
        )

    def _whole(self, name: str, spec: PartitionSpec, leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        steps = self._steps(name, leaf, spec)
        for ranks in self.ranks.values() if self.check else ():
            if all(ranks is not shared for _, shared in steps) and not ranks.agree(leaf):
                raise ValueError(
                    f"`{name}` must share what differs between processes. Got {spec} for a tensor of shape "
                    f"{tuple(leaf.shape)} that does. Name the axis, or reduce with `psum`. No State was changed."
                )
        for axis, shared in reversed(steps):
            leaf = shared.whole(leaf, axis)
        return leaf

    def _steps(self, name: str, leaf: torch.Tensor, spec: Sequence[Any]) -> list[tuple[int, Ranks]]:
        """The axes to share, with the processes that share each, from the coarsest."""
        if len(spec) > leaf.ndim:
            raise ValueError(f"`{name}` must fit the axes of each tensor. Got {spec} for one with {leaf.ndim} axes.")
        steps = []
        for axis, names in enumerate(spec):
            for one in () if names is None else names if isinstance(names, tuple) else (names,):
                if one not in self.ranks:
                    raise ValueError(f"`{name}` must name axes of the mesh, {list(self.ranks)}. Got {one!r}.")
                steps.append((axis, self.ranks[one]))
        return steps


def _check_specs(name: str, specs: Any) -> None:
    for spec in _tree.leaves(specs):
        if not isinstance(spec, PartitionSpec):
            raise TypeError(
                f"`{name}` must be made of PartitionSpecs. Got {kind_of(spec)}. "
                "Write `PartitionSpec('x')` for a tensor shared along its first axis."
            )
