"""u.linalg against numpy.linalg, on matrices that are neither square nor symmetric where they need not be."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

RNG = np.random.default_rng(0)
A, B = RNG.normal(size=(3, 3)), RNG.normal(size=(3, 2))
WIDE, HIGH, STACK = RNG.normal(size=(2, 4)), RNG.normal(size=(4, 3)), RNG.normal(size=(2, 3, 3))
V, DEFINITE = RNG.normal(size=5), A @ A.T + np.eye(3)
SYMMETRIC = A + A.T
#: Calls on a module and a function that makes its arrays.
CALLS = {
    "cholesky": lambda m, t: m.cholesky(t(DEFINITE)),
    "cond": lambda m, t: m.cond(t(A)),
    "cond by the greatest column": lambda m, t: m.cond(t(A), 1),
    "det": lambda m, t: m.det(t(STACK)),
    "slogdet": lambda m, t: tuple(m.slogdet(t(STACK))),
    "eigvalsh": lambda m, t: m.eigvalsh(t(SYMMETRIC)),
    "eigh": lambda m, t: abs(m.eigh(t(SYMMETRIC))[1]),
    "inv": lambda m, t: m.inv(t(STACK)),
    "pinv": lambda m, t: m.pinv(t(WIDE)),
    "pinv, cut": lambda m, t: m.pinv(t(HIGH), 0.6),
    "solve": lambda m, t: m.solve(t(A), t(B)),
    "solve a vector": lambda m, t: m.solve(t(A), t(V[:3])),
    "lstsq": lambda m, t: m.lstsq(t(HIGH), t(RNG_HIGH))[0],
    "norm": lambda m, t: m.norm(t(STACK)),
    "norm, order": lambda m, t: m.norm(t(V), 3),
    "norm along an axis": lambda m, t: m.norm(t(STACK), axis=1, keepdims=True),
    "norm along two axes": lambda m, t: m.norm(t(STACK), "nuc", axis=(0, 2)),
    "vector_norm": lambda m, t: m.vector_norm(t(STACK), axis=0, ord=1),
    "vector_norm, kept": lambda m, t: m.vector_norm(t(STACK), axis=(1, 2), keepdims=True),
    "matrix_norm": lambda m, t: m.matrix_norm(t(STACK), keepdims=True, ord=-1),
    "matrix_rank": lambda m, t: m.matrix_rank(t(np.outer(V, V))),
    "matrix_rank, cut": lambda m, t: m.matrix_rank(t(np.diag([1.0, 0.4, 1e-3])), 0.1),
    "matrix_transpose": lambda m, t: m.matrix_transpose(t(STACK)),
    "qr": lambda m, t: tuple(m.qr(t(HIGH))),
    "qr, complete": lambda m, t: tuple(m.qr(t(HIGH), "complete")),
    "qr, r": lambda m, t: m.qr(t(HIGH), "r"),
    "svd": lambda m, t: [abs(x) for x in m.svd(t(HIGH))][1:],
    "svd, full": lambda m, t: m.svd(t(HIGH), full_matrices=True)[0].shape,
    "svd, reduced": lambda m, t: m.svd(t(HIGH), full_matrices=False)[0].shape,
    "svdvals": lambda m, t: m.svdvals(t(WIDE)),
    "diagonal": lambda m, t: m.diagonal(t(STACK), offset=1),
    "trace": lambda m, t: m.trace(t(STACK), offset=-1),
    "tensorinv": lambda m, t: m.tensorinv(t(RNG_TENSOR), 1),
    "tensorsolve": lambda m, t: m.tensorsolve(t(RNG_TENSOR.reshape(2, 3, 6)), t(RNG_VECTOR.reshape(2, 3))),
}
RNG_HIGH, RNG_TENSOR, RNG_VECTOR = RNG.normal(size=4), RNG.normal(size=(6, 2, 3)), RNG.normal(size=6)


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_numbers_are_numpys(call):
    found, expected = call(u.linalg, torch.tensor), call(np.linalg, np.asarray)
    for x, y in zip(found, expected, strict=True) if isinstance(expected, (tuple, list)) else [(found, expected)]:
        np.testing.assert_allclose(np.asarray(x), np.asarray(y), rtol=1e-9, atol=1e-11)


def test_factors_of_a_symmetric_matrix_may_come_from_either_half():
    lower = torch.tensor(SYMMETRIC).tril() + torch.ones(3, 3).triu(1)
    values = np.linalg.eigvalsh(SYMMETRIC)
    np.testing.assert_allclose(u.linalg.eigvalsh(lower, "L", symmetrize_input=False), values, rtol=1e-9)
    np.testing.assert_allclose(u.linalg.eigh(lower.T, "U")[0], values, rtol=1e-9)
    # Without a word it is the mean of both halves.
    mean = (lower + lower.T) / 2
    np.testing.assert_allclose(u.linalg.eigh(lower)[0], np.linalg.eigvalsh(mean.numpy()), rtol=1e-9)
    upper = u.linalg.cholesky(torch.tensor(DEFINITE), upper=True)
    np.testing.assert_allclose(upper.T @ upper, DEFINITE, rtol=1e-9)


def test_eigenvectors_belong_to_their_values():
    values, vectors = u.linalg.eig(torch.tensor(A))
    torch.testing.assert_close(torch.tensor(A).to(vectors) @ vectors, vectors * values)
    assert torch.allclose(torch.sort(u.linalg.eigvals(torch.tensor(A)).abs())[0], torch.sort(values.abs())[0])


def test_least_squares_have_their_residual_and_rank():
    x, distance, rank, values = u.linalg.lstsq(torch.tensor(HIGH), torch.tensor(RNG_HIGH))
    expected = np.linalg.lstsq(HIGH, RNG_HIGH, rcond=None)
    np.testing.assert_allclose(x, expected[0], rtol=1e-9)
    np.testing.assert_allclose(distance, expected[1], rtol=1e-9)
    np.testing.assert_allclose(values, expected[3], rtol=1e-9)
    assert int(rank) == expected[2] == 3
