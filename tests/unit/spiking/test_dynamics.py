import pytest
import torch

from brainstate_torch.spiking import Dynamics


def test_dynamics_sums_functions_and_values():
    population = Dynamics(2)
    population.add_current_input("f", lambda v, scale=1.0: scale * v)
    population.add_current_input("x", torch.tensor([1.0, 2.0]))
    v = torch.tensor([10.0, 20.0])
    assert population.sum_current_inputs(0.5, v, scale=2.0, pop=False).tolist() == [21.5, 42.5]
    assert population.sum_current_inputs(0.5, v).tolist() == [11.5, 22.5]
    assert population.sum_current_inputs(0.5, v).tolist() == [10.5, 20.5]
    assert list(population.current_inputs) == ["f"]


def test_dynamics_sums_those_of_a_label():
    population = Dynamics(1)
    population.add_delta_input("a", torch.tensor([1.0]), label="one")
    population.add_delta_input("b", torch.tensor([10.0]))
    assert population.sum_delta_inputs(0.0, label="one").item() == 1
    assert population.sum_delta_inputs(0.0).item() == 10
    assert population.sum_delta_inputs(0.0) == 0.0


def test_dynamics_finds_inputs_by_key():
    population = Dynamics(1)
    population.add_current_input("a", 1.0)
    population.add_delta_input("b", 2.0)
    assert (population.get_input("a"), population.get_input("b"), population.delta_inputs) == (1.0, 2.0, {"b": 2.0})
    with pytest.raises(ValueError, match=r"`key` must name an input. Got 'c'; there are \['a', 'b'\]"):
        population.get_input("c")


def test_dynamics_refuses_a_key_twice_until_cleared():
    population = Dynamics(1)
    population.add_current_input("f", abs)
    population.add_current_input("a", 1.0)
    with pytest.raises(ValueError, match="Got 'a' a second time"):
        population.add_current_input("a", 1.0)
    population.clear_inputs()
    assert list(population.current_inputs) == ["f"]
