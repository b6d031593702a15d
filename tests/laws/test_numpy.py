"""`u.math` against jax.numpy in 64 bit, over random shapes, axes and options, with a unit and without."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import brainstate_torch.units as u

jax = pytest.importorskip("jax")
jnp = pytest.importorskip("jax.numpy")

few = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
seeds = st.integers(0, 2**16)


def array(shape, seed):
    return np.random.default_rng(seed).normal(size=shape).round(2)


def agree(found, expected, power=1):
    if isinstance(expected, (list, tuple)):
        for pair in zip(found, expected, strict=True):
            agree(*pair, power)
        return
    number = u.get_mantissa(found)
    number = number.numpy() if isinstance(number, torch.Tensor) else np.asarray(number)
    assert number.shape == np.shape(expected)
    np.testing.assert_allclose(number, np.asarray(expected), rtol=1e-9, atol=1e-10)


def both(name, x, *args, unit=u.mV, **kwargs):
    """The call on a quantity and on a plain tensor, against jax.numpy on the numbers."""
    with jax.enable_x64(True):
        theirs = {key: jnp.asarray(value) if isinstance(value, np.ndarray) else value for key, value in kwargs.items()}
        expected = getattr(jnp, name)(jnp.asarray(x), *args, **theirs)
        expected = jax.tree.map(np.asarray, expected)
    tensor = torch.from_numpy(x.copy())
    ours = {key: torch.from_numpy(value) if isinstance(value, np.ndarray) else value for key, value in kwargs.items()}
    agree(getattr(u.math, name)(tensor, *args, **ours), expected)
    if unit is not None:
        agree(getattr(u.math, name)(tensor * unit, *args, **ours), expected)


@st.composite
def arrays_and_axes(draw):
    shape = draw(shapes)
    axes = st.lists(st.integers(-len(shape), len(shape) - 1), min_size=1, unique_by=lambda axis: axis % len(shape))
    axis = draw(st.none() | axes.map(tuple) | st.integers(-len(shape), len(shape) - 1))
    return array(shape, draw(seeds)), axis


@pytest.mark.parametrize(
    "name", ["sum", "mean", "std", "var", "max", "min", "ptp", "median", "nansum", "nanmean", "nanstd"]
)
@few
@given(arrays_and_axes(), st.booleans())
def test_reduction_along_axes(name, drawn, keepdims):
    x, axis = drawn
    both(name, x, axis=axis, keepdims=keepdims)


@pytest.mark.parametrize("name", ["sum", "mean", "std", "var", "prod", "any", "all"])
@few
@given(arrays_and_axes(), st.booleans(), seeds)
def test_reduction_of_what_where_selects(name, drawn, keepdims, seed):
    x, axis = drawn
    where = array(x.shape, seed) > -1.0
    where.flat[0] = True
    x = x > 0 if name in ("any", "all") else x
    if name in ("mean", "std", "var"):
        where = np.ones_like(where)
    both(name, x, axis=axis, keepdims=keepdims, where=where, unit=None if name in ("prod", "any", "all") else u.mV)


@pytest.mark.parametrize("method", ["linear", "lower", "higher", "midpoint", "nearest"])
@few
@given(arrays_and_axes(), st.booleans(), st.sampled_from([0.0, 0.25, 0.4, 1.0]))
def test_quantile_by_every_method(method, drawn, keepdims, q):
    x, axis = drawn
    both("quantile", x, q, axis=axis, keepdims=keepdims, method=method)


@pytest.mark.parametrize("name", ["cumsum", "sort", "flip", "argsort"])
@few
@given(shapes, seeds, st.data())
def test_function_along_one_axis(name, shape, seed, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    both(name, array(shape, seed), axis=axis)


@few
@given(shapes, seeds, st.integers(1, 2), st.data())
def test_differences(shape, seed, n, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    both("diff", array(shape, seed), n=n, axis=axis)


@few
@given(shapes, seeds, st.integers(-4, 4), st.data())
def test_roll(shape, seed, shift, data):
    both("roll", array(shape, seed), shift, axis=data.draw(st.none() | st.integers(-len(shape), len(shape) - 1)))


@pytest.mark.parametrize("order", ["C", "F"])
@few
@given(shapes, seeds)
def test_reshape_and_ravel(order, shape, seed):
    x = array(shape, seed)
    both("ravel", x, order=order)
    both("reshape", x, (-1, shape[0]), order=order)


@few
@given(shapes, seeds, st.integers(0, 3), st.data())
def test_repeat(shape, seed, repeats, data):
    both("repeat", array(shape, seed), repeats, axis=data.draw(st.none() | st.integers(-len(shape), len(shape) - 1)))


@few
@given(st.integers(1, 4), st.integers(1, 4), seeds, st.integers(-3, 3))
def test_diagonals_and_triangles(rows, columns, seed, k):
    x = array((rows, columns), seed)
    both("tril", x, k=k)
    both("triu", x, k=k)
    both("diagonal", x, offset=max(min(k, columns - 1), 1 - rows))
    both("trace", x, offset=max(min(k, columns - 1), 1 - rows))
    both("diag", x[0], k=k)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@few
@given(st.integers(1, 6), st.integers(1, 6), seeds)
def test_convolution(mode, n, m, seed):
    x, y = array((n,), seed), array((m,), seed + 1)
    for name in ("convolve", "correlate"):
        with jax.enable_x64(True):
            expected = np.asarray(getattr(jnp, name)(x, y, mode))
        agree(getattr(u.math, name)(torch.from_numpy(x) * u.mV, torch.from_numpy(y), mode), expected)


@pytest.mark.parametrize("mode", ["constant", "edge", "reflect", "symmetric", "wrap"])
@few
@given(st.lists(st.integers(2, 3), min_size=1, max_size=2).map(tuple), seeds, st.integers(0, 3), st.integers(0, 3))
def test_padding(mode, shape, seed, before, after):
    both("pad", array(shape, seed), (before, after), mode=mode)


@few
@given(st.integers(2, 6), seeds, st.sampled_from([None, 3.0]))
def test_interpolation(n, seed, period):
    x, fp = array((5,), seed), array((n,), seed + 1)
    xp = np.linspace(-1.0, 1.0, n)
    with jax.enable_x64(True):
        expected = np.asarray(jnp.interp(x, xp, fp, period=period))
    kwargs = {} if period is None else {"period": period * u.ms}
    found = u.math.interp(
        torch.from_numpy(x) * u.ms, torch.from_numpy(xp) * u.ms, torch.from_numpy(fp) * u.mV, **kwargs
    )
    agree(found, expected)
    assert found.unit is u.mV


@few
@given(shapes, seeds, st.data())
def test_indexing_and_updates(shape, seed, data):
    x = array(shape, seed)
    part = (
        st.integers(-shape[0], shape[0] - 1)
        | st.slices(shape[0])
        | st.lists(st.integers(-shape[0], shape[0] - 1), min_size=1, max_size=3).map(np.array)
    )
    index = data.draw(part)
    q = torch.from_numpy(x) * u.mV
    ours = torch.from_numpy(index) if isinstance(index, np.ndarray) else index
    agree(q[ours], x[index])
    with jax.enable_x64(True):
        for name, value in (("add", 2.0), ("multiply", 3.0), ("min", 0.0), ("set", 1.5)):
            expected = np.asarray(getattr(jnp.asarray(x).at[index], name)(value))
            value = value if name == "multiply" else value * u.mV
            agree(getattr(q.at[ours], name)(value), expected)
