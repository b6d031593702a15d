"""HH against a Runge–Kutta solution of its equations."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.spiking import HH


def rates(V):
    m = 0.1 * (V + 40) / (1 - np.exp(-(V + 40) / 10)), 4 * np.exp(-(V + 65) / 18)
    h = 0.07 * np.exp(-(V + 65) / 20), 1 / (1 + np.exp(-(V + 35) / 10))
    n = 0.01 * (V + 55) / (1 - np.exp(-(V + 55) / 10)), 0.125 * np.exp(-(V + 65) / 80)
    return m, h, n


def derivative(y, current):
    V, *gates = y
    m, h, n = gates
    drift = 120 * m**3 * h * (50 - V) + 36 * n**4 * (-77 - V) + 0.3 * (-54.387 - V) + current
    return np.array([drift, *(a * (1 - x) - b * x for x, (a, b) in zip(gates, rates(V), strict=True))])


def runge_kutta(current, time, dt=0.005):
    V = -64.9  # not where a rate is 0 / 0
    y = np.array([V, *(a / (a + b) for a, b in rates(V))])
    for _ in range(round(time / dt)):
        k1 = derivative(y, current)
        k2 = derivative(y + dt / 2 * k1, current)
        k3 = derivative(y + dt / 2 * k2, current)
        k4 = derivative(y + dt * k3, current)
        y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return y


def simulated(current, time, dt):
    with brainstate.environ.context(dt=dt * u.ms, precision=64):
        neuron = HH(1, gL=0.3 * u.mS, V_initializer=torch.tensor([-64.9], dtype=torch.float64) * u.mV)
        brainstate.nn.init_all_states(neuron)
        steps = torch.arange(round(time / dt))
        spikes = brainstate.transform.for_loop(lambda i: neuron(current * u.uA), steps)
    states = [neuron.V.value.to_decimal(u.mV), neuron.m.value, neuron.h.value, neuron.n.value]
    return torch.cat(states).numpy(), spikes.sum().item()


@pytest.mark.slow
def test_hh_comes_to_the_exact_solution_in_proportion_to_the_step():
    exact = runge_kutta(10.0, 4.0)
    errors = [np.abs(simulated(10.0, 4.0, dt)[0] - exact)[0] for dt in (0.004, 0.002)]
    assert errors[1] < 0.6
    assert 1.7 < errors[0] / errors[1] < 2.3


def test_hh_spikes_once_when_the_potential_passes_the_threshold():
    assert simulated(10.0, 4.0, 0.02)[1] == 1
    assert simulated(0.0, 4.0, 0.02)[1] == 0


def test_hh_starts_with_its_gates_at_rest():
    neuron = brainstate.nn.init_all_states(HH(2, V_initializer=-60.0 * u.mV))
    for gate, (a, b) in zip((neuron.m, neuron.h, neuron.n), rates(-60.0), strict=True):
        torch.testing.assert_close(gate.value, torch.full((2,), a / (a + b)))
    given = brainstate.nn.init_all_states(HH(2, m_initializer=brainstate.nn.init.Constant(0.25)))
    assert given.m.value.tolist() == [0.25, 0.25]


def test_hh_rates_are_smooth_where_the_formula_is_not():
    neuron = HH(1)
    V = torch.tensor([-40.0, -55.0]) * u.mV
    torch.testing.assert_close(neuron.m_alpha(V[:1]) * u.ms, torch.tensor([1.0]))
    torch.testing.assert_close(neuron.n_alpha(V[1:]) * u.ms, torch.tensor([0.1]))
