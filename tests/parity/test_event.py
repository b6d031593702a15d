"""Products of spikes and plasticity against brainevent, on its backend that needs no compiler."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch import units as torch_units

jax = pytest.importorskip("jax")
brainunit = pytest.importorskip("brainunit")
brainevent = pytest.importorskip("brainevent")
config = pytest.importorskip("brainevent.config")

pytestmark = pytest.mark.filterwarnings("ignore:brainevent:DeprecationWarning")


@pytest.fixture(autouse=True, scope="module")
def _backend_without_numba():
    config.set_backend("cpu", "jax_raw")
    yield
    config.clear_backends()


OURS = SimpleNamespace(
    e=brainstate_torch.event, u=torch_units, array=lambda x: torch.tensor(np.asarray(x)),
    grad=lambda f, x: brainstate_torch.transform.grad(f)(x),
)  # fmt: skip
THEIRS = SimpleNamespace(e=brainevent, u=brainunit, array=lambda x: jax.numpy.asarray(np.asarray(x)),
                         grad=lambda f, x: jax.grad(f)(x))  # fmt: skip
RNG = np.random.default_rng(0)
W = (RNG.normal(size=(5, 4)) * (RNG.random((5, 4)) < 0.6)).astype("float32")
# Both give the places of a sparse matrix the same order.
INDICES = np.array([[0, 1], [1, 3], [2, 2], [0, 3], [3, 1]], "int32")
DATA = RNG.normal(size=(5, 2)).astype("float32")
PRE = np.array([1.0, 0.0, 1.0, 0.0, 1.0], "float32")
POST = np.array([0.0, 1.0, 1.0, 0.0], "float32")
PRE_TRACE, POST_TRACE = RNG.random(5).astype("float32"), RNG.random(4).astype("float32")
X, Y = RNG.normal(size=5).astype("float32"), RNG.normal(size=4).astype("float32")
MATRICES = {
    "CSR": lambda f: f.e.CSR.fromdense(f.array(W)),
    "CSC": lambda f: f.e.CSC.fromdense(f.array(W)),
    "CSR with a unit": lambda f: f.e.CSR.fromdense(f.array(W) * f.u.mS),
    "FixedNumPerPre": lambda f: f.e.FixedNumPerPre(f.array(DATA), f.array(INDICES), shape=(5, 4)),
    "FixedNumPerPost": lambda f: f.e.FixedNumPerPost(f.array(DATA), f.array(INDICES), shape=(4, 5)).T,
    "FixedNumPerPre of one weight": lambda f: f.e.FixedNumPerPre(f.array([1.5]), f.array(INDICES), shape=(5, 4)),
}
CASES = {
    "spikes from the left": lambda f, m: f.e.BinaryArray(f.array(PRE)) @ m,
    "booleans from the left": lambda f, m: f.e.BinaryArray(f.array(PRE > 0)) @ m,
    "spikes from the right": lambda f, m: m @ f.e.BinaryArray(f.array(POST)),
    "a batch from the left": lambda f, m: f.e.BinaryArray(f.array(np.stack([PRE, 1 - PRE]))) @ m,
    "a batch from the right": lambda f, m: m @ f.e.BinaryArray(f.array(np.stack([POST, 1 - POST], 1))),
    "numbers": lambda f, m: (f.array(X) @ m, m @ f.array(Y)),
    "whole": lambda f, m: (m.todense(), m.T.todense()),
    "gradient by the weights": lambda f, m: f.grad(
        lambda d: (f.u.get_mantissa(f.e.BinaryArray(f.array(PRE)) @ m.with_data(d)) * f.array(Y)).sum(), m.data
    ),
    "gradient by the spikes": lambda f, m: f.grad(
        lambda x: (f.u.get_mantissa(f.e.BinaryArray(x) @ m) * f.array(Y)).sum(), f.array(PRE)
    ),
}
PLASTICITY = {
    "update_on_pre": lambda f, m: m.update_on_pre(f.array(PRE > 0), f.array(POST_TRACE) * m_unit(f, m)).data,
    "update_on_post": lambda f, m: m.update_on_post(f.array(PRE_TRACE) * m_unit(f, m), f.array(POST)).data,
    "update_on_pre, bounded": lambda f, m: (
        m.update_on_pre(f.array(PRE), f.array(POST_TRACE) * m_unit(f, m), -0.5 * m_unit(f, m), 0.7 * m_unit(f, m)).data
    ),
}


def m_unit(f, m):
    return f.u.get_unit(m.data)


def numbers(f, x):
    if isinstance(x, tuple):
        return [y for each in x for y in numbers(f, each)]
    return [(np.asarray(f.u.get_mantissa(x), "float64"), str(f.u.get_unit(x)))]


def agree(run):
    ours, theirs = (numbers(f, run(f)) for f in (OURS, THEIRS))
    for mine, other in zip(ours, theirs, strict=True):
        assert mine[1] == other[1]
        assert mine[0].shape == other[0].shape
        np.testing.assert_allclose(mine[0], other[0], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("matrix", MATRICES)
def test_products_are_those_of_brainevent(matrix, case):
    agree(lambda f: CASES[case](f, MATRICES[matrix](f)))


@pytest.mark.parametrize("case", PLASTICITY)
@pytest.mark.parametrize("matrix", [name for name in MATRICES if "one weight" not in name])
def test_plasticity_is_that_of_brainevent(matrix, case):
    agree(lambda f: PLASTICITY[case](f, MATRICES[matrix](f)))


@pytest.mark.parametrize(
    "case",
    [
        lambda f: f.array(W.T) @ f.e.BinaryArray(f.array(PRE)),
        lambda f: f.e.BinaryArray(f.array(PRE)) @ f.array(W) * f.u.mV,
        lambda f: f.e.update_dense_on_binary_pre(f.array(W), f.array(PRE > 0), f.array(POST_TRACE), -0.2, 0.9),
        lambda f: f.e.update_dense_on_binary_post(f.array(W), f.array(PRE_TRACE), f.array(POST > 0)),
        lambda f: f.e.csr_to_coo_index(*_csr(f)),
        lambda f: f.e.csr_to_csc_index(*_csr(f), shape=(5, 4)),
        lambda f: f.e.csc_to_csr_index(*_csr(f), shape=(4, 5)),
        lambda f: f.e.coo2csr(f.array([2, 0, 2, 4]), f.array([1, 3, 0, 2]), shape=(5, 4)),
        lambda f: f.e.coo_to_csc_index(f.array([0, 2, 2, 4]), f.array([3, 1, 0, 3]), shape=(5, 4)),
    ],
)
def test_dense_products_and_places_are_those_of_brainevent(case):
    agree(case)


def _csr(f):
    matrix = f.e.CSR.fromdense(f.array(W))
    return matrix.indptr, matrix.indices
