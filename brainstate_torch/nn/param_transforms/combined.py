"""Transforms made of others."""

from typing import Any

import torch

from ...units import math as um
from ..module.operand import floating, operand
from .base import Transform
from .formulas import as_bound, log_det

__all__ = ["ChainT", "MaskedT"]


class ChainT(Transform):
    """Several transforms, the first one first.

    Parameters
    ----------
    *transforms
        The transforms.

    Notes
    -----
    Source: brainstate.nn.ChainT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.ChainT(brainstate.nn.PositiveT(), brainstate.nn.AffineT(2., 1.))
    >>> t(torch.tensor([0.])), t.inverse(torch.tensor([3.]))
    (tensor([3.]), tensor([0.]))
    """

    def __init__(self, *transforms: Transform) -> None:
        self.transforms = transforms

    def __repr__(self) -> str:
        return f"ChainT({', '.join(map(repr, self.transforms))})"

    def forward(self, x: Any) -> Any:
        for transform in self.transforms:
            x = transform.forward(x)
        return x

    def inverse(self, y: Any) -> Any:
        for transform in reversed(self.transforms):
            y = transform.inverse(y)
        return y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        total = log_det(torch.zeros_like(um.get_mantissa(floating(x))))
        for transform in self.transforms:
            y = transform.forward(x)
            total = total + transform.log_abs_det_jacobian(x, y)
            x = y
        return total


class MaskedT(Transform):
    """A transform of the elements where a mask is true; the others stay as they are.

    Parameters
    ----------
    mask
        Booleans that broadcast to the values.
    transform
        The transform. The values have no unit, unless it is one from units to units.
    safe_value
        What the transform is given for the other elements: a number at which it and its slope are finite.

    Notes
    -----
    Source: brainstate.nn.MaskedT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.MaskedT(torch.tensor([True, False]), brainstate.nn.PositiveT())
    >>> t(torch.tensor([0., -3.])), t.inverse(torch.tensor([1., -3.]))
    (tensor([ 1., -3.]), tensor([ 0., -3.]))
    """

    def __init__(self, mask: Any, transform: Transform, safe_value: Any = 1.0) -> None:
        self.mask = um.asarray(mask).to(torch.bool)
        self.transform = transform
        self.safe_value = as_bound(safe_value)

    def __repr__(self) -> str:
        return f"MaskedT(mask=..., transform={self.transform!r})"

    def forward(self, x: Any) -> Any:
        x = operand(x, self.mask)
        return torch.where(self.mask, self.transform.forward(self._safe(x)), x)

    def inverse(self, y: Any) -> Any:
        y = operand(y, self.mask)
        return torch.where(self.mask, self.transform.inverse(self._safe(y)), y)

    def _safe(self, x: Any) -> Any:
        # The slope of `where` is zero times that of the branch not taken: nan, if that one is infinite.
        return torch.where(self.mask, x, self.safe_value)
