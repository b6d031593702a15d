"""Loops and maps within each other: each level doubles the work of a run, and adds to that of making the program."""

import numpy as np

TITLE = "a loop of one step over a map of two lanes, within each other, by the depth"
CASES = ("1", "2", "4", "6")
QUICK_CASES = ("1", "2")
# Each level is looked at by those around it: quadratic.
MOST = {"making": 2.0}


def inputs(case, quick):
    return {"x": np.random.default_rng(0).normal(size=(2,) * int(case))}


def hand(case, data):
    import torch

    return {"hand": lambda: torch.sin(data.x)}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    return {"ours, jit": _nested(brainstate, case, data, torch.sin)}


def theirs(case, data):
    import brainstate
    import jax.numpy as jnp

    return {"brainstate jit": _nested(brainstate, case, data, jnp.sin)}


def _nested(brainstate, case, data, sin):
    def level(f):
        return lambda x: brainstate.transform.for_loop(brainstate.transform.vmap(f), x[None])[0]

    f = sin
    for _ in range(int(case)):
        f = level(f)
    compiled = brainstate.transform.jit(f)
    return lambda: compiled(data.x)
