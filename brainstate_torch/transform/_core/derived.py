"""Functions that transforms make of others, as objects that are copied together with what the others belong to."""

import functools
import types
from collections.abc import Callable
from typing import Any

__all__ = ["Derived"]


class Derived:
    """A function made of another one.

    Not a closure, since Python copies functions by reference: a copy of a model with ``self.f = vmap(self.method)``
    would call the method of the original.

    Parameters
    ----------
    make
        Takes `fun` and the options and returns the function to call. It must be a module-level function, for pickling.
    fun
        The function that is transformed.
    *options
        What else `make` needs.
    """

    def __init__(self, make: Callable[..., Callable[..., Any]], fun: Callable[..., Any], *options: Any) -> None:
        functools.update_wrapper(self, fun, updated=("__dict__",) if isinstance(fun, types.FunctionType) else ())
        self._make, self._fun, self._options = make, fun, options
        self._call: Callable[..., Any] | None = make(fun, *options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function."""
        call = self._call
        if call is None:
            call = self._call = self._make(self._fun, *self._options)
        return call(*args, **kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)

    def __getstate__(self) -> dict[str, Any]:
        """Without the function that is called: a copy makes its own at its first call, when its parts are complete."""
        return {**vars(self), "_call": None}

    def __repr__(self) -> str:
        return f"<{self._make.__name__.strip('_')} {getattr(self, '__qualname__', repr(self._fun))}>"
