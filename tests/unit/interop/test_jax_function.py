"""Functions of JAX's in torch: each derivative and map compared with that of the same function written in torch."""

import brainstate
import brainunit
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import from_jax

F, T = torch.func, bst.transform
X, Y = torch.linspace(-1.0, 1.0, 5), torch.linspace(0.5, 2.0, 5)
THEIRS = from_jax(lambda x, y: jnp.sin(x) * y**2)


def ours(x, y):
    return torch.sin(x) * y**2


def total(h):
    return lambda a: h(a, Y).sum()


def twice_backward(h):
    a, b = X.clone().requires_grad_(), Y.clone().requires_grad_()
    (first,) = torch.autograd.grad(h(a, b).sum(), a, create_graph=True)
    return torch.autograd.grad((first**2).sum(), (a, b))


def backward(h):
    a, b = X.clone().requires_grad_(), Y.clone().requires_grad_()
    h(a, b).sum().backward()
    return a.grad, b.grad


def replayed(f):
    return T.jit(f, backend="replay")


TRANSFORMS = {
    "value": lambda h: h(X, Y),
    "backward": backward,
    "double backward": twice_backward,
    "grad": lambda h: F.grad(total(h))(X),
    "vmap": lambda h: F.vmap(h, (0, None))(X, Y),
    "vmap of vmap": lambda h: F.vmap(F.vmap(h, (None, 0)), (0, None), out_dims=1)(X, Y),
    "vmap of grad": lambda h: F.vmap(F.grad(h))(X, Y),
    "grad of vmap": lambda h: F.grad(lambda a: F.vmap(h)(a, Y).sum())(X),
    "jvp": lambda h: F.jvp(h, (X, Y), (Y, X)),
    "jacfwd": lambda h: F.jacfwd(h, (0, 1))(X, Y),
    "jacrev": lambda h: F.jacrev(h, (0, 1))(X, Y),
    "hessian": lambda h: F.hessian(total(h))(X),
    "jacrev of jacfwd": lambda h: F.jacrev(F.jacfwd(h))(X, Y),
    "jacfwd thrice": lambda h: F.jacfwd(F.jacfwd(F.jacfwd(h)))(X, Y),
    "our grad": lambda h: T.grad(total(h))(X),
    "our vmap": lambda h: T.vmap(h)(X, Y),
    "our hessian": lambda h: T.hessian(total(h))(X),
    "checkpoint": lambda h: T.grad(lambda a: T.checkpoint(h)(a, Y).sum())(X),
    "loop": lambda h: T.grad(lambda a: T.for_loop(lambda b: h(b, Y[0]), a).sum())(X),
    "jit": lambda h: replayed(h)(X, Y),
    "jit of grad": lambda h: replayed(T.grad(total(h)))(X),
    "jit of vmap of grad": lambda h: replayed(T.vmap(T.grad(h)))(X, Y),
    "jit of hessian": lambda h: replayed(T.hessian(total(h)))(X),
    "jit of the gradient of a loop": lambda h: replayed(T.grad(lambda a: T.for_loop(lambda b: h(b, Y[0]), a).sum()))(X),
    "forward AD of torch": lambda h: _dual(h),
}


def _dual(h):
    with torch.autograd.forward_ad.dual_level():
        return torch.autograd.forward_ad.unpack_dual(h(torch.autograd.forward_ad.make_dual(X, Y), Y)).tangent


@pytest.mark.filterwarnings("ignore:.*batching rule.*:UserWarning")
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_every_transform_gives_what_it_gives_for_torch(transform):
    found, wanted = (torch.utils._pytree.tree_leaves(transform(h)) for h in (THEIRS, ours))
    for a, b in zip(found, wanted, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("strict", [True, False])
def test_export_keeps_it_as_one_operator(strict):
    class Model(torch.nn.Module):
        def forward(self, x, y):
            return THEIRS(x, y) + 1

    exported = torch.export.export(Model(), (X, Y), strict=strict)
    torch.testing.assert_close(exported.module()(X, Y), ours(X, Y) + 1)
    assert sum("brainstate_torch.call" in str(node.target) for node in exported.graph.nodes) == 1


@pytest.mark.slow
def test_torch_compile_takes_it_whole_and_differentiates_it():
    a = X.clone().requires_grad_()
    compiled = torch.compile(lambda x, y: THEIRS(x, y) * 2, fullgraph=True, backend="aot_eager")
    compiled(a, Y).sum().backward()
    torch.testing.assert_close(a.grad, 2 * torch.cos(X) * Y**2)


def test_fake_tensors_give_fake_tensors():
    with torch._subclasses.FakeTensorMode():
        found = THEIRS(torch.ones(5), torch.ones(5))
    assert type(found).__name__ == "FakeTensor"
    assert tuple(found.shape) == (5,)


def test_only_what_depends_on_real_numbers_has_a_derivative():
    f = from_jax(lambda a, n: {"i": jnp.argmax(a), "x": a * n, "b": a > 0})
    a = X.clone().requires_grad_()
    found = f(a, 2.0)
    assert (found["i"].requires_grad, found["x"].requires_grad, found["b"].dtype) == (False, True, torch.bool)
    found["x"].sum().backward()
    assert a.grad.tolist() == [2.0] * 5
    assert T.grad(lambda a: f(a, 2.0)["x"].sum())(X).tolist() == [2.0] * 5


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32])
def test_numbers_of_python_stay_weak(dtype):
    f = from_jax(lambda x, n: x * n)
    found = f(X.to(dtype), 3.0)
    assert found.dtype is dtype
    torch.testing.assert_close(found, X.to(dtype) * 3.0)


