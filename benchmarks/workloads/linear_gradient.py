"""Gradient of a squared linear prediction: two States, five data points. All overhead, no arithmetic."""

import numpy as np

from . import Bar, plain

TITLE = "gradient of a squared linear prediction (2 weights, 1 bias)"
CASES = ("default", "func")
BARS = (
    Bar("ours", "hand", 1.3, "default"),
    Bar("ours", "hand", 1.15, "func"),
    Bar("ours, jit", "brainstate jit", 0.8, "default"),
)


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(5, 2)), "y": rng.normal(size=5), "w": rng.normal(size=2), "b": np.array(0.5)}


def hand(case, data):
    return {"hand": _by_hand(case, data, plain)}


def compiled(case, data):
    import torch

    return {"torch.compile": _by_hand(case, data, torch.compile)}


def _by_hand(case, data, wrapped):
    import torch

    x, y = data.x, data.y

    def loss(w, b):
        return ((x @ w + b - y) ** 2).sum()

    if case == "func":
        gradient = wrapped(torch.func.grad_and_value(loss, argnums=(0, 1)))
        return lambda: gradient(data.w, data.b)[0]
    w, b = data.w.requires_grad_(), data.b.requires_grad_()
    loss = wrapped(loss)
    return lambda: torch.autograd.grad(loss(w, b), (w, b))


def ours(case, data):
    import brainstate_torch as brainstate

    x, y = data.x, data.y
    w, b = brainstate.ParamState(data.w), brainstate.ParamState(data.b)

    def loss():
        return ((x @ w.value + b.value - y) ** 2).sum()

    if case == "func":
        return {"ours": brainstate.transform.grad(loss, [w, b], engine="func")}
    gradient = brainstate.transform.grad(loss, [w, b])
    return {"ours": gradient, "ours, jit": brainstate.transform.jit(gradient)}


def theirs(case, data):
    import brainstate

    if case == "func":
        return {}
    x, y = data.x, data.y
    w, b = brainstate.ParamState(data.w), brainstate.ParamState(data.b)

    def loss():
        return ((x @ w.value + b.value - y) ** 2).sum()

    gradient = brainstate.transform.grad(loss, [w, b])
    return {"brainstate jit": brainstate.transform.jit(gradient), "brainstate eager": gradient}
