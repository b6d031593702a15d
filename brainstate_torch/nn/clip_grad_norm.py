"""clip_grad_norm: gradients scaled down to a greatest norm."""

from typing import Any

import torch

from .. import _tree
from .._arrays import as_tensor
from ..units import Quantity, get_mantissa, is_quantity

__all__ = ["clip_grad_norm"]


def clip_grad_norm(
    grad: Any, max_norm: float | torch.Tensor, norm_type: float | str | None = 2.0, return_norm: bool = False
) -> Any:
    """A tree of gradients, scaled so that the norm of all numbers in it together is at most `max_norm`.

    Parameters
    ----------
    grad
        The gradients. Units are kept, and do not count in the norm.
    max_norm
        The bound.
    norm_type
        The p of the norm, also ``'inf'`` and ``'-inf'``; None stands for 2.
    return_norm
        Return the norm before clipping too.

    Returns
    -------
    tree or tuple
        The gradients, times ``min(1, max_norm / (norm + 1e-6))``, and the norm if asked for.

    Notes
    -----
    Source: brainstate.nn.clip_grad_norm (0.5.4). Differs: gradients with units are taken.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> clipped, norm = brainstate.nn.clip_grad_norm({'w': torch.tensor([3., 4.])}, 1., return_norm=True)
    >>> clipped['w'].round(decimals=4), norm
    (tensor([0.6000, 0.8000]), tensor(5.))
    """
    leaves, spec = _tree.flatten(grad, is_leaf=is_quantity)
    if not leaves:
        return (grad, torch.zeros(())) if return_norm else grad
    order = float(2.0 if norm_type is None else norm_type)
    flat = torch.cat([as_tensor(get_mantissa(leaf)).reshape(-1) for leaf in leaves])
    norm = torch.linalg.vector_norm(flat, order)
    factor = (max_norm / (norm + 1e-6)).clamp(max=1.0)
    clipped = _tree.unflatten(spec, [_scaled(leaf, factor) for leaf in leaves])
    return (clipped, norm) if return_norm else clipped


def _scaled(leaf: Any, factor: torch.Tensor) -> Any:
    if isinstance(leaf, Quantity):
        return Quantity(leaf.mantissa * factor, leaf.unit)
    return as_tensor(leaf) * factor