def test_numbers_are_no_constants_of_the_program():
    seen = []

    def f(x, n):
        seen.append(n)
        return x * n

    g = from_jax(f)
    g(X, 1.0)
    before = len(seen)
    assert [float(g(X, float(n))[4]) for n in range(4)] == [0.0, 1.0, 2.0, 3.0]
    assert len(seen) == before


def test_complex_gradients_are_torchs():
    def gradient(h):
        z = torch.tensor([1.0 + 2.0j, -0.5j], requires_grad=True)
        h(z).sum().backward()
        return z.grad

    theirs = from_jax(lambda z: jnp.abs(z) ** 2 + jnp.real(z**3) + jnp.imag(z))
    torch.testing.assert_close(gradient(theirs), gradient(lambda z: z.abs() ** 2 + (z**3).real + z.imag))


def test_units_go_through_and_into_derivatives():
    f = from_jax(lambda v, dt: {"slope": (v / dt).sum(), "plain": v / brainunit.mV})
    v = torch.tensor([1.0, 2.0]) * u.mV
    found = f(v, 0.5 * u.ms)
    assert found["slope"].unit == u.mV / u.ms
    assert float(found["slope"].mantissa) == 6.0
    assert found["plain"].tolist() == [1.0, 2.0]
    slope = T.grad(lambda v: f(v, 0.5 * u.ms)["slope"], unit_aware=True)(v)
    assert slope.unit == 1 / u.ms
    assert slope.mantissa.tolist() == [2.0, 2.0]
    assert float(f(v.to(u.volt), 0.5 * u.ms)["slope"].to_decimal(u.mV / u.ms)) == pytest.approx(6.0)


def test_a_wrong_dimension_is_jaxs_error():
    with pytest.raises(Exception, match="(?i)unit"):
        from_jax(lambda v: v + 1.0 * brainunit.ms)(torch.ones(1) * u.mV)


def test_trees_and_constants():
    f = from_jax(lambda a, *, mode, p: (a[0]["k"] * 2 if mode == "double" else a[0]["k"], [p, None]))
    found = f([{"k": X}], mode="double", p=np.float32([1.0]))
    assert torch.equal(found[0], X * 2)
    assert found[1][0].tolist() == [1.0]
    assert found[1][1] is None
    assert torch.equal(f([{"k": X}], mode="once", p=np.float32([1.0]))[0], X)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda f: f(bst.State(X), Y), "argument 0 must be a value. Got a State"),
        (lambda f: f(X, y=[bst.State(Y)]), r"argument `y`\[0\] must be a value"),
        (lambda f: f(X, brainstate.State(jnp.ones(5))), "argument 1 must be a value"),
        (lambda f: jax.jit(lambda a: f(a, Y))(jnp.ones(5)), "argument 0 must have numbers.*traced.*`to_jax`"),
        (lambda f: f(X.double(), Y), "at most 32 bit wide"),
        (lambda f: f(X, bytearray(b"x")), "argument 1 must be a tensor"),
    ],
)
def test_what_is_no_value_is_refused(call, text):
    with pytest.raises(TypeError, match=text):
        call(THEIRS)


def test_narrow_takes_wide_numbers_and_differentiates_them():
    f = from_jax(lambda x: x**2, narrow=True)
    x = X.double().requires_grad_()
    f(x).sum().backward()
    assert x.grad.dtype is torch.float64
    torch.testing.assert_close(x.grad, 2 * X.double())


def test_wide_numbers_where_jax_has_them(x64):
    f = from_jax(lambda x: jnp.sin(x) * jnp.float64(3.0))
    assert torch.autograd.gradcheck(f, X.double().requires_grad_())


def test_a_write_in_place_before_the_backward_pass_is_noticed():
    a = X.clone().requires_grad_()
    b = a * 1
    out = THEIRS(b, Y).sum()
    with torch.no_grad():
        b.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        out.backward()


