import pytest
import torch

from brainstate_torch._program.every_branch import all_at_once, is_better
from brainstate_torch._program.operation import Body

X = torch.tensor([1.0, -2.0, 0.0])
GPU = torch.device("cuda")


def bodies(*funs):
    return [Body(fun, [X]) for fun in funs]


def test_the_results_are_those_of_the_branch_with_the_number():
    constant = torch.tensor([5.0, 6.0, 7.0])
    funs = [lambda x: [x * 2, x > 0], lambda x: [1 / x, x < 0], lambda x: [constant + x, x == 0]]
    body = all_at_once(bodies(*funs), torch.tensor(0))
    for number, fun in enumerate(funs):
        for found, wanted in zip(body(torch.tensor(number), X, constant), fun(X), strict=True):
            assert torch.equal(found, wanted)


def test_on_a_cpu_a_look_costs_nothing():
    assert not is_better(bodies(lambda x: [x]), torch.device("cpu"))
    assert is_better(bodies(lambda x: [x.sin().sum() + x]), GPU)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: [x[torch.tensor([0, 1, 2])]],
        lambda x: [x.gather(0, torch.tensor([2, 1, 0]))],
        lambda x: [torch.linalg.inv(torch.diag(x))[0]],
        lambda x: [torch.zeros(2**24).sum() + x],
        lambda x: [(torch.zeros(2**11, 2**11) @ torch.zeros(2**11, 2**7))[0, 0] + x],
    ],
    ids=["index", "gather", "inverse", "much memory", "much work"],
)
def test_what_may_fail_or_takes_long_is_run_alone(fun):
    assert not is_better(bodies(lambda x: [x], fun), GPU)
