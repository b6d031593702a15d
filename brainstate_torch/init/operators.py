"""Arithmetic and pipes of objects that are evaluated later: the base of initialisers and profiles."""

import operator
from collections.abc import Callable
from typing import Any

__all__ = ["Operators"]


class Operators:
    """Operators that make a combination; a subclass says how it is made."""

    def _combined(self, left: Any, right: Any, op: Callable[[Any, Any], Any], symbol: str) -> Any:
        raise NotImplementedError

    def _piped(self, func: Any, symbol: str) -> Any:
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self._combined(self, other, operator.add, "+")

    def __radd__(self, other: Any) -> Any:
        return self._combined(other, self, operator.add, "+")

    def __sub__(self, other: Any) -> Any:
        return self._combined(self, other, operator.sub, "-")

    def __rsub__(self, other: Any) -> Any:
        return self._combined(other, self, operator.sub, "-")

    def __mul__(self, other: Any) -> Any:
        return self._combined(self, other, operator.mul, "*")

    def __rmul__(self, other: Any) -> Any:
        return self._combined(other, self, operator.mul, "*")

    def __truediv__(self, other: Any) -> Any:
        return self._combined(self, other, operator.truediv, "/")

    def __rtruediv__(self, other: Any) -> Any:
        return self._combined(other, self, operator.truediv, "/")

    def __or__(self, func: Any) -> Any:
        return self._piped(func, "|")

    def apply(self, func: Callable[[Any], Any]) -> Any:
        """The values through a function.

        Parameters
        ----------
        func
            Takes the values, and gives others.

        Returns
        -------
        object
            Of the same kind.
        """
        return self._piped(func, "apply")
