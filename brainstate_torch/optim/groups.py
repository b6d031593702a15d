"""Groups of weights that move by learning rates and options of their own."""

import inspect
from collections.abc import Mapping
from typing import Any

from .. import _tree
from .._state import State
from .weights import Registered, Weights

__all__ = ["ParamGroup", "Rate", "entries_of", "options_of", "parts_of"]


class Rate:
    """The learning rate of a group: ``rate.value`` is read and assigned.

    Parameters
    ----------
    optimizer
        The optimizer that moves the group.
    """

    def __init__(self, optimizer: Any) -> None:
        self._optimizer = optimizer

    @property
    def value(self) -> Any:
        """The learning rate of the next step, a tensor or a quantity."""
        return self._optimizer.current_lr

    @value.setter
    def value(self, lr: Any) -> None:
        self._optimizer.current_lr = lr

    def __float__(self) -> float:
        return float(self.value)

    def __repr__(self) -> str:
        return f"Rate({self.value})"


class ParamGroup(dict[str, Any]):
    """What moves a group of weights: `params`, `lr`, and the options of the optimizer, such as `weight_decay`.

    To assign an entry changes the steps to come; ``group['lr'].value = 0.1`` does, too.

    Parameters
    ----------
    optimizer
        The optimizer that moves the group.
    """

    def __init__(self, optimizer: Any) -> None:
        params = optimizer._own
        options = {name: getattr(optimizer, name) for name in options_of(optimizer) if hasattr(optimizer, name)}
        super().__init__(params=params.to_pytree() if isinstance(params, Registered) else params, **options)
        super().__setitem__("lr", Rate(optimizer))
        self._optimizer = optimizer

    def __setitem__(self, key: str, value: Any) -> None:
        if key == "lr":
            self._optimizer.current_lr = value.value if isinstance(value, (Rate, State)) else value
            return
        if key == "params" or key not in self:
            raise KeyError(
                f"a group of weights has the entries {', '.join(self)}. Got {key!r}. Other weights go into a group by "
                "`add_param_group`."
            )
        self._optimizer._like({key: value})  # Refuses what it would refuse in a new optimizer.
        setattr(self._optimizer, key, value)
        super().__setitem__(key, value)


def options_of(optimizer: Any) -> list[str]:
    """The arguments with which an optimizer of this class is made, without the learning rate."""
    parameters = list(inspect.signature(type(optimizer).__init__).parameters.values())[1:]
    return [p.name for p in parameters if p.name != "lr" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]


def entries_of(params: Any, registered: Mapping[Any, Any]) -> Registered:
    """The entries of a new group, under the names of those that are registered.

    Parameters
    ----------
    params
        A dict of States.
    registered
        What is registered.

    Raises
    ------
    TypeError
        `params` is no dict, or holds something else than States.
    ValueError
        A name is that of another State, or a State belongs to an entry that is registered as a whole.
    """
    if not isinstance(params, Mapping):
        raise TypeError(
            f"`params` must be a dict of States. Got {type(params).__name__}. "
            "Pass for example `layer.states(brainstate.ParamState)`."
        )
    Weights(Registered(params))
    names = {id(entry): name for name, entry in registered.items() if isinstance(entry, State)}
    found = Registered({names.get(id(entry), name): entry for name, entry in params.items()})
    taken = {id(state) for state in _states(found)}
    for name, entry in registered.items():
        if name in found and found[name] is not entry:
            raise ValueError(
                f"`params` must name States that are not registered by names of their own. Got {name!r}, which is "
                "registered for another State. Choose another name."
            )
        if name not in found and any(id(state) in taken for state in _states(entry)):
            raise ValueError(
                f"`params` must hold whole entries of the registered weights. Got a part of {name!r}. Register the "
                "States of a group by names of their own, as `model.states(brainstate.ParamState)` gives them."
            )
    return found


def parts_of(grads: Any, optimizers: list[Any], registered: Mapping[Any, Any]) -> list[dict[Any, Any]]:
    """The gradients of each group.

    Raises
    ------
    ValueError
        They have other names than the registered weights.
    """
    if not isinstance(grads, Mapping) or set(grads) != set(registered):
        Weights(registered).gradients(grads)
    return [{name: grads[name] for name in optimizer._own} for optimizer in optimizers]


def _states(tree: Any) -> list[Any]:
    return _tree.leaves(dict(tree) if isinstance(tree, Registered) else tree, is_leaf=lambda x: isinstance(x, State))
