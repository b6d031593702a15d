"""The errors of online learning."""

from .._errors import BrainStateError

__all__ = ["CompilationError", "NotSupportedError"]


class CompilationError(BrainStateError):
    """A model cannot be learnt online, or it, or what it is called with, is not what it was compiled for."""


class NotSupportedError(NotImplementedError):
    """Online learning does not cover what a model does."""
