"""What is called on mantissas where the result of a function of torch would depend on the prefix of the unit."""

from collections.abc import Callable
from typing import Any

import torch

__all__ = ["REPLACED"]


def _cholesky_ex(input: torch.Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """As torch's, and nan as in JAX where there is no factor: torch leaves numbers of no unit there."""
    found, info = torch.linalg.cholesky_ex(input, upper=upper, check_errors=check_errors)
    found = torch.where(info[..., None, None] == 0, found, torch.nan)
    return torch.return_types.linalg_cholesky_ex((found.triu() if upper else found.tril(), info))  # type: ignore[attr-defined]


REPLACED: dict[str, Callable[..., Any]] = {"linalg_cholesky_ex": _cholesky_ex}
