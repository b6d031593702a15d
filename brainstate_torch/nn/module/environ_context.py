"""EnvironContext: a module that is called under its own settings."""

from collections.abc import Mapping
from typing import Any

from ... import environ
from .module import Module

__all__ = ["EnvironContext"]


class EnvironContext(Module):
    """A module that is called within ``environ.context(**context)``.

    Parameters
    ----------
    layer
        The module.
    **context
        The settings.

    Raises
    ------
    TypeError
        `layer` is not a Module.

    Notes
    -----
    Source: brainstate.nn.EnvironContext (0.5.4). Differs: settings of a call override those of the object.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.EnvironContext(brainstate.nn.Dropout(0.5), fit=False)
    >>> layer(torch.ones(2))
    tensor([1., 1.])
    """

    def __init__(self, layer: Module, **context: Any) -> None:
        super().__init__()
        if not isinstance(layer, Module):
            raise TypeError(f"`layer` must be a Module. Got {type(layer).__name__}.")
        self.layer = layer
        self.context = context

    def update(self, *args: Any, context: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """The module's output under the settings, and those of this call."""
        with environ.context(**{**self.context, **(context or {})}):
            return self.layer(*args, **kwargs)

    def add_context(self, **context: Any) -> None:
        """Add settings, or change them."""
        self.context.update(context)
