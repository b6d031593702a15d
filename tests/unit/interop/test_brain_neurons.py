"""Neurons and synapses of brainpy here and back: equal potentials and spikes, also after a new start."""

import brainstate
import brainunit as bu
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import from_brainstate, supported_layers, to_brainstate

brainpy = pytest.importorskip("brainpy.state")
init = pytest.importorskip("braintools.init")
surrogate = pytest.importorskip("braintools.surrogate")

START = {"V_initializer": init.Constant(-63.0 * bu.mV)}
REST = {"V_rest": -65.0 * bu.mV, "V_reset": -68.0 * bu.mV, "V_th": -50.0 * bu.mV, **START}
NEURONS = {
    "LIF": lambda: brainpy.LIF(3, R=2.0 * bu.ohm, tau=7.0 * bu.ms, spk_fun=surrogate.ReluGrad(0.4, 1.2), **REST),
    "hard reset": lambda: brainpy.LIF(
        3, tau=bu.ms * jnp.array([5.0, 6.0, 7.0]), R=2.0 * bu.ohm, spk_reset="hard", **REST
    ),
    "LIFRef": lambda: brainpy.LIFRef(3, tau_ref=2.0 * bu.ms, **REST),
    "IF": lambda: brainpy.IF(3, V_th=2.0 * bu.mV),
    "HH": lambda: brainpy.HH(3),
    "Expon": lambda: brainpy.Expon(3, tau=4.0 * bu.ms, g_initializer=init.Constant(0.5 * bu.mS)),
}


@pytest.mark.parametrize(("name", "make"), NEURONS.items(), ids=NEURONS)
def test_a_neuron_does_the_same_here_and_back(name, make):
    theirs = make()
    ours = from_brainstate(theirs)
    back = to_brainstate(ours)
    assert type(back) is type(theirs)
    there, here = (bu.mS, u.mS) if name == "Expon" else (bu.mA, u.mA)
    if name == "HH":
        there, here = bu.uA, u.uA
    inputs = np.random.default_rng(0).uniform(0, 30, (20, 3)).astype("float32")
    dt = 0.05 if name == "HH" else 0.5
    with brainstate.environ.context(dt=dt * bu.ms, t=0.0 * bu.ms), bst.environ.context(dt=dt * u.ms, t=0.0 * u.ms):
        brainstate.nn.init_all_states(theirs)
        brainstate.nn.init_all_states(back)
        bst.nn.init_all_states(ours)
        if name == "HH":  # starts at random
            theirs.V.value = jnp.linspace(-70.0, -60.0, 3) * bu.mV
            for gate in "mhn":
                getattr(theirs, gate).value = getattr(theirs, f"{gate}_inf")(theirs.V.value)
            ours, back = from_brainstate(theirs), to_brainstate(from_brainstate(theirs))
        spikes = 0.0
        for x in inputs:
            wanted = theirs(jnp.asarray(x) * there)
            spikes += float(bu.get_magnitude(wanted).sum())
            for found in (
                u.get_mantissa(ours(torch.from_numpy(x) * here)),
                bu.get_magnitude(back(jnp.asarray(x) * there)),
            ):
                np.testing.assert_allclose(np.asarray(found), bu.get_magnitude(wanted), rtol=2e-4, atol=1e-4)
            for path, state in theirs.states().items():
                held = ours.states()[path].value
                np.testing.assert_allclose(
                    u.get_mantissa(held).numpy(), bu.get_magnitude(state.value), rtol=2e-4, atol=2e-3, err_msg=str(path)
                )
    assert spikes > 0 or name == "HH"


def test_the_first_hidden_state_goes_along():
    theirs = brainstate.nn.GRUCell(2, 3, state_init=brainstate.nn.init.Constant(0.7))
    ours = bst.nn.init_all_states(from_brainstate(theirs))
    assert ours.h.value.tolist() == pytest.approx([0.7] * 3)
    back = to_brainstate(ours)
    back.reset_state()
    assert back.h.value.tolist() == pytest.approx([0.7] * 3)


def test_a_start_at_random_keeps_its_bounds():
    ours = from_brainstate(brainpy.HH(200))
    for model in (ours, from_brainstate(to_brainstate(ours))):
        V = bst.nn.init_all_states(model).V.value.to_decimal(u.mV)
        assert -70 <= V.min() < -69 < -61 < V.max() <= -60


def test_the_surrogate_derivative_goes_along():
    ours = from_brainstate(NEURONS["LIF"]())
    assert type(ours.spk_fun) is bst.spiking.surrogate.ReluGrad
    assert (ours.spk_fun.alpha, ours.spk_fun.width) == (0.4, 1.2)


def test_neurons_are_listed():
    assert {"LIF", "Expon", "GRUCell"} <= set(supported_layers("brainstate")["brainstate"])
