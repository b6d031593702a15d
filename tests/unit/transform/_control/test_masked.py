"""brainstate_torch.transform._control.masked: no derivative leaves a branch in lanes that did not choose it."""

import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch.transform._control.masked import InLanes, first_that_holds


def test_the_first_mask_that_holds_counts_and_the_last_where_none_does():
    a = torch.tensor([True, True, False, False, False])
    b = torch.tensor([True, False, True, False, False])
    c = torch.tensor([True, False, False, True, False])
    assert [x.tolist() for x in first_that_holds([a, b, c])] == [
        [True, True, False, False, False],
        [False, False, True, False, False],
        [False, False, False, True, True],
    ]
    assert [x.tolist() for x in first_that_holds([a])] == [[True] * 5]


CASES = {
    "argument": lambda x, w: 1 / x,
    "closure": lambda x, w: w / x,
    "in place": lambda x, w: torch.zeros_like(x).add_(1 / x),
    "item assignment": lambda x, w: _assigned(x),
    "list of tensors": lambda x, w: torch.stack([x, 1 / x]).sum(0),
    "twice the same": lambda x, w: 1 / x + x + 1 / x,
}


def _assigned(x):
    y = torch.zeros(len(x) + 1)
    y[1:] = 1 / x
    return y[1:]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_within_numbers_stay_and_derivatives_stop_where_the_mask_does_not_hold(case):
    x, w = torch.tensor([0.0, 2.0], requires_grad=True), torch.tensor([3.0, 3.0], requires_grad=True)
    with InLanes(torch.tensor([False, True])):
        y = case(x, w)
    plain = case(x.detach(), w.detach())
    torch.testing.assert_close(y.detach(), plain)
    free = torch.tensor([2.0], requires_grad=True)
    (expected,) = torch.autograd.grad(case(free, w[1:]).sum(), free)
    (found,) = torch.autograd.grad(y[1], x)
    assert found.tolist() == [0.0, expected.item()]


def test_forward_derivatives_stop_too():
    def inside(x):
        with InLanes(torch.tensor([False, True])):
            return x**2

    x = torch.tensor([1.0, 3.0])
    value, tangent = T.jvp(inside, (x,), (torch.ones(2),))
    assert value.tolist() == [1.0, 9.0] and tangent.tolist() == [0.0, 6.0]


@pytest.mark.parametrize("derivative", [T.grad, lambda f: T.jacfwd(f), lambda f: T.hessian(f)])
def test_a_branch_that_was_not_chosen_gives_no_nan(derivative):
    chosen = lambda x: T.cond(x > 0, lambda x: 1 / x + x.sqrt(), lambda x: x * 3, x)
    found = T.vmap(derivative(chosen))(torch.tensor([0.0, 4.0]))
    assert torch.isfinite(found).all()
    torch.testing.assert_close(found[1], derivative(lambda x: 1 / x + x.sqrt())(torch.tensor(4.0)))
