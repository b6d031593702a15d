"""The functions of `u.math` that have a namesake in numpy, against it in 64 bit, over random shapes and options."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import brainstate_torch.units as u

few = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
seeds = st.integers(0, 2**16)

#: Functions of each element, by what becomes of the unit: None where a quantity needs a unit to be counted in.
ELEMENTS = {
    None: "arccosh arcsinh arctan cos cosh deg2rad degrees exp exp2 expm1 i0 log log10 log1p log2 rad2deg radians sin "
    "sinc sinh tan tanh",
    1: "abs absolute ceil conj conjugate fabs fix floor imag nan_to_num negative positive real rint spacing trunc",
    2: "square",
    -1: "reciprocal",
    0.5: "sqrt",
    0: "isfinite isinf isnan isneginf isposinf isreal iscomplex logical_not sign signbit",
}
#: Functions of two elements of one dimension, with the power of the unit.
PAIRS = {
    1: "add fmax fmin fmod hypot maximum minimum mod nextafter remainder subtract",
    2: "multiply",
    0: "arctan2 divide equal floor_divide greater greater_equal less less_equal logical_and logical_or logical_xor "
    "not_equal true_divide",
}
#: Calls on a module, an array, a vector, a place in the first axis and a number, with the power of the unit.
CALLS = {
    "append": (lambda m, x, v, i, n: m.append(x, x, axis=0), 1),
    "apply_along_axis": (lambda m, x, v, i, n: m.apply_along_axis(lambda row: row.sum(), -1, x), 1),
    "array_split": (lambda m, x, v, i, n: m.array_split(x, n, axis=0), 1),
    "atleast_3d": (lambda m, x, v, i, n: m.atleast_3d(x), 1),
    "average": (lambda m, x, v, i, n: m.average(x, axis=0), 1),
    "broadcast_to": (lambda m, x, v, i, n: m.broadcast_to(x, (n, *x.shape)), 1),
    "clip": (lambda m, x, v, i, n: m.clip(x, x.min(), None), 1),
    "column_stack": (lambda m, x, v, i, n: m.column_stack([v, v]), 1),
    "concatenate": (lambda m, x, v, i, n: m.concatenate([x, x], axis=-1), 1),
    "count_nonzero": (lambda m, x, v, i, n: m.count_nonzero(x, axis=0), 0),
    "cov": (lambda m, x, v, i, n: m.cov(v, bias=True), 2),
    "cross": (lambda m, x, v, i, n: m.cross(v[:3], v[2:5]), 2),
    "delete": (lambda m, x, v, i, n: m.delete(x, i, axis=0), 1),
    "diagflat": (lambda m, x, v, i, n: m.diagflat(v, n), 1),
    "dot": (lambda m, x, v, i, n: m.dot(v, v), 2),
    "dstack": (lambda m, x, v, i, n: m.dstack([x, x]), 1),
    "ediff1d": (lambda m, x, v, i, n: m.ediff1d(x), 1),
    "einsum": (lambda m, x, v, i, n: m.einsum("...,j->...j", x, v), 2),
    "expand_dims": (lambda m, x, v, i, n: m.expand_dims(x, (0, -1)), 1),
    "flatnonzero": (lambda m, x, v, i, n: m.flatnonzero(x), 0),
    "gradient": (lambda m, x, v, i, n: m.gradient(v), 1),
    "heaviside": (lambda m, x, v, i, n: m.heaviside(x, 0.5), 0),
    "hstack": (lambda m, x, v, i, n: m.hstack([x, x]), 1),
    "inner": (lambda m, x, v, i, n: m.inner(v, v), 2),
    "insert": (lambda m, x, v, i, n: m.insert(x, i, x[0], axis=0), 1),
    "intersect1d": (lambda m, x, v, i, n: m.intersect1d(x, v), 1),
    "isin": (lambda m, x, v, i, n: m.isin(v, v[:n]), 0),
    "kron": (lambda m, x, v, i, n: m.kron(v, v), 2),
    "meshgrid": (lambda m, x, v, i, n: m.meshgrid(v, v, indexing="ij", sparse=True), 1),
    "moveaxis": (lambda m, x, v, i, n: m.moveaxis(x, 0, -1), 1),
    "nanquantile": (lambda m, x, v, i, n: m.nanquantile(x, 0.3, axis=0), 1),
    "outer": (lambda m, x, v, i, n: m.outer(x, v), 2),
    "percentile": (lambda m, x, v, i, n: m.percentile(x, 30.0, axis=-1, keepdims=True), 1),
    "polyadd": (lambda m, x, v, i, n: m.polyadd(v, v[:n]), 1),
    "polymul": (lambda m, x, v, i, n: m.polymul(v, v), 2),
    "resize": (lambda m, x, v, i, n: m.resize(x, (n, 4)), 1),
    "rollaxis": (lambda m, x, v, i, n: m.rollaxis(x, -1), 1),
    "round": (lambda m, x, v, i, n: m.round(x, 1), 1),
    "searchsorted": (lambda m, x, v, i, n: m.searchsorted(m.sort(v), x, side="right"), 0),
    "setdiff1d": (lambda m, x, v, i, n: m.setdiff1d(x, v), 1),
    "setxor1d": (lambda m, x, v, i, n: m.setxor1d(x, v), 1),
    "split": (lambda m, x, v, i, n: m.split(v, [n, 4]), 1),
    "stack": (lambda m, x, v, i, n: m.stack([x, x], axis=-1), 1),
    "swapaxes": (lambda m, x, v, i, n: m.swapaxes(x, 0, -1), 1),
    "take": (lambda m, x, v, i, n: m.take(x, i, axis=0), 1),
    "tensordot": (lambda m, x, v, i, n: m.tensordot(x, x, axes=(range(x.ndim), range(x.ndim))), 2),
    "tile": (lambda m, x, v, i, n: m.tile(x, (n, 2)), 1),
    "transpose": (lambda m, x, v, i, n: m.transpose(x), 1),
    "trapezoid": (lambda m, x, v, i, n: m.trapezoid(x, dx=0.5, axis=0), 1),
    "union1d": (lambda m, x, v, i, n: m.union1d(x, v), 1),
    "unique": (lambda m, x, v, i, n: m.unique(x, return_index=True, return_counts=True)[1:], 0),
    "vander": (lambda m, x, v, i, n: m.vander(v / v.max(), n), 0),
    "vecdot": (lambda m, x, v, i, n: m.vecdot(x, x), 2),
    "vstack": (lambda m, x, v, i, n: m.vstack([x, x]), 1),
    "where": (lambda m, x, v, i, n: m.where(x > 0, x, -x), 1),
}


def numbers(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).round(2) + 3.0 * (seed % 2)


def check(call, arrays, power):
    """The call on tensors, and on quantities, of numpy's numbers."""
    with np.errstate(all="ignore"):
        expected = call(np, *arrays)
    tensors = [torch.from_numpy(np.asarray(array).copy()) for array in arrays]
    agree(call(u.math, *tensors), expected)
    if power is None:
        return
    found = call(u.math, *(tensor * u.mV for tensor in tensors))
    agree(found, expected)
    for each in found if isinstance(found, (list, tuple)) else [found]:
        assert u.get_dim(each) == (u.mV**power).dim


