"""to_jax: values and functions from torch to JAX."""

from typing import Any

import torch

from .._state import State
from ..units import Quantity, Unit
from ._torch_function import jax_function
from .values import array_tree

__all__ = ["to_jax"]


def to_jax(x: Any, *, narrow: bool = False) -> Any:
    """The same values for JAX, or a function of torch's as one of JAX's.

    =========================================  =====================================================
    torch                                      JAX
    =========================================  =====================================================
    tensor, numpy array                        ``jax.Array``
    Quantity, also pint's                      ``brainunit.Quantity`` in the same unit
    State                                      brainstate's State of the same kind, name and tags
    RandomState of the generator Threefry      ``brainstate.random.RandomState``, the same stream
    None, number, text                         itself
    list, tuple, dict, namedtuple, ...         the same container
    =========================================  =====================================================

    A function, also one of brainstate_torch or a module, becomes one of JAX's that ``jax.grad``, ``jit``, ``vmap``,
    ``jvp``, loops and brainstate's transforms take, with derivatives of any order in both modes; torch computes them.
    It may read States, whose values are constants to JAX, and must not write any. It must be pure, and its shapes must
    not depend on numbers.

    The memory of a tensor is shared if it is torch's own, dense, and no view or pointer to it exists; a write to the
    tensor later reaches a copy, never the array. Otherwise the numbers are copied once. Derivatives do not cross here;
    :func:`from_jax` makes a function that has them.

    Parameters
    ----------
    x
        A value, a container of them, or a function.
    narrow
        Whether numbers of 64 bits may become such of 32 bits while ``jax_enable_x64`` is off.

    Returns
    -------
    Any
        The values, or the function, for JAX.

    Raises
    ------
    TypeError
        A tensor has no numbers (it is fake, on the meta device, or inside a transform), is wider than JAX allows, or is
        sparse; or something is no value.
    BrainStateError
        A function writes a State; at the call.
    ValueError
        An integer does not fit into 32 bits.
    MissingDependencyError
        JAX is not installed.

    Notes
    -----
    Source: jax.dlpack, jax.pure_callback (0.10).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> import brainstate_torch.units as u
    >>> brainstate.interop.to_jax({'v': torch.tensor([1., 2.]) * u.mV})
    {'v': Quantity([1. 2.], "mV")}
    >>> import jax
    >>> f = brainstate.interop.to_jax(lambda x: torch.sin(x) ** 2)
    >>> jax.jit(jax.grad(f))(1.0)
    Array(0.909297..., dtype=float32...)
    """
    if callable(x) and not isinstance(x, (torch.Tensor, Quantity, Unit, State, type)):
        return jax_function(x)
    return array_tree(x, narrow)
