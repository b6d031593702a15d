"""Calling one method of every module in a model."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch

from ... import _tree
from ..._arrays import as_tensor, is_arraylike
from ...graph import nodes
from ...typing import Filter, PathParts

__all__ = ["assign_state_values", "call_all_fns", "call_order", "init_all_states", "reset_all_states"]

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_LEVELS = 10


def call_order(level: int = 0, check_order_boundary: bool = True) -> Callable[[F], F]:
    """Mark a method to be called after those without mark, in the order of the levels; see :func:`call_all_fns`.

    Parameters
    ----------
    level
        The lowest is called first.
    check_order_boundary
        Allow levels from 0 to 9 only.

    Returns
    -------
    callable
        A decorator for a method.

    Raises
    ------
    ValueError
        The level is outside.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Delay(brainstate.nn.Module):
    ...     @brainstate.nn.call_order(3)
    ...     def init_state(self, batch_size=None):
    ...         pass
    >>> Delay.init_state.call_order
    3
    """
    if check_order_boundary and not 0 <= level < _LEVELS:
        raise ValueError(f"`level` must be an integer in [0, {_LEVELS}). Got {level}.")

    def mark(function: F) -> F:
        function.call_order = level  # type: ignore[attr-defined]
        return function

    return mark


def call_all_fns(
    target: T,
    fn_name: str,
    args: Any = (),
    kwargs: Mapping[str, Any] | None = None,
    node_to_exclude: Filter = None,
    fn_if_not_exist: str = "raise",
) -> T:
    """Call a method of every module in a model: children before parents, those with a :func:`call_order` at the end.

    Parameters
    ----------
    target
        The model.
    fn_name
        The name of the method.
    args, kwargs
        Arguments of each call; a single argument need not be in a tuple.
    node_to_exclude
        Which modules to leave out.
    fn_if_not_exist
        What to do about a module without the method: ``'raise'``, ``'pass'`` (also ``'none'``) or ``'warn'``.

    Returns
    -------
    Module
        The model, as it was given.

    Raises
    ------
    TypeError
        `fn_name` is not a string, `kwargs` not a mapping, or an attribute of that name is not a method.
    AttributeError
        A module lacks the method.
    ValueError
        `fn_if_not_exist` is something else.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> model = brainstate.nn.Sequential(brainstate.nn.Linear(2, 3), brainstate.nn.ReLU())
    >>> _ = brainstate.nn.call_all_fns(model, 'train', (False,))
    >>> model[1].training
    False
    """
    if not isinstance(fn_name, str):
        raise TypeError(f"`fn_name` must be a string. Got {type(fn_name).__name__}.")
    kwargs = kwargs or {}
    if not isinstance(kwargs, Mapping):
        raise TypeError(f"`kwargs` must be a mapping. Got {type(kwargs).__name__}.")
    args = args if isinstance(args, tuple) else (args,)
    modules = nodes(target).filter(torch.nn.Module)
    if node_to_exclude is not None:
        modules -= modules.filter(node_to_exclude)
    ordered = []
    for path, module in modules.items():
        method = _method(module, path, fn_name, fn_if_not_exist)
        if method is None:
            continue
        if hasattr(method, "call_order"):
            ordered.append(method)
        else:
            method(*args, **kwargs)
    for method in sorted(ordered, key=lambda method: method.call_order):
        method(*args, **kwargs)
    return target


def _method(module: Any, path: PathParts, name: str, if_missing: str) -> Any:
    if if_missing not in ("raise", "pass", "none", "warn"):
        raise ValueError(f"`fn_if_not_exist` must be one of 'raise', 'pass', 'none', 'warn'. Got {if_missing!r}.")
    method = getattr(module, name, None)
    if method is not None and not callable(method):
        raise TypeError(f"`{name}` of {type(module).__name__} must be callable. Got {type(method).__name__}.")
    if method is None and if_missing in ("raise", "warn"):
        text = f"a module must have `{name}`. Got {type(module).__name__} at {path}, which does not have method {name}."
        if if_missing == "raise":
            raise AttributeError(f"{text} Exclude it with `node_to_exclude`, or pass `fn_if_not_exist='pass'`.")
        warnings.warn(text, UserWarning, stacklevel=3)
    return method


def init_all_states(target: T, *init_args: Any, node_to_exclude: Filter = None, **init_kwargs: Any) -> T:
    """Call ``init_state`` of every module in a model, with these arguments; see :func:`call_all_fns`.

    Parameters
    ----------
    target
        The model.
    *init_args, **init_kwargs
        The arguments of each ``init_state``.
    node_to_exclude
        Which modules to leave out.

    Returns
    -------
    Module
        The model, as it was given.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Cell(brainstate.nn.Module):
    ...     def init_state(self, batch_size=None):
    ...         self.h = brainstate.HiddenState(torch.zeros(batch_size, 2))
    >>> brainstate.nn.init_all_states(Cell(), batch_size=4).h
    HiddenState(value=float32[4, 2])
    """
    return call_all_fns(target, "init_state", init_args, init_kwargs, node_to_exclude)


def reset_all_states(target: T, *reset_args: Any, node_to_exclude: Filter = None, **reset_kwargs: Any) -> T:
    """Call ``reset_state`` of every module in a model, with these arguments; see :func:`call_all_fns`.

    Parameters
    ----------
    target
        The model.
    *reset_args, **reset_kwargs
        The arguments of each ``reset_state``.
    node_to_exclude
        Which modules to leave out.

    Returns
    -------
    Module
        The model, as it was given.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Cell(brainstate.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.h = brainstate.HiddenState(torch.ones(2))
    ...     def reset_state(self):
    ...         self.h.value = torch.zeros(2)
    >>> brainstate.nn.reset_all_states(Cell()).h.value
    tensor([0., 0.])
    """
    return call_all_fns(target, "reset_state", reset_args, reset_kwargs, node_to_exclude)


def assign_state_values(target: Any, *state_by_abs_path: Mapping[Any, Any]) -> tuple[list[Any], list[Any]]:
    """Assign the States of a model by path.

    Parameters
    ----------
    target
        The model.
    *state_by_abs_path
        Values by path, ``('layers', 0, 'weight')`` or ``'layers.0.weight'``; of several for one path, the last counts.

    Returns
    -------
    tuple
        The paths of values without a State, and of States without a value.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.Linear(1, 1, b_init=None)
    >>> brainstate.nn.assign_state_values(layer, {'weight': {'weight': torch.ones(1, 1)}, 'bias': 0.})
    (['bias'], [])
    >>> layer.weight.value['weight']
    tensor([[1.]])
    """
    given = {_text(path): (path, value) for values in state_by_abs_path for path, value in values.items()}
    states = {_text(path): (path, state) for path, state in target.states().items()}
    for name in given.keys() & states.keys():
        value = given[name][1]
        states[name][1].value = _tree.map(lambda leaf: as_tensor(leaf) if is_arraylike(leaf) else leaf, value)
    unexpected = [given[name][0] for name in sorted(given.keys() - states.keys())]
    missing = [states[name][0] for name in sorted(states.keys() - given.keys())]
    return unexpected, missing


def _text(path: Any) -> str:
    return ".".join(map(str, path)) if isinstance(path, tuple) else str(path)
