"""Derivatives, checkpoints, and what a backward pass knows."""

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import random
from brainstate_torch import transform as T

from .registry import check, filled, same


def small_model(d):
    w, b = bst.ParamState(filled((3, 2), d)), bst.ParamState(filled(2, d, 1) * u.mV)
    h = bst.HiddenState(torch.zeros(2, device=d))

    def loss(x):
        h.value = torch.tanh(x @ w.value + h.value) + b.value.to_decimal(u.mV)
        return (h.value**2).sum()

    return {"w": w, "b": b}, h, loss


for _engine in ("tape", "func"):

    @same(f"grad on {_engine}: States, argument, value, aux")
    def _(d, engine=_engine):
        states, h, loss = small_model(d)
        f = T.grad(lambda x: (loss(x), h.value), states, argnums=0, has_aux=True, return_value=True, engine=engine)
        return f(filled((4, 3), d)[0]), h

    @same(f"grad on {_engine}: units")
    def _(d, engine=_engine):
        w, v = bst.ParamState(filled(2, d) * u.mS), bst.HiddenState(torch.zeros(2, device=d) * u.mV)

        def loss(i):
            v.value += i / w.value
            return u.math.sum(v.value**2)

        return T.grad(loss, w, unit_aware=True, engine=engine)(filled(2, d, 1) * u.uA), v

    @same(f"vector_grad on {_engine}")
    def _(d, engine=_engine):
        states, h, loss = small_model(d)
        return T.vector_grad(lambda x: torch.sin(x @ states["w"].value), states["w"], argnums=0, engine=engine)(
            filled((4, 3), d)
        )


for _name in ("jacrev", "jacfwd", "hessian", "fwd_grad"):

    @same(f"{_name} by an argument and by States")
    def _(d, name=_name):
        w = bst.ParamState(filled((3, 2), d))
        f = lambda x: torch.tanh(x @ w.value)
        g = (lambda x: f(x).sum()) if name in ("hessian", "fwd_grad") else f
        return getattr(T, name)(g)(filled(3, d)), getattr(T, name)(g, w)(filled(3, d))


@same("vjp and jvp")
def _(d):
    f = lambda x: torch.sin(x) * 2
    y, pull = T.vjp(f, filled(3, d))[:2]
    return y, pull(filled(3, d, 1)), T.jvp(f, (filled(3, d),), (filled(3, d, 1),))


@same("grad of a grad, with States")
def _(d):
    w = bst.ParamState(filled(3, d))
    inner = T.grad(lambda x: (torch.sin(w.value) * x**3).sum())
    return T.grad(lambda x: (inner(x) ** 2).sum(), w, argnums=0)(filled(3, d))


@same("grad of a Python number where States are on the device")
def _(d):
    w = bst.ParamState(filled(3, d))
    return T.grad(lambda x: (w.value * x).sum(), w)(2.0)


@same("grad of a numpy array where States are on the device")
def _(d):
    w = bst.ParamState(filled(3, d))
    return T.grad(lambda x: (w.value * x).sum(), w)(np.arange(3, dtype=np.float32))


@same("checkpoint: settings, States and random draws are repeated")
def _(d):
    w, rng = bst.ParamState(filled(3, d)), random.RandomState(3, impl="threefry2x32")
    block = T.checkpoint(lambda x: torch.sin(w.value * x) * bst.environ.get("dt") + rng.uniform(0.0, x.detach() ** 2))
    with bst.environ.context(dt=0.1):
        return T.grad(lambda x: (block(block(x)) ** 2).sum(), w, argnums=0)(filled(3, d))


@check("checkpoint: draws of torch's own generator are repeated")
def _():
    for draw in (lambda y: y * (torch.rand_like(y) < 0.5), lambda y: torch.nn.functional.dropout(y)):
        w, masks = bst.ParamState(torch.ones(500, device="cuda")), []

        def block(x):
            y = draw(torch.exp(w.value * x))
            masks.append(y.detach() != 0)
            return y

        found = T.grad(lambda x: T.checkpoint(block)(x).sum(), w)(torch.ones(500, device="cuda"))
        assert torch.equal(found != 0, masks[0]), "the second run has another mask, and the gradient is wrong"


@same("debug_nan finds nothing where there is nothing")
def _(d):
    return T.grad(lambda x: (x**2).sum(), debug_nan=True)(filled(3, d))


@check("debug_nan names the line of a NaN, forward and backward")
def _():
    for f in (lambda x: (torch.log(x - 10) * x).sum(), lambda x: torch.sqrt(x * 0).sum()):
        try:
            T.grad(f, debug_nan=True)(filled(3, "cuda"))
        except Exception as error:
            assert "derivatives.py" in str(error), str(error)[:200]
        else:
            raise AssertionError("nothing was raised")


# ---------------------------------------------------------------------------------- what a backward pass knows


class _Probe(torch.autograd.Function):
    """Calls something in its backward pass."""

    @staticmethod
    def forward(x, act):
        return x * 1

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.act = inputs[1]

    @staticmethod
    def backward(ctx, cotangent):
        return cotangent * ctx.act(), None


for _engine in ("tape", "func"):

    @same(f"a backward pass on {_engine} sees the settings of environ")
    def _(d, engine=_engine):
        with bst.environ.context(dt=0.5, precision=64):
            f = lambda x: _Probe.apply(x, lambda: bst.environ.get("dt") * bst.environ.get("precision")).sum()
            return T.grad(f, engine=engine)(filled(3, d))

    @same(f"a backward pass on {_engine} runs in the thread of the caller")
    def _(d, engine=_engine):
        import threading

        here = threading.get_ident()
        f = lambda x: _Probe.apply(x, lambda: float(threading.get_ident() == here)).sum()
        return T.grad(f, engine=engine)(filled(3, d))

    @same(f"a backward pass on {_engine} reads States as the forward pass left them")
    def _(d, engine=_engine):
        s = bst.State(torch.ones((), device=d))

        def f(x):
            s.value += 2
            return _Probe.apply(x, lambda: s.value).sum()

        return T.grad(f, engine=engine)(filled(3, d)), s

    @same(f"a backward pass on {_engine} must not write a State, and says so")
    def _(d, engine=_engine):
        s = bst.State(torch.ones((), device=d))

        def act():
            s.value = s.value + 1
            return 1.0

        try:
            T.grad(lambda x: _Probe.apply(x, act).sum(), engine=engine)(filled(3, d))
        except Exception as error:
            return s.value + (0 if "backward" in str(error) else 100)
        return s.value + 1000
