"""The rewriting itself."""

from typing import Any

import torch

from ..table import PACKAGE, Missing
from ._calls import Calls
from ._kinds import ARRAY, UNKNOWN, VALUE
from ._libcst import cst
from ._operators import Operators
from ._statements import Statements
from ._writer import ARRAYS, MATH

__all__ = ["Rewriter"]


class Rewriter(Calls, Operators, Statements):
    """Writes the homes in place of foreign names, and functions in place of methods that differ.

    Parameters
    ----------
    names, kinds, imports, aliases
        What the program names, what its expressions are, its imports, and names for modules.
    places, lines
        For each node: the number of its top statement, and its position.
    same_random
        Whether draws are to be JAX's.
    """

    def _name(self, original: Any, updated: Any) -> Any:
        word = self._names.for_numpy.get(original)
        if word is not None:
            self._note(original, f"{self._names.name(original)} -> numpy's {word}")
            return self._numpy(original, word)
        found = self._names.found.get(original)
        if found is None:
            return updated
        name, answer = found
        if isinstance(answer, Missing):
            self._mark(original, answer)
            return updated
        if self._stays(original, answer):
            return updated
        if original in self._callees and (answer.call is not None or answer.is_a(torch.dtype)):
            return updated  # the call is rewritten as a whole
        if answer.call is not None and answer.call.positional == 0:
            self._note(original, f"{name} -> looked up in the table")
            return cst.Call(self._written(original, f"{PACKAGE}.port.lookup"), [cst.Arg(cst.SimpleString(f'"{name}"'))])
        self._note(original, f"{name} -> {answer.path}")
        return self._written(original, answer.path)

    def leave_Attribute(self, original: Any, updated: Any) -> Any:
        changed = self._name(original, updated)
        if changed is not updated or original in self._names.found:
            return changed
        if self._names.imported(original) is not None or original in self._callees or original in self._targets:
            return updated
        receiver, attribute = original.value, original.attr.value
        kind = self._kinds.of(receiver)
        if attribute == "size" and kind in (ARRAY, VALUE, UNKNOWN) and not self._is_own(receiver):
            self._note(original, "x.size -> a number")
            if kind == ARRAY:
                return self._function(original, f"{MATH}.size", [updated.value])
            return self._function(original, f"{ARRAYS}.size", [updated.value])
        if attribute == "name" and isinstance(receiver, cst.Attribute) and receiver.attr.value == "dtype":
            self._note(original, "x.dtype.name -> arrays.dtype_name(x.dtype)")
            return self._function(original, f"{ARRAYS}.dtype_name", [updated.value])
        if attribute == "T" and kind == ARRAY:
            self._note(original, "x.T -> transpose(x)")
            return self._function(original, f"{MATH}.transpose", [updated.value])
        return updated

    def leave_Name(self, original: Any, updated: Any) -> Any:
        return self._name(original, updated)
