import math

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import brainstate_torch as bt
import brainstate_torch.units as u
from brainstate_torch import nn

step = nn.exp_euler_step
Y = torch.tensor([0.3, -1.2, 2.5], dtype=torch.float64)
DT = 0.1


@pytest.fixture(autouse=True)
def dt():
    with bt.environ.context(dt=DT):
        yield


def drift(y, k=1.3):
    return torch.sin(y) - k * y**3


def reference(y, k=1.3):
    """The formula, with the derivative by hand."""
    z = DT * (torch.cos(y) - 3 * k * y**2)
    return y + DT * torch.expm1(z) / z * drift(y, k)


# Numbers


@pytest.mark.parametrize("rate", [-3.0, 0.0, 1e-9, 0.5])
def test_a_linear_equation_is_exact(rate):
    found = step(lambda y: rate * y + 2.0, Y)
    expected = Y + 2.0 * DT if rate == 0 else Y * math.exp(rate * DT) + 2.0 * math.expm1(rate * DT) / rate
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-12)


def test_a_drift_that_does_not_depend_on_the_value_is_a_plain_step():
    torch.testing.assert_close(step(lambda y: torch.ones(3, dtype=torch.float64), Y), Y + DT)
    torch.testing.assert_close(step(lambda y: 2.0, Y), Y + 2 * DT)


def test_the_formula_holds_with_arguments_and_keywords():
    torch.testing.assert_close(step(drift, Y), reference(Y))
    torch.testing.assert_close(step(drift, Y, 0.4), reference(Y, 0.4))
    torch.testing.assert_close(step(drift, Y, k=0.4), reference(Y, 0.4))
    assert step(drift, 0.3).dtype == torch.float32


def test_coupled_elements_take_the_column_sums_of_the_jacobian():
    matrix = torch.tensor([[-1.0, 0.5], [2.0, -3.0]], dtype=torch.float64)
    y = torch.tensor([1.0, 2.0], dtype=torch.float64)
    z = DT * matrix.sum(0)
    torch.testing.assert_close(step(lambda y: matrix @ y, y), y + DT * torch.expm1(z) / z * (matrix @ y))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_dtype_is_kept(dtype):
    assert step(lambda y: -y, Y.to(dtype)).dtype == dtype


# Units


def test_units_of_drift_time_and_value_may_differ_in_scale():
    with bt.environ.context(dt=DT * u.ms):
        found = step(lambda v: (2.0 * u.volt - v) / (0.01 * u.second), Y * u.mV)
    assert found.unit == u.mV
    torch.testing.assert_close(found.mantissa, Y + (2000.0 - Y) * -math.expm1(-DT / 10))


@pytest.mark.parametrize(
    ("function", "y", "time"),
    [
        (lambda v: -v, Y * u.mV, DT * u.ms),
        (lambda v: -v / u.ms, Y * u.mV, DT),
        (lambda v: -v * u.mV, Y, DT),
        (lambda v: 1.0 * u.mV, Y, DT * u.ms),
    ],
)
def test_a_drift_of_another_dimension_is_refused(function, y, time):
    with bt.environ.context(dt=time), pytest.raises(u.UnitMismatchError, match="the drift must have the unit of `y`"):
        step(function, y)


def test_a_diffusion_of_another_dimension_is_refused():
    with bt.environ.context(dt=DT * u.ms), pytest.raises(ValueError, match="the diffusion must have the unit of `y`"):
        step(lambda v: -v / u.ms, lambda v: 1.0 * u.mV, Y * u.mV)


# Noise


def test_noise_is_the_diffusion_times_the_root_of_the_step():
    with bt.random.seed_context(3):
        noise = bt.random.randn_like(Y)
    with bt.random.seed_context(3):
        found = step(drift, lambda y, k=1.3: 0.5 * y, Y)
    torch.testing.assert_close(found, reference(Y) + 0.5 * Y * math.sqrt(DT) * noise)
    with bt.environ.context(dt=DT * u.ms), bt.random.seed_context(3):
        found = step(lambda v: -v / u.ms, lambda v: 1.0 * u.volt / u.second**0.5, Y * u.mV)
    torch.testing.assert_close(found.mantissa, Y * math.exp(-DT) + 1000 * math.sqrt(DT / 1000) * noise)


def test_the_variance_of_an_ornstein_uhlenbeck_process():
    y = torch.zeros(4000)
    with bt.random.seed_context(0):
        for _ in range(100):
            y = step(lambda y: -y, lambda y: 0.3, y)
    # Of y' = a y + s sqrt(dt) n, the variance is s^2 dt / (1 - a^2).
    expected = 0.3**2 * DT / (1 - math.exp(-2 * DT))
    assert y.var().item() == pytest.approx(expected, rel=0.1)
    assert abs(y.mean().item()) < 5 * math.sqrt(expected / 4000)


# Derivatives and transforms


@pytest.mark.parametrize("engine", ["auto", "func"])
def test_the_gradient_is_that_of_the_formula(engine):
    k = torch.tensor(1.3, dtype=torch.float64)
    found = bt.transform.grad(lambda y, k: (step(drift, y, k) ** 2).sum(), argnums=(0, 1), engine=engine)(Y, k)
    expected = torch.func.grad(lambda y, k: (reference(y, k) ** 2).sum(), argnums=(0, 1))(Y, k)
    torch.testing.assert_close(found, expected)


