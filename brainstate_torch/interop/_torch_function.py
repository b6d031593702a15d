"""A function of torch's for JAX."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .. import _tree
from .._arrays import SCALARS, as_tensor
from .._errors import BrainStateError
from .._state import State
from ..transform import ShapeDtypeStruct, eval_shape
from ..transform._core.functional import run
from ..transform._core.placing import device_beside
from ..units import Quantity
from ._arguments import brain_quantity, stripped
from ._crossing import array_of
from ._extras import jax
from ._primitive import torch_call
from ._torch_program import TorchProgram
from .values import is_foreign_state

__all__ = ["jax_function"]


def jax_function(fun: Callable[..., Any]) -> Callable[..., Any]:
    """The function for JAX's values; see :func:`to_jax`."""
    specialized: dict[Any, _Specialized] = {}

    def called(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = jax().tree.flatten((args, kwargs), is_leaf=_is_leaf)
        arrays, kinds = [], []
        for i, leaf in enumerate(leaves):
            array, kind = _argument(leaf, functools.partial(_path, args, kwargs, i))
            kinds.append(kind)
            if kind[0] is not _STATIC:
                arrays.append(array)
        # A number of Python is a part of the key, with its type: 1 == 1.0 == True.
        key = tree, tuple(kinds), tuple([(x.shape, x.dtype) for x in arrays])
        found = specialized.get(key)
        if found is None:
            found = specialized[key] = _Specialized(fun, tree, kinds, arrays)
        return found.result(torch_call().bind(*arrays, program=found.program))

    try:
        functools.update_wrapper(called, fun)
    except AttributeError:
        called.__name__ = type(fun).__name__
    return called


_STATIC, _ARRAY = "static", "array"


def _is_leaf(x: Any) -> bool:
    return x is None or hasattr(x, "mantissa") or isinstance(x, State) or is_foreign_state(x)


def _path(args: Any, kwargs: Any, place: int) -> str:
    found = jax().tree_util.tree_leaves_with_path((args, kwargs), is_leaf=_is_leaf)
    return str(jax().tree_util.keystr(found[place][0]))


def _argument(leaf: Any, path: Callable[[], str]) -> tuple[Any, tuple[Any, ...]]:
    """The array of an argument, and what kind it is."""
    if isinstance(leaf, State) or is_foreign_state(leaf):
        raise TypeError(f"argument {path()} must be a value. Got a {type(leaf).__name__}. Pass its `.value`.")
    if leaf is None or isinstance(leaf, (*SCALARS, str)):
        return None, (_STATIC, type(leaf), leaf)
    unit = None
    if isinstance(leaf, Quantity):
        leaf, unit = leaf.mantissa, leaf.unit
    elif hasattr(leaf, "mantissa"):
        leaf, unit = stripped(leaf)
    if isinstance(leaf, torch.Tensor):
        leaf = array_of(leaf, f"argument {path()}", False)
    return (leaf if hasattr(leaf, "dtype") else jax().numpy.asarray(leaf)), (_ARRAY, unit)


class _Specialized:
    """The program of a function for arguments of one kind."""

    def __init__(self, fun: Callable[..., Any], tree: Any, kinds: Sequence[Any], arrays: Sequence[Any]) -> None:
        self.fun, self.tree, self.kinds = fun, tree, kinds
        like = [jax().ShapeDtypeStruct(x.shape, x.dtype) for x in arrays]
        abstract = [ShapeDtypeStruct(x.shape, getattr(torch, x.dtype.name)) for x in like]
        args, kwargs = self._arguments(abstract)
        shapes = eval_shape(fun, *args, **kwargs)
        leaves, self.spec = _tree.flatten(shapes, is_leaf=lambda x: isinstance(x, Quantity))
        self.units = [x.unit if isinstance(x, Quantity) else None for x in leaves]
        self.constants = [None if _is_value(x) else x for x in leaves]
        bare = [x.mantissa if isinstance(x, Quantity) else x for x in leaves if _is_value(x)]
        self._check_wide(bare)
        results = [jax().ShapeDtypeStruct(tuple(x.shape), str(x.dtype).removeprefix("torch.")) for x in bare]
        self.program = TorchProgram(self._flat, like, results, home=device_beside((), [fun]))

    def _check_wide(self, results: Sequence[Any]) -> None:
        wide = (torch.float64, torch.int64, torch.complex128, torch.uint64)
        found = [x.dtype for x in results if x.dtype in wide]
        if found and not jax().config.jax_enable_x64:
            raise TypeError(
                "a torch function for JAX must return at most 32 bit wide numbers while jax_enable_x64 is off. "
                f"Got {found[0]}. Convert the result, for example with .to(torch.int32)."
            )

    def _arguments(self, values: Sequence[Any]) -> Any:
        supply = iter(values)
        leaves = []
        for kind in self.kinds:
            if kind[0] is _STATIC:
                leaves.append(kind[2])
            else:
                value = next(supply)
                leaves.append(value if kind[1] is None else Quantity._make(value, kind[1]))
        return jax().tree.unflatten(self.tree, leaves)

    def _flat(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        args, kwargs = self._arguments(tensors)
        outcome = run(self.fun, args, kwargs)
        written = outcome.frame.written()
        outcome.frame.abandon()
        if written:
            raise BrainStateError(
                f"a torch function in JAX must not write a State. Got a write to {written[0]!r}, which JAX may "
                "repeat or leave out. Take the value as an argument and return the new one."
            )
        leaves = _tree.leaves(outcome.result, is_leaf=lambda x: isinstance(x, Quantity))
        bare = [x.mantissa if isinstance(x, Quantity) else x for x in leaves]
        return [as_tensor(x) for x, constant in zip(bare, self.constants, strict=True) if constant is None]

    def result(self, arrays: Sequence[Any]) -> Any:
        """The tree of the results."""
        supply = iter(arrays)
        leaves = [
            brain_quantity(next(supply), unit) if constant is None else constant
            for constant, unit in zip(self.constants, self.units, strict=True)
        ]
        return _tree.unflatten(self.spec, leaves)


def _is_value(x: Any) -> bool:
    return isinstance(x, (ShapeDtypeStruct, Quantity))
