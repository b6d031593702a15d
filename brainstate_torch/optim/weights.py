"""The weights of an optimizer as rows of plain tensors: trees flattened, units checked."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple, NoReturn

import torch

from .. import _tree
from .._state import State
from ..units import UNITLESS, Quantity, Unit, UnitMismatchError, is_quantity

__all__ = ["Registered", "Row", "Step", "Weights", "as_row", "from_row"]

#: The meaning of a learning rate: a step per gradient, the length of a step, or a plain number.
Step = Literal["per gradient", "length", "number"]


class Registered(dict[Any, Any]):
    """The registered States in their dict, with the methods by which programs of braintools ask for them."""

    def to_pytree(self) -> dict[Any, Any]:
        """The States."""
        return dict(self)

    to_dict = to_pytree

    def to_pytree_value(self) -> dict[Any, Any]:
        """Their values."""
        found: dict[Any, Any] = _tree.map(lambda state: state.value, dict(self), is_leaf=_is_state)
        return found

    to_dict_value = to_pytree_value


_tree.register_mapping(Registered)


class Row(NamedTuple):
    """One tensor leaf of a weight that is trained."""

    #: Which State it belongs to, and its place among the leaves of that State's value.
    state: int
    leaf: int
    value: torch.Tensor
    unit: Unit
    #: Whether ``requires_grad_(False)`` was called on its Parameter.
    frozen: bool


class Weights:
    """The registered States and their values, taken apart.

    Attributes
    ----------
    parts
        The leaves of the value of each State, quantities in one piece, and the structure around them.
    rows
        The floating and complex leaves of all.

    Raises
    ------
    TypeError
        A leaf of the tree is not a State.
    """

    def __init__(self, tree: Any) -> None:
        tree = self.tree = dict(tree) if isinstance(tree, Registered) else tree
        states, self.spec = _tree.flatten(tree, is_leaf=_is_state)
        self.states: list[State[Any]] = states
        for i, state in enumerate(states):
            if not isinstance(state, State):
                raise TypeError(
                    f"`param_states` must be a State or a dict, list or tuple of States. Got {type(state).__name__} at "
                    f"{self._path(i) or 'its place'}. For a module, pass `module.states(brainstate.ParamState)`."
                )
        self.parts = [_tree.flatten(state.value, is_leaf=is_quantity) for state in states]
        self.rows: list[Row] = []
        for i, (leaves, _) in enumerate(self.parts):
            place = 0
            for j, leaf in enumerate(leaves):
                mantissa, unit = (leaf.mantissa, leaf.unit) if isinstance(leaf, Quantity) else (leaf, UNITLESS)
                if not isinstance(mantissa, torch.Tensor):
                    continue
                if mantissa.is_floating_point() or mantissa.is_complex():
                    self.rows.append(Row(i, j, mantissa, unit, _is_frozen(states[i], place, mantissa)))
                place += 1

    @property
    def home(self) -> torch.device:
        """The device of all, where the scalars of an optimizer lie; the CPU, whose scalars go with all, if they differ.

        In a CUDA graph the number of a tensor on the CPU would be that of the recording for ever.
        """
        devices = {row.value.device for row in self.rows}
        return devices.pop() if len(devices) == 1 else torch.device("cpu")

    def _path(self, i: int) -> str:
        return _tree.leaves_with_path(self.tree, is_leaf=_is_state)[i][0]

    def name(self, row: Row) -> str:
        """How to index a row, for messages."""
        leaves, spec = self.parts[row.state]
        inner = _tree.leaves_with_path(_tree.unflatten(spec, leaves), is_leaf=is_quantity)[row.leaf][0]
        return self._path(row.state) + inner

    def gradients(self, grads: Any) -> list[Any]:
        """The gradient of each row, a tensor or quantity of its shape; None where a State has None or is frozen.

        Raises
        ------
        TypeError
            A gradient is not a tensor or quantity.
        ValueError
            The gradients have another structure than the weights, or one has another shape.
        """
        try:
            trees = _tree.flatten_up_to(self.spec, dict(grads) if isinstance(grads, Mapping) else grads)
            leaves = [
                None if tree is None else _tree.flatten_up_to(spec, tree)
                for (_, spec), tree in zip(self.parts, trees, strict=True)
            ]
        except ValueError as error:
            if isinstance(grads, tuple) and len(grads) > 1 and self._fits(grads[0]):
                raise ValueError(
                    f"`grads` must be the gradients alone. Got a tuple of {len(grads)}, as `grad` gives it with "
                    "`return_value` or `has_aux`. Write `grads, loss = ...`, then `update(grads)`."
                ) from error
            raise ValueError(
                f"`grads` must have the structure of the registered weights. {str(error).partition('. ')[2]} "
                "Pass what `transform.grad` gives for the same States; None in the place of a State leaves it alone."
            ) from error
        found = []
        for row in self.rows:
            of_state = leaves[row.state]
            grad = None if of_state is None or row.frozen else of_state[row.leaf]
            if grad is not None:
                self._check_gradient(grad, row)
            found.append(grad)
        return found

    def _fits(self, grads: Any) -> bool:
        try:
            _tree.flatten_up_to(self.spec, dict(grads) if isinstance(grads, Mapping) else grads)
        except ValueError:
            return False
        return True

    def _check_gradient(self, grad: Any, row: Row) -> None:
        mantissa = grad.mantissa if isinstance(grad, Quantity) else grad
        if not isinstance(mantissa, torch.Tensor):
            raise TypeError(f"`grads{self.name(row)}` must be a tensor or a quantity. Got {type(grad).__name__}.")
        if mantissa.shape != row.value.shape:
            raise ValueError(
                f"`grads{self.name(row)}` must have the shape {tuple(row.value.shape)} of its weight. "
                f"Got {tuple(mantissa.shape)}."
            )

    def factors(
        self, grads: Sequence[Any], used: Sequence[int], lr: Unit | None, step: Step
    ) -> tuple[list[float], list[float]]:
        """What to multiply each gradient with, and each step, so that both are numbers in the units of the weights.

        Parameters
        ----------
        grads, used
            The gradient of each row, and which of them are not None.
        lr
            The unit of the learning rate; None for a plain number.
        step
            What the learning rate measures.

        Raises
        ------
        UnitMismatchError
            The gradients belong to no one loss, or the learning rate makes no step in the unit of a weight.
        """
        rows = [self.rows[i] for i in used]
        units = [grads[i].unit if isinstance(grads[i], Quantity) else UNITLESS for i in used]
        ones = [1.0] * len(rows)
        if lr is not None:
            if step == "number":
                raise UnitMismatchError(
                    f"`lr` of this optimizer must be a plain number. Got one in {lr}.", lr, UNITLESS
                )
            made = [lr * unit if step == "per gradient" else lr for unit in units]
            return ones, [self._converted(unit, row, lr) for unit, row in zip(made, rows, strict=True)]
        if all(unit is UNITLESS or unit == row.unit for unit, row in zip(units, rows, strict=True)):
            return ones, ones
        losses = [unit * row.unit for unit, row in zip(units, rows, strict=True)]
        for loss, unit, row in zip(losses, units, rows, strict=True):
            if loss.dim != losses[0].dim:
                self._refuse_gradient(row, unit, loss, losses[0], rows[0])
        return [loss._factor_to(losses[0], "update") for loss in losses], ones

    def _converted(self, unit: Unit, row: Row, lr: Unit) -> float:
        if unit.dim != row.unit.dim:
            raise UnitMismatchError(
                f"`lr` must make a step in {row.unit} for the weight {self.name(row) or 'of the optimizer'}. "
                f"Got lr in {lr}, which makes one in {unit}. Give it another unit, or a plain number.",
                unit,
                row.unit,
            )
        return unit._factor_to(row.unit, "update")

    def _refuse_gradient(self, row: Row, unit: Unit, loss: Unit, first: Unit, of: Row) -> NoReturn:
        raise UnitMismatchError(
            f"`grads` must be those of one loss. Got {unit} for the weight {self.name(row)} in {row.unit}, from a loss "
            f"in {loss}, and of {self.name(of)} from a loss in {first}. Take both from one call of "
            "`grad(..., unit_aware=True)`.",
            loss,
            first,
        )

    def assign(self, used: Sequence[int], numbers: Sequence[torch.Tensor]) -> None:
        """Write the States that rows in `used` belong to, with new numbers for their rows."""
        new: dict[int, list[Any]] = {}
        for place in used:
            row = self.rows[place]
            leaves = new.setdefault(row.state, list(self.parts[row.state][0]))
            leaves[row.leaf] = Quantity(numbers[place], row.unit) if is_quantity(leaves[row.leaf]) else numbers[place]
        for i, leaves in new.items():
            self.states[i].value = _tree.unflatten(self.parts[i][1], leaves)


def _is_frozen(state: State[Any], place: int, leaf: torch.Tensor) -> bool:
    """Whether the Parameter of a leaf that is trained by its kind does not require a gradient."""
    parameters = state._parameters
    return parameters is not None and state._trains(leaf) and not parameters[place].requires_grad


def _is_state(x: Any) -> bool:
    return isinstance(x, State)


def as_row(x: torch.Tensor) -> torch.Tensor:
    """A tensor as the formulas take it: real and with an axis, so that scalars of double width do not widen it."""
    x = torch.view_as_real(x) if x.is_complex() else x
    return x.reshape(1) if x.ndim == 0 else x


def from_row(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Inverse of :func:`as_row`."""
    return torch.view_as_complex(x) if like.is_complex() else x.reshape(like.shape)
