"""Packages of extras, imported when they are first needed."""

import functools
import importlib
from typing import Any

from .errors import MissingDependencyError

__all__ = ["extra", "jax"]


@functools.cache
def extra(package: str, name: str) -> Any:
    """A module of a package that only an extra brings.

    Raises
    ------
    MissingDependencyError
        The package is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise MissingDependencyError(
            f"`{package}` must be installed for this. Got {error}. Install the extra: pip install "
            f"'brainstate_torch[{name}]'."
        ) from error


def jax() -> Any:
    """The package jax."""
    return extra("jax", "jax")
