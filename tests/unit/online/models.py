"""Models for tests of online learning, in float64, and the gradient of backpropagation through time."""

import torch

import brainstate_torch as bst
import brainstate_torch.units as u

I, N, T = 3, 4, 6


def zeros(size, batch_size):
    return torch.zeros((*size,) if batch_size is None else (batch_size, *size), dtype=torch.float64)


def draw(*size):
    return torch.randn(*size, dtype=torch.float64, generator=torch.Generator().manual_seed(sum(size)))


class Diagonal(bst.nn.Module):
    """Two hidden states, each a function of both, element by element; one weight is used twice."""

    def __init__(self):
        super().__init__()
        self.inp, self.out = bst.nn.Linear(I, N), bst.nn.Linear(N, 2)
        self.a = bst.ParamState(draw(N))

    def init_state(self, batch_size=None):
        self.h = bst.HiddenState(zeros([N], batch_size))
        self.k = bst.HiddenState(zeros([N], batch_size))

    def reset_state(self, batch_size=None):
        self.h.value, self.k.value = zeros([N], batch_size), zeros([N], batch_size)

    def update(self, x):
        self.h.value = torch.tanh(self.a.value * self.h.value + self.inp(x) * (1 + 0.3 * self.k.value))
        self.k.value = 0.9 * self.k.value + torch.sin(self.h.value) * self.a.value
        return self.out(self.h.value * self.k.value)


class Of(bst.nn.Module):
    """One hidden state that decays and takes what a function of input and model gives."""

    def __init__(self, current, shape=(N,), **parts):
        super().__init__()
        self.current, self.shape = current, shape
        for name, part in parts.items():
            setattr(self, name, part)

    def init_state(self, batch_size=None):
        self.h = bst.HiddenState(zeros(self.shape, batch_size))

    def update(self, x):
        self.h.value = 0.9 * self.h.value + self.current(self, x)
        return torch.sin(self.h.value)


class Spiking(bst.nn.Module):
    """Leaky neurons with synapses, and a readout; recurrent connections if asked for."""

    def __init__(self, recurrent=False, neuron=bst.spiking.LIF):
        super().__init__()
        self.inp = bst.nn.Linear(I, N, w_init=bst.nn.init.Normal(scale=2.0))
        self.rec = bst.nn.Linear(N, N) if recurrent else None
        self.neuron = neuron(N, tau=10 * u.ms)
        self.syn = bst.spiking.Expon(N, tau=5 * u.ms, g_initializer=bst.nn.init.Constant(0.0 * u.mA))
        self.out = bst.nn.Linear(N, 2)

    def update(self, x):
        current = self.inp(x)
        if self.rec is not None:
            current = current + self.rec(self.neuron.get_spike())
        return self.out(self.neuron(self.syn(current * u.mA)))


class Chain(bst.nn.Module):
    def __init__(self, *parts):
        super().__init__()
        self.parts = list(parts)

    def update(self, x):
        for part in self.parts:
            x = part(x)
        return x


def loss(y):
    return (y**2).sum()


def bptt(model, xs, weights, batch_size=None):
    """The gradient through all steps."""
    bst.nn.init_all_states(model, batch_size=batch_size)
    return bst.transform.grad(lambda: sum(loss(model(x)) for x in xs), weights)()


def online(learner, xs, **options):
    """The sum of the gradients of all steps."""
    return learner.etrace_grad(xs, step_fn=lambda x: loss(learner(x)), reduction="sum", **options)


def mantissas(tree):
    return [u.get_mantissa(x) for x in bst._tree.leaves(tree)]


def assert_same(found, expected, rtol=1e-9, atol=1e-12):
    assert set(found) == set(expected)
    for key in expected:
        for x, y in zip(mantissas(found[key]), mantissas(expected[key]), strict=True):
            torch.testing.assert_close(x, y, rtol=rtol, atol=atol)
