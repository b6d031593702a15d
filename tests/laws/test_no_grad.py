"""Laws of torch.no_grad: what is computed there is constant, in every mode and order of derivatives, compiled or not.

torch's forward mode passes over it (78961), so that a Hessian differed from the derivative of a gradient.
"""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T

F64 = torch.float64
X = torch.tensor([1.0, 2.0], dtype=F64)
STEPS = torch.arange(1.0, 3.0, dtype=F64)


@torch.no_grad()
def doubled(x):
    return 2 * x


HELD = brainstate.HiddenState(torch.zeros(2, dtype=F64))


def written(x):
    with torch.no_grad():
        HELD.value = 2 * x
    return HELD.value


def inside(fun):
    """What a function gives under torch.no_grad."""

    def constant(x):
        with torch.no_grad():
            return fun(x)

    return constant


class Doubled(torch.autograd.Function):
    """A function of the user's."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, cotangent):
        return 2 * cotangent

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * tangent


#: Functions whose value is a multiple of x, constant wherever it is differentiated.
CONSTANTS = {
    "an operator": inside(lambda x: 2 * x),
    "a decorated function": doubled,
    "an autograd.Function": inside(Doubled.apply),
    "a loop that carries": inside(lambda x: T.scan(lambda c, i: (c * i, None), x, STEPS)[0]),
    "a checkpoint": inside(T.checkpoint(lambda x: 2 * x)),
    "a write of a State": written,
    "a loop": inside(lambda x: T.for_loop(lambda i: i * x, STEPS).sum(0)),
    "a branch": inside(lambda x: T.cond(x.sum() > 0, lambda x: 2 * x, lambda x: x, x)),
    "a map": inside(T.vmap(lambda a: 2 * a)),
    "a tangent": inside(lambda x: T.jvp(lambda y: y**2, (x,), (torch.ones_like(x),))[1]),
    "a gradient": inside(T.grad(lambda y: (y**2).sum())),
    "a Hessian": inside(lambda x: T.hessian(lambda y: (y**3).sum())(x).diagonal()),
    "within enable_grad": inside(torch.enable_grad()(inside(lambda x: 2 * x))),
}
ORDERS = {
    "grad": T.grad,
    "jacfwd": T.jacfwd,
    "jvp": lambda f: lambda x: torch.stack([T.jvp(f, (x,), (row,))[1] for row in torch.eye(2, dtype=F64)]),
    "vmap of jacfwd": lambda f: lambda x: T.vmap(T.jacfwd(f))(x[None])[0],
    "hessian": T.hessian,
    "forward of forward": lambda f: T.jacfwd(T.jacfwd(f)),
    "reverse of forward": lambda f: T.jacrev(T.jacfwd(f)),
    "reverse of reverse": lambda f: T.jacrev(T.jacrev(f)),
}


def check(name, order, jit=lambda f: f):
    constant = CONSTANTS[name]
    derived = ORDERS[order](lambda x: (x * x * constant(x)).sum())
    factor = constant(X) / X
    second = order == "hessian" or order.startswith(("forward of", "reverse of"))
    HELD.value = torch.zeros(2, dtype=F64)
    torch.testing.assert_close(jit(derived)(X), torch.diag(2 * factor * X) if second else 2 * factor * X**2)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", CONSTANTS)
def test_what_is_computed_without_gradients_is_constant(name, order):
    if (name, order) == ("a write of a State", "vmap of jacfwd"):
        return  # a State that differs from lane to lane has to be named
    check(name, order)


@pytest.mark.parametrize("order", ["jacfwd", "hessian", "reverse of reverse"])
@pytest.mark.parametrize("name", CONSTANTS)
def test_it_is_constant_in_compiled_derivatives(name, order):
    check(name, order, lambda f: T.jit(f, backend="replay"))


@pytest.mark.parametrize("order", ORDERS)
def test_a_derivative_is_taken_where_gradients_are_disabled(order):
    derived = ORDERS[order](lambda x: (x**3).sum())
    with torch.no_grad():
        found = derived(X)
    torch.testing.assert_close(found, derived(X))
    assert not found.requires_grad
