"""Layers that widen the axes of space, with channels last."""

from .constant import *  # noqa: F403
from .constant import __all__ as _constant
from .indexed import *  # noqa: F403
from .indexed import __all__ as _indexed

__all__ = [*_constant, *_indexed]
