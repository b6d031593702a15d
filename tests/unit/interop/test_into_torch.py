"""JAX's values for torch."""

import brainunit
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import saiunit
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch.interop import to_jax, to_torch

DTYPES = (
    *("bool", "int8", "int16", "int32", "uint8", "uint16", "uint32", "float16", "bfloat16", "float32", "complex64"),
    *("float8_e4m3fn", "float8_e5m2"),
)


@pytest.mark.parametrize("name", DTYPES)
def test_memory_is_shared(name):
    y = jnp.arange(4).astype(name)
    x = to_torch(y)
    assert x.dtype is getattr(torch, name)
    assert x.data_ptr() == y.unsafe_buffer_pointer()
    assert x.float().tolist() == y.astype("float32").tolist() if name != "complex64" else True


@pytest.mark.parametrize("name", ["float64", "int64", "complex128"])
def test_wide_numbers_stay_wide(name, x64):
    assert to_torch(jnp.ones(2, name)).dtype is getattr(torch, name)


@pytest.mark.parametrize("y", [lambda: jnp.float32(2.0), lambda: jnp.zeros((0, 3)), lambda: jnp.ones((2, 3)).T])
def test_any_shape_goes(y):
    y = y()
    assert np.array_equal(to_torch(y).numpy(), y)


def test_a_copy_may_be_written():
    y = jnp.arange(3.0)
    x = to_torch(y, copy=True)
    assert type(x) is torch.Tensor
    x.add_(1)
    assert y.tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (lambda: jnp.zeros(2, "int4"), "dtype"),
        (lambda: jax.random.key(0, impl="rbg"), "threefry2x32"),
        (object, "Got object"),
    ],
)
def test_what_cannot_go_names_its_path(y, text):
    with pytest.raises(TypeError, match=text) as raised:
        to_torch([{"k": y()}])
    assert str(raised.value).startswith("`x`[0]['k'] ")


@pytest.mark.parametrize("transform", [jax.jit, jax.grad, jax.vmap, lambda f: lambda y: jax.jvp(f, (y,), (y,))])
def test_a_traced_value_is_refused(transform):
    with pytest.raises(TypeError, match="traced JAX value.*to_jax"):
        transform(lambda y: to_torch({"a": brainunit.Quantity(y, unit=brainunit.mV)}))(jnp.ones(2))


def test_a_donated_array_is_refused():
    y = jnp.ones(4)
    y.delete()
    with pytest.raises(TypeError, match="must be alive"):
        to_torch(y)


def test_keys_give_the_same_numbers():
    key = jax.random.key(5)
    words = to_torch(key)
    assert words.dtype is torch.uint32
    assert np.array_equal(jax.random.uniform(key, (4,)), bst.random.rand(4, key=words).numpy())
    assert tuple(to_torch(jax.random.split(key, 3)).shape) == (3, 2)
    assert np.array_equal(jax.random.bits(to_jax(words)), jax.random.bits(key))


@pytest.mark.parametrize("library", [brainunit, saiunit])
def test_quantities_keep_their_unit(library):
    q = to_torch({"g": library.Quantity(jnp.ones(2), unit=library.mS / library.cm**2)})["g"]
    assert q.unit == u.mS / u.cm**2
    assert q.mantissa.tolist() == [1.0, 1.0]


def test_numpy_arrays_are_copied():
    array = np.arange(3)
    x = to_torch(array)
    array[:] = 9
    assert x.tolist() == [0, 1, 2]
    assert x.dtype is torch.int64


def test_what_is_torchs_already_is_itself():
    x = torch.ones(1)
    assert to_torch([x, 2, None, "a"])[0] is x
