"""unvmap: one value out of all lanes of a vmap."""

from typing import Any

import torch

from ..._arrays import as_tensor, is_arraylike
from ..._errors import kind_of
from ..._host.functorch import concrete

__all__ = ["unvmap"]

_REDUCTIONS = {"any": torch.any, "all": torch.all, "max": torch.max}


def unvmap(x: Any, op: str = "any") -> torch.Tensor:
    """Reduce a value over all its elements and all lanes of the vmaps around the caller.

    The result is the same in every lane, so a program may branch on it. It has no derivative.

    Parameters
    ----------
    x
        A number or a tensor.
    op
        'any', 'all' or 'max'; with 'none' the numbers of all lanes are returned as they are.

    Returns
    -------
    Tensor
        A 0-d tensor; with ``'none'`` a tensor with the lanes of all maps in front.

    Raises
    ------
    ValueError
        `op` is none of those.
    TypeError
        `x` is not a number or tensor.

    Notes
    -----
    Source: brainstate.transform.unvmap (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> torch.func.vmap(lambda x: x / brainstate.transform.unvmap(x, 'max'))(torch.tensor([1., 2., 4.]))
    tensor([0.2500, 0.5000, 1.0000])
    """
    if op not in (*_REDUCTIONS, "none"):
        raise ValueError(f"`op` must be one of 'any', 'all', 'max', 'none'. Got {op!r}.")
    if not is_arraylike(x):
        raise TypeError(f"`x` must be a number or a tensor. Got {kind_of(x)}.")
    numbers = concrete(as_tensor(x)).detach()
    return numbers if op == "none" else _REDUCTIONS[op](numbers)
