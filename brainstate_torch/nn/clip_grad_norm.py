"""clip_grad_norm: gradients scaled down to a greatest norm."""

from typing import Any

import torch

from .. import _tree
from .._arrays import as_tensor, beside
from ..units import Quantity, Unit, as_quantity, get_dim, get_unit, is_quantity

__all__ = ["clip_grad_norm"]


def clip_grad_norm(
    grad: Any, max_norm: float | torch.Tensor | Quantity, norm_type: float | str | None = 2.0, return_norm: bool = False
) -> Any:
    """A tree of gradients, scaled so that the norm of all numbers in it together is at most `max_norm`.

    Parameters
    ----------
    grad
        The gradients. They keep their units; for the norm, those of one dimension count in the unit of the first.
    max_norm
        The bound; a quantity if all gradients have its dimension, and a plain number for any units.
    norm_type
        The p of the norm, also ``'inf'`` and ``'-inf'``; None stands for 2.
    return_norm
        Return the norm before clipping too.

    Returns
    -------
    tree or tuple
        The gradients, times ``min(1, max_norm / (norm + 1e-6))``, without the 1e-6 for a quantity, and the norm if
        asked for, in the unit of `max_norm`.

    Raises
    ------
    UnitMismatchError
        `max_norm` is a quantity, and a gradient has another dimension.

    Notes
    -----
    Source: brainstate.nn.clip_grad_norm (0.5.4). Differs: one norm in mV and in V, and bounds with a unit.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> clipped, norm = brainstate.nn.clip_grad_norm({'w': torch.tensor([3., 4.])}, 1., return_norm=True)
    >>> clipped['w'].round(decimals=4), norm
    (tensor([0.6000, 0.8000]), tensor(5.))
    """
    leaves, spec = _tree.flatten(grad, is_leaf=is_quantity)
    unit = get_unit(max_norm) if isinstance(max_norm, Quantity) else None
    bound = max_norm.mantissa if isinstance(max_norm, Quantity) else max_norm
    if not leaves:
        return (grad, torch.zeros(())) if return_norm else grad
    with beside(leaves):
        leaves = [leaf if is_quantity(leaf) else as_tensor(leaf) for leaf in leaves]
    order = float(2.0 if norm_type is None else norm_type)
    norm: Any = torch.linalg.vector_norm(torch.cat([x.reshape(-1) for x in _numbers(leaves, unit)]), order)
    # The 1e-6 of the original would count in the unit of the bound.
    factor = (bound / (norm + 1e-6)).clamp(max=1.0) if unit is None else bound / torch.clamp(norm, min=bound)
    clipped = _tree.unflatten(spec, [_scaled(leaf, factor) for leaf in leaves])
    if not return_norm:
        return clipped
    return clipped, norm if unit is None else Quantity(norm, unit)


def _numbers(leaves: list[Any], unit: Unit | None) -> list[torch.Tensor]:
    """The numbers in one unit, or where none is given those of one dimension in the unit of the first of them."""
    if not any(is_quantity(leaf) for leaf in leaves) and unit is None:
        return leaves
    chosen: dict[Any, Unit] = {}
    return [
        as_quantity(leaf).in_unit(unit or chosen.setdefault(get_dim(leaf), get_unit(leaf))).mantissa for leaf in leaves
    ]


def _scaled(leaf: Any, factor: torch.Tensor) -> Any:
    if isinstance(leaf, Quantity):
        return Quantity(leaf.mantissa * factor, leaf.unit)
    return leaf * factor
