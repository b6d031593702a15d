"""brainstate_torch.transform._mapping.concrete."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import ConcretizationError
from brainstate_torch import transform as T

XS = torch.tensor([1.0, -2.0, 3.0])


def branch(x):
    return 2 * x if x > 0 else x


def checked(x):
    assert x > 0
    return x


def pair(x):
    return torch.stack([x, -x])


CHOOSE = r"Choose with `transform\.cond` or `torch\.where`, loop with `transform\.while_loop`"
COMPUTE = r"Compute with tensors: without `\.item\(\)`"
KEEP = r"Keep the shape: `torch\.where\(mask, x, 0\.\)`"
CASES = [
    (branch, CHOOSE),
    (checked, r"Check with `transform\.jit_error_if`"),
    (lambda x: bool(x), CHOOSE),
    (lambda x: max(x, torch.tensor(0.0)), CHOOSE),
    (lambda x: x * x.item(), COMPUTE),
    (lambda x: x * float(x), COMPUTE),
    (lambda x: x * int(x), COMPUTE),
    (lambda x: list(range(x.long())), COMPUTE),
    (lambda x: [1, 2, 3][x.long()], COMPUTE),
    (lambda x: f"{x:.3f}", COMPUTE),
    (lambda x: x.tolist(), COMPUTE),
    (lambda x: x.numpy(), COMPUTE),
    (lambda x: pair(x)[pair(x) > 0], KEEP),
    (lambda x: pair(x).nonzero(), KEEP),
    (lambda x: torch.masked_select(pair(x), pair(x) > 0), KEEP),
    (lambda x: torch.unique(pair(x)), KEEP),
    (lambda x: torch.allclose(x, x), r"Compare with `torch\.isclose"),
    (lambda x: torch.equal(x, x), r"Compare with `torch\.isclose"),
]


@pytest.mark.parametrize("mapping", [T.vmap, T.vmap2, lambda f: lambda xs: T.map(f, xs, batch_size=3)])
@pytest.mark.parametrize(("fun", "cure"), CASES)
def test_code_that_needs_one_number_in_lanes_is_told_the_place_and_the_cure(fun, cure, mapping):
    place = r"Got .*test_concrete\.py:\d+: `.*`"
    text = rf"must not need one number or shape to go on: its tensors have one for each lane\. {place}\. {cure}"
    with pytest.raises(ConcretizationError, match=text):
        mapping(fun)(XS)


def test_the_place_is_told_through_derivatives_and_states_stay():
    state = brainstate.State(torch.zeros(3))

    def fun(x):
        state.value = state.value + 1
        return T.grad(branch)(x)

    with pytest.raises(ConcretizationError, match=r"2 \* x if x > 0 else x"):
        T.vmap(fun)(XS)
    assert torch.equal(state.value, torch.zeros(3))


@pytest.mark.parametrize(
    ("fun", "name"),
    [
        (lambda x: pair(x).narrow(0, x.long().abs() * 0, 1), "narrow"),
        (lambda x: torch.rrelu(x, training=True), "rrelu"),
        (lambda x: torch.tensor_split(pair(x), torch.tensor([1])), "tensor_split"),
        (lambda x: torch.as_strided_scatter(pair(x), x[None], (1,), (1,)), "as_strided_scatter"),
    ],
)
def test_an_operation_without_a_rule_is_named(fun, name):
    text = rf"must do without torch's `{name}`, which has no rule for lanes\. Got .*test_concrete\.py:\d+: `.*`"
    with pytest.raises(NotImplementedError, match=text):
        T.vmap(fun)(XS)


def test_other_errors_of_torch_are_its_own():
    with pytest.raises(RuntimeError, match="size of tensor") as error:
        T.vmap(lambda x: pair(x) + torch.ones(3))(XS)
    assert not isinstance(error.value, ConcretizationError)


def test_the_cures_work():
    assert torch.equal(T.vmap(lambda x: T.cond(x > 0, lambda: 2 * x, lambda: x))(XS), torch.tensor([2.0, -2.0, 6.0]))
    assert torch.equal(T.vmap(lambda x: torch.where(x > 0, 2 * x, x))(XS), torch.tensor([2.0, -2.0, 6.0]))
    assert torch.equal(T.vmap(lambda x: (x == x.abs()).all())(XS), torch.tensor([True, False, True]))
