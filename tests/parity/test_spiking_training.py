"""A spiking network that learns, as in the notebook: the same draws, spikes, gradients and losses in both libraries.

Ours is made of `spiking`; theirs is written out, because brainstate itself has neither neurons nor synapses. Whether a
neuron spikes does not depend on the last bits of double precision, so that spikes are compared exactly.
"""

import contextlib
import functools
from typing import NamedTuple

import numpy as np
import pytest
import torch

from brainstate_torch import nn, optim, spiking

from .frameworks import OURS, THEIRS, brainstate, jax

STEPS, BATCH, INPUTS, HIDDEN = 50, 32, 20, 24
UPDATES, RATE = 20, 0.02
ALPHA, WIDTH = 0.3, 1.0  # of the surrogate derivative


def constants(u):
    """R, the time constants of membrane, synapse and readout, and the potentials of rest and threshold."""
    return 100.0 * u.Mohm, 10.0 * u.ms, 5.0 * u.ms, 20.0 * u.ms, -65.0 * u.mV, -50.0 * u.mV


class Ours(nn.Module):
    """Spikes through synapses to neurons, whose spikes are weighed and charge two leaky scores."""

    def __init__(self):
        super().__init__()
        u = OURS.u
        R, tau, tau_synapse, tau_readout, rest, threshold = constants(u)
        self.neurons = spiking.LIF(
            HIDDEN,
            R=R,
            tau=tau,
            V_rest=rest,
            V_reset=rest,
            V_th=threshold,
            V_initializer=nn.init.Constant(rest),
            spk_fun=spiking.surrogate.ReluGrad(ALPHA, WIDTH),
        )
        self.inputs = spiking.AlignPostProj(
            comm=nn.Linear(INPUTS, HIDDEN, w_init=nn.init.Normal(scale=0.3, unit=u.nA), b_init=None),
            syn=spiking.Expon.desc(HIDDEN, tau=tau_synapse, g_initializer=nn.init.Constant(0.0 * u.nA)),
            out=spiking.CUBA.desc(scale=1.0),
            post=self.neurons,
        )
        self.weigh = nn.Linear(HIDDEN, 2, w_init=nn.init.Normal(scale=0.3), b_init=None)
        self.scores = spiking.Expon(2, tau=tau_readout, g_initializer=nn.init.Constant(0.0))

    def update(self, x):
        self.inputs(x)
        spikes = self.neurons()
        return spikes, self.neurons.V.value, self.scores(self.weigh(spikes))

    def weights(self):
        return {"in": self.inputs.comm.weight, "out": self.weigh.weight}


@jax.custom_jvp
def spike(x):
    return (x >= 0).astype(x.dtype)


@spike.defjvp
def _(primals, tangents):
    (x,), (dx,) = primals, tangents
    return spike(x), dx * jax.nn.relu(ALPHA * (WIDTH - abs(x)))


class Theirs(brainstate.nn.Module):
    """The same, written out."""

    def __init__(self):
        super().__init__()
        init = brainstate.nn.init
        self.comm = brainstate.nn.Linear(INPUTS, HIDDEN, w_init=init.Normal(scale=0.3, unit=THEIRS.u.nA), b_init=None)
        self.weigh = brainstate.nn.Linear(HIDDEN, 2, w_init=init.Normal(scale=0.3), b_init=None)

    def init_state(self, batch_size):
        u, zeros = THEIRS.u, jax.numpy.zeros
        rest = constants(u)[4]
        self.V = brainstate.HiddenState(zeros((batch_size, HIDDEN)) * u.mV + rest)
        self.current = brainstate.HiddenState(zeros((batch_size, HIDDEN)) * u.nA)
        self.scores = brainstate.HiddenState(zeros((batch_size, 2)))

    def update(self, x):
        R, tau, tau_synapse, tau_readout, rest, threshold = constants(THEIRS.u)
        dt, height = brainstate.environ.get_dt(), threshold - rest
        exp = THEIRS.u.math.exp
        self.current.value = self.current.value * exp(-dt / tau_synapse) + self.comm(x)
        V = self.V.value - height * spike((self.V.value - threshold) / height)
        self.V.value = brainstate.nn.exp_euler_step(lambda V: (rest - V + R * self.current.value) / tau, V)
        spikes = spike((self.V.value - threshold) / height)
        self.scores.value = self.scores.value * exp(-dt / tau_readout) + self.weigh(spikes)
        return spikes, self.V.value, self.scores.value

    def weights(self):
        return {"in": self.comm.weight, "out": self.weigh.weight}


def cross_entropy(f, scores, labels):
    if f is OURS:
        return torch.nn.functional.cross_entropy(scores, labels.long())
    return -jax.nn.log_softmax(scores)[np.arange(BATCH), labels].mean()


def adam(f, weights):
    """An update of the weights by gradients; theirs from the textbook."""
    if f is OURS:
        return optim.Adam(lr=RATE).register_trainable_weights(weights).update
    zeros = {key: jax.tree.map(jax.numpy.zeros_like, state.value) for key, state in weights.items()}
    first, second, t = zeros.copy(), zeros.copy(), 0

    def update(grads):
        nonlocal t
        t += 1
        for key, state in weights.items():
            first[key] = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first[key], grads[key])
            second[key] = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, second[key], grads[key])
            state.value = jax.tree.map(
                lambda x, m, v: x - RATE * (m / (1 - 0.9**t)) / ((v / (1 - 0.999**t)) ** 0.5 + 1e-8),
                *(state.value, first[key], second[key]),
            )

    return update


