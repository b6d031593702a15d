"""Optimizers of braintools and of this package: their arguments, and their memory for each weight."""

from collections.abc import Mapping
from typing import Any

import torch

from .. import _tree, optim
from .._state import State
from ..optim.weights import Weights
from ..units import get_mantissa
from ._extras import extra
from .errors import ConversionError, UnsupportedLayerError
from .values import array_tree, tensor_tree

__all__ = ["exported_optimizer", "imported_optimizer", "is_optimizer"]

_ALWAYS = ("weight_decay", "grad_clip_norm", "grad_clip_value")
_ADAM = ("betas", "eps")
#: Optimizers whose numbers are the same on both sides: what they are made with, and our moments by optax's names.
_KINDS: dict[str, tuple[tuple[str, ...], dict[str, str]]] = {
    "Adam": (_ADAM, {"mu": "mean", "nu": "square"}),
    "AdamW": (_ADAM, {"mu": "mean", "nu": "square"}),
    "SGD": (("momentum", "nesterov"), {"trace": "buffer"}),
    "Momentum": (("momentum",), {"trace": "buffer"}),
    "MomentumNesterov": (("momentum",), {"trace": "buffer"}),
}


def is_optimizer(x: Any) -> bool:
    """Whether it is an optimizer of either side."""
    theirs = any(kind.__module__.startswith("braintools.optim") for kind in type(x).__mro__)
    return isinstance(x, optim.Optimizer) or (theirs and hasattr(x, "param_states"))


def _arguments(optimizer: Any, rate: Any, schedule: Any) -> dict[str, Any]:
    """What the optimizer of the other side is made with.

    Raises
    ------
    UnsupportedLayerError
        The other side has none with the same numbers.
    """
    name = type(optimizer).__name__
    if name not in _KINDS or getattr(optimizer, "amsgrad", False):
        raise UnsupportedLayerError(
            f"an optimizer must be one of {', '.join(_KINDS)}, without amsgrad, to go over. Got {name}; optax and "
            "torch put `eps` or the correction of a start at zero elsewhere in it."
        )
    if type(schedule).__name__ != "ConstantLR":
        raise UnsupportedLayerError(
            f"an optimizer must have a constant learning rate to go over. Got {type(schedule).__name__}. Give it a "
            "number, `optimizer.lr = 1e-3`, and make the schedule again on the other side."
        )
    return {"lr": rate, **{key: getattr(optimizer, key) for key in (*_KINDS[name][0], *_ALWAYS)}}


def _holding(state: Any, field: str) -> Any:
    """The part of optax's state that has a field of this name."""
    if field in getattr(state, "_fields", ()):
        return state
    parts = state if isinstance(state, tuple) else ()
    return next((found for part in parts if (found := _holding(part, field)) is not None), None)


def imported_optimizer(theirs: Any, converter: Any, path: str) -> Any:
    """Ours for an optimizer of braintools, on the States that the converter makes for its weights.

    Raises
    ------
    ConversionError
        It has several groups of weights.
    UnsupportedLayerError
        Ours has other numbers.
    """
    if len(theirs.param_groups) > 1:
        raise ConversionError(f"{path} must have one group of weights. Got {len(theirs.param_groups)}.")
    arguments = _arguments(theirs, float(theirs.current_lr), theirs.lr_scheduler)
    made: optim.Optimizer = getattr(optim, type(theirs).__name__)(**arguments)
    if theirs.opt_state is None:
        return made
    states = {key: converter.twin(state, f"{path}.{key}") for key, state in theirs.param_states.to_pytree().items()}
    made.register_trainable_weights(states)
    made.step_count.value = torch.tensor(int(theirs.step_count.value))
    by_state = {id(state): key for key, state in states.items()}
    weights = Weights(made.param_states)
    assert made.opt_state is not None
    memory = dict(made.opt_state.value)
    for field, name in _KINDS[type(theirs).__name__][1].items():
        if name in memory:
            trees = getattr(_holding(theirs.opt_state.value, field), field)
            columns = {key: _bare_leaves(tensor_tree(tree, True)) for key, tree in trees.items()}
            found = [columns[by_state[id(weights.states[row.state])]][row.leaf] for row in weights.rows]
            memory[name] = [x.reshape(old.shape) for x, old in zip(found, memory[name], strict=True)]
    made.opt_state.value = memory
    return made


def _bare_leaves(tree: Any) -> list[Any]:
    return [get_mantissa(x) for x in _tree.leaves(tree, is_leaf=lambda x: hasattr(x, "mantissa"))]


def exported_optimizer(ours: Any, converter: Any, path: str) -> Any:
    """The optimizer of braintools for ours, on the States that the converter makes for its weights.

    Raises
    ------
    ConversionError
        Its weights are not in a dictionary.
    UnsupportedLayerError
        That of braintools has other numbers.
    """
    library = extra("braintools", "frameworks").optim
    arguments = _arguments(ours, float(ours.current_lr), ours.lr)
    made = getattr(library, type(ours).__name__)(**arguments)
    if ours.opt_state is None:
        return made
    if not isinstance(ours.param_states, Mapping):
        raise ConversionError(
            f"{path} must have its weights in a dictionary, as braintools has. Got {type(ours.param_states).__name__}."
        )
    states: Mapping[Any, State[Any]] = ours.param_states
    made.register_trainable_weights({key: converter.twin(state, f"{path}.{key}") for key, state in states.items()})
    count = extra("jax.numpy", "jax").asarray(int(ours.step_count.value), "int32")
    made.step_count.value = int(ours.step_count.value)
    weights = Weights(states)
    keys = {id(state): key for key, state in states.items()}
    trees: dict[str, dict[Any, Any]] = {}
    for field, name in _KINDS[type(ours).__name__][1].items():
        if name in ours.opt_state.value:
            trees[field] = _as_trees(weights, keys, ours.opt_state.value[name])
    made.opt_state.value = _replaced(made.opt_state.value, trees, count)
    return made


def _as_trees(weights: Weights, keys: Mapping[int, Any], column: list[Any]) -> dict[Any, Any]:
    """The moments of one name as values like those of the weights, in JAX's arrays."""
    leaves = [list(part[0]) for part in weights.parts]
    for row, moment in zip(weights.rows, column, strict=True):
        shaped = moment.reshape(row.value.shape)
        leaves[row.state][row.leaf] = shaped if row.unit.is_unitless else shaped * row.unit
    pairs = zip(weights.states, leaves, weights.parts, strict=True)
    return {keys[id(state)]: array_tree(_tree.unflatten(part[1], found)) for state, found, part in pairs}


def _replaced(state: Any, trees: Mapping[str, Any], count: Any) -> Any:
    """Optax's state with moments and counts of ours."""
    fields = getattr(state, "_fields", None)
    if fields is None:
        return tuple(_replaced(part, trees, count) for part in state) if isinstance(state, tuple) else state
    new = {field: trees[field] for field in fields if field in trees}
    return state._replace(**new, **({"count": count} if "count" in fields else {}))
