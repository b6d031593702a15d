"""The gradient of each sample of a batch by itself, through the classifier of W2."""

from . import Bar, plain
from .mlp import WEIGHTS
from .mlp import inputs as _inputs

TITLE = "gradient for each of 128 samples of an MLP 784-256-10"
CASES = ("gradients",)
BARS = (Bar("ours, jit", "brainstate jit", 0.9),)


def inputs(case, quick):
    return _inputs(case, quick)


def hand(case, data):
    return {"hand": _by_hand(data, plain)}


def compiled(case, data):
    import torch

    return {"torch.compile": _by_hand(data, torch.compile)}


def _by_hand(data, wrapped):
    import torch
    from torch.nn.functional import cross_entropy

    def loss(weights, x, label):
        w1, b1, w2, b2 = weights
        return cross_entropy(torch.relu(x @ w1 + b1) @ w2 + b2, label)

    each = wrapped(torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0, 0)))
    weights = [getattr(data, name) for name in WEIGHTS]
    return lambda: each(weights, data.x, data.labels)


def ours(case, data):
    import torch
    from torch.nn.functional import cross_entropy

    import brainstate_torch as brainstate

    w1, b1, w2, b2 = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]

    def loss(x, label):
        return cross_entropy(torch.relu(x @ w1.value + b1.value) @ w2.value + b2.value, label)

    each = brainstate.transform.vmap(brainstate.transform.grad(loss, weights))
    compiled = brainstate.transform.jit(each)
    return {"ours": lambda: each(data.x, data.labels), "ours, jit": lambda: compiled(data.x, data.labels)}


def theirs(case, data):
    import brainstate
    import jax

    w1, b1, w2, b2 = weights = [brainstate.ParamState(getattr(data, name)) for name in WEIGHTS]

    def loss(x, label):
        scores = jax.nn.relu(x @ w1.value + b1.value) @ w2.value + b2.value
        return -jax.nn.log_softmax(scores)[label]

    each = brainstate.transform.vmap(brainstate.transform.grad(loss, weights))
    compiled = brainstate.transform.jit(each)
    return {"brainstate jit": lambda: compiled(data.x, data.labels)}
