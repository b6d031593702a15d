"""vmap: a function of one sample, applied to a batch at once."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .. import _func, _tree
from .._arrays import as_tensor, is_arraylike
from .._errors import BatchAxisError
from .._state import State
from .._state.value import owned
from ..random import RandomState
from ..typing import Missing
from ._axes import broadcast_axes, common_size, mapped_states, normal_axis
from ._functional import Outcome, checked_arguments, combine, partition, run

__all__ = ["vmap"]

_MISSING = Missing()


def vmap(
    fn: Any = _MISSING,
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    in_states: Any = None,
    out_states: Any = None,
) -> Any:
    """A function that applies `fn` to every slice of its arguments at once.

    A State that is not named is shared by all lanes: reading it gives the same value in each, and writing a value that
    differs from lane to lane raises. Random draws differ from lane to lane.

    Parameters
    ----------
    fn
        Written for one sample; without it `vmap` is a decorator.
    in_axes, out_axes
        An axis, or None for what is not mapped; or a tree of them that begins like the arguments or the result.
    axis_name, spmd_axis_name
        Accepted so that programs port: there are no collective operations over a mapped axis here.
    axis_size
        The number of lanes, where nothing is mapped.
    in_states
        States whose value holds one slice for each lane: a State, a list or dict of States (along axis 0), or
        ``{axis: States}``. They are written back along the same axis.
    out_states
        States that get one slice for each lane; they may have none yet.

    Raises
    ------
    ValueError
        At a call: sizes differ, an axis does not exist, nothing is mapped, or an argument is a State.
    BatchAxisError
        A State is given two axes; at a call, a value that differs from lane to lane was written to a State that is not
        named. No State is changed then.
    NotImplementedError
        At a call: keyword arguments, or a draw from a RandomState of the generator 'threefry2x32'.

    Notes
    -----
    Source: brainstate.transform.vmap (0.5.4).

    Examples
    --------
    Gradients of each sample:

    >>> import torch, brainstate_torch as brainstate
    >>> w = brainstate.ParamState(torch.tensor([1., 2.]))
    >>> gradient = brainstate.transform.grad(lambda x: (w.value * x).sum() ** 2, w)
    >>> brainstate.transform.vmap(gradient)(torch.tensor([[1., 0.], [0., 1.]]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if isinstance(fn, Missing):
        return functools.partial(
            vmap,
            in_axes=in_axes,
            out_axes=out_axes,
            axis_name=axis_name,
            axis_size=axis_size,
            spmd_axis_name=spmd_axis_name,
            in_states=in_states,
            out_states=out_states,
        )
    if not callable(fn):
        raise TypeError(f"the function to map must be callable. Got a {type(fn).__name__}.")
    inside = mapped_states("in_states", in_states)
    outside = {**inside, **mapped_states("out_states", out_states)}
    for state, axis in inside.items():
        if outside[state] != axis:
            raise BatchAxisError(
                f"a State of `in_states` must have the same axis in `out_states`. Got {axis} and {outside[state]} "
                f"for {state!r}."
            )

    @functools.wraps(fn)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise NotImplementedError(f"vmap maps positional arguments. Got the keywords {sorted(kwargs)}.")
        positional, _ = checked_arguments(args, {})
        return _Mapped(fn, positional, in_axes, axis_size, inside, outside).call(out_axes)

    return mapped


class _Mapped:
    """One call of a mapped function."""

    def __init__(
        self,
        fn: Callable[..., Any],
        args: list[Any],
        in_axes: Any,
        axis_size: int | None,
        inside: dict[State[Any], int],
        outside: dict[State[Any], int],
    ) -> None:
        self.fn, self.inside, self.outside = fn, inside, outside
        axes = tuple(in_axes) if isinstance(in_axes, list) else in_axes
        leaves, self.spec = _tree.flatten(tuple(args))
        self.leaves: list[Any] = leaves
        self.axes = broadcast_axes("in_axes", axes, tuple(args))
        self.values = [state._get() for state in inside]
        sizes = []
        for i, (leaf, axis) in enumerate(zip(leaves, self.axes, strict=True)):
            if axis is not None and (is_arraylike(leaf) or axis != 0):
                self.axes[i] = axis = normal_axis("in_axes", axis, leaf)
                sizes.append(("an argument", as_tensor(leaf).shape[axis]))
            else:
                self.axes[i] = None
        self.state_leaves, self.state_spec = _tree.flatten(self.values)
        self.state_axes = [
            normal_axis("in_states", axis, leaf)
            for (state, axis), value in zip(inside.items(), self.values, strict=True)
            for leaf in _tree.leaves(value)
        ]
        for leaf, axis in zip(self.state_leaves, self.state_axes, strict=True):
            sizes.append(("a State of `in_states`", leaf.shape[axis]))
        self.size = common_size(sizes, axis_size)
        self.outcome: Outcome | None = None

    def call(self, out_axes: Any) -> Any:
        places = [i for i, axis in enumerate(self.axes) if axis is not None]
        tensors = [as_tensor(self.leaves[i]) for i in places] + self.state_leaves
        axes = [self.axes[i] for i in places] + self.state_axes
        # torch.vmap wants one mapped input at least.
        tensors.append(torch.empty(self.size, 0))
        axes.append(0)

        def pure(*lanes: torch.Tensor) -> tuple[torch.Tensor, ...]:
            leaves = list(self.leaves)
            for i, lane in zip(places, lanes, strict=False):
                leaves[i] = lane
            return self._run(leaves, lanes[len(places) : -1])

        try:
            found = _func.vmap(pure, in_dims=tuple(axes), out_dims=0, randomness="different")(*tensors)
            return self._finish(found[:-1], out_axes)
        except BaseException:
            if self.outcome is not None:
                self.outcome.frame.abandon()
            raise

    def _run(self, leaves: list[Any], lanes: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        values = _tree.unflatten(self.state_spec, lanes)
        self.outcome = run(
            self.fn, _tree.unflatten(self.spec, leaves), {}, list(self.inside), _owned(self.inside, values)
        )
        here = _func.level()
        written = self.outcome.frame.written()
        for state, value in zip(written, self.outcome.written, strict=True):
            if isinstance(state, RandomState) and state.impl != "torch" and not _func.is_batched(value, here):
                raise NotImplementedError(
                    "random draws under vmap need the generator 'torch', which differs from lane to lane. Got "
                    f"'{state.impl}', whose draws would be the same in each. Draw outside and map over the numbers, or "
                    "map over keys and pass `key=`."
                )
            if state not in self.outside and any(_func.is_batched(x, here) for x in _tree.leaves(value)):
                state.raise_error_with_source_info(
                    BatchAxisError(
                        f"a value that differs from lane to lane must go to a State named in `out_states`. "
                        f"Got one for {state!r}. Name it, or reduce the value over the lanes. No State was changed."
                    )
                )
        outcome = self.outcome
        tensors, self.static = partition((outcome.result, outcome.written, outcome.created))
        self.batched = [_func.is_batched(x, here) for x in tensors]
        # The last one stands for a result where there is none.
        return (*tensors, torch.empty(0))

    def _finish(self, tensors: Sequence[torch.Tensor], out_axes: Any) -> Any:
        assert self.outcome is not None
        frame = self.outcome.frame
        result, written, created = combine(tensors, self.static)
        whole = [x if batched else x[0] for x, batched in zip(tensors, self.batched, strict=True)]
        single_result, single, _ = combine(whole, self.static)
        values = []
        for state, lanes, one in zip(frame.written(), written, single, strict=True):
            axis = self.outside.get(state)
            values.append(one if axis is None else _tree.map(_to_axis(axis), lanes))
        arranged = self._arranged(result, single_result, out_axes)
        frame.commit(values, created)
        return arranged

    def _arranged(self, result: Any, whole: Any, out_axes: Any) -> Any:
        """The result with the mapped axis where `out_axes` puts it."""
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
                out.append(leaf.movedim(0, normal_axis("out_axes", axis, leaf)))
        return _tree.unflatten(spec, out)


def _owned(states: dict[State[Any], int], values: Sequence[Any]) -> list[Any]:
    """The lanes of the States' values, safe from writes in place."""
    return [owned(value, level=_func.level(), attached=True) for value in values]


def _to_axis(axis: int) -> Callable[[Any], Any]:
    return lambda x: x.movedim(0, axis) if isinstance(x, torch.Tensor) else x
