"""Distributions of angles."""

import math

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._arguments import as_float, device_of, float_dtype, plain, shape_of
from ._draws import Sampler, finished

__all__ = ["CircularFamily"]


class CircularFamily(Sampler):
    """Distributions of angles. :class:`RandomState` documents the arguments that they share."""

    def vonmises(
        self,
        mu: ArrayLike,
        kappa: ArrayLike,
        size: Size | None = None,
        key: SeedOrKey | None = None,
        dtype: DTypeLike | None = None,
    ) -> torch.Tensor:
        """Von Mises numbers: angles on the circle [-pi, pi), concentrated around `mu`.

        Parameters
        ----------
        mu
            The centre `[*N]`: an angle, a plain number in radian.
        kappa
            The concentration `[*N]`, a plain number; uniform where it is not positive.
        size, key, dtype
            Shape, seed and dtype of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor
            Angles `[*size]` in radian.

        Raises
        ------
        ValueError
            `mu` or `kappa` has a dimension.

        Notes
        -----
        Source: brainstate.random.vonmises (0.5.4). Differs: a unit of `mu` is converted to radian, and refused if it
        is not one of angles.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> x = brainstate.random.vonmises(0., 4., size=100)
        >>> bool((x.abs() <= 3.1416).all())
        True
        """
        centre, concentration, kind = plain("mu", mu), plain("kappa", kappa), float_dtype(dtype)
        device = device_of(centre, concentration)
        shape = shape_of(size, centre, concentration)
        angle: torch.Tensor = self._wrapped(as_float(concentration, kind, device, shape), key) + centre
        return (angle + math.pi).remainder(2 * math.pi) - math.pi

    def _wrapped(self, kappa: torch.Tensor, key: SeedOrKey | None) -> torch.Tensor:
        """Von Mises around 0, by rejection from a wrapped Cauchy distribution (Best and Fisher)."""
        flat, draws = self._draws(key).split(2)
        shape, kind, device = kappa.shape, kappa.dtype, kappa.device
        r = 1.0 + (1.0 + 4.0 * kappa**2).sqrt()
        rho = (r - (2.0 * r).sqrt()) / (2.0 * kappa)
        cutoff = {torch.float16: 1.8e-1, torch.float64: 1.2e-4}.get(kind, 2e-2)
        s = torch.where(kappa > cutoff, (1.0 + rho**2) / (2.0 * rho), 1.0 / kappa)
        cosine, done = torch.zeros_like(s), kappa <= 0
        turn = torch.zeros_like(s)
        for rounds in range(1, 101):
            for_angle, for_test, draws = draws.split(3)
            turn = torch.where(done.all(), turn, for_angle.uniform(shape, kind, device, -1.0, 1.0))
            z = (math.pi * turn).cos()
            cosine = torch.where(done, cosine, (1.0 + s * z) / (s + z))
            y = kappa * (s - cosine)
            v = for_test.uniform(shape, kind, device)
            done = done | (y * (2.0 - y) >= v) | ((y / v).log() + 1.0 >= y)
            if finished(done, rounds, 24):
                break
        uniform = flat.uniform(shape, kind, device, -math.pi, math.pi)
        return torch.where(kappa <= 0, uniform, turn.sign() * cosine.acos())
