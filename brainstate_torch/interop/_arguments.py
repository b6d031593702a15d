"""Arguments of a function that lives in the other framework: tensors and numbers, and the rest as a signature."""

import re
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import _tree
from .._arrays import SCALARS
from .._errors import kind_of
from .._state import State
from ..units import Quantity, Unit, as_quantity
from ..units.foreign import is_foreign
from ..units.unit import of_foreign_unit
from ._crossing import tensor_of
from ._extras import extra, jax
from ._units import brain_unit
from .values import is_foreign_state

__all__ = ["CALL", "Split", "brain_quantity", "of_jax", "split", "stripped", "torch_signature"]

#: What :func:`split` calls a tree of (values of States, args, kwargs).
CALL = "the call"
_TENSOR, _NUMBER = object(), object()


class Split(NamedTuple):
    """A tree, taken apart; `key` says all that is not in `tensors` and `numbers`.

    Attributes
    ----------
    spec
        The structure.
    kinds
        For each leaf what it is: a tensor, a number, either of them with a unit, or a value that stays.
    """

    tensors: list[torch.Tensor]
    numbers: list[Any]
    spec: Any
    kinds: tuple[Any, ...]

    @property
    def key(self) -> Hashable:
        """What a program depends on besides shapes and dtypes."""
        return self.spec, self.kinds, tuple(type(x) for x in self.numbers)


class _Kind(NamedTuple):
    what: Any
    unit: Unit | None = None


class _Static(NamedTuple):
    value: Any
    kind: type


def split(tree: Any, name: str) -> Split:
    """Take the tensors and numbers out of a tree.

    Raises
    ------
    TypeError
        A State, a traced JAX value, or an object that is no value stands where a value must be.
    """
    is_leaf = lambda x: isinstance(x, Quantity)
    leaves, spec = _tree.flatten(tree, is_leaf)
    tensors: list[torch.Tensor] = []
    numbers: list[Any] = []
    kinds = []
    for i, leaf in enumerate(leaves):
        unit = None
        if not isinstance(leaf, torch.Tensor):
            where = lambda i=i: _path(_tree.leaves_with_path(tree, is_leaf)[i][0], name)
            leaf, unit = _own(leaf, where)
        if isinstance(leaf, torch.Tensor):
            tensors.append(leaf)
            kinds.append(_Kind(_TENSOR, unit))
        elif isinstance(leaf, SCALARS):
            numbers.append(leaf)
            kinds.append(_Kind(_NUMBER, unit))
        else:
            kinds.append(_Static(leaf, type(leaf)))  # type: ignore[arg-type]
    return Split(tensors, numbers, spec, tuple(kinds))


def _path(path: str, name: str) -> str:
    """The path of a leaf in (States, args, kwargs) as the caller would write it."""
    found = re.fullmatch(r"\[(1)\]\[(\d+)\](.*)|\[(2)\]\['(\w+)'\](.*)", path)
    if found is None or name != CALL:
        return f"{name}{path}"
    return f"argument {found[2]}{found[3]}" if found[1] else f"argument `{found[5]}`{found[6]}"


def _own(leaf: Any, where: Callable[[], str]) -> tuple[Any, Unit | None]:
    """A leaf that is no tensor as a tensor or number and its unit; another value as it is."""
    if isinstance(leaf, Quantity):
        return leaf.mantissa, leaf.unit
    if isinstance(leaf, SCALARS) or leaf is None or isinstance(leaf, str):
        return leaf, None
    if isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind in "biufc":
        return torch.from_numpy(np.array(leaf, order="C")), None
    if isinstance(leaf, State) or is_foreign_state(leaf):
        raise TypeError(f"{where()} must be a value. Got {kind_of(leaf)}. Pass its `.value`.")
    if is_foreign(leaf):
        if hasattr(leaf, "mantissa") and isinstance(leaf.mantissa, (jax().Array, jax().core.Tracer)):
            factor, unit = of_foreign_unit(leaf.unit)
            mantissa = tensor_of(leaf.mantissa, where(), True)
            return mantissa if factor == 1.0 else mantissa * factor, unit
        q = as_quantity(leaf)
        return q.mantissa, q.unit
    if isinstance(leaf, (jax().Array, jax().core.Tracer)):
        return tensor_of(leaf, where(), None), None
    try:
        hash(leaf)
    except TypeError:
        raise TypeError(
            f"{where()} must be a tensor, a quantity, a number, or a constant that can be hashed. Got "
            f"{type(leaf).__name__}. Make it a tuple, or let the function close over it."
        ) from None
    return leaf, None


def brain_quantity(mantissa: Any, unit: Unit | None) -> Any:
    """The array or number, in brainunit's quantity if it has a unit."""
    if unit is None:
        return mantissa
    factor, theirs = brain_unit(unit)
    mantissa = mantissa if factor == 1.0 else mantissa * factor
    return mantissa if theirs.is_unitless else extra("brainunit", "jax").Quantity(mantissa, unit=theirs)


def of_jax(found: Split, numbers: Sequence[Any], arrays: Sequence[Any]) -> Any:
    """The tree that was taken apart, with JAX's values in place of the tensors and numbers."""
    supply, counted = iter(arrays), iter(numbers)
    leaves = []
    for kind in found.kinds:
        if isinstance(kind, _Static):
            leaves.append(kind.value)
        else:
            leaves.append(brain_quantity(next(supply if kind.what is _TENSOR else counted), kind.unit))
    return _tree.unflatten(found.spec, leaves)


def stripped(x: Any) -> tuple[Any, Unit | None]:
    """An array of JAX's, and the unit of ours that it had."""
    if not (hasattr(x, "mantissa") and hasattr(x, "unit")):
        return x, None
    factor, unit = of_foreign_unit(x.unit)
    return (x.mantissa if factor == 1.0 else x.mantissa * factor), unit


def torch_signature(tensors: Sequence[torch.Tensor]) -> Hashable:
    """Shapes, dtypes and devices."""
    return tuple([(x.shape, x.dtype, x.device.type) for x in tensors])
