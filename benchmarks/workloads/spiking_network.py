"""Gradient through a recurrent network of leaky integrate-and-fire neurons; the loss sees the last read-out.

    v <- v + LEAK (w_in x + w_rec s - v)
    s <- 1 where v > 1, with the surrogate derivative 1 / (1 + |v - 1|)²
    v <- v - s
    y <- y + LEAK_OUT (w_out s - y)

The current of the inputs is one product for all steps, and time is unbound once: indexing inside the loop would make
the backward pass write a full-size zero array at every step.
"""

import numpy as np

from . import Bar, plain
from .spiking_libraries import LEAK, LEAK_OUT, norse, snntorch, spikingjelly

__all__ = ["norse", "snntorch", "spikingjelly"]
__all__ += ["BARS", "CASES", "TITLE", "compiled", "hand", "inputs", "ours", "theirs"]

TITLE = "gradient of a recurrent spiking network, 100 steps, batch 64, 40-100-10"
CASES = ("gradient",)
BARS = (Bar("ours", "hand", 1.05), Bar("ours, jit", "brainstate jit", 0.9))

WEIGHTS = ("w_in", "w_rec", "w_out")


def inputs(case, quick, steps=100):
    rng = np.random.default_rng(0)
    batch, n_in, n, n_out = 64, 40, 100, 10
    return {
        "x": (rng.random((steps, batch, n_in)) < 0.2).astype(float),
        "target": rng.normal(size=(batch, n_out)),
        # A neuron spikes at about every tenth step, and v stays below 2: snntorch resets it differently beyond.
        "w_in": rng.normal(0.2, 0.2, size=(n_in, n)),
        "w_rec": rng.normal(size=(n, n)) * 0.1,
        "w_out": rng.normal(size=(n, n_out)),
    }


def _make_spike():
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return (x > 0).to(x.dtype)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return cotangent / (1 + x.abs()) ** 2

    return Spike.apply


def _make_older_spike():
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return (x > 0).to(x.dtype)

        @staticmethod
        def backward(ctx, cotangent):
            (x,) = ctx.saved_tensors
            return cotangent / (1 + x.abs()) ** 2

    return Spike.apply


def hand(case, data):
    # torch binds the signature of `forward` anew at each call of the form with `setup_context`, which torch.func needs.
    return {"hand": _by_hand(data, _make_spike()), "hand, older Function": _by_hand(data, _make_older_spike())}


def compiled(case, data):
    import torch

    return {"torch.compile of the step": _by_hand(data, _make_spike(), torch.compile)}


def _by_hand(data, spike, wrapped=plain):
    import torch

    weights = [getattr(data, name).requires_grad_() for name in WEIGHTS]

    def gradient():
        w_in, w_rec, w_out = weights
        v = s = torch.zeros(len(data.target), w_rec.shape[0], dtype=w_rec.dtype, device=w_rec.device)
        y = torch.zeros_like(data.target)
        for current in (data.x @ w_in).unbind(0):
            v, s, y = step(v, s, y, current, w_rec, w_out)
        return torch.autograd.grad(((y - data.target) ** 2).mean(), weights)

    @wrapped
    def step(v, s, y, current, w_rec, w_out):
        v = v + LEAK * (current + s @ w_rec - v)
        s = spike(v - 1)
        return v - s, s, y + LEAK_OUT * (s @ w_out - y)

    return gradient


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    spike = _make_spike()
    w_in, w_rec, w_out = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]
    silent = torch.zeros(len(data.target), len(data.w_rec), dtype=data.w_rec.dtype, device=data.w_rec.device)
    v, s, y = (brainstate.HiddenState(x) for x in (silent, silent, torch.zeros_like(data.target)))

    def step(current):
        v.value += LEAK * (current + s.value @ w_rec.value - v.value)
        s.value = spike(v.value - 1)
        v.value -= s.value
        y.value += LEAK_OUT * (s.value @ w_out.value - y.value)

    def loss():
        v.value = s.value = silent
        y.value = torch.zeros_like(data.target)
        for current in (data.x @ w_in.value).unbind(0):
            step(current)
        return ((y.value - data.target) ** 2).mean()

    def compiled():
        v.value = s.value = silent
        y.value = torch.zeros_like(data.target)
        brainstate.transform.for_loop(step, data.x @ w_in.value)
        return ((y.value - data.target) ** 2).mean()

    return {
        "ours": brainstate.transform.grad(loss, weights),
        "ours, jit": brainstate.transform.jit(brainstate.transform.grad(compiled, weights)),
    }


def theirs(case, data):
    import brainstate
    import jax
    import jax.numpy as jnp

    @jax.custom_jvp
    def spike(x):
        return (x > 0).astype(x.dtype)

    spike.defjvp(lambda primals, tangents: (spike(*primals), tangents[0] / (1 + jnp.abs(primals[0])) ** 2))

    w_in, w_rec, w_out = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]
    silent = jnp.zeros((len(data.target), len(data.w_rec)), data.w_rec.dtype)
    v, s, y = (brainstate.HiddenState(x) for x in (silent, silent, jnp.zeros_like(data.target)))

    def step(current):
        v.value += LEAK * (current + s.value @ w_rec.value - v.value)
        s.value = spike(v.value - 1)
        v.value -= s.value
        y.value += LEAK_OUT * (s.value @ w_out.value - y.value)

    def loss():
        v.value = s.value = silent
        y.value = jnp.zeros_like(data.target)
        brainstate.transform.for_loop(step, data.x @ w_in.value)
        return ((y.value - data.target) ** 2).mean()

    gradient = brainstate.transform.grad(loss, weights)
    return {"brainstate jit": brainstate.transform.jit(gradient), "brainstate eager": gradient}
