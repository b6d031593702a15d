"""The weights of an optimizer as rows of plain tensors: trees taken apart, units checked."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, NoReturn

import torch

from .. import _tree
from .._state import State
from ..units import UNITLESS, Quantity, Unit, UnitMismatchError, is_quantity

__all__ = ["Row", "Step", "as_row", "factors", "from_row", "gradient_rows", "rows_of", "states_of"]

#: What a learning rate measures: a step per gradient, the length of a step, or nothing: it is a plain number.
Step = Literal["per gradient", "length", "number"]


class Row(NamedTuple):
    """One tensor leaf of a weight that is trained."""

    #: Which State it belongs to, and its place among the leaves of that State's value.
    state: int
    leaf: int
    value: torch.Tensor
    unit: Unit
    name: str


def states_of(states: Any) -> tuple[list[State[Any]], _tree.Spec, list[str]]:
    """The States in a tree, the structure around them, and how to index each.

    Raises
    ------
    TypeError
        A leaf is not a State.
    """
    named = _tree.leaves_with_path(states, is_leaf=_is_state)
    for path, state in named:
        if not isinstance(state, State):
            raise TypeError(
                f"`param_states` must be a State or a dict, list or tuple of States. Got {type(state).__name__} at "
                f"{path or 'its place'}. For a module, pass `module.states(brainstate.ParamState)`."
            )
    return [state for _, state in named], _tree.structure(states, is_leaf=_is_state), [path for path, _ in named]


def _is_state(x: Any) -> bool:
    return isinstance(x, State)


def rows_of(values: Sequence[Any], names: Sequence[str]) -> list[Row]:
    """The floating and complex leaves of the values of States."""
    rows = []
    for i, (value, name) in enumerate(zip(values, names, strict=True)):
        for j, (path, leaf) in enumerate(_tree.leaves_with_path(value, is_leaf=is_quantity)):
            mantissa, unit = (leaf.mantissa, leaf.unit) if isinstance(leaf, Quantity) else (leaf, UNITLESS)
            if isinstance(mantissa, torch.Tensor) and (mantissa.is_floating_point() or mantissa.is_complex()):
                rows.append(Row(i, j, mantissa, unit, f"{name}{path}"))
    return rows


def gradient_rows(grads: Any, spec: _tree.Spec, values: Sequence[Any], rows: Sequence[Row]) -> list[Any]:
    """The gradient of each row, a tensor or quantity of its shape; None where a State has None.

    Raises
    ------
    TypeError
        A gradient is not a tensor or quantity.
    ValueError
        The gradients have another structure than the weights, or one has another shape.
    """
    try:
        trees = _tree.flatten_up_to(spec, dict(grads) if isinstance(grads, Mapping) else grads)
        leaves = [
            None if tree is None else _tree.flatten_up_to(_tree.structure(value, is_leaf=is_quantity), tree)
            for value, tree in zip(values, trees, strict=True)
        ]
    except ValueError as error:
        raise ValueError(
            f"`grads` must have the structure of the registered weights. {str(error).partition('. ')[2]} "
            "Pass what `transform.grad` gives for the same States; None in the place of a State leaves it alone."
        ) from error
    found = []
    for row in rows:
        of_state = leaves[row.state]
        grad = None if of_state is None else of_state[row.leaf]
        if grad is not None:
            _check_gradient(grad, row)
        found.append(grad)
    return found


def _check_gradient(grad: Any, row: Row) -> None:
    mantissa = grad.mantissa if isinstance(grad, Quantity) else grad
    if not isinstance(mantissa, torch.Tensor):
        raise TypeError(f"`grads{row.name}` must be a tensor or a quantity. Got {type(grad).__name__}.")
    if mantissa.shape != row.value.shape:
        raise ValueError(
            f"`grads{row.name}` must have the shape {tuple(row.value.shape)} of its weight. "
            f"Got {tuple(mantissa.shape)}."
        )


def factors(grads: Sequence[Any], rows: Sequence[Row], lr: Unit | None, step: Step) -> tuple[list[float], list[float]]:
    """What to multiply each gradient with, and each step, so that both are numbers in the units of the weights.

    Parameters
    ----------
    lr
        The unit of the learning rate; None for a plain number.
    step
        What the learning rate measures.

    Raises
    ------
    UnitMismatchError
        The gradients belong to no one loss, or the learning rate makes no step in the unit of a weight.
    """
    pairs = [(grad, row) for grad, row in zip(grads, rows, strict=True)]
    units = [grad.unit if isinstance(grad, Quantity) else UNITLESS for grad, _ in pairs]
    ones = [1.0] * len(rows)
    if lr is not None:
        if step == "number":
            raise UnitMismatchError(f"`lr` of this optimizer must be a plain number. Got one in {lr}.", lr, UNITLESS)
        made = [lr * unit if step == "per gradient" else lr for unit in units]
        return ones, [_converted(unit, row, lr) for unit, row in zip(made, rows, strict=True)]
    if all(unit is UNITLESS or unit == row.unit for unit, row in zip(units, rows, strict=True)):
        return ones, ones
    losses = [unit * row.unit for unit, row in zip(units, rows, strict=True)]
    for loss, unit, row in zip(losses, units, rows, strict=True):
        if loss.dim != losses[0].dim:
            _refuse_gradient(row, unit, loss, losses[0], rows[0])
    return [loss._factor_to(losses[0], "update") for loss in losses], ones


def _converted(unit: Unit, row: Row, lr: Unit) -> float:
    if unit.dim != row.unit.dim:
        raise UnitMismatchError(
            f"`lr` must make a step in {row.unit} for the weight {row.name or 'of the optimizer'}. "
            f"Got lr in {lr}, which makes one in {unit}. Give it another unit, or a plain number.",
            unit,
            row.unit,
        )
    return unit._factor_to(row.unit, "update")


def _refuse_gradient(row: Row, unit: Unit, loss: Unit, first: Unit, of: Row) -> NoReturn:
    raise UnitMismatchError(
        f"`grads` must be those of one loss. Got {unit} for the weight {row.name} in {row.unit}, from a loss in "
        f"{loss}, and of {of.name} from a loss in {first}. Take both from one call of `grad(..., unit_aware=True)`.",
        loss,
        first,
    )


def as_row(x: torch.Tensor) -> torch.Tensor:
    """A tensor as the formulas take it: real and with an axis, so that scalars of double width do not widen it."""
    x = torch.view_as_real(x) if x.is_complex() else x
    return x.reshape(1) if x.ndim == 0 else x


def from_row(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Inverse of :func:`as_row`."""
    return torch.view_as_complex(x) if like.is_complex() else x.reshape(like.shape)
