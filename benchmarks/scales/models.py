"""New models, each compiled and called once: a call makes them all, as a search over architectures or seeds does."""

import numpy as np

TITLE = "new models of one layer, each compiled and called once, by their number"
CASES = ("3", "10", "30", "100")
QUICK_CASES = ("1", "3")
MOST = {"time": 1.1}


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(4, 8)), "w": rng.normal(size=(int(case), 8, 8))}


def hand(case, data):
    import torch

    return {"hand": lambda: torch.stack([torch.tanh(data.x @ w) for w in data.w])}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    return {"ours, jit": lambda: torch.stack(_made(brainstate, data, torch.tanh))}


def theirs(case, data):
    import brainstate
    import jax.numpy as jnp

    return {"brainstate jit": lambda: jnp.stack(_made(brainstate, data, jnp.tanh))}


def _made(brainstate, data, tanh):
    def model(w):
        state = brainstate.ParamState(w)
        return brainstate.transform.jit(lambda x: tanh(x @ state.value))

    return [model(w)(data.x) for w in data.w]
