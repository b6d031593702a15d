"""Optimizer.for_torch: schedulers of torch set the rate of an optimizer of this package."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, optim

LR = torch.optim.lr_scheduler
MAKE = {
    "step": lambda o: LR.StepLR(o, 2, 0.3),
    "cosine": lambda o: LR.CosineAnnealingLR(o, 5, 0.01),
    "cycle": lambda o: LR.CyclicLR(o, 0.05, 0.8, 2, cycle_momentum=False),
    "one cycle": lambda o: LR.OneCycleLR(o, 0.9, total_steps=8, cycle_momentum=False),
    "lambda": lambda o: LR.LambdaLR(o, lambda epoch: 1 / (1 + epoch)),
    "warm-up, then decay": lambda o: LR.SequentialLR(o, [LR.LinearLR(o, 0.1, 1.0, 3), LR.ExponentialLR(o, 0.5)], [3]),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_weights_move_as_torchs_do(make):
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    w, parameter = ParamState(start), torch.nn.Parameter(start.clone())
    ours, theirs = optim.SGD(0.5).register_trainable_weights(w), torch.optim.SGD([parameter], 0.5)
    schedule, reference = make(ours.for_torch()), make(theirs)
    for step in range(7):
        gradient = torch.tensor([1.0, float(step)], dtype=torch.float64)
        ours.update(gradient)
        parameter.grad = gradient
        theirs.step()
        schedule.step()
        reference.step()
        assert schedule.get_last_lr() == reference.get_last_lr()
        torch.testing.assert_close(w.value, parameter.detach(), rtol=1e-13, atol=0)


def test_a_rate_with_a_unit_keeps_it():
    optimizer = optim.SGD(2.0 * u.mV).register_trainable_weights(ParamState(torch.ones(2) * u.mV))
    schedule = LR.StepLR(optimizer.for_torch(), 1, 0.25)
    schedule.step()
    assert optimizer.current_lr.unit is u.mV and float(optimizer.current_lr / u.mV) == 0.5


def test_the_handle_steps_saves_and_loads_as_the_optimizer_does():
    w = ParamState(torch.zeros(2))
    optimizer = optim.Momentum(1.0).register_trainable_weights(w)
    handle = optimizer.for_torch()
    handle.step(torch.ones(2))
    saved = handle.state_dict()
    handle.step(torch.ones(2))
    assert w.value.tolist() == pytest.approx([-2.9, -2.9])
    handle.load_state_dict(saved)
    handle.zero_grad()
    # The momentum is 1, and so is the gradient.
    handle.step(torch.ones(2))
    assert w.value.tolist() == pytest.approx([-4.8, -4.8])
    assert handle.param_groups[0]["lr"] == handle.defaults["lr"] == 1.0
