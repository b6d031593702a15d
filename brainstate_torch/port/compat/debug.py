"""Printing and calling out of compiled functions: ``jax.debug``."""

import sys
from collections.abc import Callable
from typing import Any

import torch

from ... import _tree
from ..._program.effect import with_numbers_of

__all__ = ["breakpoint", "callback", "print"]


def callback(callback: Callable[..., Any], *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Call a function with the numbers of tensors, now or in each run of the compiled function around it.

    In a vmap it is called for each lane, one after the other.
    """
    leaves, spec = _tree.flatten((args, kwargs))
    places = [i for i, leaf in enumerate(leaves) if isinstance(leaf, torch.Tensor)]

    def act(*tensors: torch.Tensor) -> None:
        whole = list(leaves)
        for i, tensor in zip(places, tensors, strict=True):
            whole[i] = tensor.detach().clone()
        positional, named = _tree.unflatten(spec, whole)
        callback(*positional, **named)

    if places:
        with_numbers_of([leaves[i] for i in places], act, by_lane=True)
    else:
        callback(*args, **kwargs)


def print(fmt: str, *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Print a format with numbers, now or in each run of the compiled function around it."""
    callback(lambda *a, **k: sys.stdout.write(fmt.format(*a, **k) + "\n"), *args, **kwargs)


def breakpoint(**_: Any) -> None:
    """Stop in the debugger."""
    import pdb

    pdb.set_trace()
