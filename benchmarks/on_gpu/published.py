"""A dense layer of leaky neurons, forward and backward: the case that several libraries of spiking networks publish.

    v <- v + LEAK (x_t w - v),    s = [v > 1],    v <- v - s,    backward 1 / (1 + |v - 1|)^2

A gradient of a loss of the spikes by the weight. The product comes before the loop. snnTorch leaves the derivative of
the reset out, so that its gradient is another: W3 has it.
"""

import numpy as np

from ..workloads import plain

TITLE = (
    "a linear layer and 16,000 leaky neurons, 500 steps, batch 16, forward and backward (quick: 64 neurons, 20 steps)"
)
CASES = ("gradient",)
#: Seconds that others published for this case on one RTX 4090.
PUBLISHED = {"Norse, compiled": 0.109, "SpikingJelly, CuPy": 0.118, "Spyx, JAX": 0.076, "snnTorch": 3.08}

#: In single precision some of 128 million values cross the threshold a step earlier or later.
SINGLE = 1e-2

LEAK = 0.1


def inputs(case, quick):
    n, steps, batch = (64, 20, 4) if quick else (16_000, 500, 16)
    rng = np.random.default_rng(0)
    return {
        "w": rng.normal(size=(n, n)).astype(np.float32) * 8 / np.sqrt(n),
        "x": rng.random((steps, batch, n), dtype=np.float32),
    }


def _loss(spikes):
    return (spikes.mean((0, 1)) ** 2).sum()


def _told(w, spikes, grad):
    """What is compared: numbers that do not take the size of the weight."""
    return spikes.sum((0, 1)), grad.sum(0), grad.sum(1)


def _spike():
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(v):
            return (v > 0).to(v.dtype)

        @staticmethod
        def setup_context(ctx, given, output):
            ctx.save_for_backward(given[0])

        @staticmethod
        def backward(ctx, cotangent):
            (v,) = ctx.saved_tensors
            return cotangent / (1 + v.abs()) ** 2

    return Spike.apply


def _gradient(data, run):
    """The shared part of those on torch; ``run(current)`` gives the spikes of all steps."""
    import torch

    w = data.w.requires_grad_()

    def gradient():
        spikes = run(data.x @ w)
        (grad,) = torch.autograd.grad(_loss(spikes), w)
        return _told(w, spikes.detach(), grad)

    return gradient


def hand(case, data):
    return {"hand": _gradient(data, _by_hand(plain))}


def compiled(case, data):
    import torch

    # The whole loop would be unrolled.
    return {"torch.compile of the step": _gradient(data, _by_hand(torch.compile))}


def _by_hand(wrapped):
    import torch

    spike = _spike()

    @wrapped
    def step(v, current):
        v = v + LEAK * (current - v)
        s = spike(v - 1)
        return v - s, s

    def run(current):
        v, spikes = torch.zeros_like(current[0]), []
        for row in current.unbind(0):
            v, s = step(v, row)
            spikes.append(s)
        return torch.stack(spikes)

    return run


def ours(case, data):
    import torch

    import brainstate_torch as brainstate

    transform = brainstate.transform
    w, v = brainstate.ParamState(data.w), brainstate.HiddenState(torch.zeros_like(data.x[0]))
    spike = _spike()

    def step(current):
        v.value = v.value + LEAK * (current - v.value)
        s = spike(v.value - 1)
        v.value = v.value - s
        return s

    def loss(x):
        v.value = torch.zeros_like(v.value)
        spikes = transform.for_loop(step, x @ w.value)
        return _loss(spikes), spikes

    gradient = transform.jit(transform.grad(loss, w, has_aux=True))

    def run():
        grad, spikes = gradient(data.x)
        return _told(data.w, spikes, grad)

    return {"ours, jit": run}


def theirs(case, data):
    import brainstate
    import jax
    import jax.numpy as jnp

    w, v = brainstate.ParamState(data.w), brainstate.HiddenState(jnp.zeros_like(data.x[0]))

    @jax.custom_vjp
    def spike(x):
        return (x > 0).astype(x.dtype)

    spike.defvjp(lambda x: (spike(x), x), lambda x, g: (g / (1 + jnp.abs(x)) ** 2,))

    def step(current):
        v.value = v.value + LEAK * (current - v.value)
        s = spike(v.value - 1)
        v.value = v.value - s
        return s

    def loss(x):
        v.value = jnp.zeros_like(v.value)
        spikes = brainstate.transform.for_loop(step, x @ w.value)
        return _loss(spikes), spikes

    gradient = brainstate.transform.jit(brainstate.transform.grad(loss, w, has_aux=True))

    def run():
        grad, spikes = gradient(data.x)
        return _told(data.w, spikes, grad)

    return {"brainstate jit": run}


def spikingjelly(case, data):
    from spikingjelly.activation_based import neuron, surrogate

    found = {}
    for backend in ("torch", *(("cupy", "triton") if data.w.is_cuda else ())):
        lif = neuron.LIFNode(
            tau=1 / LEAK, v_threshold=1.0, v_reset=None, surrogate_function=surrogate.SuperSpike(), step_mode="m"
        )
        try:
            lif.backend = backend
        except (NotImplementedError, AssertionError, ImportError):
            continue

        def run(current, lif=lif):
            lif.reset()
            return lif(current)

        found[f"spikingjelly, {backend}"] = _gradient(data, run)
    return found


def norse(case, data):
    import torch
    from norse.torch.functional import lif_box, reset

    one = torch.ones((), dtype=data.w.dtype, device=data.w.device)
    neuron = lif_box.LIFBoxParameters(
        tau_mem_inv=one, v_leak=0 * one, v_th=one, v_reset=0 * one, reset_method=reset.reset_subtract
    )

    def made(wrapped):
        step = wrapped(lambda row, state: lif_box.lif_box_feed_forward_step(row, state, neuron, dt=LEAK))

        def run(current):
            state, spikes = lif_box.LIFBoxFeedForwardState(v=torch.zeros_like(current[0])), []
            for row in current.unbind(0):
                s, state = step(row, state)
                spikes.append(s)
            return torch.stack(spikes)

        return _gradient(data, run)

    found = {"norse": made(plain)}
    if data.w.is_cuda:
        found["norse, compiled step"] = made(torch.compile)
    return found
