"""A network with synapses that are conductances, and more and more neurons, each with 80 connections.

It is that of W12, but the potential moves towards ``V_REST + CURRENT + g_E (E_E - V) + g_I (E_I - V)``.
"""

import math

import numpy as np

TITLE = "100 steps of a network with conductances, 80 connections from each neuron, by the number of neurons"
CASES = ("4000", "40000", "400000")
QUICK_CASES = ("100", "200")
MOST = {"time": 1.1, "making": 0.2, "memory": 1.1}

FAN_OUT, STEPS = 80, 100
DT, TAU, REFRACTORY = 0.1, 20.0, 5.0  # ms
V_REST, V_TH, V_RESET, E_E, E_I = -60.0, -50.0, -60.0, 0.0, -80.0  # mV
TAU_E, TAU_I = 5.0, 10.0  # ms
CURRENT, W_E, W_I = 20.0, 0.05, 0.5


def inputs(case, quick):
    n = int(case)
    return {
        "v": np.minimum(np.random.default_rng(0).normal(-55, 5, size=n), -50.5),
        # As FixedNumConn draws them.
        "to_e": np.random.RandomState(1).randint(0, n, (n * 4 // 5, FAN_OUT)),
        "to_i": np.random.RandomState(2).randint(0, n, (n - n * 4 // 5, FAN_OUT)),
    }


def hand(case, data):
    import torch

    n, n_e = int(case), int(case) * 4 // 5
    decay_e, decay_i, towards = math.exp(-DT / TAU_E), math.exp(-DT / TAU_I), 1 - math.exp(-DT / TAU)

    def arriving(spikes, weight, indices):
        targets = indices.index_select(0, spikes.nonzero().view(-1)).view(-1)
        return torch.zeros_like(data.v).index_add_(0, targets, torch.full((), weight).to(data.v).expand(targets.shape))

    def simulate():
        v, g_e, g_i = data.v, torch.zeros_like(data.v), torch.zeros_like(data.v)
        since = torch.full_like(v, 1e7)
        counts = []
        for _ in range(STEPS):
            spikes = v >= V_TH
            g_e = g_e * decay_e + arriving(spikes[:n_e], W_E, data.to_e)
            g_i = g_i * decay_i + arriving(spikes[n_e:], W_I, data.to_i)
            since = torch.where(spikes, 0.0, since + 1)
            v = torch.where(spikes, V_RESET, v)
            moved = v + towards * (V_REST + CURRENT + g_e * (E_E - v) + g_i * (E_I - v) - v)
            v = torch.where(since < REFRACTORY / DT - 0.5, v, moved)
            counts.append(spikes.sum() / n)
        return torch.stack(counts)

    return {"hand": simulate}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate
    import brainstate_torch.units as u

    run = _simulation(brainstate, u, int(case), data, torch.where, torch.zeros_like, torch.arange(STEPS))
    return {"ours, jit": brainstate.transform.jit(run)}


def theirs(case, data):
    import brainstate
    import brainunit as u
    import jax.numpy as jnp

    from ..workloads.ei_network import choose_kernels

    choose_kernels()
    run = _simulation(brainstate, u, int(case), data, u.math.where, jnp.zeros_like, jnp.arange(STEPS))
    return {"brainstate jit": brainstate.transform.jit(run)}


def _simulation(brainstate, u, n, data, where, zeros_like, steps):
    """The same program for both libraries."""
    n_e = n * 4 // 5
    from_e = brainstate.nn.EventFixedProb(n_e, n, FAN_OUT, W_E * u.mS, seed=1)
    from_i = brainstate.nn.EventFixedProb(n - n_e, n, FAN_OUT, W_I * u.mS, seed=2)
    silent = zeros_like(data.v) * u.mS
    start = (data.v * u.mV, silent, silent, (0 * data.v + 1e7) * u.ms)
    v, g_e, g_i, since = states = [brainstate.HiddenState(x) for x in start]
    decay_e, decay_i, towards = math.exp(-DT / TAU_E), math.exp(-DT / TAU_I), 1 - math.exp(-DT / TAU)
    resistance = 1 / u.mS

    def step(_):
        x = v.value
        spikes = x >= V_TH * u.mV
        g_e.value = g_e.value * decay_e + from_e(spikes[:n_e])
        g_i.value = g_i.value * decay_i + from_i(spikes[n_e:])
        since.value = where(spikes, 0 * since.value, since.value + DT * u.ms)
        x = where(spikes, V_RESET * u.mV, x)
        inward = resistance * (g_e.value * (E_E * u.mV - x) + g_i.value * (E_I * u.mV - x))
        moved = x + towards * ((V_REST + CURRENT) * u.mV + inward - x)
        v.value = where(since.value < (REFRACTORY - 0.5 * DT) * u.ms, x, moved)
        return spikes.sum() / n

    def simulate():
        for state, x in zip(states, start, strict=True):
            state.value = x
        return brainstate.transform.for_loop(step, steps)

    return simulate
