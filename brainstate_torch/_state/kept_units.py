"""A value that is assigned to a State must not lose the unit of the old one in silence."""

from typing import Any

from .. import _tree
from .._arrays import is_arraylike
from ..units import Quantity, UnitMismatchError, is_quantity

__all__ = ["check_units"]


def check_units(old: Any, new: Any, name: str) -> None:
    """Raise if a quantity would be replaced by a plain number, or by one of another dimension.

    Parameters
    ----------
    old, new
        The value that a State has, and the one that is assigned. Trees of another structure are not compared.
    name
        How the error calls the State.

    Raises
    ------
    UnitMismatchError
        See above.
    """
    if type(old) is Quantity:
        _check(old, new, name)
    elif _tree.is_container(old):
        before, spec = _tree.flatten(old, is_leaf=is_quantity)
        if any(type(leaf) is Quantity for leaf in before):
            after, new_spec = _tree.flatten(new, is_leaf=is_quantity)
            if spec == new_spec:
                for leaf, other in zip(before, after, strict=True):
                    if type(leaf) is Quantity:
                        _check(leaf, other, name)


def _check(old: Any, new: Any, name: str) -> None:
    if type(new) is Quantity:
        if new.unit is old.unit or new.unit.dim == old.unit.dim:
            return
        seen = f"one in {new.unit}"
    elif not is_arraylike(new) or old.unit.dim.is_dimensionless:
        return
    else:
        seen = "a plain number"
    raise UnitMismatchError(
        f"the value of {name} must keep the dimension of {old.unit}. Got {seen}. Give it a unit, such as "
        f"`3.0 * u.Unit('{old.unit}')`, or assign it within `check_state_value_tree(False)`.",
        getattr(new, "unit", ""),
        old.unit,
    )
