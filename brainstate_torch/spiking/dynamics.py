"""Dynamics: a population that sums the inputs from projections and other sources."""

from collections.abc import Callable
from typing import Any

from ..nn import Dynamics as Population
from ..typing import Size
from .outputs import PassingCurrent

__all__ = ["Dynamics"]


class Dynamics(Population):
    """A population with inputs from elsewhere: currents, and jumps of its variable ("delta inputs").

    An input is a function, which is called at each step, or a value, which counts for one step.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population.
    name
        A name, for display.

    Notes
    -----
    Source: brainpy.state.Dynamics (brainpy 2.8.2). Differs: a label is kept beside the key, not within it.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> population = brainstate.spiking.Dynamics(2)
    >>> population.add_current_input('half', lambda v: -v / 2)
    >>> population.add_current_input('once', torch.tensor([1., 2.]))
    >>> v = torch.tensor([4., 4.])
    >>> population.sum_current_inputs(10., v), population.sum_current_inputs(10., v)
    (tensor([ 9., 10.]), tensor([8., 8.]))
    """

    def __init__(self, in_size: Size, name: str | None = None) -> None:
        super().__init__(in_size, name=name)
        self._current_inputs: dict[str, Any] = {}
        self._delta_inputs: dict[str, Any] = {}
        self._labels: dict[str, str] = {}

    @property
    def current_inputs(self) -> dict[str, Any]:
        """The currents by key."""
        return dict(self._current_inputs)

    @property
    def delta_inputs(self) -> dict[str, Any]:
        """The jumps by key."""
        return dict(self._delta_inputs)

    def add_current_input(self, key: str, inp: Callable[..., Any] | Any, label: str | None = None) -> None:
        """Add a current: a function of what `sum_current_inputs` is given, or a value for one step.

        Parameters
        ----------
        key
            The name of the input.
        inp
            A function, or a value.
        label
            A name for a group of inputs.

        Raises
        ------
        ValueError
            The key is taken.
        """
        self._add(self._current_inputs, key, inp, label)

    def add_delta_input(self, key: str, inp: Callable[..., Any] | Any, label: str | None = None) -> None:
        """Add a jump: a function of what `sum_delta_inputs` is given, or a value for one step.

        Parameters
        ----------
        key
            The name of the input.
        inp
            A function, or a value.
        label
            A name for a group of inputs.

        Raises
        ------
        ValueError
            The key is taken.
        """
        self._add(self._delta_inputs, key, inp, label)

    def get_input(self, key: str) -> Any:
        """The input of this key.

        Parameters
        ----------
        key
            The name of the input.

        Returns
        -------
        Any
            The function or value.

        Raises
        ------
        ValueError
            There is none.
        """
        for inputs in (self._current_inputs, self._delta_inputs):
            if key in inputs:
                return inputs[key]
        raise ValueError(
            f"`key` must name an input. Got {key!r}; there are {[*self._current_inputs, *self._delta_inputs]}."
        )

    def clear_inputs(self) -> None:
        """Forget the values that no step has taken, such as those of a step that raised. Functions stay."""
        for inputs in (self._current_inputs, self._delta_inputs):
            for key in [key for key, value in inputs.items() if not lasts(value)]:
                del inputs[key]

    def sum_current_inputs(
        self, init: Any, *args: Any, label: str | None = None, pop: bool = True, **kwargs: Any
    ) -> Any:
        """`init` plus the currents, or only those with a label. With `pop`, values are used up.

        Parameters
        ----------
        init
            What to begin with.
        *args, **kwargs
            What the functions are given.
        label
            The group to sum; None: all inputs.
        pop
            Whether to remove the values that were added.

        Returns
        -------
        Tensor or Quantity
            The sum, ``[*N]``.
        """
        return self._total(self._current_inputs, init, args, kwargs, label, pop)

    def sum_delta_inputs(self, init: Any, *args: Any, label: str | None = None, pop: bool = True, **kwargs: Any) -> Any:
        """`init` plus the jumps, or only those with a label. With `pop`, values are used up.

        Parameters
        ----------
        init
            What to begin with.
        *args, **kwargs
            What the functions are given.
        label
            The group to sum; None: all inputs.
        pop
            Whether to remove the values that were added.

        Returns
        -------
        Tensor or Quantity
            The sum, ``[*N]``.
        """
        return self._total(self._delta_inputs, init, args, kwargs, label, pop)

    def _add(self, inputs: dict[str, Any], key: str, value: Any, label: str | None) -> None:
        if key in inputs:
            raise ValueError(
                f"`key` must be new until the population has taken its inputs. Got {key!r} a second time. Update the "
                "population between two calls of a projection; after a step that raised, call `clear_inputs()`."
            )
        inputs[key] = value
        if label is not None:
            self._labels[key] = label

    def _total(self, inputs: dict[str, Any], total: Any, args: Any, kwargs: Any, label: str | None, pop: bool) -> Any:
        for key, value in list(inputs.items()):
            if label is not None and self._labels.get(key) != label:
                continue
            total = total + (value(*args, **kwargs) if callable(value) else value)
            if pop and not lasts(value):
                del inputs[key]
        return total


def lasts(value: Any) -> bool:
    """Whether an input is there at each step, and not for one."""
    return callable(value) and not isinstance(value, PassingCurrent)
