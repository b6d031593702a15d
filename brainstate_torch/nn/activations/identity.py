"""Identity: the module that computes nothing."""

from typing import Any

from ..module.element_wise import ElementWiseBlock

__all__ = ["Identity"]


class Identity(ElementWiseBlock):
    """The input as it is.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.Identity()('anything')
    'anything'
    """

    def update(self, x: Any) -> Any:
        """`x`."""
        return x
