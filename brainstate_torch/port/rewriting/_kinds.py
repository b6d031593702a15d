"""Kinds of values, as far as the source shows them: arrays, numpy's arrays, numbers, unknown."""

from typing import Any

from ...units import Unit
from ..table import Home
from ._libcst import cst
from ._names import References

__all__ = ["ARRAY", "IMMUTABLE", "NUMBER", "NUMPY", "OTHER", "UNKNOWN", "VALUE", "Kinds"]

#: An array of JAX or a quantity; the value of a State, which may be a tree; numpy's; a number or string; anything else
#: that is no array; a unit; not known.
ARRAY, VALUE, NUMPY, NUMBER, OTHER, UNIT, UNKNOWN = "array", "value", "numpy", "number", "other", "unit", "unknown"
#: Before anything is known of a name.
NOTHING = "nothing"
#: Names that depend on each other settle in a few rounds; after that each keeps its present kind.
_ROUNDS = 12
IMMUTABLE = frozenset({ARRAY, VALUE, NUMBER, UNIT})

_ARRAY_MODULES = (
    "jax.numpy.", "jax.nn.", "jax.random.", "jax.lax.", "jax.scipy.", "brainunit.math.", "saiunit.math.",
    "brainunit.linalg.", "brainunit.fft.", "brainunit.lax.", "brainstate.random.", "braintools.metric.", "optax.",
)  # fmt: skip
_NO_ARRAYS = frozenset(
    [
        "shape",
        "size",
        "ndim",
        "dtype",
        "finfo",
        "iinfo",
        "result_type",
        "issubdtype",
        "iscomplexobj",
        "isscalar",
        "allclose",
        "array_equal",
        "scan",
        "cond",
        "switch",
        "while_loop",
        "fori_loop",
        "map",
        "split",
        "seed",
        "RandomState",
        "get_dtype",
        "is_float",
        "is_int",
        "initializers",
        "isrealobj",
        "promote_types",
        "broadcast_shapes",
        "unique",
        "split",
        "array_split",
        "hsplit",
        "vsplit",
        "dsplit",
        "meshgrid",
        "nonzero",
        "where",
        "histogram",
        "unravel_index",
        "default_rng",
        "clone_rng",
        "seed_context",
        "get_key",
        "set_key",
        "save",
        "load",
        "save",
        "vectorize",
        "apply_along_axis",
        "polyfit",
    ]
)
_NUMBERS = frozenset({"float", "int", "bool", "str", "len", "round", "repr", "ord", "chr", "format", "id", "hash"})
_CONTAINERS = frozenset(
    {"list", "dict", "tuple", "set", "sorted", "range", "enumerate", "zip", "open", "type", "vars", "isinstance",
     "input", "print", "frozenset", "iter", "reversed", "super", "object"}
)  # fmt: skip
_ARRAY_ATTRIBUTES = frozenset({"T", "mT", "real", "imag", "mantissa"})
_ARRAY_METHODS = frozenset(
    [
        "max",
        "min",
        "sum",
        "mean",
        "std",
        "var",
        "prod",
        "reshape",
        "astype",
        "transpose",
        "ravel",
        "flatten",
        "squeeze",
        "swapaxes",
        "dot",
        "cumsum",
        "cumprod",
        "repeat",
        "round",
        "clip",
        "take",
        "sort",
        "argsort",
        "argmax",
        "argmin",
        "copy",
        "conj",
        "any",
        "all",
        "trace",
        "diagonal",
        "to",
        "to_decimal",
        "set",
        "add",
        "multiply",
        "get",
    ]
)
#: Methods of numpy's generators that give arrays.
_DRAWS = frozenset(
    {"rand", "randn", "randint", "integers", "random", "random_sample", "uniform", "normal", "standard_normal",
     "choice", "permutation", "poisson", "binomial", "exponential", "gamma", "beta", "lognormal", "multivariate_normal"}
)  # fmt: skip