class Update(NamedTuple):
    """What one update of the weights saw, as arrays of numpy."""

    gradients: dict
    loss: np.ndarray
    spikes: np.ndarray  # [time, batch, neuron]
    potentials: np.ndarray  # in mV


class Run(NamedTuple):
    """A training run in one library."""

    data: list
    weights: dict
    updates: list


def numbers(f, tree):
    """The numbers of the weights, or of gradients, in nA where they are currents."""
    found = {"in": tree["in"]["weight"].to_decimal(f.u.nA), "out": tree["out"]["weight"]}
    return {key: np.asarray(x) for key, x in found.items()}


@functools.cache
def trained(name, precision=64, compiled=False):
    f, Network = (THEIRS, Theirs) if name == "theirs" else (OURS, Ours)
    wide = jax.enable_x64(precision == 64) if f is THEIRS else contextlib.nullcontext()
    settings = {"precision": precision, "dt": 1.0 * f.u.ms, "random_impl": "threefry2x32"}
    with wide, f.bs.environ.context(**settings), f.bs.random.seed_context(0):
        patterns = f.array(np.asarray(f.bs.random.rand(STEPS, BATCH, INPUTS) < 0.05), f"float{precision}")
        labels = f.bs.random.randint(0, 2, size=BATCH)
        network = Network()
        weights = network.weights()
        first = numbers(f, {key: state.value for key, state in weights.items()})

        def loss():
            f.bs.nn.init_all_states(network, batch_size=BATCH)
            spikes, V, scores = f.bs.transform.for_loop(network, patterns)
            return cross_entropy(f, scores.mean(0), labels), (spikes, V)

        f.bs.nn.init_all_states(network, batch_size=BATCH)
        gradient = f.bs.transform.grad(loss, weights, has_aux=True, return_value=True)
        if compiled:
            gradient = f.jit(gradient)
        update, updates = adam(f, weights), []
        for _ in range(UPDATES):
            grads, value, (spikes, V) = gradient()
            update(grads)
            updates.append(Update(numbers(f, grads), *[np.asarray(x) for x in (value, spikes, V.to_decimal(f.u.mV))]))
        return Run([np.asarray(patterns), np.asarray(labels)], first, updates)


def errors(ours, theirs):
    """For each name how far arrays are apart, in units of the largest number."""
    assert ours.keys() == theirs.keys()
    return {key: np.abs(ours[key] - theirs[key]).max() / np.abs(theirs[key]).max() for key in theirs}


def losses(run):
    return np.array([update.loss for update in run.updates])


@pytest.mark.parametrize("precision", [32, 64])
def test_data_and_weights_drawn_from_one_seed_agree(precision):
    ours, theirs = trained("ours", precision), trained("theirs", precision, True)
    for found, expected in zip(ours.data, theirs.data, strict=True):
        np.testing.assert_array_equal(found, expected)
    rounding = np.finfo(f"float{precision}").eps
    assert max(errors(ours.weights, theirs.weights).values()) <= 4 * rounding
    assert all(x.dtype == f"float{precision}" for x in ours.weights.values())


def test_training_reaches_something():
    """Neurons fire, not all, and most of the loss goes."""
    run = trained("ours")
    rates = [1000 * update.spikes.mean() for update in run.updates]  # Hz
    assert 20 < min(rates) < max(rates) < 200
    assert losses(run)[-1] < losses(run)[0] / 4


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_spikes_agree_in_every_update(compiled):
    ours, theirs = trained("ours", 64, compiled), trained("theirs", 64, True)
    for mine, other in zip(ours.updates, theirs.updates, strict=True):
        np.testing.assert_array_equal(mine.spikes, other.spikes)
        np.testing.assert_allclose(mine.potentials, other.potentials, rtol=0, atol=1e-10)


def test_no_potential_is_at_the_threshold():
    """So spikes can be compared exactly: rounding moves potentials by 2e-13 mV, and none comes nearer than 7e-6 mV."""
    margins = [np.abs(update.potentials + 50.0).min() for update in trained("theirs", 64, True).updates]
    assert min(margins) > 1e-6


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_gradients_agree_in_every_update(compiled):
    """Found: 5e-16 at first, 4e-15 at most."""
    ours, theirs = trained("ours", 64, compiled), trained("theirs", 64, True)
    for mine, other in zip(ours.updates, theirs.updates, strict=True):
        assert max(errors(mine.gradients, other.gradients).values()) < 1e-11


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_losses_agree(compiled):
    """Found: 1e-15."""
    np.testing.assert_allclose(losses(trained("ours", 64, compiled)), losses(trained("theirs", 64, True)), rtol=1e-12)


def test_single_precision_agrees_at_first():
    """A spike that rounding moves changes all that follows; so only the first update is compared. Found: 4e-7."""
    mine, other = trained("ours", 32).updates[0], trained("theirs", 32, True).updates[0]
    assert np.abs(other.potentials + 50.0).min() > 1e-4
    np.testing.assert_array_equal(mine.spikes, other.spikes)
    assert max(errors(mine.gradients, other.gradients).values()) < 2e-6
    np.testing.assert_allclose(mine.loss, other.loss, rtol=1e-6)
