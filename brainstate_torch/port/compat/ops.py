"""Reductions over numbered groups of rows: ``jax.ops``. Rows whose number is out of range are left out, as in JAX."""

from collections.abc import Callable
from typing import Any

import torch

from ...units import Quantity, get_mantissa, get_unit, math

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]


def _segment(name: str, how: str, start: Callable[[torch.dtype], Any], keeps_unit: bool = True) -> Callable[..., Any]:
    def reduce(data: Any, segment_ids: Any, num_segments: int | None = None, *hints: Any, **more_hints: Any) -> Any:
        x, unit = math.asarray(get_mantissa(data)), get_unit(data)
        ids = math.asarray(segment_ids).long().reshape(-1)
        count = int(ids.max()) + 1 if num_segments is None else int(num_segments)
        rows = x.reshape(len(ids), *x.shape[math.asarray(segment_ids).ndim :])
        # One row more takes what is out of range.
        ids = torch.where((ids < 0) | (ids >= count), count, ids)
        blank = torch.full((count + 1, *rows.shape[1:]), start(x.dtype), dtype=x.dtype, device=x.device)
        where = ids.reshape(-1, *[1] * (rows.ndim - 1)).expand_as(rows)
        result = blank.scatter_reduce(0, where, rows, how, include_self=True)[:count]
        return Quantity(result, unit) if isinstance(data, Quantity) and keeps_unit else result

    reduce.__name__ = reduce.__qualname__ = name
    reduce.__doc__ = f"``jax.ops.{name}``: one row for each number from 0 to `num_segments`."
    return reduce


def _lowest(dtype: torch.dtype) -> Any:
    return -torch.inf if dtype.is_floating_point else torch.iinfo(dtype).min


def _highest(dtype: torch.dtype) -> Any:
    return torch.inf if dtype.is_floating_point else torch.iinfo(dtype).max


segment_sum = _segment("segment_sum", "sum", lambda dtype: 0)
segment_prod = _segment("segment_prod", "prod", lambda dtype: 1, keeps_unit=False)
segment_max = _segment("segment_max", "amax", _lowest)
segment_min = _segment("segment_min", "amin", _highest)
