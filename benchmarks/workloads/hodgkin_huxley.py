"""Forward Euler steps of Hodgkin–Huxley cells, with physical units and without."""

import numpy as np

from . import Bar, plain

TITLE = "100 Hodgkin–Huxley cells, 1000 steps (quick: 100), no gradient"
CASES = ("simulation",)
BARS = (Bar("ours, units", "ours, plain", 2.5), Bar("ours, units, jit", "ours, plain, jit", 1.05))

DT = 0.01
G_NA, G_K, G_L = 120.0, 36.0, 0.3  # mS / cm²
E_NA, E_K, E_L = 50.0, -77.0, -54.4  # mV


def inputs(case, quick):
    rng = np.random.default_rng(0)
    steps = np.array(100 if quick else 1000)
    return {"steps": steps, "v": -65 + rng.normal(size=100), "current": rng.uniform(5, 15, size=100)}


def _rates(exp, x, m, h, n):
    """The derivatives of the gates, in 1/ms, at the potential x, in mV."""
    a_m, b_m = 0.1 * (x + 40) / (1 - exp(-(x + 40) / 10)), 4 * exp(-(x + 65) / 18)
    a_h, b_h = 0.07 * exp(-(x + 65) / 20), 1 / (1 + exp(-(x + 35) / 10))
    a_n, b_n = 0.01 * (x + 55) / (1 - exp(-(x + 55) / 10)), 0.125 * exp(-(x + 65) / 80)
    return a_m * (1 - m) - b_m * m, a_h * (1 - h) - b_h * h, a_n * (1 - n) - b_n * n


def hand(case, data):
    return {"hand": _by_hand(data, plain)}


def compiled(case, data):
    import torch

    return {"torch.compile of the step": _by_hand(data, torch.compile)}


def _by_hand(data, wrapped):
    import torch

    steps = int(data.steps)

    def simulate():
        v = data.v
        m, h, n = (torch.full_like(v, x) for x in (0.05, 0.6, 0.32))
        for _ in range(steps):
            v, m, h, n = step(v, m, h, n)
        return v

    @wrapped
    def step(v, m, h, n):
        dm, dh, dn = _rates(torch.exp, v, m, h, n)
        ionic = G_NA * m**3 * h * (v - E_NA) + G_K * n**4 * (v - E_K) + G_L * (v - E_L)
        return v + (data.current - ionic) * DT, m + dm * DT, h + dh * DT, n + dn * DT

    return simulate


def ours(case, data):
    import torch

    import brainstate_torch as brainstate
    import brainstate_torch.units as u

    plain = _PlainCells(brainstate.HiddenState, torch.exp, data)
    units = _UnitCells(brainstate.HiddenState, torch.exp, data, u)
    steps = int(data.steps)
    return {
        "ours, plain": _looped(plain, steps),
        "ours, units": _looped(units, steps),
        "ours, plain, jit": _compiled(brainstate, plain, torch.arange(steps)),
        "ours, units, jit": _compiled(brainstate, units, torch.arange(steps)),
    }


def theirs(case, data):
    import brainstate
    import brainunit as u
    import jax.numpy as jnp

    cells = _UnitCells(brainstate.HiddenState, jnp.exp, data, u)
    compiled = _compiled(brainstate, cells, jnp.arange(int(data.steps)))
    # A Python loop over its steps takes two minutes.
    return {"brainstate jit, units": compiled, "brainstate eager, units": compiled.origin_fun}


def _compiled(brainstate, cells, steps):
    def simulate():
        cells.reset()
        brainstate.transform.for_loop(lambda i: cells.step(), steps)
        return cells.v.value

    return brainstate.transform.jit(simulate)


def _looped(cells, steps):
    def simulate():
        cells.reset()
        for _ in range(steps):
            cells.step()
        return cells.v.value

    return simulate


class _Cells:
    def __init__(self, state, exp, v):
        self.exp, self.initial = exp, (v, *(0 * (v / v) + x for x in (0.05, 0.6, 0.32)))
        self.v, self.m, self.h, self.n = map(state, self.initial)

    def reset(self):
        self.v.value, self.m.value, self.h.value, self.n.value = self.initial


class _PlainCells(_Cells):
    def __init__(self, state, exp, data):
        super().__init__(state, exp, data.v)
        self.current = data.current

    def step(self):
        v, m, h, n = self.v.value, self.m.value, self.h.value, self.n.value
        dm, dh, dn = _rates(self.exp, v, m, h, n)
        ionic = G_NA * m**3 * h * (v - E_NA) + G_K * n**4 * (v - E_K) + G_L * (v - E_L)
        self.v.value = v + (self.current - ionic) * DT
        self.m.value, self.h.value, self.n.value = m + dm * DT, h + dh * DT, n + dn * DT


class _UnitCells(_Cells):
    def __init__(self, state, exp, data, u):
        super().__init__(state, exp, data.v * u.mV)
        self.mV, self.ms, self.dt = u.mV, u.ms, DT * u.ms
        self.current, self.capacitance = data.current * (u.uA / u.cm**2), 1.0 * (u.uF / u.cm**2)
        self.g_na, self.g_k, self.g_l = (g * (u.mS / u.cm**2) for g in (G_NA, G_K, G_L))
        self.e_na, self.e_k, self.e_l = (e * u.mV for e in (E_NA, E_K, E_L))

    def step(self):
        v, m, h, n = self.v.value, self.m.value, self.h.value, self.n.value
        dm, dh, dn = _rates(self.exp, v / self.mV, m, h, n)
        ionic = self.g_na * m**3 * h * (v - self.e_na) + self.g_k * n**4 * (v - self.e_k) + self.g_l * (v - self.e_l)
        self.v.value = v + (self.current - ionic) / self.capacitance * self.dt
        self.m.value = m + dm / self.ms * self.dt
        self.h.value = h + dh / self.ms * self.dt
        self.n.value = n + dn / self.ms * self.dt
