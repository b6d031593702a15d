import torch

from brainstate_torch._ops import defined


def test_defined_makes_an_operator_and_finds_it_again():
    schema = "twice_of_the_tests(Tensor x) -> Tensor"
    operator = defined(schema, lambda x: 2 * x, torch.empty_like)
    assert operator(torch.ones(2)).tolist() == [2.0, 2.0]
    assert defined(schema, lambda x: 3 * x, torch.empty_like) is operator
    assert torch.compile(operator, fullgraph=True, backend="aot_eager")(torch.ones(2)).tolist() == [2.0, 2.0]
