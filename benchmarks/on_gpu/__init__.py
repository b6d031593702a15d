"""Workloads that are for a GPU; files like those of :mod:`benchmarks.workloads`."""

import importlib
from types import ModuleType

__all__ = ["NAMES", "load"]

NAMES = ("published",)


def load(name: str) -> ModuleType:
    """The module of a workload."""
    return importlib.import_module(f"{__name__}.{name}")
