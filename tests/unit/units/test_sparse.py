import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.units.sparse import COO, CSC, CSR

DENSE = torch.tensor([[0.0, 1.0, 0.0, 5.0], [0.0, 0.0, 0.0, 0.0], [2.0, 0.0, 3.0, 0.0]])


@pytest.mark.parametrize("kind", [COO, CSC, CSR])
def test_sparse_from_dense_and_back(kind):
    matrix = kind.fromdense(DENSE)
    assert torch.equal(matrix.todense(), DENSE)
    assert (matrix.nse, matrix.shape) == (4, (3, 4))
    assert repr(matrix) == f"{kind.__name__}(3 x 4, nse=4)"


@pytest.mark.parametrize("kind", [COO, CSC, CSR])
def test_sparse_carries_units(kind):
    found = kind.fromdense(DENSE * u.mS).todense()
    assert found.unit == u.mS
    assert torch.equal(found.mantissa, DENSE)


def test_sparse_compressed_forms_are_those_of_torch():
    rows, columns = CSR.fromdense(DENSE), CSC.fromdense(DENSE)
    theirs = DENSE.to_sparse_coo().coalesce()
    assert torch.equal(rows.data, theirs.values())
    assert torch.equal(torch.stack([rows.row, rows.col]), theirs.indices())
    assert rows.indptr.tolist() == [0, 2, 2, 4]
    assert columns.indptr.tolist() == [0, 1, 2, 3, 4]
    assert columns.data.tolist() == [2.0, 1.0, 3.0, 5.0]


def test_sparse_adds_numbers_at_the_same_place():
    assert COO(([1.0, 2.0], [0, 0], [1, 1]), shape=(1, 2)).todense().tolist() == [[0.0, 3.0]]


@pytest.mark.parametrize(
    ("args", "shape", "text"),
    [
        (([1.0], [0], [0]), (2,), r"`shape` must be that of a matrix. Got \(2,\)"),
        (([1.0], [0, 1], [0]), (2, 2), r"`data` and their indices .* Got the shapes \(\(1,\), \(2,\), \(1,\)\)"),
    ],
)
def test_sparse_refuses(args, shape, text):
    with pytest.raises(ValueError, match=text):
        COO(args, shape=shape)
