"""Functions whose results have a length that is given: in graphs and lanes too, with JAX's numbers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch import units as u

X = np.array([3, 1, 2, 3, 0, 5], np.int32)
Y = np.array([1, 3, 7, 1, 0, 9], np.int32)
M = np.array([[0, 1, 2], [3, 0, 0]], np.int32)
F = np.array([0.5, 1.5, 2.5, 2.5, -1.0, 9.0], np.float32)

CALLS = {
    "nonzero": lambda m, x, y, f, k: m.nonzero(k[0], **k[1]),
    "argwhere": lambda m, x, y, f, k: m.argwhere(k[0], **k[1]),
    "flatnonzero": lambda m, x, y, f, k: m.flatnonzero(k[0], **k[1]),
    "where": lambda m, x, y, f, k: m.where(k[0], **k[1]),
    "unique": lambda m, x, y, f, k: m.unique(x, True, True, True, **k[1]),
    "union1d": lambda m, x, y, f, k: m.union1d(x, y, **k[1]),
    "intersect1d": lambda m, x, y, f, k: m.intersect1d(x, y, **k[1]),
    "setdiff1d": lambda m, x, y, f, k: m.setdiff1d(x, y, **k[1]),
    "setxor1d": lambda m, x, y, f, k: m.setxor1d(x, y, **k[1]),
    "compress": lambda m, x, y, f, k: m.compress(x > 1, f, size=5, fill_value=4),
    "extract": lambda m, x, y, f, k: m.extract(x > 1, f, size=3),
    "bincount": lambda m, x, y, f, k: (m.bincount(x, length=4), m.bincount(x, f, length=9)),
    "histogram": lambda m, x, y, f, k: (m.histogram(f, 4), m.histogram(f, 3, (0.0, 2.5)), m.histogram(f, 3, weights=f)),
    "repeat": lambda m, x, y, f, k: (
        m.repeat(f, x, total_repeat_length=9),
        m.repeat(f, x, total_repeat_length=20),
        m.repeat(f, 2, total_repeat_length=5),
        m.repeat(k[0], y[:2], axis=0, total_repeat_length=7),
    ),
    "roll": lambda m, x, y, f, k: (m.roll(f, x[0]), m.roll(k[0], x[:2], (0, 1)), m.roll(k[0], x[1])),
    "close": lambda m, x, y, f, k: (m.allclose(f, f), m.allclose(f, x), m.array_equal(x, y), m.array_equal(x, x)),
    "column_stack": lambda m, x, y, f, k: m.column_stack([x, y]),
}
KEYWORDS = [{"size": 2}, {"size": 8}, {"size": 8, "fill_value": 7}]


def _leaves(tree):
    if isinstance(tree, (tuple, list)):
        return [x for each in tree for x in _leaves(each)]
    return [np.asarray(tree)]


def _agree(found, wanted):
    for x, y in zip(_leaves(found), wanted, strict=True):
        assert x.dtype.kind == y.dtype.kind and x.shape == y.shape
        np.testing.assert_allclose(x, y, rtol=1e-6)


@pytest.mark.filterwarnings("ignore:There is a performance drop")  # isclose has no rule for lanes
@pytest.mark.parametrize("keywords", KEYWORDS, ids=str)
@pytest.mark.parametrize("name", CALLS)
def test_it_is_jaxs_in_graphs_and_lanes(name, keywords):
    call = CALLS[name]
    wanted = _leaves(jax.jit(lambda x, y, f, m: call(jnp, x, y, f, (m, keywords)))(X, Y, F, M))

    def fun(x, y, f, m):
        return call(u.math, x, y, f, (m, keywords))

    inputs = [torch.from_numpy(each.copy()) for each in (X, Y, F, M)]
    _agree(fun(*inputs), wanted)
    _agree(T.jit(fun, backend="replay")(*inputs), wanted)
    lanes = T.vmap(fun)(*[torch.stack([each.flip(0), each]) for each in inputs])
    _agree([x[1] for x in torch.utils._pytree.tree_leaves(lanes)], wanted)


def test_units_stay():
    q = torch.tensor([3.0, 1.0, 3.0]) * u.mV
    assert u.math.unique(q, size=4, fill_value=0.002 * u.volt).mantissa.tolist() == [1.0, 3.0, 2.0, 2.0]
    assert u.math.intersect1d(q, 0.001 * u.volt * torch.ones(1), size=2).mantissa.tolist() == [1.0, 1.0]
    assert u.math.extract(q > 2 * u.mV, q, size=3).mantissa.tolist() == [3.0, 3.0, 0.0]
    assert u.math.bincount(torch.tensor([0, 1, 1]), q, length=3).mantissa.tolist() == [3.0, 4.0, 0.0]
    assert u.math.repeat(q, torch.tensor([1, 0, 1]), total_repeat_length=3).unit is u.mV


def test_gradients_reach_what_is_taken():
    g = T.grad(lambda f: u.math.extract(f > 1, f, size=5).sum())(torch.tensor([0.5, 1.5, 2.5]))
    assert g.tolist() == [0.0, 1.0, 1.0]
    g = T.grad(lambda w: u.math.bincount(torch.tensor([0, 3, 1]), w, length=2).sum())(torch.ones(3))
    assert g.tolist() == [1.0, 0.0, 1.0]


def test_nothing_to_fill_with_is_refused():
    with pytest.raises(ValueError, match="must not be empty"):
        u.math.unique(torch.zeros(0), size=2)
