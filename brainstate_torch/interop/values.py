"""Values from one framework to the other: arrays, quantities, States, keys, and trees of them."""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from .. import _state, _tree
from .._arrays import SCALARS
from .._state import State
from ..nn import Module
from ..random import RandomState
from ..units import Quantity, as_quantity
from ..units.foreign import is_foreign
from ..units.unit import of_foreign_unit
from ._crossing import array_of, tensor_of
from ._extras import extra, jax
from ._units import brain_unit

__all__ = ["array_tree", "is_foreign_state", "tensor_tree"]


def array_tree(x: Any, narrow: bool = False, name: str = "`x`") -> Any:
    """The tree with JAX's arrays for tensors, brainunit's quantities for ours and brainstate's States for ours."""
    twins: dict[int, Any] = {}
    return _converted(x, lambda leaf, path: _to_jax(leaf, path, narrow, twins), name)


def tensor_tree(x: Any, copy: bool | None = None, name: str = "`x`") -> Any:
    """The tree with tensors for JAX's arrays, our quantities for others' and our States for brainstate's."""
    twins: dict[int, Any] = {}
    return _converted(x, lambda leaf, path: _to_torch(leaf, path, copy, twins), name)


def _converted(x: Any, leaf_of: Callable[[Any, str], Any], name: str) -> Any:
    spec = _tree.structure(x, is_leaf=lambda y: isinstance(y, Quantity))
    if spec is _tree.LEAF:
        return leaf_of(x, name)
    named = _tree.leaves_with_path(x, is_leaf=lambda y: isinstance(y, Quantity))
    return _tree.unflatten(spec, [leaf_of(leaf, f"{name}{path}") for path, leaf in named])


def _to_jax(x: Any, path: str, narrow: bool, twins: dict[int, Any]) -> Any:
    if isinstance(x, torch.Tensor):
        return array_of(x, path, narrow)
    if isinstance(x, Quantity) or is_foreign(x):
        return _brain_quantity(x, path, narrow)
    if isinstance(x, State):
        return _twin(x, path, twins, lambda value: array_tree(value, narrow, path), extra("brainstate", "jax"))
    if isinstance(x, np.ndarray) and x.dtype.kind in "biufc":
        return array_of(torch.from_numpy(np.array(x, order="C")), path, narrow)
    if x is None or isinstance(x, (*SCALARS, str, np.generic)):
        return x
    if isinstance(x, jax().Array):
        return x
    return _refuse(x, path, "a tensor, a quantity, a State", "to_brainstate", Module)


def _to_torch(x: Any, path: str, copy: bool | None, twins: dict[int, Any]) -> Any:
    if isinstance(x, (torch.Tensor, Quantity, State)) or x is None or isinstance(x, (*SCALARS, str)):
        return x
    if isinstance(x, (np.ndarray, np.generic)):
        # JAX marks the derivative of an integer by an array without bytes, which both sides take from numpy.
        return torch.from_numpy(np.array(x, order="C")) if x.dtype.kind in "biufc" else x
    if isinstance(x, (jax().Array, jax().core.Tracer)):
        return tensor_of(x, path, copy)
    if is_foreign(x):
        return _own_quantity(x, path, copy)
    if is_foreign_state(x):
        return _twin(x, path, twins, lambda value: tensor_tree(value, copy, path), _state)
    return _refuse(x, path, "an array, a quantity, a State", "from_brainstate", _brain_module())


def _refuse(x: Any, path: str, wanted: str, converter: str, module: Any) -> Any:
    cure = "Convert it to a list, tuple or dictionary first." if hasattr(x, "__iter__") else "Pass its values."
    if module is not None and isinstance(x, module):
        cure = f"Models go over with `{converter}`."
    raise TypeError(f"{path} must be {wanted} or a container of them. Got {type(x).__name__}. {cure}")


def _brain_quantity(x: Any, path: str, narrow: bool) -> Any:
    brainunit = extra("brainunit", "jax")
    if isinstance(x, brainunit.Quantity):
        return x
    q = as_quantity(x)
    factor, unit = brain_unit(q.unit)
    mantissa = q.mantissa if factor == 1.0 else q.mantissa * factor
    if isinstance(mantissa, torch.Tensor):
        mantissa = array_of(mantissa, path, narrow)
    return mantissa if unit.is_unitless else brainunit.Quantity(mantissa, unit=unit)


def _own_quantity(x: Any, path: str, copy: bool | None) -> Any:
    if not hasattr(x, "mantissa"):  # pint's
        return as_quantity(x)
    mantissa = _to_torch(x.mantissa, path, copy, {})
    factor, unit = of_foreign_unit(x.unit)
    mantissa = mantissa if factor == 1.0 else mantissa * factor
    return Quantity(mantissa, unit) if unit.dim or not unit.is_unitless else mantissa


def is_foreign_state(x: Any) -> bool:
    """Whether it is a State of brainstate."""
    return any(kind.__module__.split(".")[0] == "brainstate" and kind.__name__ == "State" for kind in type(x).__mro__)


def _brain_module() -> Any:
    brainstate = sys.modules.get("brainstate")
    return brainstate and brainstate.nn.Module


def _twin(x: Any, path: str, twins: dict[int, Any], convert: Callable[[Any], Any], library: Any) -> Any:
    """A new State of the same kind in the other library; one for each State of the tree."""
    if id(x) not in twins:
        if any(kind.__name__ == "RandomState" for kind in type(x).__mro__):
            twins[id(x)] = _random_twin(x, path, convert)
        else:
            kind = next(k for k in (getattr(library, c.__name__, None) for c in type(x).__mro__) if k is not None)
            options = {"tag": x.tag} if x.tag else {}
            twins[id(x)] = kind(convert(x.value), name=x.name, **options)
    return twins[id(x)]


def _random_twin(x: Any, path: str, convert: Callable[[Any], Any]) -> Any:
    if not isinstance(x, State):
        value = x.value
        key = convert(value)
        return RandomState(torch.as_tensor(key).clone(), impl="threefry2x32")
    if x.impl != "threefry2x32":
        raise TypeError(
            f"{path} must have the generator 'threefry2x32' to go to JAX. Got a RandomState of torch's own. "
            "Call its `seed(seed, impl='threefry2x32')` first; the stream then is JAX's."
        )
    return extra("brainstate", "jax").random.RandomState(convert(x.value))