class Kinds(cst.CSTVisitor):
    """Kinds of expressions, by the flow of imports and simple assignments.

    A name has the kinds of all that its scope assigns to it.

    Parameters
    ----------
    names
        What is foreign.
    """

    def __init__(self, names: References) -> None:
        super().__init__()
        self._names = names
        self._scopes: list[Any] = [None]
        #: For each scope and name, what is assigned: expressions or kinds.
        self._assigned: dict[tuple[Any, str], list[Any]] = {}
        #: The chain of scopes around each name.
        self._around: dict[Any, tuple[Any, ...]] = {}
        self._known: dict[Any, frozenset[str]] = {}
        self._table: dict[tuple[Any, str], frozenset[str]] = {}
        self._solved = False

    # Scopes and assignments.

    def on_visit(self, node: Any) -> bool:
        if isinstance(node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            if isinstance(node, cst.FunctionDef):
                self._assign(node.name, OTHER)
            self._scopes.append(node)
        if isinstance(node, cst.Name):
            self._around[node] = tuple(self._scopes)
        return super().on_visit(node)

    def on_leave(self, original_node: Any) -> None:
        super().on_leave(original_node)
        if isinstance(original_node, (cst.FunctionDef, cst.Lambda, cst.ClassDef)):
            self._scopes.pop()

    def _assign(self, target: Any, value: Any) -> None:
        if isinstance(target, cst.Name):
            self._assigned.setdefault((self._scopes[-1], target.value), []).append(value)
        elif isinstance(target, (cst.Tuple, cst.List)):
            parts = value.elements if isinstance(value, (cst.Tuple, cst.List)) else None
            same = parts is not None and len(parts) == len(target.elements)
            for i, element in enumerate(target.elements):
                whole = ("item", value) if not isinstance(value, str) else value
                self._assign(element.value, parts[i].value if same and parts is not None else whole)

    def visit_Assign(self, node: Any) -> None:
        for target in node.targets:
            self._assign(target.target, node.value)

    def visit_AnnAssign(self, node: Any) -> None:
        self._assign(node.target, UNKNOWN if node.value is None else node.value)

    def visit_AugAssign(self, node: Any) -> None:
        if isinstance(node.target, cst.Name):
            self._assign(node.target, ("added", node.value))

    def visit_NamedExpr(self, node: Any) -> None:
        self._assign(node.target, node.value)

    def visit_Param(self, node: Any) -> None:
        self._assign(node.name, self._annotated(node.annotation))

    def _annotated(self, annotation: Any) -> str:
        if annotation is not None:
            name = self._names.imported(annotation.annotation)
            if name in ("jax.Array", "jax.numpy.ndarray"):
                return ARRAY
            if name == "numpy.ndarray":
                return NUMPY
            if self._names.builtin(annotation.annotation) in ("str", "dict", "list", "tuple", "set"):
                return OTHER
        return UNKNOWN

    def _loop(self, target: Any, iterated: Any) -> None:
        called = self._names.builtin(iterated.func) if isinstance(iterated, cst.Call) else None
        if called == "range":
            self._assign(target, NUMBER)
        elif called == "enumerate" and isinstance(target, cst.Tuple) and len(target.elements) == 2 and iterated.args:
            self._assign(target.elements[0].value, NUMBER)
            self._assign(target.elements[1].value, ("item", iterated.args[0].value))
        else:
            self._assign(target, ("item", iterated))

    def visit_For(self, node: Any) -> None:
        self._loop(node.target, node.iter)

    def visit_CompFor(self, node: Any) -> None:
        self._loop(node.target, node.iter)

    def visit_WithItem(self, node: Any) -> None:
        if node.asname is not None:
            self._assign(node.asname.name, UNKNOWN)

    def visit_ExceptHandler(self, node: Any) -> None:
        if node.name is not None:
            self._assign(node.name.name, OTHER)

    # Answers.

    def of(self, node: Any) -> str:
        """The kind of an expression."""
        kinds = self.all(node)
        if len(kinds) < 2:
            return next(iter(kinds), NOTHING)
        return VALUE if kinds == {ARRAY, VALUE} else UNKNOWN

    def all(self, node: Any) -> frozenset[str]:
        """All kinds that an expression may have."""
        if not self._solved:
            self._solve()
        return self._all(node)

    def _solve(self) -> None:
        """Give each name the kinds of what is assigned to it, which may name others: rounds, until nothing changes."""
        self._solved = True
        self._table = dict.fromkeys(self._assigned, frozenset())
        for _ in range(_ROUNDS):
            self._known = {}
            new = {key: frozenset().union(*map(self._all, values)) for key, values in self._assigned.items()}
            if new == self._table:
                break
            self._table = new
        self._table = {key: kinds or frozenset({UNKNOWN}) for key, kinds in self._table.items()}
        self._known = {}

    def _all(self, node: Any) -> frozenset[str]:
        if isinstance(node, str):
            return frozenset({node})
        if isinstance(node, tuple):
            what, value = node
            kinds = self._all(value)
            if what == "added":
                return kinds - {NUMBER}  # a number does not change what it is added to
            return frozenset({kind if kind in (ARRAY, VALUE, NUMPY) else UNKNOWN for kind in kinds})
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._kinds(node) - {NOTHING}
        return found

    def _kinds(self, node: Any) -> frozenset[str]:
        if isinstance(node, cst.Name):
            return self._of_name(node)
        if isinstance(node, cst.IfExp):
            return self._all(node.body) | self._all(node.orelse)
        if isinstance(node, cst.BooleanOperation):
            return self._all(node.left) | self._all(node.right)
        return frozenset({self._kind(node)})

    def _of_name(self, node: Any) -> frozenset[str]:
        unit = self._foreign(node)
        if unit is not None:
            return frozenset({unit})
        if self._names.imported(node) is not None:
            return frozenset({OTHER})
        for scope in reversed(self._around.get(node, (None,))):
            values = self._assigned.get((scope, node.value))
            if values is not None:
                return self._table[scope, node.value]
        if node.value in ("True", "False", "None"):
            return frozenset({NUMBER})
        return frozenset({UNKNOWN})

    def _foreign(self, node: Any) -> str | None:
        found = self._names.found.get(node)
        if found is None:
            return None
        home = found[1]
        if isinstance(home, Home) and home.is_a(Unit):
            return UNIT
        return NUMBER if isinstance(home, Home) and home.is_a(int, float) else OTHER

    def _kind(self, node: Any) -> str:
        if isinstance(node, (cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString, cst.FormattedString,
                             cst.ConcatenatedString)):  # fmt: skip
            return NUMBER
        if isinstance(node, (cst.List, cst.Tuple, cst.Dict, cst.Set, cst.ListComp, cst.DictComp, cst.SetComp,
                             cst.GeneratorExp, cst.Lambda)):  # fmt: skip
            return OTHER
        if isinstance(node, cst.Attribute):
            return self._of_attribute(node)
        if isinstance(node, cst.Call):
            return self._of_call(node)
        if isinstance(node, cst.UnaryOperation):
            return NUMBER if isinstance(node.operator, cst.Not) else self.of(node.expression)
        if isinstance(node, cst.BinaryOperation):
            return self._of_operation(node)
        if isinstance(node, cst.Comparison):
            return self._of_comparison(node)
        if isinstance(node, cst.Subscript):
            kind = self.of(node.value)
            return kind if kind in (ARRAY, NUMPY, NOTHING) else UNKNOWN
        if isinstance(node, cst.NamedExpr):
            return self.of(node.value)
        return UNKNOWN

    def _of_attribute(self, node: Any) -> str:
        foreign = self._foreign(node)
        if foreign is not None:
            return foreign
        name = self._names.imported(node)
        if name is not None:
            return NUMBER if name in ("numpy.pi", "numpy.e", "numpy.inf", "numpy.nan", "math.pi") else OTHER
        if node.attr.value == "value":
            return VALUE
        if node.attr.value in ("shape", "dtype", "ndim", "__name__"):
            return OTHER if node.attr.value == "shape" else NUMBER
        kind = self.of(node.value)
        if kind == NOTHING:
            return NOTHING
        return kind if kind in (ARRAY, NUMPY) and node.attr.value in _ARRAY_ATTRIBUTES else UNKNOWN

    def _of_call(self, node: Any) -> str:
        name = self._names.imported(node.func)
        if name is not None:
            if name.startswith(_ARRAY_MODULES):
                word = name.rsplit(".", 1)[1]
                return UNKNOWN if word in _NO_ARRAYS and not (word == "where" and len(node.args) > 2) else ARRAY
            return NUMPY if name.startswith("numpy.") else NUMBER if name.startswith("time.") else UNKNOWN
        called = self._names.builtin(node.func)
        if called is not None:
            return NUMBER if called in _NUMBERS else OTHER if called in _CONTAINERS else UNKNOWN
        if isinstance(node.func, cst.Attribute):
            receiver, method = node.func.value, node.func.attr.value
            if method in ("item", "tolist", "format", "join"):
                return OTHER if method == "tolist" else UNKNOWN if method == "item" else NUMBER
            at = receiver.value if isinstance(receiver, cst.Subscript) else None
            if isinstance(at, cst.Attribute) and at.attr.value == "at" and self.of(at.value) in (ARRAY, VALUE):
                return ARRAY
            kind = self.of(receiver)
            if kind == NOTHING:
                return NOTHING
            if kind == NUMPY and method in _DRAWS:
                return NUMPY  # of a generator of numpy's
            if method in _ARRAY_METHODS and kind in (ARRAY, VALUE, NUMPY):
                return (
                    UNKNOWN
                    if kind == VALUE and method in ("copy", "get", "add")
                    else (ARRAY if kind == VALUE else kind)
                )
        return UNKNOWN

    def _of_operation(self, node: Any) -> str:
        left, right = self.of(node.left), self.of(node.right)
        if ARRAY in (left, right) or VALUE in (left, right):
            return ARRAY
        if UNIT in (left, right):
            return UNIT if left == right else ARRAY
        if isinstance(node.operator, cst.Modulo) and isinstance(node.left, (cst.SimpleString, cst.ConcatenatedString)):
            return NUMBER
        if NOTHING in (left, right):
            return NOTHING
        if {left, right} <= {NUMPY, NUMBER}:
            return NUMPY if NUMPY in (left, right) else NUMBER
        return OTHER if {left, right} <= {OTHER, NUMBER} else UNKNOWN

    def _of_comparison(self, node: Any) -> str:
        kinds = {self.of(node.left)} | {self.of(c.comparator) for c in node.comparisons}
        if any(isinstance(c.operator, (cst.In, cst.NotIn, cst.Is, cst.IsNot)) for c in node.comparisons):
            return NUMBER
        if kinds & {ARRAY, VALUE}:
            return ARRAY
        if NOTHING in kinds:
            return NOTHING
        return NUMBER if kinds <= {NUMBER} else NUMPY if kinds <= {NUMBER, NUMPY} else UNKNOWN
