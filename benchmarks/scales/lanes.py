"""The gradient of each sample of a growing batch, by a map."""

import numpy as np

TITLE = "gradient for each sample of a batch through a layer of 20 by 10, by their number"
CASES = ("10", "100", "1000", "10000", "100000")
QUICK_CASES = ("3", "10")
MOST = {"time": 1.1, "making": 0.1, "memory": 1.1}


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(int(case), 20)), "w": rng.normal(size=(20, 10))}


def hand(case, data):
    import torch

    each = torch.func.vmap(torch.func.grad(lambda w, x: torch.tanh(x @ w).sum()), in_dims=(None, 0))
    return {"hand": lambda: each(data.w, data.x).sum(0)}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    each = _each(brainstate, data, torch.tanh)
    compiled = brainstate.transform.jit(each)
    return {"ours": lambda: each(data.x), "ours, jit": lambda: compiled(data.x)}


def theirs(case, data):
    import brainstate
    import jax.numpy as jnp

    compiled = brainstate.transform.jit(_each(brainstate, data, jnp.tanh))
    return {"brainstate jit": lambda: compiled(data.x)}


def _each(brainstate, data, tanh):
    w = brainstate.ParamState(data.w)
    gradient = brainstate.transform.vmap(brainstate.transform.grad(lambda x: tanh(x @ w.value).sum(), w))
    return lambda x: gradient(x).sum(0)
