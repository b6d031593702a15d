"""Gradient of a classifier with one hidden layer."""

import numpy as np

from . import Bar, plain

TITLE = "gradient of an MLP 784-256-10, batch 128"
CASES = ("gradient",)
BARS = (Bar("ours", "hand", 1.1),)

WEIGHTS = ("w1", "b1", "w2", "b2")


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {
        "x": rng.normal(size=(128, 784)),
        "labels": rng.integers(0, 10, size=128),
        "w1": rng.normal(size=(784, 256)) / 28,
        "b1": np.zeros(256),
        "w2": rng.normal(size=(256, 10)) / 16,
        "b2": np.zeros(10),
    }


def hand(case, data):
    return {"hand": _by_hand(data, plain)}


def compiled(case, data):
    import torch

    return {"torch.compile": _by_hand(data, torch.compile)}


def _by_hand(data, wrapped):
    import torch
    from torch.nn.functional import cross_entropy

    x, labels = data.x, data.labels
    weights = [getattr(data, name).requires_grad_() for name in WEIGHTS]

    @wrapped
    def loss(w1, b1, w2, b2):
        hidden = torch.relu(torch.addmm(b1, x, w1))
        return cross_entropy(torch.addmm(b2, hidden, w2), labels)

    return lambda: torch.autograd.grad(loss(*weights), weights)


def ours(case, data):
    import torch
    from torch.nn.functional import cross_entropy

    import brainstate_torch as brainstate

    x, labels = data.x, data.labels
    w1, b1, w2, b2 = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]

    def loss():
        hidden = torch.relu(torch.addmm(b1.value, x, w1.value))
        return cross_entropy(torch.addmm(b2.value, hidden, w2.value), labels)

    return {"ours": brainstate.transform.grad(loss, weights)}


def theirs(case, data):
    import brainstate
    import jax
    import jax.numpy as jnp

    x, labels = data.x, data.labels
    w1, b1, w2, b2 = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]

    def loss():
        hidden = jax.nn.relu(x @ w1.value + b1.value)
        scores = jax.nn.log_softmax(hidden @ w2.value + b2.value)
        return -jnp.take_along_axis(scores, labels[:, None], axis=1).mean()

    gradient = brainstate.transform.grad(loss, weights)
    return {"brainstate jit": brainstate.transform.jit(gradient), "brainstate eager": gradient}
