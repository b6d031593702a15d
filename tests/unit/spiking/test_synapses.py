"""Synapses against closed forms."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import spiking as s

DT = 0.1
TIMES = np.arange(100) * DT


@pytest.fixture(autouse=True)
def _step():
    with brainstate.environ.context(dt=DT * u.ms, precision=64):
        yield


def response(synapse):
    """The conductance after one unit at the start."""
    brainstate.nn.init_all_states(synapse)
    first = synapse(torch.ones(1, dtype=torch.float64) * u.mS)
    rest = [synapse() for _ in TIMES[1:]]
    return torch.cat([g.to_decimal(u.mS) for g in (first, *rest)]).numpy()


def test_expon_decays_exponentially():
    np.testing.assert_allclose(response(s.Expon(1)), np.exp(-TIMES / 8))


def test_dual_expon_is_a_difference_of_exponentials():
    expected = 2 * (np.exp(-TIMES / 10) - np.exp(-TIMES / 2))
    synapse = s.DualExpon(1, tau_rise=2.0 * u.ms, amplitude=2.0, normalize=False)
    np.testing.assert_allclose(response(synapse), expected, atol=1e-12)


def test_dual_expon_peaks_at_its_amplitude():
    synapse = s.DualExpon(1, amplitude=3.0)
    times = np.linspace(0, 20, 100_001)
    peak = (np.exp(-times / 10) - np.exp(-times)).max()
    assert float(synapse.a) == pytest.approx(3.0 / peak, rel=1e-6)


def test_alpha_follows_its_closed_form_for_small_steps():
    with brainstate.environ.context(dt=0.001 * u.ms):
        synapse = brainstate.nn.init_all_states(s.Alpha(1, tau=2.0 * u.ms))
        synapse(torch.ones(1, dtype=torch.float64) * u.mS)
        for _ in range(1500):
            g = synapse()
    assert g.to_decimal(u.mS).item() == pytest.approx(1.5 / 2 * np.exp(-1.5 / 2), rel=1e-3)


def test_alpha_follows_the_step_before():
    towards, leak = 1 - np.exp(-DT / 8), np.exp(-DT / 8)
    g, h, expected = 0.0, 0.0, []
    for i in range(len(TIMES)):
        g, h = g + (h - g) * towards, h * leak + (i == 0)
        expected.append(g)
    np.testing.assert_allclose(response(s.Alpha(1)), expected, rtol=1e-10)


def test_stp_and_std_follow_their_equations():
    spikes = (np.random.default_rng(1).random((200, 3)) < 0.1).astype(float)
    stp, std = s.STP(3), s.STD(3)
    for each in (stp, std):
        brainstate.nn.init_all_states(each)
    f, d, r = np.exp(-DT / 1500), np.exp(-DT / 200), np.exp(-DT / 200)
    used, left, resources = np.full(3, 0.15), np.ones(3), np.ones(3)
    for spike in spikes:
        used = used * f
        used = used + 0.15 * (1 - used) * spike
        left = 1 - (1 - left) * d
        resources = 1 - (1 - resources) * r
        x = torch.tensor(spike)
        np.testing.assert_allclose(stp(x).numpy(), used * left * spike, rtol=1e-10)
        np.testing.assert_allclose(std(x).numpy(), resources * spike, rtol=1e-10)
        left, resources = left - used * left * spike, resources * (1 - 0.07 * spike)


@pytest.mark.parametrize("kind", [s.Expon, s.DualExpon, s.Alpha])
def test_synapse_takes_delta_inputs_once_and_resets(kind):
    synapse, other = kind(2), kind(2)
    for each in (synapse, other):
        brainstate.nn.init_all_states(each, 3)
    x = torch.ones(3, 2, dtype=torch.float64) * u.mS
    synapse.add_delta_input("x", x)
    synapse(), other(x)
    for _ in range(2):
        assert bool((synapse() == other()).all())
    synapse.reset_state(3)
    assert not synapse().to_decimal(u.mS).any()


@pytest.mark.parametrize("kind", [s.STP, s.STD])
def test_plasticity_resets(kind):
    synapse = brainstate.nn.init_all_states(kind(2), 3)
    before = {key: state.value for key, state in synapse.states().items()}
    synapse(torch.ones(3, 2))
    synapse.reset_state(3)
    assert all(torch.equal(state.value, before[key]) for key, state in synapse.states().items())


def test_align_post_marks_the_linear_ones():
    assert [issubclass(kind, s.AlignPost) for kind in (s.Expon, s.DualExpon, s.Alpha, s.STP)] == [1, 1, 0, 0]
    with pytest.raises(NotImplementedError, match="AlignPost must define `conductance`"):
        s.AlignPost().conductance()


def dual(tau_decay, tau_rise, normalize=True, precision=64):
    with brainstate.environ.context(dt=0.5 * u.ms, precision=precision):
        synapse = brainstate.nn.init_all_states(
            s.DualExpon(1, tau_decay=tau_decay * u.ms, tau_rise=tau_rise * u.ms, normalize=normalize)
        )
        found = [synapse(1.0 * u.mS), *[synapse() for _ in range(60)]]
    return torch.stack([g.to_decimal(u.mS) for g in found])[:, 0].double()


MOMENTS = 0.5 * torch.arange(61, dtype=torch.float64)


@pytest.mark.parametrize("precision", [32, 64])
@pytest.mark.parametrize("tau_rise", [4.0, 4.0000001, 3.99999, 4.0001])
def test_dual_expon_of_nearly_equal_time_constants_is_an_alpha_function(tau_rise, precision):
    alpha = MOMENTS / 4.0 * torch.exp(1.0 - MOMENTS / 4.0)
    torch.testing.assert_close(dual(4.0, tau_rise, precision=precision), alpha, rtol=0, atol=1.5e-4)


@pytest.mark.parametrize("tau_rise", [3.9, 3.97, 4.03, 5.0, 1.0])
def test_dual_expon_has_its_closed_form_on_both_sides_of_one_percent(tau_rise):
    difference = torch.exp(-MOMENTS / 4.0) - torch.exp(-MOMENTS / tau_rise)
    torch.testing.assert_close(dual(4.0, tau_rise, normalize=False), difference, rtol=0, atol=1e-7)
    peak = np.log(4.0 / tau_rise) / (1 / tau_rise - 1 / 4.0)
    height = np.exp(-peak / 4.0) - np.exp(-peak / tau_rise)
    torch.testing.assert_close(dual(4.0, tau_rise), difference / height, rtol=0, atol=1e-5)


def test_dual_expon_of_equal_time_constants_without_normalization_is_zero():
    assert not dual(4.0, 4.0, normalize=False).any()


def test_dual_expon_moves_only_the_neurons_apart_that_need_it():
    with brainstate.environ.context(dt=0.5 * u.ms, precision=64):
        taus = torch.tensor([4.0, 1.0], dtype=torch.float64) * u.ms
        synapse = brainstate.nn.init_all_states(s.DualExpon(2, tau_decay=4.0 * u.ms, tau_rise=taus))
        found = torch.stack([g.to_decimal(u.mS) for g in (synapse(1.0 * u.mS), synapse(), synapse())])
    torch.testing.assert_close(found[:, 0], dual(4.0, 4.0)[:3])
    torch.testing.assert_close(found[:, 1], dual(4.0, 1.0)[:3])
