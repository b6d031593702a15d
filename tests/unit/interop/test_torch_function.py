"""Functions of torch's in JAX: each derivative and map compared with that of the same function written in JAX."""

import threading

import brainstate
import brainunit
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import to_jax
from brainstate_torch.interop._torch_program import TorchProgram

X, Y = np.linspace(-1.0, 1.0, 5, dtype="float32"), np.linspace(0.5, 2.0, 5, dtype="float32")
OURS = to_jax(lambda x, y: torch.sin(x) * y**2)


def theirs(x, y):
    return jnp.sin(x) * y**2


def total(h):
    return lambda a: h(a, Y).sum()


def scanned(h):
    return jax.grad(lambda a: jax.lax.scan(lambda c, b: (h(c, b), c), a, jnp.stack([Y, Y]))[0].sum())(X)


TRANSFORMS = {
    "value": lambda h: h(X, Y),
    "jit": lambda h: jax.jit(h)(X, Y),
    "grad": lambda h: jax.grad(total(h))(X),
    "jit of grad": lambda h: jax.jit(jax.grad(total(h)))(X),
    "vmap": lambda h: jax.vmap(h, (0, None), 1)(X, Y),
    "grad of vmap": lambda h: jax.grad(lambda a: jax.vmap(h)(a, Y).sum())(X),
    "jit of vmap of grad": lambda h: jax.jit(jax.vmap(jax.grad(h)))(X, Y),
    "jvp": lambda h: jax.jvp(h, (X, Y), (Y, X)),
    "vjp": lambda h: jax.vjp(h, X, Y)[1](Y),
    "jacfwd": lambda h: jax.jacfwd(h, (0, 1))(X, Y),
    "jacrev": lambda h: jax.jacrev(h, (0, 1))(X, Y),
    "hessian": lambda h: jax.hessian(total(h))(X),
    "jacrev of jacrev": lambda h: jax.jacrev(jax.jacrev(total(h)))(X),
    "jacrev of jacfwd": lambda h: jax.jacrev(jax.jacfwd(total(h)))(X),
    "third order": lambda h: jax.jacfwd(jax.hessian(total(h)))(X),
    "linearize": lambda h: jax.linearize(h, X, Y)[1](Y, X),
    "scan": scanned,
    "cond": lambda h: jax.lax.cond(X[0] > 0, lambda: h(X, Y), lambda: h(Y, X)),
    "checkpoint": lambda h: jax.grad(lambda a: jax.checkpoint(h)(a, Y).sum())(X),
    "brainstate's grad": lambda h: brainstate.transform.grad(total(h))(X),
    "brainstate's vmap in jit": lambda h: brainstate.transform.jit(brainstate.transform.vmap(h))(X, Y),
}


@pytest.mark.filterwarnings("ignore:.*batching rule.*:UserWarning")
@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
def test_every_transform_gives_what_it_gives_for_jax(transform):
    for a, b in zip(jax.tree.leaves(transform(OURS)), jax.tree.leaves(transform(theirs)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_units_go_through():
    f = to_jax(lambda v, dt: {"slope": (v / dt).sum(), "plain": v / u.mV, "n": None})
    found = jax.jit(f)(brainunit.Quantity(jnp.ones(2), unit=brainunit.mV), 0.5 * brainunit.ms)
    assert found["slope"].unit == brainunit.mV / brainunit.ms
    assert float(found["slope"].mantissa) == 4.0
    assert found["plain"].tolist() == [1.0, 1.0]
    assert found["n"] is None


def test_complex_gradients_are_jaxs():
    z = jnp.array([1.0 + 2.0j, -0.5j])
    ours = to_jax(lambda z: (z.abs() ** 2 + (z**3).real + z.imag).sum())
    wanted = jax.grad(lambda z: (jnp.abs(z) ** 2 + (z**3).real + z.imag).sum())(z)
    np.testing.assert_allclose(jax.grad(ours)(z), wanted, rtol=1e-5)


def test_integers_take_part_and_have_no_derivative():
    f = to_jax(lambda a, i: ((a * i).sum(), i + 1))
    (_, after), slope = jax.value_and_grad(f, has_aux=True)(X, jnp.arange(5))
    assert slope.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert after.tolist() == [1, 2, 3, 4, 5]


def test_bfloat16():
    assert to_jax(lambda x: x * 2)(jnp.ones(2, "bfloat16")).dtype == jnp.bfloat16


def test_states_are_read_and_never_written():
    w = bst.ParamState(torch.ones(5))
    assert jax.grad(to_jax(lambda a: (a * w.value).sum()))(X).tolist() == [1.0] * 5

    def writes(a):
        w.value = a
        return a

    with pytest.raises(bst.BrainStateError, match="must not write a State"):
        to_jax(writes)(X)
    with pytest.raises(Exception, match="must not write a State"):
        jax.block_until_ready(jax.jit(to_jax(writes))(X))
    assert w.value.tolist() == [1.0] * 5


def test_a_write_in_place_does_not_reach_jaxs_memory():
    x = jnp.zeros(3)
    assert to_jax(lambda a: a.add_(1.0))(x).tolist() == [1.0] * 3
    assert x.tolist() == [0.0] * 3


@pytest.mark.parametrize("state", [bst.State(1.0), brainstate.State(1.0)])
def test_a_state_is_no_argument(state):
    with pytest.raises(TypeError, match=r"argument \[0\]\[1\]\['a'\] must be a value"):
        OURS(X, {"a": state})


def test_wide_results_are_refused():
    with pytest.raises(TypeError, match="at most 32 bit wide"):
        to_jax(torch.argmax)(X)
    assert int(to_jax(lambda x: x.argmax().to(torch.int32))(X)) == 4


def test_a_module_is_a_function():
    model = bst.nn.Linear(5, 2)
    np.testing.assert_allclose(to_jax(model)(X), model(torch.from_numpy(X)).detach(), rtol=1e-6)


def test_settings_go_along_into_other_threads():
    with bst.environ.context(dt=0.25):
        program = TorchProgram(lambda x: [x * bst.environ.get_dt()], [], [])
    found = []
    thread = threading.Thread(target=lambda: found.append(program.host(np.ones(1, "float32"))))
    thread.start()
    thread.join()
    assert found[0][0].tolist() == [0.25]


def test_functions_come_back():
    back = bst.interop.from_jax(OURS)
    x = torch.from_numpy(X)
    assert torch.allclose(back(x, x), torch.sin(x) * x**2)
