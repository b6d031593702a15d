"""Saved optimizers and schedules, checked entry by entry before anything is changed."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._arrays import short_dtype

__all__ = ["Saved"]


class Saved:
    """A `state_dict`, each of whose entries is checked when it is taken out.

    Parameters
    ----------
    state_dict
        What was saved.
    names
        The entries that it must have.

    Raises
    ------
    TypeError
        It is no mapping.
    ValueError
        An entry is missing.
    """

    def __init__(self, state_dict: Any, names: Sequence[str]) -> None:
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"`state_dict` must be a mapping. Got {type(state_dict).__name__}.")
        missing = [name for name in names if name not in state_dict]
        if missing:
            raise ValueError(
                f"`state_dict` must have the entries {', '.join(names)}. Got none named {', '.join(missing)}. "
                "Pass what `state_dict()` gave."
            )
        self._entries = state_dict

    def entry(self, name: str) -> Any:
        """An entry as it is."""
        return self._entries[name]

    def count(self, name: str, least: int | None = 0) -> torch.Tensor:
        """A whole number, not less than `least`, as a scalar tensor."""
        x = self._scalar(name)
        if x.dtype is torch.bool or x.is_floating_point() or x.is_complex():
            raise ValueError(f"`{name}` must be a whole number. Got {short_dtype(x.dtype)} {x.item()}.")
        if least is not None and x < least:
            raise ValueError(f"`{name}` must be at least {least}. Got {x.item()}.")
        return x.to(torch.int64)

    def real(self, name: str) -> torch.Tensor:
        """A real number as a scalar tensor of double width."""
        x = self._scalar(name)
        if x.is_complex() or x.dtype is torch.bool:
            raise ValueError(f"`{name}` must be a real number. Got {short_dtype(x.dtype)} {x.item()}.")
        return x.to(torch.float64)

    def reals(self, name: str, count: int) -> list[torch.Tensor]:
        """So many real numbers, of which one may stand alone, as scalar tensors of double width."""
        found = self._entries[name]
        several = list(found) if isinstance(found, (list, tuple)) or getattr(found, "ndim", 0) == 1 else [found]
        if len(several) != count:
            raise ValueError(f"`{name}` must be {count} numbers, one for each group of weights. Got {len(several)}.")
        return [Saved({name: x}, ()).real(name) for x in several]

    def _scalar(self, name: str) -> torch.Tensor:
        found = self._entries[name]
        try:
            x = torch.as_tensor(found, dtype=torch.float64 if isinstance(found, float) else None).detach().clone()
        except (TypeError, ValueError, RuntimeError):
            raise TypeError(f"`{name}` must be a number. Got {type(found).__name__}.") from None
        if x.ndim:
            raise ValueError(f"`{name}` must be one number. Got shape {tuple(x.shape)}.")
        return x

    def columns(self, name: str, like: Mapping[str, Sequence[torch.Tensor]]) -> dict[str, list[torch.Tensor]]:
        """Lists of tensors by name, each of the shape and kind of one that there is, in its dtype and device."""
        found = self._entries[name]
        if not isinstance(found, Mapping) or set(found) != set(like):
            seen = sorted(found) if isinstance(found, Mapping) else type(found).__name__
            raise ValueError(
                f"`state_dict` must belong to the registered weights, with moments {sorted(like)}. Got {seen}. "
                "Register the same weights, in the same order and units, in an optimizer of the same kind."
            )
        return {key: self._column(key, found[key], like[key]) for key in like}

    def _column(self, name: str, column: Any, like: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        tensors = [torch.as_tensor(x) for x in column]
        seen, wanted = [_shown(x) for x in tensors], [_shown(x) for x in like]
        if seen != wanted:
            raise ValueError(
                f"`state_dict` must belong to the registered weights, with {name} {', '.join(wanted)}. "
                f"Got {', '.join(seen)}. Register the same weights, in the same order and units."
            )
        return [new.detach().to(old, copy=True) for new, old in zip(tensors, like, strict=True)]


def _shown(x: torch.Tensor) -> str:
    """Shape and kind of number."""
    kind = "complex" if x.is_complex() else "real" if x.is_floating_point() else "integer"
    return f"{kind} {list(x.shape)}"