def test_second_derivatives():
    found = bt.transform.hessian(lambda y: (step(drift, y) ** 2).sum())(Y)
    torch.testing.assert_close(found, torch.func.hessian(lambda y: (reference(y) ** 2).sum())(Y))


def test_vmap_is_a_stack_of_calls():
    ys = torch.stack([Y, 2 * Y])
    torch.testing.assert_close(bt.transform.vmap(lambda y: step(drift, y))(ys), reference(ys))


def run(w, steps, engine=None):
    v = bt.HiddenState(torch.zeros(3, dtype=torch.float64))

    def one(x):
        v.value = step(lambda y: w.value * torch.tanh(y) + x - y**3, v.value)
        return v.value

    return bt.transform.for_loop(one, steps)


@pytest.mark.parametrize("engine", ["auto", "func"])
def test_gradients_through_a_loop_agree_with_finite_differences(engine):
    w = bt.ParamState(torch.tensor(0.7, dtype=torch.float64))
    xs = torch.linspace(-1, 1, 20, dtype=torch.float64)
    loss = lambda: (run(w, xs) ** 2).sum()
    found = bt.transform.grad(loss, w, engine=engine)()
    values = []
    for eps in (1e-5, -1e-5):
        w.value = torch.tensor(0.7 + eps, dtype=torch.float64)
        values.append(loss())
    torch.testing.assert_close(found, (values[0] - values[1]) / 2e-5, rtol=1e-6, atol=1e-8)


def test_the_tape_of_the_caller_goes_on():
    """Neither a value nor a constant in the drift is cut off from ``loss.backward()``."""
    k = torch.tensor(1.3, dtype=torch.float64, requires_grad=True)
    y = Y.clone().requires_grad_()
    for inputs in ((Y, k), (y, 1.3), (y, k)):
        wanted = [x for x in inputs if isinstance(x, torch.Tensor) and x.requires_grad]
        found = torch.autograd.grad((step(lambda v: drift(v, inputs[1]), inputs[0]) ** 2).sum(), wanted)
        torch.testing.assert_close(found, torch.autograd.grad((reference(*inputs) ** 2).sum(), wanted))
    w = bt.ParamState(torch.tensor(1.3, dtype=torch.float64))
    with bt.taped():
        (step(lambda v: drift(v, w.value), Y) ** 2).sum().backward()
    expected = torch.autograd.grad((reference(Y, k) ** 2).sum(), k)[0]
    torch.testing.assert_close(w.parameters()[0].grad, expected)


def test_without_a_tape_no_graph_is_left():
    v, current = bt.HiddenState(Y), bt.State(Y)

    def rate(y):
        current.value = torch.sin(y)
        return current.value - y

    def one():
        v.value = step(rate, v.value)
        return v.value, current.value.requires_grad

    values, attached = bt.transform.for_loop(one, length=3)
    assert not values.requires_grad
    assert not attached.any()
    assert not current.value.requires_grad
    assert not step(drift, Y).requires_grad
    with torch.no_grad():
        assert not step(drift, Y.clone().requires_grad_()).requires_grad


def test_the_closure_is_not_differentiated():
    """What the drift knows of the variable other than as its argument is a constant."""
    y = Y.clone().requires_grad_()
    expected = Y + DT * torch.expm1(-DT * torch.ones_like(Y)) / -DT * (Y**2 - Y)
    torch.testing.assert_close(step(lambda v: Y**2 - v, Y), expected)
    torch.testing.assert_close(step(lambda v: y**2 - v, y).detach(), expected)


def test_it_is_traced_into_a_graph():
    graph = make_fx(lambda y: step(drift, y), tracing_mode="fake")(Y)
    torch.testing.assert_close(graph(2 * Y), reference(2 * Y))
    found = make_fx(bt.transform.grad(lambda y: (step(drift, y) ** 2).sum()), tracing_mode="fake")(Y)(2 * Y)
    torch.testing.assert_close(found, torch.func.grad(lambda y: (reference(y) ** 2).sum())(2 * Y))


def test_states_in_the_drift_are_read_and_written():
    g, count = bt.State(torch.tensor(2.0)), bt.State(0)

    def rate(y):
        count.value += 1
        return -g.value * y

    torch.testing.assert_close(step(rate, torch.ones(1)), torch.ones(1) * math.exp(-2 * DT))
    assert count.value == 1


# What is refused


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="`fn` must be callable. Got int"):
        step(3, Y)
    for args in ((), (drift,)):
        with pytest.raises(TypeError, match="`args` must hold the variable `y` after the functions"):
            step(drift, *args)
    for y in (3, torch.tensor([1, 2]), Y.to(torch.complex64)):
        with pytest.raises(ValueError, match="`y` must hold floating numbers. Got (int|complex)"):
            step(drift, y)


@pytest.mark.parametrize("result", [(Y, Y), 3, torch.tensor([1, 2, 3]), None])
def test_a_drift_that_is_no_floating_value_is_refused(result):
    with pytest.raises(TypeError, match="`fn` must return a floating tensor or quantity"):
        step(lambda y: result, Y)
