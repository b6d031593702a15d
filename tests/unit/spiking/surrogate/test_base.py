"""What all spike functions share: the step, and one derivative in every transform."""

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.spiking.surrogate import ReluGrad, Sigmoid, Surrogate

X = torch.tensor([-3.0, -0.5, 0.0, 0.25, 2.0], dtype=torch.float64)
SPIKE = Sigmoid(2.0)


def slope(x):
    s = torch.sigmoid(2 * x)
    return 2 * s * (1 - s)


def curvature(x):
    s = torch.sigmoid(2 * x)
    return 4 * s * (1 - s) * (1 - 2 * s)


def each_jvp(f):
    return lambda x: torch.func.jvp(f, (x,), (torch.ones_like(x),))[1]


def test_surrogate_is_one_from_zero_on():
    assert SPIKE(X).tolist() == [0, 0, 1, 1, 1]
    assert SPIKE(X).dtype == torch.float64
    assert SPIKE(X.to(torch.float16)).dtype == torch.float16


def test_surrogate_takes_numbers_lists_and_states():
    assert SPIKE(0.5).item() == 1
    assert SPIKE([-1, 2]).tolist() == [0, 1]
    assert SPIKE(brainstate.State(X).value).tolist() == [0, 0, 1, 1, 1]


@pytest.mark.parametrize("engine", ["tape", "func"])
def test_surrogate_has_its_slope_on_both_engines(engine):
    found = brainstate.transform.grad(lambda x: (SPIKE(x) * X).sum(), engine=engine)(X)
    torch.testing.assert_close(found, slope(X) * X, rtol=1e-14, atol=0)


def test_surrogate_has_its_slope_in_every_transform_of_torch():
    x = X.clone().requires_grad_()
    (SPIKE(x) * 3).sum().backward()
    torch.testing.assert_close(x.grad, 3 * slope(X))
    torch.testing.assert_close(torch.func.grad(lambda x: SPIKE(x).sum())(X), slope(X))
    torch.testing.assert_close(torch.func.vmap(torch.func.grad(SPIKE))(X), slope(X))
    torch.testing.assert_close(each_jvp(SPIKE)(X), slope(X))
    assert torch.equal(torch.func.vmap(SPIKE, in_dims=1)(X.expand(2, 5)), SPIKE(X.expand(2, 5)).T)


def test_surrogate_outside_of_transforms_has_forward_derivatives_too():
    with torch.autograd.forward_ad.dual_level():
        dual = SPIKE(torch.autograd.forward_ad.make_dual(X, torch.ones_like(X)))
        torch.testing.assert_close(torch.autograd.forward_ad.unpack_dual(dual).tangent, slope(X))


def test_surrogate_second_derivative_is_that_of_the_slope():
    reverse = torch.func.vmap(torch.func.grad(torch.func.grad(SPIKE)))
    torch.testing.assert_close(reverse(X), curvature(X))
    torch.testing.assert_close(each_jvp(torch.func.vmap(torch.func.grad(SPIKE)))(X), curvature(X))
    torch.testing.assert_close(brainstate.transform.hessian(lambda x: SPIKE(x).sum())(X), torch.diag(curvature(X)))
    mixed = torch.func.grad(lambda x: each_jvp(SPIKE)(x).sum())
    torch.testing.assert_close(mixed(X), curvature(X))


def test_surrogate_refuses_forward_mode_twice():
    with pytest.raises(NotImplementedError, match="must not be differentiated in forward mode twice"):
        each_jvp(each_jvp(SPIKE))(X)


def test_surrogate_is_traced_with_its_slope():
    graph = make_fx(torch.func.grad(lambda x: SPIKE(x).sum()), tracing_mode="fake")(X)
    torch.testing.assert_close(graph(X + 0.1), slope(X + 0.1))
    tape = make_fx(brainstate.transform.grad(lambda x: SPIKE(x).sum()), tracing_mode="fake")(X)
    torch.testing.assert_close(tape(X + 0.1), slope(X + 0.1))


def test_surrogate_is_compiled_with_its_slope():
    compiled = torch.compile(torch.func.grad(lambda x: SPIKE(x).sum()), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(X), slope(X))


def test_surrogate_is_compiled_under_autograd():
    x = X.clone().requires_grad_()
    y = torch.compile(lambda x: SPIKE(x) * 2, fullgraph=True, backend="aot_eager")(x)
    assert torch.equal(y, 2 * SPIKE(X))
    torch.testing.assert_close(torch.autograd.grad(y.sum(), x)[0], 2 * slope(X))


def test_surrogate_of_a_loop_is_that_of_the_steps():
    def last(x):
        v = brainstate.ShortTermState(torch.zeros((), dtype=x.dtype))

        def step(each):
            v.value = 0.5 * v.value + each
            return SPIKE(v.value - 1)

        return brainstate.transform.for_loop(step, x)[-1]

    v = sum(x * 0.5 ** (len(X) - 1 - i) for i, x in enumerate(X))
    expected = slope(v - 1) * 0.5 ** torch.arange(len(X) - 1, -1, -1).double()
    torch.testing.assert_close(brainstate.transform.grad(last)(X), expected)


def test_surrogate_refuses_a_quantity():
    with pytest.raises(TypeError, match="`x` must be a plain number. Got a quantity in mV"):
        SPIKE(X * u.mV)
    assert SPIKE((X * u.mV) / (2.0 * u.mV)).tolist() == [0, 0, 1, 1, 1]


def test_surrogate_without_a_slope_raises():
    with pytest.raises(NotImplementedError, match="Surrogate must define `surrogate_grad`"):
        torch.func.grad(Surrogate())(X[0])


def test_surrogate_prints_its_parameters():
    assert repr(ReluGrad(0.5)).split() == ["ReluGrad(", "alpha=0.5,", "width=1.0", ")"]
