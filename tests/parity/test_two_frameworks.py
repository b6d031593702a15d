"""Whole models in both frameworks, step by step: outputs, States, spikes and gradients, by `interop.compare`."""

import brainstate
import brainunit as bu
import jax.numpy as jnp
import numpy as np
import pytest

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import compare, from_brainstate, to_torch


def spiking(rng):
    brainpy = pytest.importorskip("brainpy.state")
    init = pytest.importorskip("braintools.init")
    weight = rng.uniform(0, 20, (5, 8)).astype("float32") * bu.mA
    at_rest = init.Constant(-65.0 * bu.mV)
    neuron = brainpy.LIF(
        8, tau=8.0 * bu.ms, V_rest=-65.0 * bu.mV, V_reset=-66.0 * bu.mV, V_th=-55.0 * bu.mV, V_initializer=at_rest
    )
    readout = brainpy.Expon(2, tau=10.0 * bu.ms, g_initializer=init.Constant(0.0))
    return brainstate.nn.Sequential(
        brainstate.nn.Linear(5, 8, w_init=weight, b_init=None), neuron, brainstate.nn.Linear(8, 2), readout
    )


MODELS = {
    "spiking network": (spiking, lambda rng: (rng.uniform(size=5) < 0.3).astype("float32"), 40),
    "recurrent network": (
        lambda rng: brainstate.nn.Sequential(brainstate.nn.LSTMCell(5, 6), brainstate.nn.MGUCell(6, 2)),
        lambda rng: rng.standard_normal(5).astype("float32"),
        12,
    ),
}


@pytest.mark.parametrize(("make", "draw", "steps"), MODELS.values(), ids=MODELS)
def test_a_model_goes_the_same_way_in_both(make, draw, steps):
    rng = np.random.default_rng(2)
    theirs = make(rng)
    ours = from_brainstate(theirs)
    brainstate.nn.init_all_states(theirs)
    bst.nn.init_all_states(ours)
    inputs = [jnp.asarray(draw(rng)) for _ in range(steps)]
    with brainstate.environ.context(dt=1.0 * bu.ms), bst.environ.context(dt=1.0 * u.ms):
        found = compare(ours, theirs, inputs, rtol=1e-4, atol=1e-5)
        moved = [abs(ours(to_torch(x))).max() for x in inputs]
    assert max(moved) > 0.01  # the network does something: without a spike, nothing would come out
    assert found.agrees, str(found)
    assert any(row.name.startswith("gradient") for row in found.rows)
