"""A balanced network: 3,200 excitatory and 800 inhibitory neurons, each connected at random with 80 others.

    V <- V + (1 - exp(-dt / TAU)) (V_REST + R (I + g_E - g_I) - V)     g in V · S, that is, current-based synapses
    spikes where V >= V_TH; V <- V_RESET and stays for REFRACTORY
    g <- g exp(-dt / TAU_SYN) + w (spikes that arrive)

About 0.2 % of the neurons spike in a step, 20 Hz. Rounding decides in the end who spikes: results are those of the
first steps.
"""

import numpy as np

from . import Bar, plain

TITLE = "balanced network of 4,000 neurons, 1 s in steps of 0.1 ms (quick: 0.1 s)"
CASES = ("simulation",)
BARS = (Bar("ours, spiking, jit", "brainstate jit", 0.9),)

N_E, N_I, FAN_OUT = 3200, 800, 80
N = N_E + N_I
DT, TAU, REFRACTORY = 0.1, 20.0, 5.0  # ms
V_REST, V_TH, V_RESET = -60.0, -50.0, -60.0  # mV
TAU_E, TAU_I = 5.0, 10.0  # ms
CURRENT = 20.0  # mA, through 1 ohm
COMPARED = 300


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {
        "steps": np.array(1000 if quick else 10_000),
        "v": np.minimum(rng.normal(-55, 5, size=N), -50.5),
        "w_e": np.array(0.3),
        "w_i": np.array(-3.0),
        # As FixedNumConn draws them.
        "to_e": np.random.RandomState(1).randint(0, N, (N_E, FAN_OUT)),
        "to_i": np.random.RandomState(2).randint(0, N, (N_I, FAN_OUT)),
    }


def hand(case, data):
    return {"hand": _by_hand(data, plain)}


def compiled(case, data):
    import torch

    # The number of spikes is another at each step, so that what follows from it is left to torch.
    return {"torch.compile of the step": _by_hand(data, torch.compile)}


def _by_hand(data, wrapped):
    import math

    import torch

    decay_e, decay_i = math.exp(-DT / TAU_E), math.exp(-DT / TAU_I)
    towards, steps = 1 - math.exp(-DT / TAU), int(data.steps)

    def arriving(spikes, weight, indices):
        targets = indices.index_select(0, spikes.nonzero().view(-1)).view(-1)
        return torch.zeros_like(data.v).index_add_(0, targets, weight.expand(targets.shape))

    def simulate():
        v, g_e, g_i = data.v, torch.zeros_like(data.v), torch.zeros_like(data.v)
        since = torch.full_like(v, 1e7)
        counts = []
        for _ in range(steps):
            spikes = v >= V_TH
            from_e, from_i = arriving(spikes[:N_E], data.w_e, data.to_e), arriving(spikes[N_E:], data.w_i, data.to_i)
            v, g_e, g_i, since = step(v, g_e, g_i, since, spikes, from_e, from_i)
            counts.append(spikes.sum())
        return torch.stack(counts)[:COMPARED]

    @wrapped
    def step(v, g_e, g_i, since, spikes, from_e, from_i):
        g_e, g_i = g_e * decay_e + from_e, g_i * decay_i + from_i
        since = torch.where(spikes, 0.0, since + 1)
        v = torch.where(spikes, V_RESET, v)
        moved = v + towards * (V_REST + CURRENT + g_e + g_i - v)
        return torch.where(since < REFRACTORY / DT - 0.5, v, moved), g_e, g_i, since

    return simulate


def brian2(case, data):
    """The program that Brian2 writes in C++; a call starts it, and it reads the connections from files."""
    import os
    import subprocess
    import sys
    import tempfile
    from pathlib import Path

    python = Path(sys.prefix) / "brian2" / "bin" / "python"
    if not python.exists():
        raise ModuleNotFoundError(name="brian2")
    # Deleted when nobody calls the function any more.
    owner = tempfile.TemporaryDirectory()
    folder = Path(owner.name)
    steps, count = int(data.steps), min(COMPARED, int(data.steps))
    numbers = {
        **{"n": N, "n_e": N_E, "dt": DT, "steps": steps, "threads": int(os.environ.get("OMP_NUM_THREADS", "1"))},
        **{"v_th": V_TH, "v_reset": V_RESET, "rest": V_REST + CURRENT, "refractory": REFRACTORY / DT - 0.5},
        **{"decay_e": np.exp(-DT / TAU_E), "decay_i": np.exp(-DT / TAU_I), "towards": 1 - np.exp(-DT / TAU)},
    }
    np.savez(folder / "inputs.npz", **numbers, **{name: x for name, x in vars(data).items() if name != "steps"})
    script = Path(__file__).with_name("brian_network.py")
    command = [python, script, folder / "inputs.npz", folder / "program"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)

    def simulate():
        subprocess.run([Path(owner.name) / "program" / "main"], check=True, cwd=folder / "program")
        (file,) = (folder / "program" / "results").glob("_dynamic_array_spikes_t_*")
        at = np.rint(np.fromfile(file) * 1e3 / DT).astype(int)
        return np.bincount(at[at < count], minlength=count)

    return {"Brian2, C++": simulate}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate
    import brainstate_torch.units as u

    steps = torch.arange(int(data.steps))
    simulate = _simulation(brainstate, u, data, torch.where, torch.zeros_like, steps)
    of_parts = _of_parts(brainstate, u, data, steps)
    return {
        "ours": simulate,
        "ours, spiking": of_parts,
        "ours, jit": brainstate.transform.jit(simulate),
        "ours, spiking, jit": brainstate.transform.jit(of_parts),
    }


