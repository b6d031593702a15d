"""Measures and losses of braintools.metric: the same numbers, and the same gradients of those that have one."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

import brainstate_torch
from brainstate_torch import units as torch_units

jax = pytest.importorskip("jax")
brainstate = pytest.importorskip("brainstate")
brainunit = pytest.importorskip("brainunit")
theirs = pytest.importorskip("braintools.metric")

OURS = SimpleNamespace(
    m=brainstate_torch.metric, u=torch_units, bs=brainstate_torch, array=lambda x: torch.tensor(np.asarray(x)),
    logsumexp=lambda s: torch.logsumexp(s, 0), grad=lambda f: brainstate_torch.transform.grad(f),
)  # fmt: skip
THEIRS = SimpleNamespace(
    m=theirs, u=brainunit, bs=brainstate, array=lambda x: jax.numpy.asarray(np.asarray(x)),
    logsumexp=jax.nn.logsumexp, grad=jax.grad,
)  # fmt: skip
RNG = np.random.default_rng(0)
SPIKES = (RNG.random((60, 5)) < 0.15).astype("float32")
SPIKES[:, 4] = 0.0
BURSTS = np.repeat(RNG.random((20, 4)) < 0.25, 4, 0).astype("float32")
SIGNALS = np.cumsum(RNG.normal(size=(70, 4)), 0).astype("float32")
TIMES = [np.sort(RNG.random(n)).astype("float32") * 10 for n in (6, 9)]
LOGITS = RNG.normal(size=(2, 7, 5)).astype("float32")
PADS = np.array([[0.0] * 7, [0.0] * 5 + [1.0] * 2], "float32")
LABELS, LABEL_PADS = np.array([[1, 1, 3], [2, 4, 0]]), np.array([[0.0, 0.0, 0.0], [0.0, 0.0, 1.0]], "float32")
X, Y = RNG.normal(size=(4, 3)).astype("float32"), RNG.normal(size=(4, 3)).astype("float32")
P = np.exp(X) / np.exp(X).sum(1, keepdims=True)
CASES = {
    "raster_plot": lambda f: f.m.raster_plot(f.array(SPIKES), f.array(np.arange(60, dtype="float32"))),
    "firing_rate": lambda f: f.m.firing_rate(f.array(SPIKES), 5.0 * f.u.ms, 1.0 * f.u.ms),
    "firing_rate, wide": lambda f: f.m.firing_rate(f.array(SPIKES), 90.0 * f.u.ms, 1.0 * f.u.ms),
    "firing_rate, plain": lambda f: f.m.firing_rate(f.array(SPIKES), 0.4, 0.1),
    "victor_purpura": lambda f: f.m.victor_purpura_distance(*map(f.array, TIMES), 0.7),
    "victor_purpura of nothing": lambda f: f.m.victor_purpura_distance(f.array(TIMES[0]), f.array(TIMES[0][:0])),
    "van_rossum": lambda f: f.m.van_rossum_distance(*map(f.array, TIMES), 0.8),
    "van_rossum to a time": lambda f: f.m.van_rossum_distance(*map(f.array, TIMES), 0.8, 5.0),
    "synchrony": lambda f: f.m.spike_train_synchrony(f.array(SPIKES), 4.0 * f.u.ms, 1.0 * f.u.ms),
    "synchrony, odd": lambda f: f.m.spike_train_synchrony(f.array(SPIKES), 3.0, 1.0),
    "synchrony of one": lambda f: f.m.spike_train_synchrony(f.array(SPIKES[:, :1]), 3.0, 1.0),
    "tiling": lambda f: f.m.spike_time_tiling_coefficient(f.array(SPIKES), 1.0, 2.0),
    "bursts": lambda f: f.m.burst_synchrony_index(f.array(BURSTS), 3, 1.5, 1.0),
    "bursts of nothing": lambda f: f.m.burst_synchrony_index(f.array(0 * BURSTS), 3, 1.5, 1.0),
    "phase locking": lambda f: f.m.phase_locking_value(f.array(SPIKES), 20.0, 1.0 * f.u.ms),
    "correlation_index": lambda f: f.m.correlation_index(f.array(SPIKES[:, :4]), 4.0, 1.0),
    "correlation_index, silent": lambda f: f.m.correlation_index(f.array(SPIKES), 7.0, 1.0),
    "cross_correlation": lambda f: f.m.cross_correlation(f.array(SPIKES), 7.0, 1.0),
    "cross_correlation, vmap": lambda f: f.m.cross_correlation(f.array(SPIKES), 4.0, 1.0, "vmap"),
    "unitary_LFP": lambda f: f.m.unitary_LFP(f.array(np.arange(60, dtype="float32")), f.array(SPIKES), "exc", seed=3),
    "unitary_LFP, inhibitory": lambda f: f.m.unitary_LFP(
        f.array(np.arange(60, dtype="float32")), f.array(SPIKES), "inh", location="deep layer", seed=3
    ),
    "voltage_fluctuation": lambda f: f.m.voltage_fluctuation(f.array(SIGNALS)),
    "voltage_fluctuation, still": lambda f: f.m.voltage_fluctuation(f.array(0 * SIGNALS), "vmap"),
    "matrix_correlation": lambda f: f.m.matrix_correlation(f.array(SIGNALS[:6]), f.array(SIGNALS[6:12])),
    "connectivity": lambda f: f.m.functional_connectivity(f.array(SIGNALS)),
    "connectivity, still": lambda f: f.m.functional_connectivity(f.array(SIGNALS * [1, 1, 0, 1]).astype("float32")
                                                                 if f is THEIRS else f.array(SIGNALS * [1, 1, 0, 1])),
    "dynamics": lambda f: f.m.functional_connectivity_dynamics(f.array(SIGNALS), 20, 7),
    "dynamics of little": lambda f: f.m.functional_connectivity_dynamics(f.array(SIGNALS[:10])),
    "weighted_correlation": lambda f: f.m.weighted_correlation(*(f.array(SIGNALS[:, i] ** (2 if i else 1)) for i in
                                                                 (1, 0, 2))),
    "ctc": lambda f: f.m.ctc_loss(f.array(LOGITS), f.array(PADS), f.array(LABELS), f.array(LABEL_PADS)),
    "ctc and probabilities": lambda f: f.m.ctc_loss_with_forward_probs(
        f.array(LOGITS), f.array(PADS), f.array(LABELS), f.array(LABEL_PADS)
    ),
    "ctc, another blank": lambda f: f.m.ctc_loss(
        f.array(LOGITS), f.array(PADS), f.array(LABELS - (LABELS == 4)), f.array(LABEL_PADS), blank_id=4
    ),
    "ctc, gradient": lambda f: f.grad(
        lambda x: f.m.ctc_loss(x, f.array(PADS), f.array(LABELS), f.array(LABEL_PADS)).sum()
    )(f.array(LOGITS)),
    "ranking": lambda f: f.m.ranking_softmax_loss(f.array(X), f.array(P)),
    "ranking of some": lambda f: f.m.ranking_softmax_loss(f.array(X), f.array(P), where=f.array(Y > -0.3)),
    "ranking, one by one": lambda f: f.m.ranking_softmax_loss(
        f.array(X), f.array(P), weights=f.array(np.abs(Y)), reduction="none"
    ),
    "ranking, sum": lambda f: f.m.ranking_softmax_loss(f.array(X), f.array(P), reduction="sum"),
    "fenchel young": lambda f: f.m.make_fenchel_young_loss(f.logsumexp)(f.array(X), f.array(P)),
    "fenchel young, gradient": lambda f: f.grad(
        lambda x: f.m.make_fenchel_young_loss(f.logsumexp)(x, f.array(P)).sum()
    )(f.array(X)),
    "poly": lambda f: f.m.poly_loss_cross_entropy(f.array(X), f.array(P), 1.5),
    "convex": lambda f: f.m.convex_kl_divergence(f.array(Y), f.array(P)),
    "cosines": lambda f: f.m.pairwise_cosine_similarity(f.array(X), f.array(Y)),
    "cosine distances": lambda f: f.m.pairwise_cosine_distance(f.array(X * [[1], [0], [1], [1]])),
    "safe_norm": lambda f: f.m.safe_norm(f.array(X), 1.3, axis=1),
    "safe_norm of all": lambda f: f.m.safe_norm(f.array(X), 0.1, keepdims=True),
    "safe_norm, gradient": lambda f: f.grad(lambda x: f.m.safe_norm(x, 0.1))(f.array(np.zeros(3, "float32"))),
    "L1Loss": lambda f: f.m.L1Loss("sum").update(f.array(X), f.array(Y)),
}  # fmt: skip


def numbers(x):
    if isinstance(x, (tuple, list)):
        return [y for each in x for y in numbers(each)]
    return [np.asarray(x.detach() if isinstance(x, torch.Tensor) else x, "float64")]


@pytest.mark.parametrize("name", CASES)
def test_measures_are_those_of_braintools(name):
    with brainstate_torch.environ.context(random_impl="threefry2x32"):
        ours, wanted = (numbers(CASES[name](f)) for f in (OURS, THEIRS))
    assert len(ours) == len(wanted)
    for mine, other in zip(ours, wanted, strict=True):
        assert mine.shape == other.shape
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
