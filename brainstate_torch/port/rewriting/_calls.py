"""Calls rewritten: of foreign functions, of numpy with tensors, of methods that differ."""

from typing import Any

import torch

from ..names import Call
from ..table import PACKAGE, Home, Missing
from ._differences import DTYPE_PLACES, METHODS, OF_NUMPY, UPDATES
from ._kinds import ARRAY, NUMBER, NUMPY, OTHER, UNIT, UNKNOWN, VALUE
from ._libcst import cst
from ._names import dotted
from ._syntax import comma, tight
from ._writer import ARRAYS, MATH, Writer

__all__ = ["Calls"]


class Calls(Writer):
    """Rewrites calls."""

    def leave_Call(self, original: Any, updated: Any) -> Any:
        found = self._names.found.get(original.func)
        if found is not None:
            return self._foreign_call(original, updated, *found)
        imported = self._names.imported(original.func)
        if imported is not None:
            return self._numpy_call(original, updated, imported)
        if isinstance(original.func, cst.Attribute) and isinstance(updated.func, cst.Attribute):
            return self._method(original, updated)
        if self._names.builtin(original.func) == "divmod" and len(original.args) == 2:
            kinds = {self._kinds.of(arg.value) for arg in original.args}
            if not kinds <= {NUMBER, NUMPY}:
                self._note(original, "divmod(x, y) -> arrays.divmod(x, y)")
                return updated.with_changes(func=self._written(original, f"{ARRAYS}.divmod"))
        return updated

    def _foreign_call(self, original: Any, updated: Any, name: str, answer: Any) -> Any:
        if not isinstance(answer, Home):
            return updated
        if answer.is_a(torch.dtype):
            self._note(original, f"{name}(x) -> asarray(x, dtype)")
            keyword = cst.Arg(self._written(original.func, answer.path), keyword=cst.Name("dtype"), equal=tight())
            first = updated.args[0].with_changes(comma=cst.Comma(cst.SimpleWhitespace(""), cst.SimpleWhitespace(" ")))
            return cst.Call(self._written(original, f"{MATH}.asarray"), [first, keyword])
        if answer.call is None:
            return updated
        return self._adapted(original, updated, name, answer, answer.call)

    def _adapted(self, original: Any, updated: Any, name: str, home: Home, call: Call) -> Any:
        args = list(updated.args)
        if any(arg.star for arg in args):
            self._note(original, f"{name} -> looked up in the table")
            looked = cst.Call(
                self._written(original, f"{PACKAGE}.port.lookup"), [cst.Arg(cst.SimpleString(f'"{name}"'))]
            )
            return updated.with_changes(func=looked)
        written = []
        for i, arg in enumerate(args):
            word = arg.keyword.value if arg.keyword is not None else None
            if word is None and i >= call.positional:
                if i >= len(call.takes):
                    self._mark(original, Missing(name, "it is called with more arguments than are known", "keywords"))
                    return updated
                word = call.takes[i]
            if word is not None:
                if word in call.dropped:
                    continue
                arg = arg.with_changes(keyword=cst.Name(call.renamed.get(word, word)), equal=tight())
            written.append(arg)
        if written:
            written[-1] = written[-1].with_changes(comma=args[-1].comma)
            written = [
                arg if i == len(written) - 1 or isinstance(arg.comma, cst.Comma) else arg.with_changes(comma=comma())
                for i, arg in enumerate(written)
            ]
        if not self._stays(original.func, home):
            self._note(original, f"{name}(...) -> {home.path}(...)")
        func = self._written(original.func, home.path) if not self._stays(original.func, home) else updated.func
        return updated.with_changes(func=func, args=written)

    def _numpy_call(self, original: Any, updated: Any, name: str) -> Any:
        module, _, word = name.rpartition(".")
        if module == "numpy":
            updated = self._numpy_dtypes(original, updated, word)
        if module != "numpy" or word not in OF_NUMPY:
            return updated
        args = []
        for before, arg in zip(original.args, updated.args, strict=True):
            kind = self._kinds.of(before.value)
            if arg.star or arg.keyword is not None or kind not in (ARRAY, VALUE, UNKNOWN):
                args.append(arg)
                continue
            if isinstance(before.value, (cst.List, cst.Tuple, cst.ListComp)) or self._is_wrapped(arg.value):
                args.append(arg)
                continue
            self._note(before.value, f"{name} of what may be a tensor -> of numpy's copy")
            args.append(arg.with_changes(value=self._function(original, f"{ARRAYS}.numpy", [arg.value])))
        return updated.with_changes(args=args)

    def _numpy_dtypes(self, original: Any, updated: Any, word: str) -> Any:
        """A call of numpy with the dtype in numpy's words, where it may be torch's."""
        args = []
        for i, (before, arg) in enumerate(zip(original.args, updated.args, strict=True)):
            named = arg.keyword.value if arg.keyword is not None else None
            is_dtype = named == "dtype" or (named is None and not arg.star and DTYPE_PLACES.get(word) == i)
            if is_dtype and self._may_be_torchs(before.value):
                self._note(before.value, "a dtype that may be torch's -> numpy's")
                arg = arg.with_changes(value=self._function(original, f"{ARRAYS}.numpy_dtype", [arg.value]))
            args.append(arg)
        return updated.with_changes(args=args)

    def _may_be_torchs(self, node: Any) -> bool:
        if node in self._names.for_numpy or isinstance(node, (cst.SimpleString, cst.List, cst.Tuple)):
            return False
        if isinstance(node, cst.Call):  # np.dtype(...), or of an earlier run
            func = dotted(node.func) or ""
            return not (func.endswith("arrays.numpy_dtype") or (self._names.imported(node.func) or "")[:6] == "numpy.")
        if isinstance(node, cst.Attribute) and node.attr.value == "dtype" and self._kinds.of(node.value) == NUMPY:
            return False
        return self._names.imported(node) is None and self._names.builtin(node) is None

    def _is_wrapped(self, node: Any) -> bool:
        text = dotted(node.func) if isinstance(node, cst.Call) else None
        return text is not None and text.endswith("arrays.numpy")

    def _method(self, original: Any, updated: Any) -> Any:
        receiver, method = original.func.value, original.func.attr.value
        if method in UPDATES and self._is_at(receiver):
            indexed = updated.func.value
            owner = receiver.value.value
            if self._kinds.of(owner) in (NUMPY, OTHER, NUMBER) or self._is_own(owner):
                return updated
            self._note(original, f"x.at[...].{method} -> arrays.at(x)[...].{method}")
            at = self._function(original, f"{ARRAYS}.at", [indexed.value.value])
            return updated.with_deep_changes(updated.func, value=indexed.with_changes(value=at))
        if method in UPDATES and self._is_written_at(receiver):
            return updated
        kind = self._kinds.of(receiver)
        if method == "block_until_ready" and not original.args:
            self._note(original, "x.block_until_ready() -> arrays.ready(x)")
            return self._function(original, f"{ARRAYS}.ready", [updated.func.value])
        numbered = method == "item" and bool(original.args)  # torch's takes no place
        if not (method in METHODS or numbered) or self._is_own(receiver) or kind in (OTHER, NUMBER, UNIT):
            return updated
        if kind == NUMPY and not (method == "astype" and self._foreign_words(original)):
            return updated
        if method == "sort" and kind != ARRAY and original in self._statements:
            return updated  # a list that is sorted in place, for one
        known = kind == ARRAY or (kind == VALUE and method not in ("copy", "sort", "astype"))
        path = MATH if known and method not in ("transpose", "copy", "ptp", "item") else ARRAYS
        self._note(original, f"x.{method}(...) -> {path.rpartition('.')[2]}.{method}(x, ...)")
        first = cst.Arg(updated.func.value, comma=comma() if updated.args else cst.MaybeSentinel.DEFAULT)
        return updated.with_changes(func=self._written(original, f"{path}.{method}"), args=[first, *updated.args])

    def _is_at(self, node: Any) -> bool:
        return (
            isinstance(node, cst.Subscript)
            and isinstance(node.value, cst.Attribute)
            and node.value.attr.value == "at"
            and node.value not in self._names.found
        )

    def _is_written_at(self, node: Any) -> bool:
        """Whether it is ``arrays.at(x)[...]``, of an earlier run."""
        call = node.value if isinstance(node, cst.Subscript) else None
        text = dotted(call.func) if isinstance(call, cst.Call) else None
        return text is not None and text.endswith("arrays.at")

    def _foreign_words(self, call: Any) -> bool:
        return any(arg.value in self._names.found or self._may_be_torchs(arg.value) for arg in call.args)

    def visit_Call(self, node: Any) -> None:
        self._callees.add(node.func)
