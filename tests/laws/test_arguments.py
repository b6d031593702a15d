"""Laws of arguments: a function that is transformed rebinds them with ``x += 1`` and cannot write into them."""

import pytest
import torch

from brainstate_torch import transform as T


def write(x, *rest):
    x.add_(1)
    return x.sum()


def rebind(x, *rest):
    x += 1
    x *= 2
    return x.sum()


def item(x, *rest):
    x[...] = 5.0
    return x.sum()


CALLS = {
    "grad": lambda f, x: T.grad(f)(x),
    "grad by torch.func": lambda f, x: T.grad(f, engine="func")(x),
    "grad by another argument": lambda f, x: T.grad(lambda a, b: f(b) * a.sum())(torch.ones(2), x),
    "grad by another argument, by name": lambda f, x: T.grad(lambda a, b: f(b) * a.sum())(torch.ones(2), b=x),
    "vector_grad": lambda f, x: T.vector_grad(f)(x),
    "jacrev": lambda f, x: T.jacrev(f)(x),
    "jacfwd": lambda f, x: T.jacfwd(f)(x),
    "hessian": lambda f, x: T.hessian(f)(x),
    "vjp": lambda f, x: T.vjp(f, x)[1](torch.tensor(1.0)),
    "jvp": lambda f, x: T.jvp(f, (x,), (torch.ones_like(x),)),
    "vmap": lambda f, x: T.vmap(f)(x),
    "vmap of what is not mapped": lambda f, x: T.vmap(lambda a, b: a * f(b), in_axes=(0, None))(torch.ones(2), x),
    "vmap2": lambda f, x: T.vmap2(f)(x),
    "for_loop": lambda f, x: T.for_loop(f, x),
    "scan": lambda f, x: T.scan(lambda c, t: (c, f(c) + t), x, x[:2]),
    "while_loop": lambda f, x: T.while_loop(
        lambda v: v[1] < 2, lambda v: (v[0], v[1] + f(v[0]).abs()), (x, torch.tensor(0.0))
    ),
    "map": lambda f, x: T.map(f, x),
    "cond": lambda f, x: T.cond(True, f, f, x),
    "cond in lanes": lambda f, x: T.vmap(lambda p: T.cond(p, f, f, x))(torch.tensor([True, False])),
    "switch": lambda f, x: T.switch(0, [f, f], x),
    "ifelse": lambda f, x: T.ifelse([True, False], [f, f], x),
    "checkpoint": lambda f, x: T.checkpoint(f)(x),
    "jit": lambda f, x: T.jit(f, backend="replay")(x),
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("f", [write, item])
def test_an_argument_is_not_written_in_place(name, f):
    x = torch.arange(3.0)
    with pytest.raises(TypeError, match="must not be written in place, nor an argument of a function that is transf"):
        CALLS[name](f, x)
    assert torch.equal(x, torch.arange(3.0))


@pytest.mark.parametrize("name", CALLS)
def test_an_argument_is_rebound(name):
    x = torch.arange(3.0)
    found = CALLS[name](rebind, x)
    assert torch.equal(x, torch.arange(3.0))
    expected = CALLS[name](lambda x, *rest: ((x + 1) * 2).sum(), x)
    for a, b in zip(torch.utils._pytree.tree_leaves(found), torch.utils._pytree.tree_leaves(expected), strict=True):
        torch.testing.assert_close(a, b)
