"""References to what a module will hold, and to its value some time ago."""

from typing import Any

from .._state import State
from ..graph import Node
from .update_hooks import HookedModule

__all__ = ["Prefetch"]


class Prefetch(Node):
    """A reference to an attribute of a module, which need not exist yet. Called, it gives the value.

    Parameters
    ----------
    module
        The :class:`Dynamics`.
    item
        The name of the attribute: a State, or anything.

    Raises
    ------
    AttributeError
        It is called while the module has no such attribute.

    Notes
    -----
    Source: brainstate.nn.Prefetch (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> neurons = brainstate.nn.Dynamics(2)
    >>> v = neurons.prefetch('v')
    >>> neurons.v = brainstate.HiddenState(torch.ones(2))
    >>> v()
    tensor([1., 1.])
    """

    def __init__(self, module: HookedModule, item: str) -> None:
        super().__init__()
        self.module = module
        self.item = item

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of the State, or the attribute itself if it is no State."""
        return self.get_item_value()

    def get_item_value(self) -> Any:
        """The value of the State, or the attribute itself if it is no State."""
        item = self.get_item()
        return item.value if isinstance(item, State) else item

    def get_item(self) -> Any:
        """The attribute itself.

        Raises
        ------
        AttributeError
            There is none, or it is None.
        """
        return prefetched(self.module, self.item)


def prefetched(module: Any, item: str) -> Any:
    """The attribute of a module that a reference names."""
    found = getattr(module, item, None)
    if found is None:
        raise AttributeError(
            f"`item` must be an attribute of {type(module).__name__}. Got {item!r}, which it does not have. "
            "Call `init_all_states` first, or correct the name."
        )
    return found
