"""brainstate_torch.transform._derivative.exact: integers among the inputs of a derivative."""

import numpy as np
import pytest
import torch

from brainstate_torch import transform as T

X, N, Y = torch.tensor([1.0, 2.0]), torch.tensor([3, 4]), torch.tensor(5.0)


def product(x, n, y):
    return (x**2 * n).sum() * y


def test_integers_between_other_inputs_get_zeros_of_an_empty_dtype():
    by_x, by_n, by_y = T.grad(product, argnums=(0, 1, 2), allow_int=True)(X, N, Y)
    assert by_x.tolist() == [30.0, 80.0] and by_y.item() == 19.0
    assert isinstance(by_n, np.ndarray) and by_n.shape == (2,) and by_n.dtype == [("float0", "V")]


def test_rows_of_a_jacobian_have_the_shape_of_the_result():
    by_n, by_x = T.jacrev(lambda n, x: x * n, argnums=(0, 1), allow_int=True)(N, X)
    assert by_n.shape == (2, 2) and by_x.tolist() == [[3.0, 0.0], [0.0, 4.0]]


def test_integers_need_to_be_allowed():
    with pytest.raises(TypeError, match="allow_int"):
        T.grad(product, argnums=(0, 1))(X, N, Y)
