"""A loop whose step has more and more operations: what it takes to make a program."""

import numpy as np

TITLE = "a loop of 20 steps over 100 numbers, by the number of layers in a step, of four operations each"
CASES = ("10", "30", "100", "300")
QUICK_CASES = ("1", "3")
MOST = {"time": 1.1, "making": 1.1}


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=100), "weights": rng.normal(size=int(case))}


def _step(x, weights, tanh):
    for w in weights:
        x = tanh(x * w + 0.1) - x * 0.5
    return x


def hand(case, data):
    import torch

    def run():
        x = data.x
        for _ in range(20):
            x = _step(x, data.weights, torch.tanh)
        return x

    return {"hand": run}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    return {"ours, jit": brainstate.transform.jit(_looped(brainstate, data, torch.tanh, torch.arange(20)))}


def theirs(case, data):
    import brainstate
    import jax.numpy as jnp

    return {"brainstate jit": brainstate.transform.jit(_looped(brainstate, data, jnp.tanh, jnp.arange(20)))}


def _looped(brainstate, data, tanh, steps):
    state, weights = brainstate.HiddenState(data.x), [float(w) for w in data.weights]

    def step(_):
        state.value = _step(state.value, weights, tanh)

    def run():
        state.value = data.x
        brainstate.transform.for_loop(step, steps)
        return state.value

    return run
