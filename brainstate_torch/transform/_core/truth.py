"""Predicates: a Python bool where there is one number, a tensor where a vmap batches it."""

from typing import Any

import numpy as np
import torch

from ..._arrays import as_tensor
from ..._errors import kind_of
from ..._host.functorch import FakeTensor, concrete, is_batched
from ..._program.recording import local
from ...units import Quantity

__all__ = ["as_truth", "is_undecided", "scalar"]


def is_undecided(x: Any) -> bool:
    """Whether the tensor has one number per lane of a vmap or, while shapes or a graph are traced, none."""
    return isinstance(x, torch.Tensor) and (is_batched(x) or isinstance(concrete(local(x)), FakeTensor))


def scalar(x: Any, name: str, kinds: str) -> Any:
    """A number or a tensor without axes, of a kind that is allowed.

    Parameters
    ----------
    kinds
        As numpy names them: 'b' boolean, 'i' integer, 'f' floating.

    Raises
    ------
    TypeError
        It is something else.
    """
    if type(x) is bool and "b" in kinds:
        return x
    seen = None
    if isinstance(x, (torch.Tensor, np.ndarray, np.generic, bool, int, float, complex)):
        tensor = as_tensor(x)
        kind = "c" if tensor.is_complex() else "f" if tensor.is_floating_point() else "i"
        if tensor.ndim == 0 and ("b" if tensor.dtype == torch.bool else kind) in kinds:
            return x if isinstance(x, torch.Tensor) else tensor.item()
        seen = f"shape {tuple(tensor.shape)}" if tensor.ndim else f"dtype {str(tensor.dtype).removeprefix('torch.')}"
    wanted = {"b": "boolean", "i": "integer", "bif": "boolean or real number"}[kinds]
    raise TypeError(f"{name} must be one {wanted}, without axes. Got {seen or f'{kind_of(x)}'}.")


def as_truth(x: Any, name: str, kinds: str = "bif") -> bool | torch.Tensor:
    """A predicate as a bool, or as a boolean tensor if it is undecided.

    Raises
    ------
    TypeError
        It is not a scalar of that kind.
    """
    if isinstance(x, torch.Tensor) and x.dtype == torch.bool and not x.shape:
        return x if is_undecided(x) else bool(x)
    if type(x) is bool:
        return x
    x = scalar(x.mantissa if type(x) is Quantity else x, name, kinds)
    if is_undecided(x):
        return x if x.dtype == torch.bool else x != 0  # type: ignore[no-any-return]
    return bool(x)
