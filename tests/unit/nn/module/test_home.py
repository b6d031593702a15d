"""brainstate_torch.nn.module.home: States are made where their module was moved to. 'meta' is the other device here."""

import torch

import brainstate_torch.units as u
from brainstate_torch import nn, spiking
from brainstate_torch.nn.module.home import home_of

META = torch.device("meta")


def test_the_states_of_a_moved_cell_are_made_on_its_device():
    cell = nn.GRUCell(3, 4).to("meta")
    cell.init_state(2)
    assert cell.h.value.device == META


def test_a_module_without_tensors_remembers_where_it_was_moved():
    neuron = spiking.IF(4)
    assert home_of(neuron) is None
    neuron.to("meta")
    neuron.init_state()
    assert home_of(neuron) == META and neuron.V.value.device == META


def test_a_change_of_dtype_is_no_move():
    cell = nn.GRUCell(3, 4)
    cell.half()
    assert home_of(cell) == torch.device("cpu")


def test_constants_move_with_their_module():
    neuron = spiking.LIF(2, tau=torch.ones(2) * u.ms).to("meta")
    assert neuron.tau.mantissa.device == META and neuron.tau.unit == u.ms


def test_all_states_of_a_model_are_made_on_its_device():
    model = nn.Sequential(nn.Linear(3, 4), nn.GRUCell(4, 2)).to("meta")
    nn.init_all_states(model, 5)
    assert {state.value.device for path, state in model.states().items() if path[-1] == "h"} == {META}