def _of_parts(brainstate, u, data, steps):
    """The same network, built of the neurons and synapses of `spiking`."""
    parts, nn = brainstate.spiking, brainstate.nn
    # The time of a spike is that of the step that leads to it, one earlier than above.
    neurons = parts.LIFRef(
        N,
        tau=TAU * u.ms,
        tau_ref=(REFRACTORY + 0.5 * DT) * u.ms,
        V_th=V_TH * u.mV,
        V_reset=V_RESET * u.mV,
        V_rest=V_REST * u.mV,
        V_initializer=lambda shape: data.v * u.mV,
        spk_reset="hard",
    )
    silent = (0 * data.v) * u.mS

    def projection(size, weight, tau, seed):
        return parts.AlignPostProj(
            comm=nn.EventFixedProb(size, N, FAN_OUT, weight * u.mS, seed=seed),
            syn=parts.Expon.desc(N, tau=tau * u.ms, g_initializer=silent),
            out=parts.CUBA.desc(scale=u.volt),
            post=neurons,
        )

    from_e, from_i = projection(N_E, data.w_e, TAU_E, 1), projection(N_I, data.w_i, TAU_I, 2)

    def step(i):
        with brainstate.environ.context(t=i * (DT * u.ms)):
            spikes = neurons.get_spike()
            from_e(spikes[:N_E])
            from_i(spikes[N_E:])
            neurons(CURRENT * u.mA)
            return spikes.sum()

    def simulate():
        nn.init_all_states(neurons)
        with brainstate.environ.context(dt=DT * u.ms):
            return brainstate.transform.for_loop(step, steps)[:COMPARED]

    return simulate


def theirs(case, data):
    import brainstate
    import brainunit as u
    import jax.numpy as jnp

    choose_kernels()
    steps = jnp.arange(int(data.steps))
    simulate = _simulation(brainstate, u, data, u.math.where, jnp.zeros_like, steps)
    return {"brainstate jit": brainstate.transform.jit(simulate)}


def choose_kernels():
    """Without numba, brainevent's kernels for a CPU must be chosen by hand; they look at all connections."""
    import importlib.util

    if importlib.util.find_spec("numba") is None:
        from brainevent import config

        config.set_backend("cpu", "jax_raw")


def _simulation(brainstate, u, data, where, zeros_like, steps):
    network = _Network(brainstate, u, data, where, zeros_like)

    def simulate():
        network.reset()
        return brainstate.transform.for_loop(network.step, steps)[:COMPARED]

    return simulate


class _Network:
    """The same program for both libraries."""

    def __init__(self, brainstate, u, data, where, zeros_like):
        connected = brainstate.nn.EventFixedProb
        self.from_e = connected(N_E, N, FAN_OUT, data.w_e * u.mS, seed=1)
        self.from_i = connected(N_I, N, FAN_OUT, data.w_i * u.mS, seed=2)
        self.u, self.where = u, where
        self.start_v, self.silent, self.never = data.v * u.mV, zeros_like(data.v) * u.mS, (0 * data.v - 1e7) * u.ms
        self.v, self.g_e, self.g_i, self.last = (
            brainstate.HiddenState(x) for x in (self.start_v, self.silent, self.silent, self.never)
        )
        self.rest, self.threshold, self.reset_to = V_REST * u.mV, V_TH * u.mV, V_RESET * u.mV
        self.resistance, self.current = 1.0 * u.ohm, CURRENT * u.mA
        self.decay_e, self.decay_i = float(np.exp(-DT / TAU_E)), float(np.exp(-DT / TAU_I))
        self.towards = float(1 - np.exp(-DT / TAU))
        self.dt, self.refractory = DT * u.ms, REFRACTORY * u.ms

    def reset(self):
        self.v.value, self.last.value = self.start_v, self.never
        self.g_e.value = self.g_i.value = self.silent

    def step(self, i):
        u, where = self.u, self.where
        v = self.v.value
        spikes = v >= self.threshold
        g_e = self.g_e.value * self.decay_e + self.from_e(spikes[:N_E])
        g_i = self.g_i.value * self.decay_i + self.from_i(spikes[N_E:])
        t = i * self.dt
        last = where(spikes, t, self.last.value)
        v = where(spikes, self.reset_to, v)
        current = self.current + (g_e + g_i) * u.volt
        moved = v + self.towards * (self.rest + self.resistance * current - v)
        self.v.value = where(t - last < self.refractory - 0.5 * self.dt, v, moved)
        self.g_e.value, self.g_i.value, self.last.value = g_e, g_i, last
        return spikes.sum()
