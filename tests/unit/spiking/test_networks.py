"""Whole networks in loops, gradients and traces."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import spiking as s

CURRENT = 30 * torch.rand(20, 10, generator=torch.Generator().manual_seed(0))


@pytest.fixture(autouse=True)
def _step():
    with brainstate.environ.context(dt=0.1 * u.ms):
        yield


def made(kind, out, batch=None):
    """A recurrent network, and the function that runs it from its start."""
    unit, given = (u.uA, {"V_initializer": -65.0 * u.mV}) if kind == "HH" else (u.mA, {})
    neurons = getattr(s, kind)(10, **given)
    weights = brainstate.nn.init.Normal(unit=u.mS, seed=2)
    projection = s.AlignPostProj(
        comm=brainstate.nn.EventFixedProb(10, 10, 3, weights, seed=1), syn=s.Expon.desc(10), out=out, post=neurons
    )
    jumps = s.DeltaProj(comm=brainstate.nn.EventLinear(10, 10, 0.1 * u.mV), post=neurons)

    def step(i, current):
        with brainstate.environ.context(t=i * 0.1 * u.ms):
            spikes = neurons.get_spike()
            projection(spikes)
            jumps(spikes)
            return neurons(current * unit)

    def run(currents):
        brainstate.nn.init_all_states(neurons, batch)
        return brainstate.transform.for_loop(step, torch.arange(len(currents)), currents)

    return projection, run


@pytest.mark.parametrize("out", [s.CUBA.desc(), s.COBA.desc(E=0.0 * u.mV)], ids=["CUBA", "COBA"])
@pytest.mark.parametrize("kind", ["IF", "LIF", "LIFRef", "ALIF", "HH"])
def test_network_spikes_and_learns_on_both_engines(kind, out):
    projection, run = made(kind, out)
    assert run(CURRENT).sum() > 0
    states = projection.states(brainstate.ParamState)
    found = [
        brainstate.transform.grad(lambda x: run(x).sum(), states, argnums=0, engine=engine)(CURRENT)
        for engine in ("tape", "func")
    ]
    assert found[0][1].abs().sum() > 0
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-6)
    weights = [u.get_mantissa(each[0][("comm", "weight")]) for each in found]
    assert weights[0].abs().sum() > 0
    torch.testing.assert_close(*weights, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["IF", "LIF", "LIFRef", "ALIF", "HH"])
def test_network_shapes_are_traced(kind):
    _, run = made(kind, s.COBA.desc(E=0.0 * u.mV))
    assert brainstate.transform.eval_shape(run, CURRENT).shape == (20, 10)


def test_network_of_a_batch_is_the_networks_of_its_lanes():
    _, run = made("LIF", s.COBA.desc(E=0.0 * u.mV))
    _, run_batch = made("LIF", s.COBA.desc(E=0.0 * u.mV), batch=2)
    lanes = [CURRENT, CURRENT / 2]
    expected = torch.stack([run(x) for x in lanes], 1)
    assert torch.equal(run_batch(torch.stack(lanes, 1)), expected)
    assert expected.sum() > 0
