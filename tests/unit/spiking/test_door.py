"""Neurons and synapses say which input is at fault."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import environ, nn, spiking

MS, MA = u.ms, u.mA


def run(x, dt, **kwargs):
    with environ.context(dt=dt):
        return nn.init_all_states(spiking.LIF(4, **kwargs))(x)


@pytest.mark.parametrize("kind", [spiking.LIF, spiking.IF, spiking.ALIF])
@pytest.mark.parametrize(
    "x, seen", [(torch.ones(4), "a plain number"), (torch.ones(4) * u.mV, "one in mV"), (1.0, "a plain")]
)
def test_an_input_that_is_no_current_is_named(kind, x, seen):
    neuron = nn.init_all_states(kind(4))
    text = rf"`{kind.__name__}` takes a current, x \* R in mV, which is one in .*A. Got {seen}"
    with environ.context(dt=0.1 * MS), pytest.raises(u.UnitMismatchError, match=text):
        neuron(x)


def test_a_time_step_without_unit_is_named():
    with pytest.raises(
        u.UnitMismatchError, match=r"`dt` must have the dimension of the time constants, ms. Got a plain"
    ):
        run(torch.ones(4) * MA, 0.1)
    with pytest.raises(
        u.UnitMismatchError, match=r"`dt` must .* ms. Got one in mV. Write `environ.set\(dt=0.1 \* u.ms\)`"
    ):
        run(torch.ones(4) * MA, 0.1 * u.mV)
    synapse = nn.init_all_states(spiking.Expon(2, tau=5.0 * MS))
    with environ.context(dt=0.1), pytest.raises(u.UnitMismatchError, match="`dt` must have the dimension of the time"):
        synapse(torch.ones(2))


def test_time_constants_without_unit_are_named():
    synapse = nn.init_all_states(spiking.Expon(2, tau=5.0))
    with (
        environ.context(dt=0.1 * MS),
        pytest.raises(u.UnitMismatchError, match="a plain number. Got one in ms. Give the time"),
    ):
        synapse(torch.ones(2))


def test_an_input_of_another_size_is_named():
    with pytest.raises(ValueError, match=r"the input of `LIF` must end with its shape, \(4,\), or .* Got \(5,\)"):
        run(torch.ones(5) * MA, 0.1 * MS)


def test_other_errors_pass():
    neuron = nn.init_all_states(spiking.LIF(4))

    def failing(v):
        raise RuntimeError("its own")

    neuron.add_current_input("other", failing)
    with environ.context(dt=0.1 * MS), pytest.raises(RuntimeError, match="its own"):
        neuron(torch.ones(4) * MA)


@pytest.mark.parametrize("kind", [spiking.LIF, spiking.LIFRef, spiking.ALIF])
def test_potentials_of_which_only_some_have_a_unit_are_named(kind):
    text = f"`V_reset` of {kind.__name__} must have the dimension of `V_th`, a plain number. Got one in mV. Give all of"
    with pytest.raises(u.UnitMismatchError, match=text):
        kind(4, R=1.0, tau=10.0, V_th=1.0)
    neuron = kind(4, R=1.0, tau=10.0, V_th=1.0, V_reset=0.0, V_rest=0.0)
    with pytest.raises(u.UnitMismatchError, match=f"`V_initializer` of {kind.__name__} must .* Got one in mV"):
        nn.init_all_states(neuron)


def test_a_neuron_without_any_units_runs():
    plain = {"R": 1.0, "tau": 10.0, "V_th": 1.0, "V_reset": 0.0, "V_rest": 0.0, "V_initializer": nn.init.Constant(0.0)}
    neuron = nn.init_all_states(spiking.LIF(4, **plain))
    with environ.context(dt=1.0):
        neuron(torch.full((4,), 5.0))
    torch.testing.assert_close(neuron.V.value, torch.full((4,), 5.0 * (1 - 2.718281828**-0.1)))
