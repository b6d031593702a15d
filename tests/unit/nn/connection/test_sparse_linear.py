"""SparseLinear against the product with the whole matrix."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.nn import SparseLinear

DENSE = torch.tensor([[0.0, 1.0, 0.0, 5.0], [0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]])
X = torch.tensor([[1.0, 2.0, 3.0], [-1.0, 0.5, 0.0]])
KINDS = {
    "CSR": u.sparse.CSR.fromdense,
    "CSC": u.sparse.CSC.fromdense,
    "COO": u.sparse.COO.fromdense,
    "torch COO": torch.Tensor.to_sparse_coo,
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_sparse_linear_is_the_product(make):
    layer = SparseLinear(make(DENSE), b_init=torch.ones(4))
    assert (layer.in_size, layer.out_size) == ((3,), (4,))
    for x in (X[0], X, X.expand(2, 2, 3)):
        torch.testing.assert_close(layer(x), x @ DENSE + 1)


def test_sparse_linear_gradients_are_those_of_what_is_stored():
    layer = SparseLinear(u.sparse.CSR.fromdense(DENSE))
    states = layer.states(brainstate.ParamState)
    for engine in ("tape", "func"):
        found, by_x = brainstate.transform.grad(lambda x: (layer(x) ** 2).sum(), states, argnums=0, engine=engine)(X)
        up = 2 * X @ DENSE
        torch.testing.assert_close(by_x, up @ DENSE.T)
        torch.testing.assert_close(found[("weight",)]["weight"], (X.T @ up)[DENSE != 0])


def test_sparse_linear_in_loops_and_maps():
    layer = SparseLinear(u.sparse.CSR.fromdense(DENSE))
    assert torch.equal(brainstate.transform.for_loop(layer, X), layer(X))
    assert torch.equal(brainstate.transform.vmap(layer)(X), layer(X))


def test_sparse_linear_carries_units():
    layer = SparseLinear(u.sparse.CSR.fromdense(DENSE * u.mS), b_init=torch.ones(4) * u.uA)
    torch.testing.assert_close(layer(X * u.mV).to_decimal(u.uA), X @ DENSE + 1)


@pytest.mark.parametrize("matrix", [DENSE, None, 3.0], ids=["dense", "none", "number"])
def test_sparse_linear_refuses_what_is_not_sparse(matrix):
    with pytest.raises(TypeError, match="`spar_mat` must be a matrix of `units.sparse` or a sparse tensor of torch"):
        SparseLinear(matrix)


def test_sparse_linear_refuses_other_lengths():
    with pytest.raises(ValueError, match=r"`in_size` must be \(3,\), as the matrix has it. Got \(4,\)"):
        SparseLinear(u.sparse.CSR.fromdense(DENSE), in_size=4)
    with pytest.raises(ValueError, match=r"`x` must have 3 elements in its last axis.*Got shape \(4,\)"):
        SparseLinear(u.sparse.CSR.fromdense(DENSE))(torch.ones(4))
