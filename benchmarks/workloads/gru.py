"""Gradient through a gated recurrent unit; ``torch.nn.GRU`` runs its loop in C++."""

import numpy as np

from . import Bar, plain

TITLE = "gradient of a GRU, 100 steps, batch 32, 32-64"
CASES = ("gradient",)
BARS = (Bar("ours", "hand", 1.05), Bar("ours, jit", "brainstate jit", 0.9))

WEIGHTS = ("w", "u", "b")


def inputs(case, quick):
    rng = np.random.default_rng(0)
    steps, batch, n_in, n = 100, 32, 32, 64
    return {
        "x": rng.normal(size=(steps, batch, n_in)),
        "target": rng.normal(size=(batch, n)),
        "w": rng.normal(size=(n_in, 3 * n)) / n_in**0.5,
        "u": rng.normal(size=(n, 3 * n)) / n**0.5,
        "b": np.zeros(3 * n),
    }


def hand(case, data):
    return {"hand": _by_hand(data, plain), "torch.nn.GRU": _library(data)}


def compiled(case, data):
    import torch

    return {"torch.compile of the step": _by_hand(data, torch.compile)}


def _by_hand(data, wrapped):
    import torch

    weights = [getattr(data, name).requires_grad_() for name in WEIGHTS]

    def gradient():
        w, u, b = weights
        h = torch.zeros_like(data.target)
        for a in (data.x @ w + b).unbind(0):
            h = step(h, a, u)
        return torch.autograd.grad(((h - data.target) ** 2).mean(), weights)

    @wrapped
    def step(h, a, u):
        a_r, a_z, a_n = a.chunk(3, -1)
        g_r, g_z, g_n = (h @ u).chunk(3, -1)
        z = torch.sigmoid(a_z + g_z)
        n = torch.tanh(a_n + torch.sigmoid(a_r + g_r) * g_n)
        return n + z * (h - n)

    return gradient


def _library(data):
    import torch

    n_in, n = data.w.shape[0], data.u.shape[0]
    gru = torch.nn.GRU(n_in, n).to(data.w)
    with torch.no_grad():
        gru.weight_ih_l0.copy_(data.w.T)
        gru.weight_hh_l0.copy_(data.u.T)
        gru.bias_ih_l0.copy_(data.b)
        gru.bias_hh_l0.zero_()
    weights = [gru.weight_ih_l0, gru.weight_hh_l0, gru.bias_ih_l0]

    def gradient():
        h = gru(data.x)[1][0]
        w, u, b = torch.autograd.grad(((h - data.target) ** 2).mean(), weights)
        return w.T, u.T, b

    return gradient


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    w, u, b = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]
    h = brainstate.HiddenState(torch.zeros_like(data.target))

    def step(a):
        a_r, a_z, a_n = a.chunk(3, -1)
        g_r, g_z, g_n = (h.value @ u.value).chunk(3, -1)
        z = torch.sigmoid(a_z + g_z)
        n = torch.tanh(a_n + torch.sigmoid(a_r + g_r) * g_n)
        h.value = n + z * (h.value - n)

    def loss():
        h.value = torch.zeros_like(data.target)
        for a in (data.x @ w.value + b.value).unbind(0):
            step(a)
        return ((h.value - data.target) ** 2).mean()

    def compiled():
        h.value = torch.zeros_like(data.target)
        brainstate.transform.for_loop(step, data.x @ w.value + b.value)
        return ((h.value - data.target) ** 2).mean()

    return {
        "ours": brainstate.transform.grad(loss, weights),
        "ours, jit": brainstate.transform.jit(brainstate.transform.grad(compiled, weights)),
    }


def theirs(case, data):
    import brainstate
    import jax
    import jax.numpy as jnp

    w, u, b = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]
    h = brainstate.HiddenState(jnp.zeros_like(data.target))

    def step(a):
        a_r, a_z, a_n = jnp.split(a, 3, -1)
        g_r, g_z, g_n = jnp.split(h.value @ u.value, 3, -1)
        z = jax.nn.sigmoid(a_z + g_z)
        n = jnp.tanh(a_n + jax.nn.sigmoid(a_r + g_r) * g_n)
        h.value = n + z * (h.value - n)

    def loss():
        h.value = jnp.zeros_like(data.target)
        brainstate.transform.for_loop(step, data.x @ w.value + b.value)
        return ((h.value - data.target) ** 2).mean()

    gradient = brainstate.transform.grad(loss, weights)
    return {"brainstate jit": brainstate.transform.jit(gradient), "brainstate eager": gradient}
