"""brainstate_torch._program.branch: a choice between functions as one operation."""

import pytest
import torch

from brainstate_torch._host.functorch import grad_and_value, jvp, vmap
from brainstate_torch._program.branch import Branch
from brainstate_torch._program.operation import Body, compiling, operations_in
from brainstate_torch._program.recording import record

X = torch.tensor([1.0, -2.0])
FUNCTIONS = [lambda x, y: [x * y, x.sum()], lambda x, y: [torch.sin(x), y.sum()], lambda x, y: [x**3, (x * y).sum()]]


@pytest.fixture
def branch():
    with compiling("replay"):
        return Branch([Body(fun, [X, X]) for fun in FUNCTIONS])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_the_chosen_function_runs(branch, index):
    found = branch.apply([torch.tensor(index), X, 2 * X])
    for x, y in zip(found, FUNCTIONS[index](X, 2 * X), strict=True):
        assert torch.equal(x, y)


def test_the_others_are_not_compiled_before_they_are_needed(branch):
    branch.apply([torch.tensor(1), X, X])
    assert list(branch._programs) == [1]
    branch.prepare()
    assert sorted(branch._programs) == [0, 1, 2]


def test_an_operand_that_is_handed_through_is_copied():
    with compiling("replay"):
        branch = Branch([Body(lambda x: [x], [X]), Body(lambda x: [x.view(2)], [X])])
    for index in range(2):
        (found,) = branch.apply([torch.tensor(index), X])
        assert torch.equal(found, X)
        assert found.data_ptr() != X.data_ptr()


@pytest.mark.slow
@pytest.mark.parametrize("index", [0, 1, 2])
def test_derivatives_are_those_of_the_chosen_function(branch, index):
    def by(fun):
        def loss(x, y):
            a, b = fun(x, y)
            return (a * torch.tensor([1.0, 3.0])).sum() + 2 * b

        return loss

    ours = by(lambda x, y: branch.apply([torch.tensor(index), x, y]))
    plain = by(FUNCTIONS[index])
    for place in (0, 1):
        pick = lambda f, place=place: lambda v: f(*[v if i == place else 2 * X for i in range(2)])
        assert torch.allclose(grad_and_value(pick(ours))(X)[0], grad_and_value(pick(plain))(X)[0])
        assert torch.allclose(jvp(pick(ours), (X,), (X,))[1], jvp(pick(plain), (X,), (X,))[1])
        second = lambda f: grad_and_value(lambda v: grad_and_value(f)(v)[0].sum())(X)[0]
        assert torch.allclose(second(pick(ours)), second(pick(plain)))


@pytest.mark.slow
def test_lanes_may_share_or_differ_in_the_choice(branch):
    rows = torch.stack([X, 2 * X, 3 * X])
    shared = vmap(lambda x: branch.apply([torch.tensor(0), x, X])[0])(rows)
    assert torch.equal(shared, rows * X)
    own = vmap(lambda i, x: branch.apply([i, x, X])[1], (0, 1))(torch.tensor([2, 0, 1]), rows.T.contiguous())
    assert torch.allclose(own, torch.stack([FUNCTIONS[i](x, X)[1] for i, x in zip((2, 0, 1), rows, strict=True)]))


def test_results_differ_in_lanes_if_those_of_any_function_do(branch):
    assert branch.spread([False, False, True], "different") == [True, True]
    assert branch.spread([False, False, False], "different") == [False, False]
    assert branch.spread([True, False, False], "different") == [True, True]


def test_it_is_one_node(branch):
    module = record(lambda i, x: branch.apply([i, x, x]), [torch.tensor(0), X]).graph
    assert operations_in(module) == [branch]
    assert torch.equal(module(torch.tensor(2), X)[0], X**3)


@pytest.mark.slow
def test_results_that_no_mapped_operand_reaches_are_not_mapped(branch):
    rows = torch.stack([X, 2 * X])
    found, dims = branch.batched([torch.tensor(2), rows, X], [None, 0, None], 2, "different")
    assert dims == [0, 0]
    alone = Branch([Body(lambda x, y: [x * y, y.sum()], [X, X]), Body(lambda x, y: [x + y, y.prod()], [X, X])])
    found, dims = alone.batched([torch.tensor(1), rows, X], [None, 0, None], 2, "different")
    assert dims == [0, None]
    assert torch.equal(found[0], rows + X)
    assert torch.equal(found[1], X.prod())
