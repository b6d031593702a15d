"""Gradient with respect to many States of one number each: what a State costs."""

import numpy as np

from . import Bar

TITLE = "gradient of a sum of squares over many States"
CASES = ("10", "100", "1000", "10000")
QUICK_CASES = ("10", "30", "100")
BARS = (Bar("ours", "hand", 1.15, measure="slope"),)

#: Beyond this, brainstate traces and compiles for minutes.
MOST_FOR_TRACING = 1000


def inputs(case, quick):
    return {"values": np.random.default_rng(0).normal(size=int(case))}


def hand(case, data):
    import torch

    leaves = [x.clone().requires_grad_() for x in data.values]

    def gradient():
        total = 0.0
        for x in leaves:
            total = total + x * x
        return torch.autograd.grad(total, leaves)

    return {"hand": gradient}


def ours(case, data):
    import brainstate_torch as brainstate

    states = [brainstate.ParamState(x.clone()) for x in data.values]

    def loss():
        total = 0.0
        for state in states:
            x = state.value
            total = total + x * x
        return total

    return {"ours": brainstate.transform.grad(loss, states)}


def theirs(case, data):
    import brainstate

    if int(case) > MOST_FOR_TRACING:
        return {}
    states = [brainstate.ParamState(x) for x in data.values]

    def loss():
        total = 0.0
        for state in states:
            x = state.value
            total = total + x * x
        return total

    gradient = brainstate.transform.grad(loss, states)
    return {"brainstate jit": brainstate.transform.jit(gradient), "brainstate eager": gradient}
