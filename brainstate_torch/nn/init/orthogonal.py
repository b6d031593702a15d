"""Initial weights that are orthogonal."""

import math
from typing import Any

import torch

from ...typing import SeedOrKey
from ...units import UNITLESS, Unit
from .base import RandomInitializer

__all__ = ["DeltaOrthogonal", "Orthogonal"]


class Orthogonal(RandomInitializer):
    """An orthogonal matrix times a scale, all equally likely; with orthonormal rows or columns if it is not square.

    Parameters
    ----------
    scale
        The factor.
    axis
        The axis that counts rows; the other axes together count columns.
    seed
        The seed of an independent stream; None: the common one.
    unit
        The unit of the weights.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> q = brainstate.nn.init.Orthogonal(scale=2.)((3, 3))
    >>> torch.allclose(q @ q.T, 4 * torch.eye(3), atol=1e-5)
    True
    """

    def __init__(
        self, scale: float = 1.0, axis: int = -1, seed: SeedOrKey | None = None, unit: Unit = UNITLESS
    ) -> None:
        super().__init__(unit, seed)
        self.scale, self.axis = scale, axis

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        rows = shape[self.axis]
        columns = math.prod(shape) // rows
        q, r = torch.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns)), dtype=dtype))
        # Without the signs of R, the result of the factorization is not uniformly distributed.
        q = q * r.diagonal().sign()
        if rows < columns:
            q = q.T
        others = list(shape)
        del others[self.axis]
        return self.scale * q.reshape(rows, *others).movedim(0, self.axis)


class DeltaOrthogonal(RandomInitializer):
    """A kernel of a convolution that is an orthogonal matrix at its centre and zero elsewhere (arXiv:1806.05393).

    Parameters
    ----------
    scale, axis, seed, unit
        As for :class:`Orthogonal`. The shape of the kernel is ``[*window, inputs, outputs]``.

    Raises
    ------
    ValueError
        The shape does not have 3, 4 or 5 axes, or there are fewer outputs than inputs.

    Notes
    -----
    Source: brainstate.nn.init.DeltaOrthogonal (0.5.4). Differs: `rng` and `dtype` of the call reach the matrix.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.DeltaOrthogonal(scale=2.)((3, 1, 1)).abs().flatten()
    tensor([0., 2., 0.])
    """

    def __init__(
        self, scale: float = 1.0, axis: int = -1, seed: SeedOrKey | None = None, unit: Unit = UNITLESS
    ) -> None:
        super().__init__(unit, seed)
        self.scale, self.axis = scale, axis
        self._orthogonal = Orthogonal(scale, axis)

    def _draw(self, rng: Any, shape: tuple[int, ...], dtype: Any) -> Any:
        if len(shape) not in (3, 4, 5):
            raise ValueError(f"`shape` of DeltaOrthogonal must have 3, 4 or 5 axes (3D, 4D or 5D). Got {shape}.")
        if shape[-1] < shape[-2]:
            raise ValueError(f"`fan_in` must be less or equal than `fan_out`. Got {shape[-2]} and {shape[-1]}.")
        kernel = torch.zeros(shape, dtype=dtype)
        kernel[tuple((size - 1) // 2 for size in shape[:-2])] = self._orthogonal._draw(rng, shape[-2:], dtype)
        return kernel
