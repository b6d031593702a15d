"""Optimizers of braintools and ours: the steps after a conversion are those that would have come without it."""

import brainstate
import brainunit
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import interop
from brainstate_torch.interop import from_brainstate, to_brainstate

braintools = pytest.importorskip("braintools")

X = np.linspace(-1, 1, 6, dtype="float32").reshape(2, 3)
KINDS = {
    "Adam": {"lr": 0.05, "betas": (0.8, 0.99), "weight_decay": 0.1},
    "AdamW": {"lr": 0.05, "weight_decay": 0.1, "grad_clip_norm": 0.5},
    "SGD": {"lr": 0.05, "momentum": 0.9, "nesterov": True},
    "Momentum": {"lr": 0.05, "grad_clip_value": 0.1},
    "MomentumNesterov": {"lr": 0.05},
}


def there(name, **options):
    model = brainstate.nn.Sequential(brainstate.nn.Linear(3, 4), brainstate.nn.Tanh(), brainstate.nn.Linear(4, 1))
    optimizer = getattr(braintools.optim, name)(**options)
    optimizer.register_trainable_weights(model.states(brainstate.ParamState))
    return model, optimizer


def trained_there(model, optimizer, steps):
    weights = model.states(brainstate.ParamState)
    step = brainstate.transform.grad(lambda: (model(X) ** 2).sum(), weights)
    for _ in range(steps):
        optimizer.update(step())


def trained_here(model, optimizer, steps):
    step = bst.transform.grad(lambda: (model(torch.from_numpy(X)) ** 2).sum(), model.states(bst.ParamState))
    for _ in range(steps):
        optimizer.update(step())


def same(here, theirs):
    for path, state in here.states(bst.ParamState).items():
        for key, value in state.value.items():
            np.testing.assert_allclose(value.detach(), theirs.states()[path].value[key], rtol=1e-5, atol=2e-6)


@pytest.mark.parametrize(("name", "options"), KINDS.items(), ids=KINDS)
def test_training_goes_on_here_and_there(name, options):
    pair = there(name, **options)
    trained_there(*pair, 3)
    model, optimizer = from_brainstate(pair)
    assert next(iter(optimizer.param_states.values())) is model.layers[0].weight
    assert int(optimizer.step_count.value) == 3
    trained_here(model, optimizer, 3)
    trained_there(*pair, 3)
    same(model, pair[0])
    back = to_brainstate({"model": model, "optimizer": optimizer})
    trained_there(back["model"], back["optimizer"], 2)
    trained_here(model, optimizer, 2)
    same(model, back["model"])


def test_weights_with_units():
    w = brainstate.ParamState(jnp.array([1.0, -2.0]) * brainunit.mV)
    optimizer = braintools.optim.Adam(lr=0.1)
    optimizer.register_trainable_weights({"w": w})
    optimizer.update({"w": jnp.array([0.3, -0.1]) * brainunit.mV})
    ours, made = from_brainstate((w, optimizer))
    assert made.param_states["w"] is ours
    assert ours.value.unit == u.mV
    theirs = to_brainstate([ours, made])
    found, wanted = theirs[1].opt_state.value[0], optimizer.opt_state.value[0]
    np.testing.assert_allclose(found.mu["w"].mantissa, wanted.mu["w"].mantissa, rtol=1e-6)
    np.testing.assert_allclose(made.opt_state.value["mean"][0], wanted.mu["w"].mantissa, rtol=1e-6)
    assert int(found.count) == 1


def test_the_stream_of_random_numbers_goes_over():
    stream = brainstate.random.RandomState(5)
    stream.rand(2)
    ours = from_brainstate({"stream": stream})["stream"]
    np.testing.assert_allclose(ours.rand(3), stream.rand(3), rtol=1e-6)
    back = to_brainstate(ours)
    np.testing.assert_allclose(back.rand(3), ours.rand(3), rtol=1e-6)


def test_what_has_other_numbers_is_refused():
    with pytest.raises(interop.UnsupportedLayerError, match="Got RMSprop; optax and torch"):
        from_brainstate(there("RMSprop", lr=0.1)[1])
    with pytest.raises(interop.UnsupportedLayerError, match="Got Adam"):
        to_brainstate(bst.optim.Adam(amsgrad=True))
    with pytest.raises(interop.UnsupportedLayerError, match="constant learning rate to go over. Got StepLR"):
        from_brainstate(there("Adam", lr=braintools.optim.StepLR(base_lr=0.1, step_size=2))[1])
    weights = [bst.ParamState(torch.ones(1))]
    with pytest.raises(interop.ConversionError, match="in a dictionary"):
        to_brainstate(bst.optim.SGD().register_trainable_weights(weights))
