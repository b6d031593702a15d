"""A dict of States, and a stand-in for one."""

from typing import Any

from ..util import DictManager
from .base import State

__all__ = ["FakeState", "StateDictManager"]


class FakeState:
    """Holds a value and a name like a State, but no transform sees it.

    Parameters
    ----------
    value
        Anything.
    name, **kwargs
        Stored as attributes.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> fake = brainstate.FakeState(1.0, name='x')
    >>> fake.value = 2.0
    >>> fake
    FakeState(value=2.0)
    """

    def __init__(self, value: Any, name: str | None = None, **kwargs: Any) -> None:
        self.value, self.name = value, name

    def __repr__(self) -> str:
        return f"FakeState(value={self.value!r})"


class StateDictManager(DictManager):  # type: ignore[type-arg]
    """A dict of States whose values can be read and assigned together.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> states = brainstate.StateDictManager(w=brainstate.ParamState(1.0), n=brainstate.State(2.0))
    >>> states.assign_values({'w': 3.0})
    >>> states.to_dict_values()
    {'w': 3.0, 'n': 2.0}
    """

    def assign_values(self, *args: dict[Any, Any]) -> None:
        """Assign the values of dicts to the States of the same keys.

        Raises
        ------
        TypeError
            An argument is not a dict.
        KeyError
            A key is unknown. No State is changed then.
        """
        for values in args:
            if not isinstance(values, dict):
                raise TypeError(f"every argument of `assign_values` must be a dict. Got {type(values).__name__}.")
            for key in values:
                if key not in self:
                    raise KeyError(f"`assign_values` takes the keys {list(self)}. Got {key!r}.")
        for values in args:
            for key, value in values.items():
                self[key].value = value

    def collect_values(self) -> "DictManager":  # type: ignore[type-arg]
        """The values by key."""
        return DictManager((key, state.value) for key, state in self.items())

    def to_dict_values(self) -> dict[Any, Any]:
        """The values by key, as a plain dict."""
        return {key: state.value for key, state in self.items()}

    def split_values(self, *filters: type) -> tuple[dict[Any, Any], ...]:
        """The values of the States of each type, and of the rest; the first type that fits counts."""
        results: tuple[dict[Any, Any], ...] = tuple(DictManager() for _ in range(len(filters) + 1))
        for key, state in self.items():
            fits = [i for i, kind in enumerate(filters) if isinstance(state, kind)]
            results[fits[0] if fits else -1][key] = state.value
        return results

    def _check_elem(self, elem: Any) -> None:
        if not isinstance(elem, State):
            raise TypeError(f"an element of StateDictManager must be a State. Got {type(elem).__name__}.")
