"""Modules that keep the shape."""

from .module import Module

__all__ = ["ElementWiseBlock"]


class ElementWiseBlock(Module):
    """A module whose output has the shape of its input, such as an activation.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> isinstance(brainstate.nn.ReLU(), brainstate.nn.ElementWiseBlock)
    True
    """
