"""Where tensors differ from the arrays of JAX and numpy."""

from typing import Any

from ._libcst import cst

__all__ = ["DTYPE_PLACES", "IN_PLACE", "METHODS", "OF_NUMPY", "UPDATES"]

#: Methods that torch's tensors lack, or whose meaning differs there.
METHODS = frozenset(
    [
        "argpartition",
        "argsort",
        "choose",
        "compress",
        "searchsorted",
        "trace",
        "max",
        "min",
        "std",
        "var",
        "mean",
        "prod",
        "sort",
        "repeat",
        "nonzero",
        "round",
        "cumsum",
        "cumprod",
        "take",
        "dot",
        "ptp",
        "transpose",
        "copy",
        "astype",
    ]
)
#: Functions of numpy that call methods of what they are given, or write their result in its kind.
OF_NUMPY = frozenset(
    [
        "mean",
        "sum",
        "max",
        "min",
        "std",
        "var",
        "median",
        "prod",
        "any",
        "all",
        "amax",
        "amin",
        "exp",
        "log",
        "sqrt",
        "abs",
        "isfinite",
        "isnan",
        "isinf",
        "round",
        "clip",
        "sin",
        "cos",
        "tanh",
        "maximum",
        "minimum",
        "square",
        "sign",
        "floor",
        "ceil",
        "cumsum",
        "diff",
        "argmax",
        "argmin",
        "count_nonzero",
        "ptp",
        "nanmean",
        "nanmax",
        "nanmin",
        "nansum",
        "percentile",
        "quantile",
        "transpose",
        "squeeze",
        "reshape",
        "ravel",
        "where",
        "add",
        "subtract",
        "multiply",
        "divide",
        "power",
        "rint",
        "average",
    ]
)
#: The place of the dtype among the arguments of functions of numpy.
DTYPE_PLACES = {
    "array": 1, "asarray": 1, "ascontiguousarray": 1, "dtype": 0, "empty": 1, "finfo": 0, "full": 2,
    "fromiter": 1, "iinfo": 0, "ones": 1, "ones_like": 1, "zeros": 1, "zeros_like": 1,
}  # fmt: skip
#: The function and the operator for each augmented assignment.
IN_PLACE: dict[str, tuple[str, Any]] = {
    "AddAssign": ("iadd", cst.Add), "SubtractAssign": ("isub", cst.Subtract), "MultiplyAssign": ("imul", cst.Multiply),
    "DivideAssign": ("itruediv", cst.Divide), "FloorDivideAssign": ("ifloordiv", cst.FloorDivide),
    "ModuloAssign": ("imod", cst.Modulo), "PowerAssign": ("ipow", cst.Power),
    "MatrixMultiplyAssign": ("imatmul", cst.MatrixMultiply), "BitAndAssign": ("iand", cst.BitAnd),
    "BitOrAssign": ("ior", cst.BitOr), "BitXorAssign": ("ixor", cst.BitXor),
    "LeftShiftAssign": ("ilshift", cst.LeftShift), "RightShiftAssign": ("irshift", cst.RightShift),
}  # fmt: skip
#: The methods of ``x.at[...]``.
UPDATES = frozenset({"set", "add", "multiply", "mul", "divide", "power", "min", "max", "get", "apply", "subtract"})
