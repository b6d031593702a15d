"""torch dtypes from the names and types that stand for them."""

from typing import Any

import numpy as np
import torch

from .. import environ
from .descriptions import described

__all__ = ["dtype"]


@described
def dtype(x: Any) -> torch.dtype:
    """The torch dtype of a name, a Python type, or a dtype of torch, numpy or JAX.

    ``int``, ``float`` and ``complex`` are those of `environ`.

    Raises
    ------
    TypeError
        torch has no such dtype.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.dtype("float32"), u.math.dtype(bool)
    (torch.float32, torch.bool)
    """
    if isinstance(x, torch.dtype):
        return x
    kinds = {bool: torch.bool, int: environ.ditype(), float: environ.dftype(), complex: environ.dctype()}
    if x in kinds:
        return kinds[x]
    try:
        name = "bfloat16" if "bfloat16" in str(x) else np.dtype(x).name
        found = getattr(torch, name)
    except (TypeError, AttributeError) as error:
        raise TypeError(f"`dtype` must be a dtype of torch or numpy, or the name of one. Got {x!r}.") from error
    return found  # type: ignore[no-any-return]
