"""The optimizers that torch has not: transforms, memory, units, errors."""

import pytest
import torch

import brainstate_torch as B
from brainstate_torch import optim
from brainstate_torch import units as u

T = torch.tensor
MAKE = {
    "Lamb": lambda: optim.Lamb(0.1),
    "Lars": lambda: optim.Lars(0.1),
    "Fromage": lambda: optim.Fromage(0.1),
    "Yogi": lambda: optim.Yogi(0.1),
    "AdaBelief": lambda: optim.AdaBelief(0.1, eps=1e-8),
    "Novograd": lambda: optim.Novograd(0.1),
    "SM3": lambda: optim.SM3(0.1),
    "Adafactor": lambda: optim.Adafactor(0.1),
    "LBFGS": lambda: optim.LBFGS(0.1, memory_size=3),
    "Lookahead": lambda: optim.Lookahead(optim.Momentum(0.1), sync_period=2),
}


def _weights():
    return {"w": B.ParamState(T([[1.0, -2.0], [0.5, 3.0]])), "s": B.ParamState(T(2.0))}


def _loss(weights):
    return lambda: (weights["w"].value ** 2).sum() + (weights["s"].value - 1.0) ** 2


@pytest.mark.parametrize("name", MAKE)
def test_training_in_a_program_is_the_plain_one_and_goes_down(name):
    ends = []
    for wrap in (lambda f: f, lambda f: B.transform.jit(f, backend="replay")):
        weights = _weights()
        optimizer = MAKE[name]().register_trainable_weights(weights)
        gradient = B.transform.grad(_loss(weights), weights, return_value=True)

        def step(optimizer=optimizer, gradient=gradient):
            grads, value = gradient()
            optimizer.update(grads)
            return value

        step = wrap(step)
        losses = [step().item() for _ in range(12)]
        assert losses[-1] < losses[0]
        ends.append([state.value for state in weights.values()])
    torch.testing.assert_close(*ends)


@pytest.mark.parametrize("name", MAKE)
def test_what_is_remembered_is_saved_and_loaded(name):
    weights = _weights()
    optimizer = MAKE[name]().register_trainable_weights(weights)
    gradient = B.transform.grad(_loss(weights), weights)
    for _ in range(3):
        optimizer.update(gradient())
    twin = MAKE[name]().register_trainable_weights(weights)
    twin.load_state_dict(optimizer.state_dict())
    start = {key: state.value for key, state in weights.items()}
    ends = []
    for each in (optimizer, twin):
        for key, value in start.items():
            weights[key].value = value
        each.update(gradient())
        ends.append([state.value for state in weights.values()])
    torch.testing.assert_close(*ends, rtol=0, atol=0)


@pytest.mark.parametrize("name", ["Yogi", "AdaBelief", "Novograd", "SM3", "Adafactor"])
def test_a_rate_with_a_unit_is_the_length_of_a_step(name):
    ends = []
    for unit, rate in ((u.mV, 0.1), (u.mV, 100.0 * u.uvolt)):
        w = B.ParamState(T([1.0, -2.0]) * unit)
        make = getattr(optim, name)
        optimizer = make(rate).register_trainable_weights(w)
        optimizer.update(B.transform.grad(lambda w=w: (w.value**2).sum(), w, unit_aware=True)())
        ends.append(w.value / unit)
    torch.testing.assert_close(*ends)


@pytest.mark.parametrize("name", ["Lamb", "Lars", "Fromage", "LBFGS"])
def test_a_rate_that_is_a_number_has_no_unit(name):
    w = B.ParamState(T([1.0]) * u.mV)
    optimizer = getattr(optim, name)(0.1 * u.mV).register_trainable_weights(w)
    with pytest.raises(u.UnitMismatchError, match="`lr` of this optimizer must be a plain number"):
        optimizer.update(T([1.0]))


def test_lookahead_takes_the_rate_of_its_base():
    assert float(optim.Lookahead(optim.SGD(0.3)).current_lr) == 0.3
    assert float(optim.Lookahead(optim.SGD(0.3), lr=0.2).current_lr) == 0.2
    assert optim.Lookahead(optim.SGD(0.3, grad_clip_norm=2.0)).grad_clip_norm == 2.0


def test_a_plateau_is_seen_in_a_program_and_saved():
    schedule = optim.ReduceLROnPlateau(1.0 * u.mV, factor=0.5, patience=0, min_lr=0.2 * u.mV)
    see = B.transform.jit(lambda loss: schedule.step(loss), backend="replay")
    for loss in (1.0, 1.0, 1.0):
        see(T(loss))
    assert float(schedule.get_last_lr()[0] / u.mV) == 0.25
    twin = optim.ReduceLROnPlateau(1.0 * u.mV, factor=0.5, patience=0, min_lr=0.2 * u.mV)
    twin.load_state_dict(schedule.state_dict())
    twin.step(1.0)
    assert float(twin.get_last_lr()[0] / u.mV) == 0.2
    assert int(twin.last_epoch.value) == 4


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: optim.Lookahead(3), TypeError, "`base_optimizer` must be an optimizer of this package. Got an int"),
        (lambda: optim.Lookahead(optim.SGD(0.1), 0), ValueError, "`sync_period` must be at least 1"),
        (lambda: optim.Lookahead(optim.LBFGS()), ValueError, "`base_optimizer` must have no weights yet"),
        (lambda: optim.LBFGS(memory_size=0), ValueError, "`memory_size` must be at least 1"),
        (lambda: optim.LBFGS(linesearch="zoom"), NotImplementedError, "`linesearch` must be None. Got 'zoom'"),
        (lambda: optim.Lars(trust_coefficient=0.0), ValueError, "`trust_coefficient` must be positive"),
        (lambda: optim.SM3(momentum=1.0), ValueError, r"`momentum` must lie in \[0, 1\)"),
        (lambda: optim.Adafactor(decay_rate=-1.0), ValueError, "`decay_rate` must be positive"),
        (lambda: optim.CyclicLR(step_size_up=0), ValueError, "`step_size_up` must be at least 1"),
        (
            lambda: optim.CyclicLR(mode="x"),
            ValueError,
            "`mode` must be one of 'triangular', 'triangular2'",
        ),
        (lambda: optim.CyclicLR(scale_mode="x"), ValueError, "`scale_mode` must be one of"),
        (lambda: optim.ReduceLROnPlateau(factor=1.0), ValueError, "`factor` must be below 1"),
        (lambda: optim.ReduceLROnPlateau(mode="x"), ValueError, "`mode` must be one of 'min', 'max'"),
        (lambda: optim.ReduceLROnPlateau(min_lr=1.0 * u.mV), u.UnitMismatchError, "`min_lr` must have the dimension"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_the_momentum_of_fromage_warns():
    with pytest.warns(UserWarning, match="`momentum` has no effect on Fromage. Got 0.5"):
        optim.Fromage(0.1, momentum=0.5)
