"""What a user of torch.optim tries on the optimizers of this package."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, nn, optim
from brainstate_torch import transform as T

KINDS = [optim.SGD, optim.Adam, optim.AdamW]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "given", [lambda net: net.parameters(), lambda net: list(net.parameters()), lambda net: net.states()]
)
def test_parameters_in_place_of_the_learning_rate_are_refused_with_the_cure(kind, given):
    net = nn.Linear(2, 2)
    with pytest.raises(
        TypeError, match=rf"`lr` of {kind.__name__} must be a number.*register_trainable_weights.*torch.optim"
    ):
        kind(given(net), lr=1e-3)
    with pytest.raises(TypeError, match=f"`lr` of {kind.__name__} must be a number"):
        kind(given(net))


def test_torch_words_name_the_cure():
    optimizer = optim.Adam(1e-3).register_trainable_weights(nn.Linear(2, 2).states(ParamState))
    with pytest.raises(AttributeError, match="`zero_grad` belongs to torch.optim. Got an optimizer of this package"):
        _ = optimizer.zero_grad
    with pytest.raises(AttributeError, match="'Adam' object has no attribute 'other'"):
        _ = optimizer.other
    with pytest.raises(TypeError, match="`step` must get the gradients. Got none"):
        optimizer.step()
    with pytest.raises(TypeError, match="not an Optimizer"):
        torch.optim.lr_scheduler.StepLR(optimizer, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_frozen_weights_are_left_alone(kind):
    net = nn.Sequential(nn.Linear(2, 3), torch.nn.Linear(3, 2), nn.Linear(2, 1))
    net[0].requires_grad_(False)
    states = net.states(ParamState)
    before = {path: state.value for path, state in states.items()}
    net[2].weight.parameters()[0].requires_grad_(False)
    optimizer = kind(lr=0.1).register_trainable_weights(states)
    slopes = T.grad(lambda: net(torch.ones(2)).sum(), states)()
    assert slopes["layers", 0, "weight"]["weight"].abs().sum() > 0
    net[1].requires_grad_(False)
    optimizer.update(slopes)
    for path in [("layers", 0, "weight"), ("layers", 1, "weight"), ("layers", 1, "bias")]:
        torch.testing.assert_close(states[path].value, before[path], rtol=0, atol=0)
    frozen, moved = sorted(states["layers", 2, "weight"].value), before["layers", 2, "weight"]
    changed = {k: not torch.equal(states["layers", 2, "weight"].value[k], moved[k]) for k in frozen}
    assert sorted(changed.values()) == [False, True]
    net.requires_grad_(True)
    optimizer.update(slopes)
    assert not torch.equal(states["layers", 0, "weight"].value["weight"], before["layers", 0, "weight"]["weight"])


def test_a_state_without_parameters_and_one_of_integers_train_as_before():
    w = ParamState({"n": torch.tensor(3), "w": torch.ones(2) * u.mV})
    optimizer = optim.SGD(lr=0.5).register_trainable_weights(w)
    w.parameters()
    optimizer.update({"n": torch.tensor(0), "w": torch.ones(2)})
    assert w.value["w"].mantissa.tolist() == [0.5, 0.5] and w.value["n"] == 3
