"""Measures of spikes: units, gradients, programs, errors."""

import pytest
import torch

import brainstate_torch as B
from brainstate_torch import metric
from brainstate_torch import units as u

T = torch.tensor
G = torch.Generator().manual_seed(0)
SPIKES = (torch.rand(40, 4, generator=G) < 0.2).float()


@pytest.mark.parametrize(
    "measure",
    [
        lambda dt, t: metric.firing_rate(SPIKES, 4 * t, dt),
        lambda dt, t: metric.spike_train_synchrony(SPIKES, 4 * t, dt),
        lambda dt, t: metric.spike_time_tiling_coefficient(SPIKES, dt, 2 * t),
        lambda dt, t: metric.burst_synchrony_index(SPIKES, 2, 3 * t, dt),
        lambda dt, t: metric.correlation_index(SPIKES, 4 * t, dt),
        lambda dt, t: metric.cross_correlation(SPIKES, 4 * t, dt),
        lambda dt, t: metric.phase_locking_value(SPIKES, 20.0 * u.Hz, dt),
        lambda dt, t: metric.victor_purpura_distance(T([1.0, 2.0]) * t, T([1.5]) * t, 0.5 / t),
        lambda dt, t: metric.van_rossum_distance(T([1.0, 2.0]) * u.ms, T([1500.0]) * u.us, 1.0 * t),
    ],
)
def test_times_may_have_any_unit_of_time(measure):
    seen = [measure(1.0 * u.ms, 1.0 * u.ms), measure(0.001 * u.second, 1000.0 * u.us)]
    torch.testing.assert_close(*[x if isinstance(x, torch.Tensor) else T(x) for x in seen])
    with B.environ.context(dt=1.0 * u.ms):
        measure(None, 1.0 * u.ms)


def test_the_distance_of_van_rossum_has_a_derivative_by_the_times():
    def distance(x):
        return metric.van_rossum_distance(x, T([2.0, 4.0], dtype=torch.float64), 1.0, 10.0) ** 2

    x, eps = T([1.03, 3.51], dtype=torch.float64), 1e-5
    slope = B.transform.grad(distance)(x)
    for i, step in enumerate(torch.eye(2, dtype=torch.float64) * eps):
        wanted = (distance(x + step) - distance(x - step)) / (2 * eps)
        torch.testing.assert_close(slope[i], wanted, rtol=1e-4, atol=1e-6)
    assert B.transform.grad(lambda y: metric.van_rossum_distance(y, y))(x).isfinite().all()


def test_losses_of_sequences_compile_and_agree_with_torch():
    logits = torch.randn(2, 6, 4, generator=G)
    labels, zeros = T([[1, 2], [3, 3]]), torch.zeros(2, 2)
    loss = lambda x: metric.ctc_loss(x, torch.zeros(2, 6), labels, zeros)
    wanted = torch.nn.functional.ctc_loss(
        torch.log_softmax(logits, -1).transpose(0, 1), labels, T([6, 6]), T([2, 2]), reduction="none"
    )
    torch.testing.assert_close(loss(logits), wanted)
    torch.testing.assert_close(B.transform.jit(loss, backend="replay")(logits), wanted)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (
            lambda: metric.firing_rate(torch.ones(3), 1.0, 1.0),
            ValueError,
            "`spikes` must have two axes",
        ),
        (lambda: metric.cross_correlation(SPIKES, 0.1, 1.0), ValueError, "`bin` must be at least as long as a step"),
        (lambda: metric.cross_correlation(SPIKES, 1.0, 1.0, "x"), ValueError, "`method` must be 'loop' or 'vmap'"),
        (lambda: metric.voltage_fluctuation(SPIKES, "x"), ValueError, "`method` must be 'loop' or 'vmap'"),
        (lambda: metric.unitary_LFP(torch.ones(40), SPIKES, "x"), ValueError, "`spike_type` must be 'exc' or 'inh'"),
        (lambda: metric.unitary_LFP(torch.ones(4), SPIKES, "exc"), ValueError, "`times` must have one for each step"),
        (
            lambda: metric.unitary_LFP(torch.ones(40), SPIKES, "exc", location="x"),
            ValueError,
            "`location` must be one of soma layer",
        ),
        (lambda: metric.matrix_correlation(SPIKES, SPIKES[:3]), ValueError, "`x` and `y` must have one shape"),
        (lambda: metric.functional_connectivity(SPIKES[0]), ValueError, "`activities` must have 2 axes"),
        (lambda: metric.functional_connectivity_dynamics(SPIKES, 1), ValueError, "`window_size` must be above 1"),
        (lambda: metric.functional_connectivity_dynamics(SPIKES, 9, 0), ValueError, "`step_size` must be positive"),
        (lambda: metric.functional_connectivity_dynamics(SPIKES[:, :1]), ValueError, "must have two signals at least"),
        (lambda: metric.weighted_correlation([1.0], [1.0], [1.0, 2.0]), ValueError, "must be equally long"),
        (
            lambda: metric.ctc_loss(torch.ones(2, 3), 0, T([[1]]), 0),
            ValueError,
            "`logits` must have the axes",
        ),
        (
            lambda: metric.ctc_loss(torch.ones(1, 3, 2), torch.ones(1, 2), T([[1]]), torch.ones(1, 1)),
            ValueError,
            r"the paddings must have the shapes \(1, 3\) and \(1, 1\)",
        ),
        (lambda: metric.ranking_softmax_loss([1.0], [1.0], reduction="x"), ValueError, "`reduction` must be 'mean'"),
        (lambda: metric.ranking_softmax_loss([1], [1]), TypeError, "`logits` must be made of floats"),
        (
            lambda: metric.victor_purpura_distance(T([1.0]) * u.ms, T([1.0]) * u.mV),
            u.UnitMismatchError,
            "mV",
        ),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()
