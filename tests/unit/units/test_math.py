"""numpy's names, against numpy itself on the plain numbers."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

X = np.array([[3.0, 1.0, 2.0], [0.5, 4.0, 1.5]])
Y = np.array([[1.0, 2.0, 0.5], [2.5, 1.0, 3.0]])

UNARY = [
    "abs",
    "negative",
    "square",
    "sqrt",
    "cbrt",
    "reciprocal",
    "floor",
    "ceil",
    "trunc",
    "rint",
    "sign",
    "signbit",
    "isnan",
    "isfinite",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "arctan",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "sinc",
    "degrees",
    "radians",
    "real",
    "conj",
    "nan_to_num",
    "fliplr",
    "flipud",
    "rot90",
    "ravel",
    "transpose",
    "argwhere",
    "flatnonzero",
    "zeros_like",
    "ones_like",
    "tril",
    "triu",
    "trace",
    "diagonal",
    "median",
    "average",
]
REDUCED = [
    "sum",
    "mean",
    "prod",
    "max",
    "min",
    "amax",
    "amin",
    "ptp",
    "argmax",
    "argmin",
    "all",
    "any",
    "std",
    "var",
    "median",
    "nansum",
    "nanmean",
    "count_nonzero",
    "cumsum",
    "cumprod",
]
BINARY = [
    "add",
    "subtract",
    "multiply",
    "divide",
    "floor_divide",
    "mod",
    "remainder",
    "fmod",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "hypot",
    "arctan2",
    "copysign",
    "heaviside",
    "logaddexp",
    "logaddexp2",
    "equal",
    "not_equal",
    "less",
    "less_equal",
    "greater",
    "greater_equal",
    "isclose",
    "allclose",
    "array_equal",
    "kron",
    "outer",
    "inner",
    "append",
    "power",
    "float_power",
]


def same(found, expected):
    found = found.numpy() if isinstance(found, torch.Tensor) else found
    np.testing.assert_allclose(np.asarray(found), expected, rtol=2e-6, atol=1e-6)


@pytest.mark.parametrize("name", UNARY)
def test_function_of_one_array(name):
    same(getattr(u.math, name)(X), getattr(np, name)(X))


@pytest.mark.parametrize("name", REDUCED)
@pytest.mark.parametrize("axis", [0, 1, -1, None])
def test_function_along_an_axis(name, axis):
    same(getattr(u.math, name)(X, axis=axis), getattr(np, name)(X, axis=axis))
    if not name.startswith(("cum", "count")):
        same(getattr(u.math, name)(X, axis=1, keepdims=True), getattr(np, name)(X, axis=1, keepdims=True))


@pytest.mark.parametrize("name", BINARY)
def test_function_of_two_arrays(name):
    other = 2.0 if "power" in name else Y
    same(getattr(u.math, name)(X, other), getattr(np, name)(X, other))


@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [
        ("reshape", (X, (3, 2)), {}),
        ("transpose", (X, (1, 0)), {}),
        ("swapaxes", (X, 0, 1), {}),
        ("moveaxis", (X, 0, 1), {}),
        ("squeeze", (X[None],), {}),
        ("squeeze", (X[None],), {"axis": 0}),
        ("expand_dims", (X,), {"axis": 1}),
        ("broadcast_to", (X, (2, 2, 3)), {}),
        ("tile", (X, (2, 1)), {}),
        ("repeat", (X, 2), {}),
        ("repeat", (X, 2), {"axis": 1}),
        ("flip", (X,), {}),
        ("flip", (X,), {"axis": 1}),
        ("roll", (X, 1), {"axis": 1}),
        ("take", (X, [1, 0]), {"axis": 1}),
        ("take", (X, [4, 0]), {}),
        ("sort", (X,), {}),
        ("sort", (X,), {"axis": 0}),
        ("argsort", (X,), {}),
        ("diff", (X,), {}),
        ("quantile", (X, 0.3), {"axis": 1}),
        ("percentile", (X, 30.0), {"axis": 1}),
        ("std", (X,), {"ddof": 1}),
        ("average", (X,), {"weights": Y}),
        ("dot", (X, Y.T), {}),
        ("matmul", (X, Y.T), {}),
        ("tensordot", (X, Y.T, 1), {}),
        ("vdot", (X[0], Y[0]), {}),
        ("cross", (X[0], Y[0]), {}),
        ("searchsorted", (np.sort(X[0]), Y[0]), {}),
        ("digitize", (X[0], np.array([1.0, 2.0])), {}),
        ("where", (X > 1.0, X, Y), {}),
        ("clip", (X, 1.0, 2.0), {}),
        ("interp", (Y[0], np.array([0.8, 1.0, 3.0]), np.array([5.0, 2.0, 4.0])), {}),
        ("trapezoid", (X[0], np.array([0.0, 1.0, 3.0])), {}),
        ("concatenate", ([X, Y],), {"axis": 1}),
        ("stack", ([X, Y],), {"axis": 1}),
        ("vstack", ([X, Y],), {}),
        ("hstack", ([X, Y],), {}),
        ("dstack", ([X, Y],), {}),
        ("column_stack", ([X, Y],), {}),
        ("einsum", ("ij,ij->i", X, Y), {}),
        ("bincount", ([0, 1, 1],), {}),
        ("round", (X * 1.27,), {"decimals": 1}),
        ("ldexp", (X, 2), {}),
        ("diag", (X[0],), {}),
        ("gcd", (6, 4), {}),
        ("unique", (X,), {}),
        ("append", (X, Y), {"axis": 0}),
        ("rot90", (X, 3), {}),
        ("outer", (X, Y[0]), {}),
        ("linspace", (0.0, 1.0, 5), {}),
        ("isclose", (X, X + 1e-4), {"atol": 1e-3}),
    ],
)
def test_function_with_numpys_arguments(name, args, kwargs):
    same(getattr(u.math, name)(*args, **kwargs), getattr(np, name)(*args, **kwargs))


@pytest.mark.parametrize(
    "name", ["split", "array_split", "meshgrid", "nonzero", "gradient", "broadcast_arrays", "atleast_2d"]
)
def test_function_with_several_results(name):
    args = {"split": (X, 2), "array_split": (X, 2), "meshgrid": (X[0], Y[0]), "broadcast_arrays": (X, Y[0])}.get(
        name, (X,)
    )
    args = (X[0],) if name == "atleast_2d" else args
    kwargs = {}
    names = {"broadcast_arrays": np.broadcast_arrays}
    found, expected = getattr(u.math, name)(*args, **kwargs), names.get(name, getattr(np, name))(*args, **kwargs)
    for pair in zip(found, expected, strict=True):
        same(*pair)


def test_units_go_through_the_rule_table():
    q = X * u.mV
    assert (
        u.math.sum(q, axis=0).unit is u.mV and u.math.var(q).unit is u.mV**2 and u.math.argmax(q).dtype == torch.int32
    )
    with pytest.raises(u.UnitMismatchError, match=r"`exp` must get a plain number"):
        u.math.exp(q)
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension"):
        u.math.maximum(q, 1.0)
    with pytest.raises(u.UnitMismatchError, match=r"`cumprod` must get a plain number"):
        u.math.cumprod(q)


def test_unit_to_scale_counts_in_that_unit():
    same(u.math.exp(1000.0 * u.uV, unit_to_scale=u.mV), np.exp(1.0))
    same(u.math.arctan2(1.0 * u.mV, 0.001 * u.volt, unit_to_scale=u.mV), np.pi / 4)


def test_number_beside_a_double_keeps_its_digits():
    assert u.math.maximum(torch.zeros(1, dtype=torch.float64), 0.1).item() == 0.1


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("relu", -2.0, 0.0),
        ("sigmoid", 0.0, 0.5),
        ("softplus", 0.0, np.log(2.0)),
        ("silu", 1.0, 1 / (1 + np.exp(-1.0))),
        ("elu", -1.0, np.expm1(-1.0)),
        ("leaky_relu", -1.0, -0.01),
        ("soft_sign", 1.0, 0.5),
        ("hard_tanh", -3.0, -1.0),
        ("log_sigmoid", 0.0, -np.log(2.0)),
        ("squareplus", 0.0, 1.0),
        ("gelu", 1.0, 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * 1.044715))),
        ("relu6", 9.0, 6.0),
    ],
)
def test_activation_has_its_closed_form(name, x, expected):
    same(getattr(u.math, name)(x), expected)


def test_constants():
    assert (u.math.pi, u.math.e, u.math.inf, u.math.newaxis) == (np.pi, np.e, np.inf, None) and np.isnan(u.math.nan)
