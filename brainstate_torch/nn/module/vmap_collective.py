"""Calling one method of every module in a model for many lanes at once."""

from collections.abc import Mapping
from typing import Any, TypeVar

import torch

from ... import _tree
from ...graph import states
from ...transform import vmap_new_states
from ...typing import Filter
from .collective import call_all_fns

__all__ = ["vmap_call_all_fns", "vmap_init_all_states", "vmap_reset_all_states"]

T = TypeVar("T")


def vmap_call_all_fns(
    target: T,
    fn_name: str,
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    axis_size: int | None = None,
    node_to_exclude: Filter = None,
    state_tag: str | None = None,
    fn_if_not_exist: str = "raise",
) -> T:
    """:func:`call_all_fns` for many lanes: a State that is made gets a leading axis, with independent random draws.

    A State that has the leading axis already keeps it where a method writes the value of one lane.

    Parameters
    ----------
    target, fn_name, args, kwargs, node_to_exclude, fn_if_not_exist
        See :func:`call_all_fns`.
    axis_size
        The number of lanes; must be given.
    state_tag
        Added to the tags of the States that are made.

    Returns
    -------
    Module
        The model, as it was given.

    Raises
    ------
    ValueError
        `axis_size` is missing or not positive.
    BatchAxisError
        A value that differs from lane to lane was written to a State that was there before.

    Notes
    -----
    Source: brainstate.nn.vmap_call_all_fns (0.5.4). Differs: a State keeps its leading axis, which brainstate drops.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Cell(brainstate.nn.Module):
    ...     def init_state(self, size):
    ...         self.h = brainstate.HiddenState(torch.zeros(size))
    >>> brainstate.nn.vmap_call_all_fns(Cell(), 'init_state', 3, axis_size=2).h
    HiddenState(value=float32[2, 3])
    """
    size = _checked(axis_size)
    before = {state: state._get() for state in states(target).values()}
    make = lambda: _nothing(call_all_fns(target, fn_name, args, kwargs, node_to_exclude, fn_if_not_exist))
    vmap_new_states(make, axis_size=size, state_tag=state_tag)()
    for state, old in before.items():
        new = state._get()
        if new is not old and _lost_axis(old, new, size):
            state.value = _tree.map(lambda leaf: leaf.expand(size, *leaf.shape).clone(), new)
    return target


def vmap_init_all_states(
    target: T,
    *init_args: Any,
    axis_size: int | None = None,
    node_to_exclude: Filter = None,
    state_to_exclude: Any = None,
    state_tag: str | None = None,
    in_states: Any = None,
    out_states: Any = None,
    **init_kwargs: Any,
) -> T:
    """:func:`init_all_states` for many lanes: each State gets a leading axis, with independent random draws.

    Parameters
    ----------
    target, *init_args, node_to_exclude, **init_kwargs
        See :func:`init_all_states`.
    axis_size
        The number of lanes; must be given.
    state_to_exclude
        A predicate ``(path, state) -> bool``, such as ``util.filter.OfType(ParamState)``: States without the axis.
    state_tag
        Added to the tags of the States that are made.
    in_states, out_states
        Not possible: the States are those that are made.

    Returns
    -------
    Module
        The model, as it was given.

    Raises
    ------
    ValueError
        `axis_size` is missing or not positive, or `in_states` or `out_states` is given.

    Notes
    -----
    Source: brainstate.nn.vmap_init_all_states (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Cell(brainstate.nn.Module):
    ...     def init_state(self):
    ...         self.h = brainstate.HiddenState(brainstate.random.rand(3))
    >>> cell = brainstate.nn.vmap_init_all_states(Cell(), axis_size=2)
    >>> cell.h, bool((cell.h.value[0] == cell.h.value[1]).any())
    (HiddenState(value=float32[2, 3]), False)
    """
    make = lambda: _nothing(call_all_fns(target, "init_state", init_args, init_kwargs, node_to_exclude))
    vmap_new_states(
        make,
        axis_size=_checked(axis_size),
        state_tag=state_tag,
        state_to_exclude=state_to_exclude,
        in_states=in_states,
        out_states=out_states,
    )()
    return target


def vmap_reset_all_states(
    target: T,
    *reset_args: Any,
    axis_size: int | None = None,
    node_to_exclude: Filter = None,
    state_tag: str | None = None,
    **reset_kwargs: Any,
) -> T:
    """:func:`reset_all_states` for many lanes; see :func:`vmap_call_all_fns`.

    Parameters
    ----------
    target, axis_size, node_to_exclude, state_tag
        As for :func:`vmap_init_all_states`.
    *reset_args, **reset_kwargs
        The arguments of each ``reset_state``.
    state_to_exclude, in_states, out_states
        As for :func:`vmap_init_all_states`.

    Returns
    -------
    Module
        The model, as it was given.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Cell(brainstate.nn.Module):
    ...     def init_state(self):
    ...         self.h = brainstate.HiddenState(torch.ones(3))
    ...     def reset_state(self):
    ...         self.h.value = torch.zeros(3)
    >>> cell = brainstate.nn.vmap_init_all_states(Cell(), axis_size=2)
    >>> brainstate.nn.vmap_reset_all_states(cell, axis_size=2).h.value
    tensor([[0., 0., 0.],
            [0., 0., 0.]])
    """
    return vmap_call_all_fns(
        target, "reset_state", reset_args, reset_kwargs, axis_size, node_to_exclude=node_to_exclude, state_tag=state_tag
    )


def _checked(axis_size: Any) -> int:
    if not isinstance(axis_size, int) or isinstance(axis_size, bool) or axis_size < 1:
        raise ValueError(f"`axis_size` must be a positive integer, the number of lanes. Got {axis_size!r}.")
    return axis_size


def _lost_axis(old: Any, new: Any, size: int) -> bool:
    """Whether the new value matches one lane of the old, batched one in structure, shape and dtype."""
    before, spec = _tree.flatten(old)
    after, new_spec = _tree.flatten(new)
    pairs = list(zip(before, after, strict=False))
    return (
        bool(pairs)
        and spec == new_spec
        and all(isinstance(leaf, torch.Tensor) for pair in pairs for leaf in pair)
        and all(tuple(whole.shape) == (size, *one.shape) for whole, one in pairs)
    )


def _nothing(_: Any) -> None:
    return None
