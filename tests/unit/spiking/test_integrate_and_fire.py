"""Neurons against closed forms and against their equations written out in numpy."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import spiking as s

DT = 0.1
CURRENT = np.random.default_rng(0).uniform(0.2, 3.2, size=(300, 4))


@pytest.fixture(autouse=True)
def _step():
    with brainstate.environ.context(dt=DT * u.ms, precision=64):
        yield


def simulated(neuron, currents=CURRENT):
    """The spikes and potentials of a neuron."""
    brainstate.nn.init_all_states(neuron)

    def step(i, current):
        with brainstate.environ.context(t=i * DT * u.ms):
            return neuron(current * u.mA), neuron.V.value.to_decimal(u.mV)

    found = brainstate.transform.for_loop(step, torch.arange(len(currents)), torch.tensor(currents))
    return [x.numpy() for x in found]


def reference(kind, currents=CURRENT, *, V_th=1.0, V_reset=0.0, V_rest=0.0, tau=5.0, hard=False, tau_ref=0.0, beta=0.0):
    """The same, one number at a time."""
    leak, spikes, potentials = np.exp(-DT / tau), [], []
    V, a, last = np.zeros(4), np.zeros(4), np.full(4, -np.inf)
    fired = np.zeros(4)
    for i, current in enumerate(currents):
        rested = np.where(fired, V_reset if hard else V - (V_th - V_reset), V)
        a = (a + fired) * np.exp(-DT / 100)
        moved = V_rest + current + (rested - V_rest - current) * leak
        V = np.where(i * DT - last < tau_ref - 1e-9, rested, moved)
        fired = V_th + beta * a <= V
        last = np.where(fired, i * DT, last)
        spikes.append(fired)
        potentials.append(V)
    return np.array(spikes, float), np.array(potentials)


SETTINGS = [
    ("IF", {}, {}),
    ("LIF", {}, {}),
    ("LIF", {"spk_reset": "hard"}, {"hard": True}),
    ("LIF", {"V_rest": -0.5 * u.mV, "V_reset": -1.0 * u.mV}, {"V_rest": -0.5, "V_reset": -1.0}),
    ("LIFRef", {"tau_ref": 2.05 * u.ms}, {"tau_ref": 2.05}),
    ("LIFRef", {"tau_ref": 2.05 * u.ms, "spk_reset": "hard"}, {"tau_ref": 2.05, "hard": True}),
    ("ALIF", {}, {"beta": 0.1}),
    ("ALIF", {"beta": 0.3 * u.mV, "spk_reset": "hard"}, {"beta": 0.3, "hard": True}),
]


@pytest.mark.parametrize(("kind", "given", "expected"), SETTINGS, ids=str)
def test_neuron_follows_its_equations(kind, given, expected):
    spikes, potentials = simulated(getattr(s, kind)(4, **given))
    wanted_spikes, wanted = reference(kind, **expected)
    assert spikes.sum() > 5
    np.testing.assert_array_equal(spikes, wanted_spikes)
    np.testing.assert_allclose(potentials, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.slow
def test_lif_fires_at_the_rate_of_the_closed_form():
    spikes, _ = simulated(s.LIF(1, spk_reset="hard"), np.full((3000, 1), 1.5))
    period = 5 * np.log(1.5 / 0.5)  # from 0 to the threshold
    steps = np.diff(np.flatnonzero(spikes[:, 0]))
    assert (steps == np.ceil(period / DT)).all()


def test_lif_takes_parameters_for_each_neuron_and_batches():
    neuron = s.LIF(2, tau=torch.tensor([5.0, 10.0]) * u.ms)
    brainstate.nn.init_all_states(neuron, 3)
    neuron(torch.ones(3, 2) * u.mA)
    expected = 1 - torch.exp(-DT / torch.tensor([5.0, 10.0]))
    torch.testing.assert_close(neuron.V.value.to_decimal(u.mV), expected.expand(3, 2), check_dtype=False)


def test_lif_without_input_rests():
    neuron = brainstate.nn.init_all_states(s.LIF(2, V_rest=-0.5 * u.mV, V_initializer=-0.5 * torch.ones(2) * u.mV))
    neuron()
    torch.testing.assert_close(neuron.V.value.to_decimal(u.mV), torch.full((2,), -0.5), check_dtype=False)


@pytest.mark.parametrize("kind", ["IF", "LIF", "LIFRef", "ALIF", "HH"])
def test_neuron_reset_is_where_it_started(kind):
    neuron = getattr(s, kind)(2) if kind != "HH" else s.HH(2, V_initializer=torch.tensor([-65.0, -60.0]) * u.mV)
    brainstate.nn.init_all_states(neuron, 3)
    before = {key: state.value for key, state in neuron.states().items()}
    with brainstate.environ.context(t=0.0 * u.ms):
        neuron(30.0 * (u.uA if kind == "HH" else u.mA))
    assert any((u.get_mantissa(before[key] - state.value) != 0).any() for key, state in neuron.states().items())
    neuron.reset_state(3)
    for key, state in neuron.states().items():
        assert bool((u.get_mantissa(state.value) == u.get_mantissa(before[key])).all())


@pytest.mark.parametrize("kind", ["IF", "LIF", "LIFRef", "ALIF"])
@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_neuron_gradient_is_that_of_finite_steps_of_a_smooth_spike(kind, reset):
    """With a smooth spike function in place of the step, autograd must agree with differences."""

    def smooth(x):
        return torch.sigmoid(3 * x)

    def loss(current):
        neuron = brainstate.nn.init_all_states(getattr(s, kind)(2, spk_fun=smooth, spk_reset=reset))
        total = 0.0
        for i in range(3):
            with brainstate.environ.context(t=i * DT * u.ms):
                total = total + (neuron(current * (i + 1) * u.mA) ** 2).sum()
        return total

    x = torch.tensor([5.0, 20.0], dtype=torch.float64)
    if kind == "LIFRef" or reset == "hard":  # held, or without a derivative by design
        assert brainstate.transform.grad(loss)(x).isfinite().all()
        return
    shifts = 1e-5 * torch.eye(2, dtype=torch.float64)
    differences = torch.stack([(loss(x + shift) - loss(x - shift)) / 2e-5 for shift in shifts])
    torch.testing.assert_close(brainstate.transform.grad(loss)(x), differences, rtol=1e-6, atol=1e-9)


def test_lif_gradient_of_two_steps_by_hand():
    def loss(current):
        neuron = brainstate.nn.init_all_states(s.LIF(1))
        neuron(current * u.mA)
        neuron(current * u.mA)
        return neuron.V.value.to_decimal(u.mV).sum()

    current = torch.tensor([30.0], dtype=torch.float64)
    towards = 1 - np.exp(-DT / 5)
    first = towards * 30.0
    slope_of_spike = max(0.0, 0.3 * (1 - abs(first - 1)))
    expected = towards + (1 - towards) * towards * (1 - slope_of_spike)
    found = brainstate.transform.grad(loss)(current)
    torch.testing.assert_close(found, torch.tensor([expected], dtype=torch.float64))


@pytest.mark.parametrize("change", [{"spk_reset": "x"}, {"spk_fun": 3}], ids=str)
def test_neuron_refuses(change):
    with pytest.raises((ValueError, TypeError), match="`spk_reset` must be|`spk_fun` must be a function"):
        s.LIF(1, **change)


def test_neuron_without_spikes_raises():
    with pytest.raises(NotImplementedError, match="Neuron must define `get_spike`"):
        s.Neuron(1).get_spike()


@pytest.mark.parametrize(("tau_ref", "steps"), [(0.3, 3), (0.7, 7), (1.1, 11), (0.35, 4), (0.05, 1), (0.0, 1)])
@pytest.mark.parametrize("start", [0.0, 7.3, 123.4, 1000.1])
@pytest.mark.parametrize("precision", [32, 64])
def test_a_neuron_is_refractory_for_whole_steps_whatever_the_rounding_of_the_time(tau_ref, steps, start, precision):
    with brainstate.environ.context(dt=0.1 * u.ms, precision=precision):
        neuron = brainstate.nn.init_all_states(s.LIFRef(1, tau_ref=tau_ref * u.ms, tau=0.1 * u.ms, spk_reset="hard"))
        at = []
        for k in range(50):
            with brainstate.environ.context(t=(start + k * 0.1) * u.ms):
                at += [k] if neuron(100.0 * u.mA) else []
    assert set(np.diff(at)) == {steps}


def test_refractory_times_differ_from_neuron_to_neuron_and_in_compiled_loops():
    with brainstate.environ.context(dt=0.1 * u.ms):
        tau_ref = torch.tensor([0.3, 0.7]) * u.ms
        neuron = brainstate.nn.init_all_states(s.LIFRef(2, tau_ref=tau_ref, tau=0.1 * u.ms, spk_reset="hard"))

        def step(i):
            with brainstate.environ.context(t=i * 0.1 * u.ms):
                return neuron(100.0 * u.mA)

        spikes = brainstate.transform.jit(
            lambda: brainstate.transform.for_loop(step, torch.arange(43)), backend="replay"
        )()
    for column, steps in zip(spikes.T, (3, 7), strict=True):
        assert set(np.diff(column.nonzero()[:, 0])) == {steps}


def test_the_setting_of_durations_is_refused_where_it_is_unknown():
    neuron = brainstate.nn.init_all_states(s.LIFRef(1))
    message = "`durations` of environ must be 'steps' or 'times'. Got 'time'"
    with (
        brainstate.environ.context(dt=0.1 * u.ms, t=0.0 * u.ms, durations="time"),
        pytest.raises(ValueError, match=message),
    ):
        neuron()
