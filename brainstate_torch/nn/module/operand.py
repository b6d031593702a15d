"""Arguments of functions of this package as tensors."""

from typing import Any

import torch

from ... import environ
from ..._arrays import beside
from ...units import Quantity
from ...units import math as um

__all__ = ["biased", "factor", "floating", "operand"]


def operand(x: Any, *near: Any) -> Any:
    """A tensor or a quantity that holds one, from anything array-like; made on the device of the tensors near it."""
    held = x.mantissa if isinstance(x, Quantity) else x
    if isinstance(held, torch.Tensor):
        return x
    with beside(near):
        return um.asarray(x)


def floating(x: Any, *near: Any) -> Any:
    """As :func:`operand`, with integers as floating numbers."""
    x = operand(x, *near)
    return x if x.is_floating_point() or x.is_complex() else x.to(environ.dftype())


def biased(y: Any, bias: Any) -> Any:
    """The sum of a product and a bias, under autocast in the dtype of the product, as torch's layers give it."""
    if y.dtype != bias.dtype and torch.is_autocast_enabled(y.device.type):
        bias = bias.to(y.dtype)
    return y + bias


def factor(x: Any, weight: Any) -> Any:
    """As :func:`operand`, with spikes that are boolean, and integers, in the dtype of the weight that they meet."""
    x = operand(x, weight)
    return x if x.is_floating_point() or x.is_complex() else x.to(weight.dtype)
