"""Type variables of transforms that keep the signature and the result of what they wrap."""

from collections.abc import Mapping, Sequence
from typing import ParamSpec, TypeAlias, TypeVar, Union

import torch

from ...units import Quantity

__all__ = ["T2", "Aux", "P", "R", "T", "Tree"]

#: Types that a transform returns unchanged. A Python number becomes a tensor.
Tree: TypeAlias = Union[torch.Tensor, Quantity, Mapping[str, "Tree"], Sequence["Tree"], None]  # noqa: UP007

P = ParamSpec("P")
R = TypeVar("R")
Aux = TypeVar("Aux")
T = TypeVar("T", bound=Tree)
T2 = TypeVar("T2", bound=Tree)
