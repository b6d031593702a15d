"""to_torch: from JAX to torch."""

from typing import Any

from .values import tensor_tree

__all__ = ["to_torch"]


def to_torch(x: Any, *, copy: bool | None = None) -> Any:
    """The same values for torch; the table of :func:`to_jax` from right to left.

    Keys of JAX (``jax.random.key``) become their two words, ``uint32[*N, 2]``, which ``brainstate_torch.random`` takes
    as keys of the generator Threefry.

    Parameters
    ----------
    x
        A value, or a container of them.
    copy
        None: a tensor shows the memory of the array if DLPack allows it, and then refuses to be written. True: it has
        memory of its own, and may be written.

    Returns
    -------
    Any
        The values for torch.

    Raises
    ------
    TypeError
        A value of JAX is traced, was donated, or has a dtype that torch has not; a key belongs to another generator; or
        something is no value.
    MissingDependencyError
        JAX is not installed.

    Notes
    -----
    Source: jax.dlpack (0.10).

    Examples
    --------
    >>> import jax, brainstate_torch as brainstate
    >>> x = brainstate.interop.to_torch(jax.numpy.arange(3.))
    >>> x += 1  # a new tensor
    >>> x
    tensor([1., 2., 3.])
    """
    return tensor_tree(x, copy)
