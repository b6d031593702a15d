import math

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.nn.init import Constant
from brainstate_torch.spiking import COBA, LIF, Expon
from brainstate_torch.spiking.membrane import decay, relaxation
from brainstate_torch.spiking.outputs import SynapticCurrent


def test_decay_and_relaxation_are_exponentials():
    with brainstate.environ.context(dt=0.5 * u.ms):
        assert decay(2.0 * u.ms) == pytest.approx(math.exp(-0.25))
        assert relaxation(0.002 * u.second) == pytest.approx(1 - math.exp(-0.25))
        tau = torch.tensor([1.0, 2.0]) * u.ms
        torch.testing.assert_close(decay(tau), torch.exp(-0.5 / tau.mantissa))
        torch.testing.assert_close(decay(tau) + relaxation(tau), torch.ones(2))


def test_decay_has_a_derivative_by_the_time_constant():
    with brainstate.environ.context(dt=0.5):
        found = brainstate.transform.grad(decay)(torch.tensor(2.0))
    assert found.item() == pytest.approx(math.exp(-0.25) * 0.5 / 4)


def test_decay_needs_the_time_step():
    with pytest.raises(KeyError, match="`dt` was not found"):
        decay(1.0)


def test_membrane_step_takes_values_once_beside_functions_of_the_potential():
    neuron = brainstate.nn.init_all_states(LIF(1, V_th=100.0 * u.mV, tau=4.0 * u.ms))
    neuron.add_current_input("leak", lambda v: -v / (1.0 * u.ohm))
    with brainstate.environ.context(dt=0.5 * u.ms):
        for given in (6.0, 0.0):
            if given:
                neuron.add_current_input("once", torch.tensor([given]) * u.mA)
            neuron(2.0 * u.mA)
    # dV/dt = (8 - 2 V) / 4, then (2 - 2 V) / 4
    first = 4 * (1 - math.exp(-0.25))
    expected = 1 + (first - 1) * math.exp(-0.25)
    assert neuron.V.value.to_decimal(u.mV).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("leak", [0.0, 1e-9, 1e-5, 0.5])
def test_a_membrane_whose_slopes_cancel_its_leak_moves_by_its_drift(leak):
    # tau dV/dt = 2 - V + (1 - leak) V: the exact step divides by the leak.
    with brainstate.environ.context(dt=1.0 * u.ms, precision=64):
        neuron = LIF(1, tau=10.0 * u.ms, V_th=1e9 * u.mV)
        synapse = Expon(1, g_initializer=Constant((leak - 1.0) * u.siemens))
        neuron.add_current_input("growth", SynapticCurrent(synapse, COBA(0.0 * u.mV)))
        brainstate.nn.init_all_states(neuron)
        brainstate.nn.init_all_states(synapse)
        neuron(2.0 * u.mA)
    expected = 2.0 * (0.1 if leak == 0 else -math.expm1(-0.1 * leak) / leak)
    assert neuron.V.value.to_decimal(u.mV).item() == pytest.approx(expected, rel=1e-6)
