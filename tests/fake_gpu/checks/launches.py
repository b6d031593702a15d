"""How many kernels a compiled loop launches."""

import torch

import brainstate_torch as bst
from brainstate_torch import event, nn
from brainstate_torch import transform as T

from .registry import few, filled


class _Spike(torch.autograd.Function):
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


def _spiking_loop(d, place):
    v, w = bst.HiddenState(torch.zeros(2, 64, device=d)), bst.ParamState(filled((64, 64), d) * 0.1)
    silent = torch.zeros(2, 64, device=d)
    s = bst.HiddenState(silent)

    def step(i):
        i = i @ w.value if place == "in the step" else i + s.value @ w.value if place == "recurrent" else i
        v.value = v.value + (i - v.value) * 0.1
        s.value = _Spike.apply(v.value - 1)
        v.value = v.value - s.value
        return s.value

    def loss(x):
        v.value = s.value = silent
        return (T.for_loop(step, x @ w.value if place == "before the loop" else x) ** 2).sum()

    return loss, w, filled((40, 2, 64), d)


# Forward and backward: one kernel each for an element-wise loop, and few around; one product outside of the loop for
# what does not depend on the carry; two products and two kernels a step for a recurrent network.
for _place, _most in (("before the loop", 16), ("in the step", 16), ("recurrent", 40 * 4 + 16)):

    @few(f"launches: 40 steps of spiking neurons, forward and backward, with the product {_place}")
    def _(d, place=_place, most=_most):
        loss, w, x = _spiking_loop(d, place)
        f = T.jit(T.grad(loss, w), cuda_graphs=False)  # which would be one launch
        return lambda: f(x), most


@few("launches: events over sparse connections, forward and backward")
def _(d):
    layer = nn.EventFixedNumConn(40, 30, 5, filled((40, 5), "cpu"), seed=1).to(d)
    x = (filled((3, 40), d) > 1).float().requires_grad_()
    weight = layer.weight.parameters()[0]

    def step():
        y = layer(x)
        torch.autograd.grad(y, (x, weight), torch.ones_like(y))

    # Forward a filling and a kernel; backward two of each, and what each input counts, with its derivative.
    return step, 11


@few("launches: events times a matrix, dense or sparse, are a filling and a kernel")
def _(d):
    matrix, dense = event.CSR.fromdense(filled((40, 30), d).relu()), filled((40, 30), d)
    events = event.BinaryArray(filled(40, d) > 1)
    return lambda: (events @ matrix, events @ dense), 4
