import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.spiking import COBA, CUBA, LIF, SynOut


def test_outputs_are_currents_of_conductances():
    g, V = torch.tensor([1.0, 2.0]) * u.mS, torch.tensor([-60.0, 10.0]) * u.mV
    assert CUBA()(g).to_decimal(u.mA).tolist() == [1.0, 2.0]
    assert CUBA(2.0 * u.mV)(g, V).to_decimal(u.uA).tolist() == [2.0, 4.0]
    assert COBA(0.0 * u.mV)(g, V).to_decimal(u.uA).tolist() == [60.0, -20.0]


def test_coba_slope_is_its_derivative():
    slope = torch.func.grad(lambda V: COBA(2.0)(3.0, V))(torch.tensor(1.0))
    assert slope.item() == COBA(2.0).slope(3.0) == -3.0
    assert CUBA(2.0).slope(3.0) is None


def test_syn_out_says_what_is_missing():
    with pytest.raises(NotImplementedError, match="SynOut must define `update`"):
        SynOut()(1.0)


def test_a_bound_conductance_makes_a_current_of_the_potential_alone():
    out = COBA(E=0.0 * u.mV)
    out.bind_cond(3.0 * u.mS)
    assert u.math.allclose(out(-60.0 * u.mV), 180.0 * u.uA)
    assert u.math.allclose(out(2.0 * u.mS, -60.0 * u.mV), 120.0 * u.uA)
    neuron = LIF(2, R=1.0 * u.ohm, tau=10.0 * u.ms)
    neuron.init_state()
    neuron.add_current_input("synapse", out)
    assert u.math.allclose(neuron.sum_current_inputs(0.0 * u.uA, -10.0 * u.mV), 30.0 * u.uA)
    out.unbind_cond()
    with pytest.raises(TypeError):
        out(-60.0 * u.mV)
