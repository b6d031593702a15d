"""vmap: a function of one sample, applied to a batch at once."""

import functools
from collections.abc import Callable
from typing import Any, overload

from ..._errors import BatchAxisError, kind_of
from ...typing import Missing
from .._core.derived import Derived
from .._core.signatures import P, T
from .axes import StateAxes, mapped_states
from .plan import Plan

__all__ = ["vmap"]

_MISSING = Missing()


@overload
def vmap(
    fn: Callable[P, T],
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    in_states: Any = None,
    out_states: Any = None,
) -> Callable[P, T]: ...


@overload
def vmap(
    fn: Callable[P, Any],
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    in_states: Any = None,
    out_states: Any = None,
) -> Callable[P, Any]: ...


@overload
def vmap(
    *,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
    in_states: Any = None,
    out_states: Any = None,
) -> Callable[[Callable[P, T]], Callable[P, T]]: ...


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
    differs from lane to lane raises. Random draws differ from lane to lane: on the generator 'threefry2x32' the key is
    split, and continues after the splits, so that after the same seed the numbers are brainstate's.

    Parameters
    ----------
    fn
        Written for one sample; without it `vmap` is a decorator.
    in_axes, out_axes
        An axis, or None for what is not mapped; or a tree of them that begins like the arguments or the result.
    axis_name, spmd_axis_name
        A name for the axis, for :func:`psum`, :func:`pmean` and :func:`axis_index`; `spmd_axis_name` has no meaning
        here.
    axis_size
        The number of lanes, where nothing is mapped.
    in_states
        States whose value holds one slice for each lane: a State, a list or dict of States (along axis 0), or
        ``{axis: States}``. They are written back along the same axis.
    out_states
        States that get one slice for each lane where a value differs from lane to lane; they may have none yet.

    Returns
    -------
    Callable
        Its result has the leaves of `fn`, each with an axis for the lanes. Numbers become tensors; a string or another
        object is returned as it is.

    Raises
    ------
    ValueError
        At a call: sizes differ, an axis does not exist, nothing is mapped, or an argument is a State.
    BatchAxisError
        A State is given two axes; at a call, a value that differs from lane to lane was written to a State that is not
        named. No State is changed then.
    NotImplementedError
        At a call: keyword arguments.

    Notes
    -----
    Source: brainstate.transform.vmap (0.5.4). Differs: a State made inside stays usable, with a leading axis where its
    value differs from lane to lane; in a State whose value is a tree, it is enough if one leaf does.

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
        raise TypeError(f"the function to map must be callable. Got {kind_of(fn)}.")
    inside, outside = mapped_states("in_states", in_states), mapped_states("out_states", out_states)
    for state, axis in inside.items():
        if outside.get(state, axis) != axis:
            raise BatchAxisError(
                f"a State of `in_states` must have the same axis in `out_states`. Got {axis} and {outside[state]} "
                f"for {state!r}."
            )
    return Derived(_vmapped, fn, in_axes, out_axes, inside, outside, axis_size, axis_name)


def _vmapped(
    fn: Callable[..., Any], in_axes: Any, out_axes: Any, inside: Any, outside: Any, axis_size: Any, axis_name: Any
) -> Callable[..., Any]:
    plan = Plan(
        fn,
        in_axes,
        out_axes,
        StateAxes.of_states("in_states", inside),
        StateAxes.of_states("out_states", outside),
        axis_size=axis_size,
        axis_name=axis_name,
    )

    def mapped(*args: Any, **kwargs: Any) -> Any:
        if kwargs:
            raise NotImplementedError(
                f"vmap maps positional arguments. Got the keywords {sorted(kwargs)}. Use vmap2, which maps both."
            )
        return plan.call(args, {})

    return mapped
