"""How cost grows, one file for each way in which work grows.

The files are those of :mod:`benchmarks.workloads`: their cases are sizes. Instead of ``BARS`` they have ``MOST``, the
steepest slope on log-log axes that ours may have in ``time``, ``making`` (the first call beyond a later one) and
``memory``.
"""

import importlib
from types import ModuleType

__all__ = ["NAMES", "load"]

NAMES = ("steps", "neurons", "operations", "states", "depth", "models", "lanes", "coba")


def load(name: str) -> ModuleType:
    """The module of a way to grow."""
    return importlib.import_module(f"{__name__}.{name}")
