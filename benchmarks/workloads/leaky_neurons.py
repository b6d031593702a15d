"""2000 steps of leaky integrate-and-fire neurons without connections: nothing but the loop.

v <- v + (i - v) / 10
s <- 1 where v > 1, with the derivative of a sigmoid of slope 4
v <- v - s
"""

import numpy as np

from . import Bar, plain

TITLE = "1000 leaky neurons, 2000 steps"
CASES = ("forward", "gradient")
BARS = (
    Bar("ours, jit", "brainstate jit", 0.9, "forward"),
    Bar("ours, jit", "brainstate jit", 0.9, "gradient"),
)


def inputs(case, quick):
    rng = np.random.default_rng(0)
    return {"current": rng.uniform(0.5, 2.0, size=(200 if quick else 2000, 1000)), "gain": np.array(1.1)}


def _make_spike():
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(x):
            return (x > 0).to(x.dtype)

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(inputs[0])

        @staticmethod
        def backward(ctx, cotangent):
            p = torch.sigmoid(4 * ctx.saved_tensors[0])
            return cotangent * 4 * p * (1 - p)

    return Spike.apply


def hand(case, data):
    return {"hand": _by_hand(case, data, plain)}


def compiled(case, data):
    import torch

    return {"torch.compile of the step": _by_hand(case, data, torch.compile)}


def _by_hand(case, data, wrapped):
    import torch

    spike = _make_spike()
    gain = data.gain.requires_grad_(case == "gradient")

    def total():
        v = count = torch.zeros_like(data.current[0])
        for i in data.current.unbind(0):
            v, count = step(v, count, i, gain)
        return count.sum() + v.sum()

    @wrapped
    def step(v, count, i, gain):
        v = v + (gain * i - v) * 0.1
        s = spike(v - 1)
        return v - s, count + s

    return (lambda: torch.autograd.grad(total(), gain)[0]) if case == "gradient" else total


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    run = _run(brainstate, data, _make_spike(), torch.zeros_like(data.current[0]))
    function = brainstate.transform.grad(*run) if case == "gradient" else run[0]
    return {"ours": function, "ours, jit": brainstate.transform.jit(function)}


def theirs(case, data):
    import brainstate
    import jax
    import jax.numpy as jnp

    @jax.custom_jvp
    def spike(x):
        return (x > 0).astype(x.dtype)

    def slope(x):
        p = jax.nn.sigmoid(4 * x)
        return 4 * p * (1 - p)

    spike.defjvp(lambda primals, tangents: (spike(*primals), tangents[0] * slope(primals[0])))
    run = _run(brainstate, data, spike, jnp.zeros_like(data.current[0]))
    function = brainstate.transform.grad(*run) if case == "gradient" else run[0]
    return {"brainstate jit": brainstate.transform.jit(function), "brainstate eager": function}


def _run(brainstate, data, spike, silent):
    """The program, in the names that both libraries share, and what to differentiate it by."""
    gain = brainstate.ParamState(data.gain)
    v, count = brainstate.HiddenState(silent), brainstate.HiddenState(silent)

    def step(i):
        v.value += (gain.value * i - v.value) * 0.1
        s = spike(v.value - 1)
        v.value -= s
        count.value += s

    def total():
        v.value = count.value = silent
        brainstate.transform.for_loop(step, data.current)
        return count.value.sum() + v.value.sum()

    return total, gain
