"""The example program: its surrogate gradient in every mode, and its network against the same one without units."""

import importlib.util
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

X = torch.tensor([-3.0, -0.5, 0.0, 0.25, 1.0], dtype=torch.float64)
SURROGATE = torch.tensor([1 / 16, 1 / 2.25, 1.0, 1 / 1.5625, 0.25], dtype=torch.float64)


def spike_sum(x):
    return demo.Spike.apply(x).sum()


# torch scripts its forward-mode formulas at the first jvp of a process.
@pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")
@pytest.mark.parametrize(
    "derivative",
    [
        lambda x: brainstate.transform.grad(spike_sum, engine="tape")(x),
        lambda x: brainstate.transform.grad(spike_sum, engine="func")(x),
        lambda x: torch.func.jvp(demo.Spike.apply, (x,), (torch.ones_like(x),))[1],
        lambda x: torch.func.vmap(torch.func.grad(demo.Spike.apply))(x),
        lambda x: torch.func.vmap(lambda x: torch.func.jvp(demo.Spike.apply, (x,), (torch.ones_like(x),))[1])(x),
        lambda x: torch.func.jacrev(demo.Spike.apply)(x).diagonal(),
        lambda x: torch.func.jacfwd(demo.Spike.apply)(x).diagonal(),
    ],
    ids=["tape", "func", "jvp", "vmap of grad", "vmap of jvp", "jacrev", "jacfwd"],
)
def test_spike_has_surrogate_derivative(derivative):
    torch.testing.assert_close(derivative(X), SURROGATE)


def test_spike_is_a_step():
    assert demo.Spike.apply(X).tolist() == [0, 0, 0, 1, 1]


def test_network_agrees_with_the_same_one_without_units():
    generator = torch.Generator().manual_seed(0)
    network = demo.Network(generator, hidden=20)
    pixels, labels = torch.rand(4, 64, generator=generator), torch.tensor([0, 3, 3, 9])
    with brainstate.environ.context(dt=1.0 * u.ms):
        grads, loss, rate = brainstate.transform.grad(
            network.loss, [network.w_in, network.w_out], unit_aware=True, return_value=True, has_aux=True
        )(pixels, labels)

    w_in, w_out = (w.value.mantissa.clone().requires_grad_() for w in (network.w_in, network.w_out))
    v, score, total, spikes = 0.0, 0.0, 0.0, 0.0
    for _ in range(40):
        v = v + 0.1 * (100.0 * pixels @ w_in - v)
        z = demo.Spike.apply((v - 15.0) / 5.0)
        v = v - 15.0 * z
        score = score + 0.1 * (100.0 * z @ w_out - score)
        total, spikes = total + score, spikes + z
    expected = torch.nn.functional.cross_entropy(total / 40, labels)
    expected_grads = torch.autograd.grad(expected, [w_in, w_out])

    torch.testing.assert_close(loss, expected.detach())
    torch.testing.assert_close(rate.to_decimal(u.Hz), 1000 * spikes.mean() / 40)
    assert rate > 0 * u.Hz
    for g, reference in zip(grads, expected_grads, strict=True):
        assert g.unit == u.nA**-1
        torch.testing.assert_close(g.mantissa, reference, rtol=1e-4, atol=1e-5)


def test_update_refuses_a_learning_rate_in_another_unit():
    weight = brainstate.ParamState(torch.ones(2) * u.nA)
    with pytest.raises(u.UnitMismatchError, match="sub"):
        demo.Adam([weight], lr=0.1).update([torch.ones(2) / u.nA])
    demo.Adam([weight], lr=0.1 * u.nA).update([torch.ones(2) / u.nA])
    torch.testing.assert_close(weight.value.to_decimal(u.nA), torch.full((2,), 0.9))
