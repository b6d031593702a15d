"""Hessian of a logistic regression; by hand in the fastest of the ways that torch offers."""

import numpy as np

TITLE = "Hessian of a logistic regression, 200 parameters, 500 data points"
CASES = ("hessian",)
BARS = ()


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"x": rng.normal(size=(500, 200)), "w": rng.normal(size=200) / 14}


def hand(case, data):
    import torch

    def loss(w):
        return torch.nn.functional.softplus(data.x @ w).mean()

    twice_reverse = torch.func.jacrev(torch.func.grad(loss))
    return {"hand": lambda: twice_reverse(data.w), "torch.func.hessian": lambda: torch.func.hessian(loss)(data.w)}


def compiled(case, data):
    import torch

    def loss(w):
        return torch.nn.functional.softplus(data.x @ w).mean()

    twice_reverse = torch.compile(torch.func.jacrev(torch.func.grad(loss)))
    return {"torch.compile": lambda: twice_reverse(data.w)}


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    w = brainstate.ParamState(data.w)
    return {
        "ours": brainstate.transform.hessian(lambda: torch.nn.functional.softplus(data.x @ w.value).mean(), w),
    }


def theirs(case, data):
    import brainstate
    import jax

    w = brainstate.ParamState(data.w)
    curvature = brainstate.transform.hessian(lambda: jax.nn.softplus(data.x @ w.value).mean(), w)
    return {"brainstate jit": brainstate.transform.jit(curvature), "brainstate eager": curvature}
