"""to_jax: from torch to JAX."""

from typing import Any

from .values import array_tree

__all__ = ["to_jax"]


def to_jax(x: Any, *, narrow: bool = False) -> Any:
    """The same values for JAX.

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

    The memory of a tensor is shared if it is torch's own, dense, and no view or pointer to it exists; a write to the
    tensor later reaches a copy, never the array. Otherwise the numbers are copied once. Derivatives do not cross here;
    :func:`from_jax` makes a function that has them.

    Parameters
    ----------
    x
        A value, or a container of them.
    narrow
        Whether numbers of 64 bits may become such of 32 bits while ``jax_enable_x64`` is off.

    Returns
    -------
    Any
        The values for JAX.

    Raises
    ------
    TypeError
        A tensor has no numbers (it is fake, on the meta device, or inside a transform), is wider than JAX allows, or is
        sparse; or something is no value.
    ValueError
        An integer does not fit into 32 bits.
    MissingDependencyError
        JAX is not installed.

    Notes
    -----
    Source: jax.dlpack (0.10).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> import brainstate_torch.units as u
    >>> brainstate.interop.to_jax({'v': torch.tensor([1., 2.]) * u.mV})
    {'v': Quantity([1. 2.], "mV")}
    """
    return array_tree(x, narrow)
