"""Choosing and reordering."""

import math
from typing import Any

import numpy as np
import torch

from ..typing import ArrayLike, SeedOrKey, Size
from ..units import Quantity
from ._arguments import device_of, int_dtype, number, plain, shape_of, with_unit
from ._draws import Draws, Sampler

__all__ = ["Rearrangements"]


class Rearrangements(Sampler):
    """Choosing and reordering. :class:`RandomState` documents the arguments that they share."""

    def choice(
        self,
        a: Any,
        size: Size | None = None,
        replace: bool = True,
        p: ArrayLike | None = None,
        key: SeedOrKey | None = None,
    ) -> Any:
        """Random elements of an array along its first axis, or of ``range(a)``.

        Parameters
        ----------
        a
            A tensor, list or quantity `[n, *B]`; an integer n; or an array of strings, which gives a numpy array.
        size
            The shape `[*size]` of the choice; one element by default.
        replace
            Whether an element may be chosen twice.
        p
            The probability of each element `[n]`; equal ones if None.
        key
            Seed of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor, Quantity or ndarray
            Elements `[*size, *B]` in unit(a).

        Raises
        ------
        ValueError
            There are not enough elements, or `p` has another length.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.choice(3, 3, replace=False).sort().values
        tensor([0, 1, 2], dtype=torch.int32)
        >>> brainstate.random.choice(['left', 'right'], p=[0., 1.]).item()
        'right'
        """
        texts = _texts(a)
        items = number(len(texts) if texts is not None else a)
        unit = items.unit if isinstance(items, Quantity) else None
        items = items.mantissa if isinstance(items, Quantity) else items
        is_array = isinstance(items, torch.Tensor) and items.ndim > 0
        count = len(items) if is_array else int(items)
        shape = shape_of(size)
        self._check_choice(count, math.prod(shape), replace)
        weights = plain("p", p)
        if weights is not None and weights.shape != (count,):
            raise ValueError(
                f"`p` must have one probability for each of the {count} elements. Got shape {tuple(weights.shape)}."
            )
        device = device_of(items, weights)
        index = _chosen(self._draws(key), count, shape, replace, weights, device)
        if texts is not None:
            return texts[index.cpu().numpy()]
        chosen = items[index] if is_array else index.to(int_dtype(None))
        return chosen if unit is None else with_unit(chosen, unit)

    def _check_choice(self, count: int, wanted: int, replace: bool) -> None:
        if wanted and count <= 0:
            raise ValueError("`a` must be greater than 0 unless no samples are taken. Got nothing to choose from.")
        if not replace and wanted > count:
            raise ValueError(
                f"cannot take a larger sample (size {wanted}) than the population (size {count}) without replacement. "
                "Pass `replace=True`, or take fewer."
            )

    def permutation(self, x: ArrayLike, axis: int = 0, independent: bool = False, key: SeedOrKey | None = None) -> Any:
        """An array in random order along an axis, or ``range(x)`` in random order.

        Parameters
        ----------
        x
            A tensor, list or quantity `[*N]`, or an integer.
        axis
            The axis to reorder.
        independent
            Whether each line along the axis gets its own order.
        key
            Seed of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            The elements `[*N]` in unit(x).

        Raises
        ------
        TypeError
            `x` is a number, but not an integer.

        Examples
        --------
        >>> import brainstate_torch as brainstate
        >>> brainstate.random.permutation(5).sort().values
        tensor([0, 1, 2, 3, 4], dtype=torch.int32)
        """
        items = number(x)
        unit = items.unit if isinstance(items, Quantity) else None
        items = items.mantissa if isinstance(items, Quantity) else items
        draws = self._draws(key)
        if not isinstance(items, torch.Tensor) or items.ndim == 0:
            if isinstance(items, (float, complex)) or (isinstance(items, torch.Tensor) and items.is_floating_point()):
                raise TypeError("`x` must be an integer or have at least one axis. Got a float. Pass `int(x)`.")
            return draws.shuffled(torch.arange(int(items), dtype=int_dtype(None), device=device_of()), 0)
        if independent or items.ndim == 1:
            ordered = draws.shuffled(items, axis)
        else:
            places = torch.arange(items.shape[axis], device=items.device)
            ordered = items.index_select(axis, draws.shuffled(places, 0))
        return ordered if unit is None else with_unit(ordered, unit)

    def shuffle(self, x: ArrayLike, axis: int = 0, key: SeedOrKey | None = None) -> Any:
        """An array in random order along an axis. As in :meth:`permutation`, the argument is not changed.

        Parameters
        ----------
        x
            A tensor, list or quantity `[*N]`.
        axis
            The axis to reorder.
        key
            Seed of the result, as for every distribution: see :class:`RandomState`.

        Returns
        -------
        Tensor or Quantity
            The elements `[*N]` in unit(x).

        Examples
        --------
        >>> import torch, brainstate_torch as brainstate
        >>> brainstate.random.shuffle(torch.tensor([3., 4.])).sum()
        tensor(7.)
        """
        return self.permutation(x, axis=axis, key=key)


def _texts(a: Any) -> np.ndarray[Any, Any] | None:
    """The numpy array of what cannot be a tensor: strings and objects."""
    if isinstance(a, (int, torch.Tensor, Quantity)):
        return None
    if isinstance(a, (list, tuple)) and any(isinstance(item, (torch.Tensor, Quantity)) for item in a):
        return None
    array = np.asarray(a)
    return None if array.dtype.kind in "biufc" or array.dtype.name == "bfloat16" else array


def _chosen(
    draws: Draws, count: int, shape: tuple[int, ...], replace: bool, p: torch.Tensor | None, device: torch.device
) -> torch.Tensor:
    """The places of the chosen elements."""
    wanted = math.prod(shape)
    if not wanted:
        return torch.zeros(shape, dtype=torch.int64, device=device)
    if p is None:
        if replace:
            return draws.integers(0, count, shape, int_dtype(None), device).to(torch.int64)
        return draws.shuffled(torch.arange(count, device=device), 0)[:wanted].reshape(shape)
    p = p if p.is_floating_point() else p.to(torch.get_default_dtype())
    if replace:
        total = p.cumsum(0)
        unit = draws.uniform(shape, p.dtype, device)
        return torch.searchsorted(total, total[-1] * (1 - unit))
    tiny = torch.finfo(p.dtype).tiny
    score = p.log() - (-draws.uniform((count,), p.dtype, device, tiny, 1.0).log()).log()
    return score.topk(wanted).indices.reshape(shape)
