"""Variables of closures and modules."""

import pytest
import torch

from brainstate_torch import State
from brainstate_torch import transform as T

from .replayed import X, programs, replayed


def test_a_number_in_a_closure_is_compared():
    k = 1.0
    compiled = replayed(lambda x: x * k)
    assert torch.equal(compiled(X), X)
    k = 2.0
    assert torch.equal(compiled(X), 2 * X)
    k = 1.0
    assert torch.equal(compiled(X), X)
    assert programs(compiled) == 2


GAIN = 1.0


def helper(x):
    return x * GAIN


def test_a_global_of_a_helper_is_compared(monkeypatch):
    compiled = replayed(lambda x: helper(x))
    assert torch.equal(compiled(X), X)
    monkeypatch.setitem(globals(), "GAIN", 3.0)
    assert torch.equal(compiled(X), 3 * X)


def test_a_helper_that_is_defined_anew_is_seen():
    def first(x):
        return x

    def second(x):
        return 5 * x

    inner = first
    compiled = replayed(lambda x: inner(x))
    assert torch.equal(compiled(X), X)
    inner = second
    assert torch.equal(compiled(X), 5 * X)


def test_a_count_that_the_function_keeps_itself_makes_no_program():
    runs = 0
    log = []

    def step(x):
        nonlocal runs
        runs += 1
        log.append(x.shape)
        return x + 1

    compiled = replayed(step)
    for n in (2, 3, 2, 3):
        compiled(torch.ones(n))
    assert (runs, len(log)) == (2, 2)


def test_a_tensor_exchanged_or_rewritten_is_seen():
    w = torch.ones(2)
    compiled = replayed(lambda x: x * w)
    compiled(X)
    w.mul_(2)
    assert torch.equal(compiled(X), 2 * X)
    assert programs(compiled) == 1
    w = torch.full((2,), 7.0)
    assert torch.equal(compiled(X), 7 * X)


@pytest.mark.parametrize("backend", ["replay", "inductor"])
def test_a_tensor_with_other_storage_is_seen(backend):
    w = torch.ones(2)
    compiled = T.jit(lambda x: x * w, backend=backend)
    compiled(X)
    w.data = torch.full((2,), 3.0, dtype=torch.float64)
    assert torch.equal(compiled(X), 3 * X.double())
    w.data = torch.full((1,), 4.0)
    assert torch.equal(compiled(X), 4 * X)


def test_a_closed_over_tensor_that_requires_a_gradient_gets_it():
    w = torch.ones(2)
    compiled = replayed(lambda x: (x * w).sum())
    assert not compiled(X).requires_grad
    w.requires_grad_()
    compiled(X).backward()
    assert torch.equal(w.grad, X)
    with torch.no_grad():
        assert not compiled(X).requires_grad


def test_an_argument_that_requires_a_gradient_gets_it():
    compiled = replayed(lambda x: (x**2).sum())
    compiled(X)
    x = X.clone().requires_grad_()
    compiled(x).backward()
    assert torch.equal(x.grad, 2 * X)


def test_lists_and_dictionaries_are_compared_by_what_they_hold():
    weights, options = [2.0], {"sign": 1}
    compiled = replayed(lambda x: x * weights[0] * options["sign"])
    assert torch.equal(compiled(X), 2 * X)
    weights[0] = 3.0
    assert torch.equal(compiled(X), 3 * X)
    options["sign"] = -1
    assert torch.equal(compiled(X), -3 * X)


def test_a_model_that_is_exchanged_is_seen():
    models = [State(X), State(10 * X)]
    current = models[:1]
    compiled = replayed(lambda: current[0].value + 1)
    assert torch.equal(compiled(), X + 1)
    current[0] = models[1]
    assert torch.equal(compiled(), 10 * X + 1)
