"""Hidden States of several variables, stacked along the last axis."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._arrays import as_tensor
from ..units import Quantity, Unit, as_quantity, get_mantissa, get_unit, maybe_decimal
from .base import State
from .kinds import HiddenState, check_array

__all__ = ["HiddenGroupState", "HiddenTreeState"]

Members = Mapping[int | str, Any] | Sequence[Any]


class HiddenGroupState(HiddenState[Any]):
    """Several hidden variables of one unit in one tensor of shape ``[*varshape, num_state]``.

    Parameters
    ----------
    value
        A tensor or quantity with at least two axes; the last one counts the variables, named '0', '1', ….
    **kwargs
        `name` and metadata, as for :class:`State`.

    Raises
    ------
    TypeError
        The value is not a tensor, a numpy array or a quantity.
    ValueError
        It has fewer than two axes.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> group = brainstate.HiddenGroupState(torch.zeros(3, 2))
    >>> group.set_value({1: torch.ones(3)})
    >>> group.get_value('1')
    tensor([1., 1., 1.])
    """

    name2index: dict[str, int]

    def __init__(self, value: Any, **kwargs: Any) -> None:
        check_array(type(self).__name__, value)
        if value.ndim < 2:
            raise ValueError(
                f"`value` of {type(self).__name__} must have at least two axes, the last for the variables. "
                f"Got shape {tuple(value.shape)}. Use HiddenState for a single variable."
            )
        State.__init__(self, value, **kwargs)
        self.name2index = {str(i): i for i in range(value.shape[-1])}

    @property
    def varshape(self) -> tuple[int, ...]:
        """The shape of one variable."""
        return tuple(self.value.shape[:-1])

    @property
    def num_state(self) -> int:
        """How many variables the State holds."""
        return int(self.value.shape[-1])

    def _position(self, item: int | str) -> int:
        count = self.num_state
        if isinstance(item, str):
            if item not in self.name2index:
                raise KeyError(f"`item` must name a variable of {list(self.name2index)}. {item!r} was not found.")
            return self.name2index[item]
        if not isinstance(item, int):
            raise TypeError(f"`item` must be an int or a str. Got {type(item).__name__}.")
        if not -count <= item < count:
            raise IndexError(f"`item` must be an index of {count} variables. Got {item}, which is out of range.")
        return item % count

    def get_value(self, item: int | str) -> Any:
        """One variable, by its index (negative ones count from the end) or its name."""
        return self.value[..., self._position(item)]

    def set_value(self, val: Members) -> None:
        """Set some of the variables.

        Parameters
        ----------
        val
            A dict by index or name, or a list or tuple in order.

        Raises
        ------
        TypeError
            `val` is not a dict, list or tuple, or a key is neither int nor str.
        KeyError
            A name is unknown.
        ValueError
            `val` is empty, an index out of range, or a shape other than `varshape`.
        DimensionalityError
            A value's unit does not convert to the State's.
        """
        stacked = self.value
        mantissa = get_mantissa(stacked)
        columns = list(mantissa.unbind(-1))
        for key, new in self._checked(val):
            columns[key] = self._mantissa(key, new).to(mantissa)
        result = torch.stack(columns, -1)
        self.value = Quantity(result, stacked.unit) if isinstance(stacked, Quantity) else result

    def _checked(self, val: Members) -> list[tuple[int, Any]]:
        """The pairs of position and value, after checking them all."""
        if isinstance(val, (tuple, list)):
            val = dict(enumerate(val))
        if not isinstance(val, dict):
            raise TypeError(f"`set_value` takes a dict, list or tuple of variables. Got {type(val).__name__}.")
        if not val:
            raise ValueError("`val` must name at least one variable. Got an empty container.")
        pairs = []
        for key, new in val.items():
            if not isinstance(key, (int, str)):
                raise TypeError(f"every key of `val` should be int or str. Got {type(key).__name__}.")
            if isinstance(key, int) and not 0 <= key < self.num_state:
                raise ValueError(f"the indices in `val` must be in 0..{self.num_state - 1}. Got {key}.")
            if tuple(new.shape) != tuple(self.varshape):
                raise ValueError(f"`val[{key!r}]` must have shape {tuple(self.varshape)}. Got {tuple(new.shape)}.")
            pairs.append((self._position(key), new))
        return pairs

    def _unit(self, position: int) -> Unit:
        return get_unit(self.value)

    def _mantissa(self, position: int, new: Any) -> torch.Tensor:
        return as_tensor(as_quantity(new).to_decimal(self._unit(position)))


class HiddenTreeState(HiddenGroupState):
    """Several hidden variables of equal shape, each with its own unit.

    The magnitudes are stacked in one plain tensor of shape ``[*varshape, num_state]``; :meth:`get_value` gives the unit
    back and :meth:`set_value` converts to it.

    Parameters
    ----------
    value
        A dict, list or tuple of tensors or quantities.
    **kwargs
        `name` and metadata, as for :class:`State`.

    Raises
    ------
    TypeError
        The value is not a dict, list or tuple of tensors or quantities.
    ValueError
        The shapes differ.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> tree = brainstate.HiddenTreeState({'v': torch.ones(2) * u.mV, 'n': torch.zeros(2)})
    >>> tree.set_value({'v': torch.ones(2) * u.volt})
    >>> tree.get_value('v').to_decimal(u.mV), tree.get_value('n')
    (tensor([1000., 1000.]), tensor([0., 0.]))
    """

    name2unit: dict[str, Unit]
    index2unit: dict[int, Unit]
    index2name: dict[int, str]

    def __init__(self, value: Members, **kwargs: Any) -> None:
        if isinstance(value, (tuple, list)):
            value = {str(i): v for i, v in enumerate(value)}
        if not isinstance(value, dict):
            raise TypeError(
                f"`value` of {type(self).__name__} must be a dict, list or tuple. Got {type(value).__name__}."
            )
        for key, member in value.items():
            check_array(type(self).__name__, member, f" for {key!r}")
        shapes = {key: tuple(member.shape) for key, member in value.items()}
        if len(set(shapes.values())) > 1:
            raise ValueError(f"the variables of {type(self).__name__} must have one shape. Got {shapes}.")
        mantissas = [as_tensor(get_mantissa(member)) for member in value.values()]
        State.__init__(self, torch.stack(mantissas, -1), **kwargs)
        self.name2unit = {str(key): get_unit(member) for key, member in value.items()}
        self.name2index = {str(key): i for i, key in enumerate(value)}
        self.index2unit = dict(enumerate(self.name2unit.values()))
        self.index2name = dict(enumerate(self.name2unit))

    @property
    def num_state(self) -> int:
        """How many variables the State holds.

        Raises
        ------
        ValueError
            A value with another number of variables was assigned.
        """
        count = int(self.value.shape[-1])
        if count != len(self.name2index):
            raise ValueError(
                f"the last axis of the value must have one place for each of {list(self.name2index)}. Got {count}."
            )
        return count

    def get_value(self, item: int | str) -> Any:
        """One variable with its unit, by its index or name."""
        position = self._position(item)
        return maybe_decimal(Quantity(self.value[..., position], self.index2unit[position]))

    def _unit(self, position: int) -> Unit:
        return self.index2unit[position]
