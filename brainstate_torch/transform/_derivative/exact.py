"""Integer and boolean inputs of a derivative: constants, whose gradient is JAX's float0."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .._core.functional import FLOAT0
from .._core.selection import Inputs
from .checks import check_inputs

__all__ = ["Exact"]


class Exact:
    """The inputs of one call, separated into those that can be differentiated and the others.

    Parameters
    ----------
    inputs
        All of them.
    holomorphic, allow_int
        See :func:`grad`.

    Raises
    ------
    TypeError
        The dtype of an input does not suit `holomorphic`, or it is an integer and `allow_int` is not set.
    """

    __slots__ = ("free", "leaves", "places")

    def __init__(self, inputs: Inputs, leaves: Sequence[torch.Tensor], holomorphic: bool, allow_int: bool) -> None:
        self.leaves = leaves
        #: The places of the integers.
        self.places = check_inputs(inputs, leaves, holomorphic, allow_int)
        #: The other tensors, which are differentiated.
        self.free = [leaf for i, leaf in enumerate(leaves) if i not in self.places] if self.places else leaves

    def merged(self, free: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """All inputs, with these in the place of what is differentiated."""
        if not self.places:
            return free
        supply = iter(free)
        return [leaf if i in self.places else next(supply) for i, leaf in enumerate(self.leaves)]

    def completed(self, derivatives: list[Any], result: Sequence[int] = ()) -> list[Any]:
        """The derivatives of a result of that shape, with arrays of the empty dtype float0 for the integers."""
        if not self.places:
            return derivatives
        supply = iter(derivatives)
        return [
            np.zeros((*result, *leaf.shape), FLOAT0) if i in self.places else next(supply)
            for i, leaf in enumerate(self.leaves)
        ]
