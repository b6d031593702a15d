"""Dynamics: a population of neurons, synapses or other elements that changes with time."""

from typing import Any

import numpy as np

from ...typing import Size
from ..delay.prefetch import OutputDelayAt, Prefetch, PrefetchDelayAt
from ..module.update_hooks import HookedModule

__all__ = ["Dynamics"]


class Dynamics(HookedModule):
    """Base class of populations whose States change with time, one :meth:`update` for each time step.

    A call of the object runs in this order: the functions added by :meth:`add_before_update`, :meth:`update`, and the
    functions added by :meth:`add_after_update`. A call of ``update`` runs nothing else.

    Parameters
    ----------
    in_size
        The shape ``[*N]`` of the population: an integer, or several. It is also the shape of the output and of the
        variables.
    name
        A name, for display.

    Raises
    ------
    ValueError
        `in_size` is empty, or something else than integers.

    Notes
    -----
    Source: brainstate.nn.Dynamics (0.5.4). Differs: every length of `in_size` is checked, not only the first.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Leak(brainstate.nn.Dynamics):
    ...     def init_state(self):
    ...         self.v = brainstate.HiddenState(torch.zeros(self.varshape))
    ...     def update(self, x):
    ...         self.v.value = self.v.value / 2 + x
    ...         return self.v.value
    >>> leak = brainstate.nn.init_all_states(Leak(2))
    >>> leak(1.), leak(0.)
    (tensor([1., 1.]), tensor([0.5000, 0.5000]))
    """

    def __init__(self, in_size: Size, name: str | None = None) -> None:
        super().__init__(name=name)
        self.in_size = _population_size(in_size)
        self.out_size = self.in_size

    @property
    def varshape(self) -> tuple[int, ...]:
        """The shape of the variables, without batch axes: ``in_size``."""
        return self.in_size  # type: ignore[no-any-return]

    def prefetch(self, item: str) -> Prefetch:
        """A reference to an attribute that need not exist yet: called, it gives the value. See :class:`Prefetch`."""
        return Prefetch(self, item)

    def prefetch_delay(
        self, state: str, *time_and_index: Any, init: Any = None, interpolation: Any = None, **kwargs: Any
    ) -> PrefetchDelayAt:
        """A reference to the value of a State some time ago: called, it gives it. See :class:`PrefetchDelayAt`.

        Parameters
        ----------
        state
            The name of the State.
        *time_and_index
            The delay, and indices into the value.
        init, interpolation, **kwargs
            What the past holds at first, and the rest, as for :class:`Delay`.
        """
        return PrefetchDelayAt(self, state, *time_and_index, delay_init=init, interpolation=interpolation, **kwargs)

    def output_delay(
        self, *time_and_index: Any, init: Any = None, interpolation: Any = None, **kwargs: Any
    ) -> OutputDelayAt:
        """A reference to the output some time ago: called, it gives it. See :class:`OutputDelayAt`.

        Parameters
        ----------
        *time_and_index
            The delay, and indices into the output.
        init, interpolation, **kwargs
            What the past holds at first, and the rest, as for :class:`Delay`.
        """
        return OutputDelayAt(self, *time_and_index, delay_init=init, interpolation=interpolation, **kwargs)


def _population_size(size: Any) -> tuple[int, ...]:
    sizes = size if isinstance(size, (tuple, list)) else (size,)
    wrong = [each for each in sizes if not isinstance(each, (int, np.integer)) or isinstance(each, bool)]
    if wrong or not sizes:
        raise ValueError(
            "`in_size` must be an integer, or a tuple or list of at least one. "
            f"Got {type(wrong[0]).__name__ + ' in it' if wrong else 'an empty one'}."
        )
    return tuple(int(each) for each in sizes)