def test_results_have_memory_of_their_own():
    constant = jnp.ones(5)
    f = from_jax(lambda x: (x, x, constant))
    a, b, c = f(X)
    for result in (a, b, c):
        result.add_(10.0)
    assert torch.equal(X, torch.linspace(-1.0, 1.0, 5))
    assert torch.equal(a, b)
    assert constant.tolist() == [1.0] * 5
    assert f(X)[2].tolist() == [1.0] * 5


def test_custom_derivatives_of_jax_are_respected():
    @jax.custom_vjp
    def spike(x):
        return (x > 0).astype(x.dtype)

    spike.defvjp(lambda x: (spike(x), x), lambda x, g: (g / (1.0 + x**2),))
    f = from_jax(spike)
    torch.testing.assert_close(F.grad(lambda x: f(x).sum())(X), 1 / (1 + X**2))


def test_only_functions_of_jax_are_taken():
    for other in (3, torch.nn.Linear(1, 1)):
        with pytest.raises(TypeError, match="`fun` must be a function"):
            from_jax(other)


class Cell(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = brainstate.ParamState(jnp.eye(3) * 0.5 * brainunit.mV)
        self.h = brainstate.HiddenState(jnp.zeros(3))

    def update(self, x):
        self.h.value = jnp.tanh(self.h.value + x @ (self.w.value / brainunit.mV))
        return self.h.value * brainunit.nA


class Twin(bst.nn.Module):
    def __init__(self):
        super().__init__()
        self.w = bst.ParamState(torch.eye(3) * 0.5 * u.mV)
        self.h = bst.HiddenState(torch.zeros(3))

    def update(self, x):
        self.h.value = torch.tanh(self.h.value + x @ (self.w.value / u.mV))
        return self.h.value * u.nA


def steps(cell, w, h, wrap=lambda f: f):
    xs = torch.linspace(-1.0, 1.0, 12).reshape(4, 3)

    def loss():
        h.value = torch.zeros(3)
        return (T.for_loop(cell, xs) / u.nA).sum()

    return wrap(T.grad(loss, w, unit_aware=True, return_value=True))()


@pytest.mark.parametrize("wrap", [lambda f: f, replayed], ids=["plain", "jit"])
def test_a_stateful_cell_has_the_gradient_of_its_twin(wrap):
    theirs, twin = from_jax(Cell()), Twin()
    states = theirs.states()
    (gradient, value), (wanted, value_wanted) = (
        steps(theirs, states["w",], states["h",], wrap),
        steps(twin, twin.w, twin.h, wrap),
    )
    torch.testing.assert_close(value, value_wanted)
    assert gradient.unit == wanted.unit
    torch.testing.assert_close(gradient.mantissa, wanted.mantissa)
    torch.testing.assert_close(states["h",].value, twin.h.value)


def test_states_stay_with_torch_until_they_are_written_back():
    cell = Cell()
    f = from_jax(cell)
    out = f(torch.ones(3))
    assert cell.h.value.tolist() == [0.0] * 3
    f.write_back()
    np.testing.assert_allclose(cell.h.value, (out / u.nA).numpy(), rtol=1e-6)
    cell.h.value = jnp.zeros(3)
    torch.testing.assert_close(f(torch.ones(3)).mantissa, out.mantissa)


def test_a_call_that_fails_changes_no_state():
    cell = Cell()
    f = from_jax(cell)
    h = f.states()["h",]
    with pytest.raises(RuntimeError, match="later"):
        T.jit(lambda: (f(torch.ones(3)), _fail()))()
    with pytest.raises(TypeError):
        f(torch.ones(7))
    assert h.value.tolist() == [0.0] * 3


def _fail():
    raise RuntimeError("later")


def test_states_of_another_shape_are_compiled_again():
    cell = Cell()
    f = from_jax(cell)
    f(torch.ones(3))
    f.states()["h",].value = torch.zeros(2, 3)
    assert tuple(f(torch.ones(2, 3)).shape) == (2, 3)
    assert cell.h.value.shape == (3,)


def test_two_functions_share_the_twin_of_a_state():
    cell = Cell()
    f, g = from_jax(cell), from_jax(lambda: cell.h.value * 2)
    out = f(torch.ones(3))
    torch.testing.assert_close(g(), out.mantissa * 2)
    assert g.states()[0] is f.states()["h",]


def test_random_numbers_go_on_as_one_stream():
    rng = brainstate.random.RandomState(3)
    f = from_jax(lambda: rng.rand(2))
    twin = brainstate.random.RandomState(3)
    for _ in range(3):
        np.testing.assert_array_equal(f().numpy(), twin.rand(2))
