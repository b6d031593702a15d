"""brainstate_torch._host.lane_rules: lanes at once, without torch's note on a rule that it lacks."""

import pytest
import torch

from brainstate_torch import transform as T

nan, inf = float("nan"), float("inf")
X = torch.tensor([[1.0, nan], [inf, 3.0], [1.00001, 2.0]])
PAIRS = [(X, X.flip(0)), (X.nan_to_num(9).long(), torch.ones(3, 2).long()), (X > 1, X.flip(0) > 1), (X + 1j, X + 0j)]
MODES = [{}, {"equal_nan": True}, {"rtol": 0.0, "atol": 0.0}, {"atol": 1.0}]


@pytest.mark.parametrize("options", MODES, ids=str)
@pytest.mark.parametrize(("a", "b"), PAIRS, ids=["real", "whole", "true or false", "complex"])
def test_isclose_of_lanes_is_that_of_torch(a, b, options):
    fun = lambda a, b: torch.isclose(a, b, **options)
    expected = torch.isclose(a, b, **options)
    assert torch.equal(T.vmap(fun)(a, b), expected)
    assert torch.equal(T.vmap(T.vmap(fun))(a, b), expected)
    assert torch.equal(T.vmap(fun, in_axes=(0, None))(a, b[0]), torch.isclose(a, b[0].expand(3, 2), **options))
    assert torch.equal(T.jit(T.vmap(fun), backend="replay")(a, b), expected)


def test_isclose_of_lanes_refuses_what_torch_refuses():
    with pytest.raises(RuntimeError, match="`other` must have the dtype of `input`"):
        T.vmap(lambda x: torch.isclose(x, x.double()))(X)
    with pytest.raises(RuntimeError, match="`rtol` and `atol` must not be negative"):
        T.vmap(lambda x: torch.isclose(x, x, rtol=-1.0))(X)


def test_columns_of_lanes():
    fun = lambda x: torch.column_stack([x, x[:, None] * 2, x.sum() * torch.ones(2)])
    assert torch.equal(T.vmap(fun)(X.nan_to_num()), torch.stack([fun(x) for x in X.nan_to_num()]))
    assert torch.equal(T.vmap(T.grad(lambda x: torch.column_stack([x, 2 * x]).sum()))(X), torch.full((3, 2), 3.0))
