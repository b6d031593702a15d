"""brainstate_torch._program.postponed: sums of products over all steps."""

import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch._program.nodes import outputs
from brainstate_torch._program.postponed import Postponed, product
from brainstate_torch._program.recording import record

X = torch.ones(5, 3)
Y = torch.ones(5, 4)


def names(fun, *like):
    found = product(outputs(record(fun, like).graph)[0])
    return found and (found.left.name, found.right.name, found.transposed)


def test_a_product_of_rows_is_found_through_views():
    assert names(lambda x, y: [x.t() @ y], X, Y) == ("arg0_1", "arg1_1", False)
    assert names(lambda x, y: [(y.t() @ x).t()], X, Y) == ("arg1_1", "arg0_1", True)
    assert names(lambda x, y: [x.view(5, 3).t() @ y.view(5, 4)], X.view(1, 5, 3), Y.view(5, 1, 4)) == (
        *("arg0_1", "arg1_1"),
        False,
    )
    assert names(lambda x, y: [x.unsqueeze(0).t() @ y.unsqueeze(0)], X[0], Y[0]) == ("arg0_1", "arg1_1", False)


def test_a_view_that_mixes_rows_and_columns_is_a_factor_itself():
    assert names(lambda x, y: [x.view(5, 3).t() @ y], X.view(15), Y) == ("view", "arg1_1", False)


def test_another_product_is_none():
    assert names(lambda x, y: [x @ y], X.t(), Y) is None
    assert names(lambda x, y: [x * 2], X, Y) is None


@pytest.mark.parametrize("transposed", [False, True])
def test_the_sum_is_computed_as_one_product(transposed):
    left, right = torch.rand(7, 5, 3), torch.rand(7, 5, 4)
    expected = torch.einsum("tki,tkj->ij", left, right)
    found = Postponed(1, 0, transposed).computed([right, left])
    assert torch.allclose(found, expected.mT if transposed else expected)


@pytest.mark.slow
@pytest.mark.parametrize("batch", [(), (2,), (2, 3)])
@pytest.mark.parametrize("reverse", [False, True])
def test_a_weight_has_the_gradient_of_the_plain_loop(batch, reverse):
    generator = torch.Generator().manual_seed(0)
    options = {"generator": generator, "dtype": torch.float64}
    w, v, xs = torch.randn(6, 6, **options), torch.randn(4, 6, **options), torch.randn(5, *batch, 6, **options)

    def loss(w, v, xs):
        def step(h, x):
            h = torch.tanh(h @ w + x)
            return h, torch.nn.functional.linear(h, v)

        h, ys = T.scan(step, torch.zeros_like(xs[0]), xs, reverse=reverse)
        return (h**2).sum() + (ys**3).sum()

    gradient = T.grad(loss, argnums=(0, 1, 2))
    for found, expected in zip(T.jit(gradient, backend="replay")(w, v, xs), gradient(w, v, xs), strict=True):
        assert torch.allclose(found, expected)
