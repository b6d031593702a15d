"""StateWithDelay: the last values of a State of a module."""

from collections.abc import Callable
from typing import Any, ClassVar

from ..._errors import kind_of
from ..._state import State
from ...transform._core.shapes import shapes_of
from ..module.collective import call_order
from .delay import Delay, device_of

__all__ = ["StateWithDelay"]


class StateWithDelay(Delay):
    """The last values of a State of a module; what :meth:`Dynamics.prefetch_delay` makes.

    Parameters
    ----------
    target
        The module.
    item
        The name of the State, which need not exist before :meth:`init_state`.
    init, interpolation, **kwargs
        As for :class:`Delay`.

    Raises
    ------
    AttributeError
        The module has no such State when it is needed.
    TypeError
        The attribute is not a State.

    Notes
    -----
    Source: brainstate.nn.StateWithDelay (0.5.4). Differs: the batch axis of the State is not added a second time.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> cell = brainstate.nn.Module()
    >>> cell.v = brainstate.HiddenState(torch.zeros(1))
    >>> with brainstate.environ.context(dt=0.1):
    ...     delay = brainstate.nn.StateWithDelay(cell, 'v', time=0.1)
    >>> delay.init_state()
    >>> for i in range(3):
    ...     cell.v.value = torch.full((1,), float(i))
    ...     delay.update()
    >>> delay.retrieve_at_step(1)
    tensor([1.])
    """

    # The module usually holds this object, so `_target` leads back to it: torch would recurse without end when it
    # saves.
    _leads_back: ClassVar[tuple[str, ...]] = ("_target",)

    def __init__(
        self,
        target: Any,
        item: str,
        init: Any = None,
        interpolation: str | Callable[..., Any] | None = "round",
        **kwargs: Any,
    ) -> None:
        super().__init__(None, init=init, interpolation=interpolation, **kwargs)
        self._target = target
        self._target_term = item

    @property
    def state(self) -> State[Any]:
        """The State.

        Raises
        ------
        AttributeError
            The module does not have it.
        TypeError
            It is not a State.
        """
        return self._bound()

    def _bound(self) -> State[Any]:
        # Python takes an AttributeError from a property for a missing property, and drops its message.
        found = getattr(self._target, self._target_term, None)
        if isinstance(found, State):
            return found
        owner = type(self._target).__name__
        if found is None:
            raise AttributeError(
                f"`item` must be a State of {owner}. Got {self._target_term!r}, which it does not have. "
                f"Make it in `init_state`, and call `init_all_states` on {owner}."
            )
        raise TypeError(f"`item` must be a State of {owner}. Got {self._target_term!r}, {kind_of(found)}.")

    @call_order(3)
    def init_state(self, *args: Any, **kwargs: Any) -> None:
        """Make the buffer for values like the State's present one, with its batch axes."""
        value = self._bound().value
        self.target_info, self._device = shapes_of(value), device_of(value)
        super().init_state()

    def reset_state(self, *args: Any, **kwargs: Any) -> None:
        """Put the buffer back to its start.

        Raises
        ------
        AttributeError
            There is none yet.
        """
        super().reset_state()

    def update(self, *args: Any) -> None:
        """Store the State's present value; arguments have no meaning."""
        super().update(self._bound().value)
