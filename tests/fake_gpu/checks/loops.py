"""Loops, branches, maps and compiled functions."""

import numpy as np
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import transform as T

from .registry import BACKEND, filled, same


def loop_of(d, kind):
    n, w = bst.HiddenState(torch.zeros(3, device=d)), bst.ParamState(filled(3, d))

    def step(x):
        n.value = torch.tanh(0.9 * n.value + w.value * x)
        return n.value

    def stepped(carry, x):
        return carry + step(x), carry

    def total(xs):
        n.value = torch.zeros_like(n.value)
        if kind == "for_loop":
            return T.for_loop(step, xs).sum()
        if kind == "scan":
            return T.scan(stepped, torch.zeros(3, device=d), xs)[0].sum()
        if kind == "checkpointed_for_loop":
            return T.checkpointed_for_loop(step, xs).sum()
        if kind == "cond":
            return T.cond(xs.sum() > 0, lambda: step(xs[0]), lambda: 2 * step(xs[1])).sum()
        if kind == "switch":
            return T.switch((xs.sum() > 0).int(), [lambda: step(xs[0]), lambda: 2 * step(xs[1])]).sum()
        if kind == "ifelse":
            holds = xs.sum() > 0
            return T.ifelse([holds, ~holds], [lambda: step(xs[0]), lambda: 2 * step(xs[1])]).sum()
        if kind == "while_loop":
            return T.while_loop(
                lambda c: c[0] < 3,
                lambda c: (c[0] + 1, c[1] + step(xs[0])),
                (torch.zeros((), dtype=torch.int64, device=d), xs[0]),
            )[1].sum()
        return T.bounded_while_loop(
            lambda c: c[0] < 3,
            lambda c: (c[0] + 1, c[1] + step(xs[0])),
            (torch.zeros((), dtype=torch.int64, device=d), xs[0]),
            max_steps=4,
        )[1].sum()

    return w, n, total


KINDS = ("for_loop", "scan", "checkpointed_for_loop", "cond", "switch", "ifelse", "bounded_while_loop")
for _kind in (*KINDS, "while_loop"):

    @same(f"{_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        return total(filled((6, 3), d)), n

    @same(f"jit of {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        return T.jit(total, backend=BACKEND)(filled((6, 3), d)), n


for _kind in KINDS:

    @same(f"grad of {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        return T.grad(total, w, argnums=0)(filled((6, 3), d)), n

    @same(f"jit of grad of {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        return T.jit(T.grad(total, w, argnums=0), backend=BACKEND)(filled((6, 3), d)), n

    @same(f"jit of grad of {_kind}, backward in the calling thread")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        with torch.autograd.set_multithreading_enabled(False):
            return T.jit(T.grad(total, w, argnums=0), backend=BACKEND)(filled((6, 3), d)), n

    @same(f"grad of jit of {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        return T.grad(T.jit(total, backend=BACKEND), w, argnums=0)(filled((6, 3), d)), n

    @same(f"vmap2 of {_kind}")
    def _(d, kind=_kind):
        w, n, total = loop_of(d, kind)
        return T.vmap2(lambda xs: total(xs), state_out_axes={0: bst.util.OfType(bst.HiddenState)})(filled((4, 6, 3), d))


@same("jit of ifelse with a Python bool among the conditions")
def _(d):
    f = lambda x: T.ifelse([x.sum() > 100, True], [lambda: x, lambda: 2 * x], check_cond=False)
    return T.jit(f, backend=BACKEND)(filled(3, d))


@same("vmap2 over States and arguments")
def _(d):
    w = bst.ParamState(filled((4, 3), d))
    return T.vmap2(lambda x: (w.value * x).sum(), state_in_axes={0: bst.util.OfType(bst.ParamState)})(filled((4, 3), d))


@same("vmap2: the index along its axis beside numbers on the device")
def _(d):
    return T.vmap2(lambda x: x + T.axis_index("i"), axis_name="i")(filled(3, d))


@same("vmap over a State")
def _(d):
    s = bst.State(filled((4, 3), d))

    def f(x):
        s.value = s.value + x
        return s.value.sum()

    return T.vmap(f, in_states=s, out_states=s)(filled((4, 3), d)), s


@same("map in batches")
def _(d):
    return T.map(lambda x: torch.sin(x).sum(), filled((7, 3), d), batch_size=3)


@same("vmap of grad")
def _(d):
    return torch.vmap(torch.func.grad(lambda x: (x**3).sum()))(filled((4, 3), d)), T.vmap(
        T.grad(lambda x: (x**3).sum())
    )(filled((4, 3), d))


@same("jit: plain, with units, with a second call")
def _(d):
    s = bst.State(filled(3, d) * u.mV)

    @T.jit(backend=BACKEND)
    def f(x):
        s.value += x * u.mV
        return s.value * 2

    return f(filled(3, d)), f(filled(3, d, 1)), s


@same("jit: numpy arguments where States are on the device")
def _(d):
    s = bst.State(filled(3, d))
    return T.jit(lambda x: s.value * x, backend=BACKEND)(np.ones(3, np.float32))


@same("jit_error_if and check")
def _(d):
    def f(x):
        T.jit_error_if(x < -100, "too small: {}", x)
        return x * 2

    return f(filled(3, d)), T.jit(f, backend=BACKEND)(filled(3, d))


@same("fn_to_python_code: the program as PyTorch code runs on the device")
def _(d):
    y, space = filled(3, d, 1), {}
    exec(T.fn_to_python_code(lambda x: torch.sin(x) * torch.ones_like(x) * y, filled(3, d)), space)
    return space["generated_function"](
        filled(3, d), *([y] if space["generated_function"].__code__.co_argcount > 1 else [])
    )


@same("eval_shape knows the device")
def _(d):
    shape = T.eval_shape(lambda x: x * 2, filled(3, d))
    return filled(3, d) if shape.shape == (3,) else None
