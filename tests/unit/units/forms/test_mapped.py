"""Functions applied to single elements, to vectors, or to parts."""

import pytest
import torch

import brainstate_torch.units as u

X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_vectorize_broadcasts_and_knows_units():
    outer = u.math.vectorize(lambda a, b: a * b)
    assert torch.equal(outer(X * u.mV, X[0] * u.mS).to_decimal(u.uA), X * X[0])
    dots = u.math.vectorize(torch.dot, signature="(n),(n)->()")
    assert torch.equal(dots(X, X[0]), X @ X[0])


def test_vectorize_leaves_excluded_arguments_alone():
    assert torch.equal(u.math.vectorize(lambda x, w: x * w.sum(), excluded={1})(X, X[0]), X * 6)


def test_piecewise_keeps_the_unit_and_pairs_functions():
    q = X[0] * u.mV
    assert u.math.piecewise(q, [q > 2 * u.mV], [lambda v: v * 2, lambda v: -v]).to_decimal(u.mV).tolist() == [-1, -2, 6]
    with pytest.raises(ValueError, match="`funclist` must have a function for each condition"):
        u.math.piecewise(X, [X > 2], [1.0, 2.0, 3.0])
