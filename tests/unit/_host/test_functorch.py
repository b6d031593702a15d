"""brainstate_torch._host.functorch: the transforms of torch and the wrappers that they put around tensors."""

import pytest
import torch

from brainstate_torch._host import functorch as host

X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


def test_levels_and_kinds_are_those_of_the_transforms_around_the_caller():
    seen = []

    def note(x):
        seen.append((host.level(), host.enclosing(), host.is_transformed()))
        return x.sum()

    note(X)
    host.vmap(lambda x: host.grad_and_value(note)(x)[0])(X)
    assert seen[0] == (0, [], False)
    assert seen[1][1:] == (["Vmap", "Grad"], True)
    assert seen[1][0] > 0


def test_all_lanes_of_a_tensor_are_found_and_put_back():
    found = []

    def one(x):
        lanes = host.lanes_within(x)
        found.append((lanes.tensor, lanes.axis, lanes.level == host.level()))
        return host.lanes_of(lanes.tensor * 2, lanes.axis, lanes.level)

    assert torch.equal(host.vmap(one, in_dims=1, out_dims=1)(X), 2 * X)
    ((tensor, axis, innermost),) = found
    assert torch.equal(tensor, X) and axis == 1 and innermost


def test_a_value_that_a_derivative_wraps_has_no_lanes_of_its_own():
    host.grad_and_value(lambda x: x.sum() if host.lanes_within(x) is None else x.prod())(X)
    assert host.lanes_within(X) is None


def test_batched_is_asked_of_any_vmap_or_of_one():
    answers = []

    def inner(x, y):
        here = host.level()
        answers.append([host.is_batched(z, at) for z in (x, y) for at in (None, here, here - 1)])
        return x + y

    host.vmap(lambda x: host.vmap(lambda y: inner(x, y))(torch.ones(2)))(X)
    assert answers == [[True, False, True, True, True, False]]
    assert not host.is_batched(X) and not host.is_batched("text")


def test_concrete_has_the_numbers_of_all_lanes_through_every_transform():
    found = []

    def loss(x):
        found.append(host.concrete(x * 2))
        return x.sum()

    host.vmap(lambda x: host.grad_and_value(loss)(x)[0])(X)
    assert torch.equal(found[0], 2 * X)
    assert host.concrete(X) is X


def test_a_dual_is_its_value_and_its_tangent_and_can_be_made_again():
    seen = []

    def fun(x):
        dual = host.dual_of(x, host.level())
        seen.append(dual)
        assert host.dual_of(X, host.level()).tangent is None
        return host.moving(host.Dual(dual.primal * 2, dual.tangent * 3))

    value, slope = host.jvp(fun, (X,), (X + 1,))
    assert torch.equal(value, 2 * X) and torch.equal(slope, 3 * (X + 1))
    assert torch.equal(seen[0].primal, X) and torch.equal(seen[0].tangent, X + 1)


def test_below_a_level_only_the_outer_transforms_are_active():
    kinds = []

    def inner(x):
        with host.below(host.level()):
            kinds.append(host.enclosing())
        kinds.append(host.enclosing())
        return x.sum()

    host.vmap(lambda x: host.grad_and_value(inner)(x)[0])(X)
    assert kinds == [["Vmap"], ["Vmap", "Grad"]]


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_the_innermost_map_says_its_size_and_what_it_does_with_draws(randomness):
    seen = []
    host.vmap(lambda x: seen.append(host.innermost_map()) or x, in_dims=1, randomness=randomness)(X)
    assert seen == [(3, randomness)]


def test_gradients_of_inputs_that_do_not_matter_are_zero():
    x, y = X.clone().requires_grad_(), torch.ones(2, requires_grad=True)
    found = host.pulled_back([x * 2, x.sum()], [X, torch.tensor(1.0)], [x, y])
    assert torch.equal(found[0], 2 * X + 1)
    assert torch.equal(found[1], torch.zeros(2))