def agree(found, expected):
    if isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for pair in zip(found, expected, strict=True):
            agree(*pair)
        return
    mantissa = np.asarray(u.get_mantissa(found))
    assert mantissa.shape == np.shape(expected)
    np.testing.assert_allclose(mantissa, expected, rtol=1e-9, atol=1e-10)


def named(table):
    return [(name, power) for power, names in table.items() for name in names.split()]


@pytest.mark.parametrize(("name", "power"), named(ELEMENTS))
@few
@given(shapes, seeds)
def test_function_of_each_element(name, power, shape, seed):
    check(lambda m, x: getattr(m, name)(x), [numbers(shape, seed)], power)


@pytest.mark.parametrize(("name", "power"), named(PAIRS))
@few
@given(shapes, st.booleans(), seeds)
def test_function_of_two_elements(name, power, shape, broadcast, seed):
    other = shape[1:] if broadcast else shape
    check(lambda m, x, y: getattr(m, name)(x, y), [numbers(shape, seed), numbers(other, seed + 1)], power)


@pytest.mark.parametrize("name", CALLS)
@few
@given(shapes, seeds, st.data())
def test_function_with_options(name, shape, seed, data):
    call, power = CALLS[name]
    place, number = data.draw(st.integers(-shape[0], shape[0] - 1)), data.draw(st.integers(1, 3))
    check(lambda m, x, v: call(m, x, v, place, number), [numbers(shape, seed), numbers((6,), seed + 1)], power)
