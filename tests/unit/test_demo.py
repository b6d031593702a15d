"""The example program: its network against the same one without units, and its training."""

import importlib.util
import math
from pathlib import Path

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u

pytest.importorskip("matplotlib")
pytest.importorskip("sklearn")

_spec = importlib.util.spec_from_file_location("demo", Path(__file__).parents[2] / "examples" / "demo.py")
demo = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(demo)


def test_network_agrees_with_the_same_one_without_units():
    brainstate.random.seed(0)
    network = demo.Network(hidden=20)
    weights = network.states(brainstate.ParamState)
    pixels, labels = brainstate.random.rand(4, 64), torch.tensor([0, 3, 3, 9])
    with brainstate.environ.context(dt=1.0 * u.ms):
        grads, loss, rate = brainstate.transform.grad(
            network.loss, weights, unit_aware=True, return_value=True, has_aux=True
        )(pixels, labels)

    w_in, w_out = (w.value["weight"].to_decimal(u.nA).clone().requires_grad_() for w in weights.values())
    spike, decay = brainstate.spiking.surrogate.InvSquareGrad(3.0), math.exp(-0.1)
    v, score, total, spikes = torch.zeros(4, 20), 0.0, 0.0, 0.0
    for _ in range(40):
        v = v - 15.0 * spike(v / 15.0 - 1.0)
        v = 10.0 * pixels @ w_in * (1 - decay) + v * decay
        z = spike(v / 15.0 - 1.0)
        score = decay * score + z @ w_out
        total, spikes = total + score, spikes + z
    expected = torch.nn.functional.cross_entropy(total / 40, labels)
    expected_grads = torch.autograd.grad(expected, [w_in, w_out])

    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(rate.to_decimal(u.Hz), 1000 * spikes.mean() / 40)
    assert rate > 0 * u.Hz
    for grad, reference in zip(grads.values(), expected_grads, strict=True):
        assert grad["weight"].unit == u.nA**-1
        torch.testing.assert_close(grad["weight"].mantissa, reference, rtol=1e-4, atol=1e-5)


def test_training_lowers_the_loss_and_refuses_a_learning_rate_in_mv(capsys):
    brainstate.random.seed(0)
    network = demo.Network(hidden=20)
    labels = torch.arange(128) % 10
    pixels = torch.eye(10).repeat_interleave(6, 1)[labels]
    pixels = torch.cat([pixels, torch.zeros(128, 4)], 1)  # each class lights six pixels of its own
    with brainstate.environ.context(dt=1.0 * u.ms):
        losses, accuracies = demo.train(network, pixels, labels, (pixels[:20], labels[:20]), epochs=5)
    assert len(losses) == 10
    assert len(accuracies) == 6
    assert losses[-1] < 0.5 * losses[0]
    assert "with a learning rate of 0.03 mV is refused: `lr` must make a step in nA" in capsys.readouterr().out


@pytest.mark.slow
def test_training_in_bfloat16_and_under_autocast_is_as_good():
    digits = demo.load_digits()
    order = torch.randperm(1797, generator=torch.Generator().manual_seed(0))[:800]
    x, y = torch.tensor(digits.data / 16).float()[order], torch.tensor(digits.target)[order]

    def accuracy(precision, autocast):
        brainstate.random.seed(0)
        network = demo.Network(hidden=50)
        weights = network.states(brainstate.ParamState)
        rows = x
        if precision == "bf16":
            network, rows = network.to(torch.bfloat16), x.bfloat16()
        gradient = brainstate.transform.grad(network.loss, weights, has_aux=True, unit_aware=True)
        adam = brainstate.optim.Adam(lr=0.03 * u.nA).register_trainable_weights(weights)
        with (
            brainstate.environ.context(dt=2.0 * u.ms, precision=precision),
            torch.autocast("cpu", torch.bfloat16, enabled=autocast),
        ):
            for epoch in range(3):
                order = torch.randperm(600, generator=torch.Generator().manual_seed(epoch)) + 200
                for chosen in order.split(60):
                    adam.update(gradient(rows[chosen], y[chosen])[0])
            return network.accuracy(rows[:200], y[:200])

    single = accuracy(32, False)
    assert single > 0.85
    assert accuracy(32, True) > single - 0.03
    assert accuracy("bf16", False) > single - 0.03
