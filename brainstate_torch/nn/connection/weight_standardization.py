"""weight_standardization: weights of mean zero and variance 1 / fan_in for each output."""

from typing import Any

import torch

from ...typing import ArrayLike
from ...units import get_mantissa, is_quantity
from ...units import math as um

__all__ = ["weight_standardization"]


def weight_standardization(w: ArrayLike, eps: float = 1e-4, gain: Any = None, out_axis: int = -1) -> Any:
    """Weights with mean zero and variance ``1 / fan_in`` for each output, times a gain.

    Parameters
    ----------
    w
        The weights, with any unit; the result is a plain tensor.
    eps
        The least variance, times the number of inputs, that is divided by. For weights with a unit it
        counts in squares of the largest one, so that V and mV give one result.
    gain
        Factors that broadcast to the weights.
    out_axis
        The axis of outputs.

    Returns
    -------
    Tensor
        The weights, in the shape of `w`.

    Notes
    -----
    Source: brainstate.nn.weight_standardization (0.5.4). Differs: there, weights with a unit raise.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.weight_standardization(torch.tensor([[3.], [1.]]))
    tensor([[ 0.7071],
            [-0.7071]])
    """
    given = um.asarray(w)
    weights = get_mantissa(given)
    least: Any = eps
    if is_quantity(given):
        largest = weights.detach().abs().amax()
        least = eps * torch.where(largest > 0, largest * largest, 1.0)
    axes = [axis for axis in range(weights.ndim) if axis != out_axis % weights.ndim]
    fan_in = weights.numel() // weights.shape[out_axis]
    mean = weights.mean(axes, keepdim=True)
    variance = weights.var(axes, keepdim=True, correction=0)
    scale = torch.maximum(variance * fan_in, least * torch.ones_like(variance)).rsqrt()
    return (weights - mean) * (scale if gain is None else gain * scale)
