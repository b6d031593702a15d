"""A recurrent network that learns to integrate noise, the model of the notebook: the same training in both libraries.

No weight is copied. Both draw their weights and their data from one Threefry seed, and learn for themselves.
"""

import contextlib
import functools
from types import SimpleNamespace

import numpy as np
import pytest

from .frameworks import OURS, THEIRS, jax

HIDDEN, STEPS, BATCH, UPDATES = 32, 40, 32, 50
DT, TAU = 20.0, 100.0  # ms
RATE, DECAY = 0.02, 0.98
BETAS, EPS = (0.9, 0.999), 1e-8


def network(f):
    """A model in the words of one library."""
    nn = f.bs.nn

    class Integrator(nn.Module):
        def __init__(self):
            super().__init__()
            self.inputs = nn.Linear(1, HIDDEN)
            self.recurrent = nn.Linear(HIDDEN, HIDDEN, w_init=nn.init.KaimingNormal(scale=1.0), b_init=None)
            self.readout = nn.Linear(HIDDEN, 1)

        def init_state(self, batch_size=None):
            self.h = f.bs.HiddenState(nn.init.param(nn.init.ZeroInit(), (HIDDEN,), batch_size))

        def update(self, x):
            h = self.h.value
            towards = f.np.tanh(self.inputs(x) + self.recurrent(h))
            self.h.value = h + f.bs.environ.get_dt() / (TAU * f.u.ms) * (towards - h)
            return self.readout(self.h.value)

    return Integrator()


def trials(f):
    """White noise and its integral, each [step, trial, 1]."""
    signal = f.bs.random.normal(0.0, 5.0, size=(STEPS, BATCH, 1))
    return signal, f.np.cumsum(signal, 0) * (f.bs.environ.get_dt() / (1000.0 * f.u.ms))


def our_adam(f, weights):
    """An optimizer of this package, and its schedule."""
    schedule = f.bs.optim.ExponentialDecayLR(RATE, decay_steps=1, decay_rate=DECAY)
    optimizer = f.bs.optim.Adam(schedule, BETAS, eps=EPS).register_trainable_weights(weights)

    def update(grads):
        optimizer.update(grads)
        schedule.step()

    return update


def their_adam(f, weights):
    """The textbook's: brainstate has no optimizers of its own."""
    zeros = jax.tree.map(jax.numpy.zeros_like, {key: state.value for key, state in weights.items()})
    mean, square, count = f.bs.State(zeros), f.bs.State(zeros), f.bs.State(jax.numpy.asarray(0))

    def update(grads):
        (b1, b2), t = BETAS, count.value + 1
        m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, mean.value, grads)
        s = jax.tree.map(lambda s, g: b2 * s + (1 - b2) * g * g, square.value, grads)
        lr = RATE * DECAY ** (t - 1)

        def moved(x, m, s):
            return x - lr * (m / (1 - b1**t)) / (jax.numpy.sqrt(s / (1 - b2**t)) + EPS)

        for key, state in weights.items():
            state.value = jax.tree.map(moved, state.value, m[key], s[key])
        mean.value, square.value, count.value = m, s, t

    return update


def numbers(weights):
    """The weights by path and name."""
    return {(*path, name): np.asarray(x) for path, w in weights.items() for name, x in w.value.items()}


@pytest.fixture(autouse=True, scope="module")
def stream():
    """Where the random numbers of ours stood, and by which generator, is where they go on."""
    before = OURS.bs.random.get_key()
    yield
    OURS.bs.random.DEFAULT.value = before


@functools.cache
def training(name, precision, compiled):
    """The first weights, the losses, the last weights, and what the network then makes of new trials."""
    f = THEIRS if name == "theirs" else OURS
    wide = jax.enable_x64(precision == 64) if f is THEIRS else contextlib.nullcontext()
    with wide, f.bs.environ.context(precision=precision, dt=DT * f.u.ms):
        f.bs.random.seed(7, **({"impl": "threefry2x32"} if f is OURS else {}))
        model = network(f)
        weights = model.states(f.bs.ParamState)
        found = SimpleNamespace(begin=numbers(weights))

        def predicted(signal):
            f.bs.nn.init_all_states(model, BATCH)
            return f.bs.transform.for_loop(model, signal)

        def loss(signal, target):
            squares = sum((state.value["weight"] ** 2).sum() for state in weights.values())
            return ((predicted(signal) - target) ** 2).mean() + 1e-4 * squares

        gradient = f.bs.transform.grad(loss, weights, return_value=True)
        update = (our_adam if f is OURS else their_adam)(f, weights)

        def step():
            grads, value = gradient(*trials(f))
            update(grads)
            return value

        step = f.jit(step) if compiled else step
        found.losses = np.asarray([np.asarray(step()) for _ in range(UPDATES)])
        found.end = numbers(weights)
        signal, target = trials(f)
        found.target, found.predicted = np.asarray(target), np.asarray(predicted(signal))
        assert found.losses.dtype == found.predicted.dtype == f"float{precision}"
        return found


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "jit"])
def test_double_precision_trains_alike(compiled):
    """The last bit is 1e-16. After 50 updates losses and predictions differ by 4e-15, weights by 8e-15."""
    ours, theirs = training("ours", 64, compiled), training("theirs", 64, True)
    assert ours.begin.keys() == theirs.begin.keys()
    for key in ours.begin:
        np.testing.assert_allclose(ours.begin[key], theirs.begin[key], rtol=0, atol=1e-14)
        np.testing.assert_allclose(ours.end[key], theirs.end[key], rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-13, atol=0)
    np.testing.assert_allclose(ours.predicted, theirs.predicted, rtol=0, atol=1e-13)
    np.testing.assert_allclose(ours.target, theirs.target, rtol=0, atol=1e-14)


def test_single_precision_trains_alike():
    """The last bit is 1e-7. After 50 updates the losses differ by 1e-5 of their size, the predictions by 3e-6."""
    ours, theirs = training("ours", 32, False), training("theirs", 32, True)
    for key in ours.begin:
        np.testing.assert_allclose(ours.begin[key], theirs.begin[key], rtol=0, atol=5e-6)
    np.testing.assert_allclose(ours.losses, theirs.losses, rtol=1e-4, atol=0)
    np.testing.assert_allclose(ours.predicted, theirs.predicted, rtol=0, atol=5e-5)


def test_the_network_learns():
    """A reference from outside: to answer zero has the error of the variance of the targets."""
    found = training("ours", 64, False)
    error = ((found.predicted - found.target) ** 2).mean()
    assert error < 0.4 * (found.target**2).mean()
    assert found.losses[-10:].mean() < 0.3 * found.losses[:10].mean()
