"""Predicates that ask for the type of a value."""

from collections.abc import Callable
from typing import Any

__all__ = ["is_instance_eval", "not_instance_eval"]


def is_instance_eval(*cls: type) -> Callable[[Any], bool]:
    """A predicate that tells whether a value is an instance of one of several types.

    Parameters
    ----------
    *cls
        The types.

    Returns
    -------
    callable
        Takes a value, returns a bool.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> list(filter(brainstate.util.is_instance_eval(int, str), [1, 2.5, 'a']))
    [1, 'a']
    """
    return lambda x: isinstance(x, cls)


def not_instance_eval(*cls: type) -> Callable[[Any], bool]:
    """A predicate that tells whether a value is an instance of none of several types.

    Parameters
    ----------
    *cls
        The types.

    Returns
    -------
    callable
        Takes a value, returns a bool.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> list(filter(brainstate.util.not_instance_eval(int, str), [1, 2.5, 'a']))
    [2.5]
    """
    return lambda x: not isinstance(x, cls)
