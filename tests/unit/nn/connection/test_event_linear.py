"""EventLinear against a matrix product."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.nn import EventLinear

W = torch.arange(1.0, 11.0).reshape(5, 2)
X = torch.tensor([1.0, 0.0, 2.0, 0.0, -1.0])


@pytest.mark.parametrize("x", [X, X > 0, torch.stack([X, -X]), torch.tensor([2, 0, -1, 0, 1])], ids=str)
def test_event_linear_counts_what_is_above_zero(x):
    events = (x > 0).float()
    torch.testing.assert_close(EventLinear(5, 2, W)(x), events @ W)
    torch.testing.assert_close(EventLinear(5, 2, 1.5)(x), events @ torch.full((5, 2), 1.5))


@pytest.mark.parametrize("x", [X, X > 0, torch.stack([X, -X]), torch.tensor([2, 0, -1, 0, 1])], ids=str)
def test_event_linear_of_numbers_is_the_product(x):
    torch.testing.assert_close(EventLinear(5, 2, W, float_as_event=False)(x), x.float() @ W)
    torch.testing.assert_close(EventLinear(5, 2, 2.0, float_as_event=False)(x), x.float() @ torch.full((5, 2), 2.0))


@pytest.mark.parametrize("as_event", [False, True])
@pytest.mark.parametrize("weight", [W, 1.5], ids=["matrix", "one weight"])
def test_event_linear_gradients_are_those_of_the_product(as_event, weight):
    layer = EventLinear(5, 2, weight, float_as_event=as_event)
    strength = (X > 0).float() if as_event else X
    full = W if weight is W else torch.full((5, 2), weight)
    by_state, by_x = brainstate.transform.grad(
        lambda x: (layer(x) ** 2).sum(), layer.states(brainstate.ParamState), argnums=0
    )(X)
    up = 2 * strength @ full
    torch.testing.assert_close(by_x, full @ up)
    expected = strength[:, None] * up
    torch.testing.assert_close(by_state[("weight",)], expected if weight is W else expected.sum())


def test_event_linear_in_loops_and_maps():
    layer, xs = EventLinear(5, 2, W), torch.stack([X, -X, X > 0])
    expected = (xs > 0).float() @ W
    assert torch.equal(brainstate.transform.for_loop(layer, xs), expected)
    assert torch.equal(brainstate.transform.vmap(layer)(xs), expected)
    tangent = brainstate.transform.jvp(layer, (X,), (torch.ones(5),))[1]
    torch.testing.assert_close(tangent, W.sum(0))


def test_event_linear_carries_units():
    assert EventLinear(5, 2, W * u.mS)(X > 0).unit == u.mS
    current = EventLinear(5, 2, W * u.mS)(X * u.mV)
    torch.testing.assert_close(current.to_decimal(u.uA), (X > 0).float() @ W)


def test_event_linear_takes_axes_in_front_and_initialisers():
    layer = EventLinear((3, 5), (3, 2), brainstate.nn.init.Constant(2.0))
    torch.testing.assert_close(layer(X.expand(3, 5)), torch.full((3, 2), 4.0))


@pytest.mark.parametrize("weight", [torch.ones(2), torch.ones(2, 5)], ids=["vector", "turned"])
def test_event_linear_refuses_a_weight_of_another_shape(weight):
    with pytest.raises(ValueError, match="shape"):
        EventLinear(5, 2, weight)


def test_event_linear_refuses_an_input_of_another_length():
    with pytest.raises(ValueError, match=r"`spk` must have 5 elements in its last axis.*Got shape \(4,\)"):
        EventLinear(5, 2, 1.5)(torch.ones(4))
