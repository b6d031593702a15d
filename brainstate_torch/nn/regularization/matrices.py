"""Costs of matrices: of not being orthogonal, and of the largest singular value."""

import math
from typing import Any

import torch

from ... import random
from ...typing import Size
from ..module.operand import floating
from .base import SMALL, WeightedReg, as_shape, positive

__all__ = ["OrthogonalReg", "SpectralNormReg"]


class OrthogonalReg(WeightedReg):
    """``weight * sum((W.T @ W - I)**2)``.

    Of a value with more than two axes, the first one makes the rows; one with a single axis is a square matrix if its
    length is a square number, and a column otherwise; a number costs ``weight * (abs(value) - 1)**2``.

    Parameters
    ----------
    weight
        The factor.
    fit_hyper
        No effect: there is nothing to train.

    Notes
    -----
    Source: brainstate.nn.OrthogonalReg (0.5.4). Differs: :meth:`sample_init` of a matrix with more columns than rows
    has the shape that was asked for, and orthogonal rows.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.OrthogonalReg()
    >>> reg.loss(torch.eye(3)), reg.loss(2 * torch.eye(3))
    (tensor(0.), tensor(27.))
    """

    def __init__(self, weight: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)

    def loss(self, value: Any) -> Any:
        value = floating(value)
        if not value.ndim:
            return self.weight * (torch.abs(value) - 1.0) ** 2
        matrix = _as_matrix(value)
        product = matrix.mT @ matrix
        identity = torch.eye(matrix.shape[1], dtype=value.dtype, device=value.device)
        return self.weight * ((product - identity) ** 2).sum()

    def sample_init(self, shape: Size) -> Any:
        size = as_shape(shape)
        if len(size) == 1:
            side = math.ceil(math.sqrt(size[0]))
            return _orthogonal(side, side).reshape(-1)[: size[0]]
        return _orthogonal(*size) if len(size) == 2 else random.randn(*size) * 0.1


def _as_matrix(value: Any) -> Any:
    if value.ndim > 1:
        return value.reshape(value.shape[0], -1)
    side = math.isqrt(value.shape[0])
    return value.reshape(side, side) if side**2 == value.shape[0] else value.reshape(-1, 1)


def _orthogonal(rows: int, columns: int) -> Any:
    if rows < columns:
        return _orthogonal(columns, rows).mT
    return torch.linalg.qr(random.randn(rows, columns))[0]


class SpectralNormReg(WeightedReg):
    """``weight * max(s - max_value, 0)**2``, with `s` the largest singular value.

    Of a value with more than two axes, the first one makes the rows; one with fewer is a vector, and `s` its norm.

    Parameters
    ----------
    weight
        The factor.
    max_value
        The singular value that costs nothing.
    n_power_iterations
        No effect: the singular value is exact.
    fit_hyper
        Train `max_value`.

    Notes
    -----
    Source: brainstate.nn.SpectralNormReg (0.5.4). Differs: the slope at a vector of zeros is 0, not nan.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.SpectralNormReg(max_value=2.).loss(torch.diag(torch.tensor([5., 1.])))
    tensor(9.)
    """

    def __init__(
        self, weight: Any = 1.0, max_value: Any = 1.0, n_power_iterations: int = 1, fit_hyper: bool = False
    ) -> None:
        super().__init__(weight, fit_hyper)
        self.max_value = self._hyper(max_value)
        self.n_power_iterations = n_power_iterations

    def loss(self, value: Any) -> Any:
        return self.weight * torch.relu(_norm(floating(value)) - positive(self.max_value)) ** 2

    def sample_init(self, shape: Size) -> Any:
        sample = random.randn(*as_shape(shape))
        return sample * (positive(self.max_value) / (_norm(sample) + SMALL))


def _norm(value: Any) -> Any:
    if value.ndim < 2:
        return torch.linalg.vector_norm(value)
    return torch.linalg.svdvals(value.reshape(value.shape[0], -1))[0]
