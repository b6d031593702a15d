"""Models of flax.nnx, flax.linen and equinox here and back: equal results, and brainstate.interop's errors."""

import functools

import brainstate
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch

import brainstate_torch as bst
from brainstate_torch import interop

nnx = pytest.importorskip("flax.nnx")
linen = pytest.importorskip("flax.linen")
eqx = pytest.importorskip("equinox")

RNGS = nnx.Rngs(0)
KEY = jax.random.key(0)


def numbers(shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def moved_batch_norm(layer, nnx_module=None):
    """Statistics and factors that are not the ones it begins with."""
    for name, shift in (("scale", 0.3), ("bias", -0.2), ("mean", 0.5), ("var", 0.7)):
        getattr(layer, name)[...] = getattr(layer, name)[...] + shift * jnp.arange(1.0, 1 + layer.num_features)
    return layer


NNX = {
    "linear": (lambda: nnx.Linear(3, 4, rngs=RNGS), (2, 3)),
    "no bias": (lambda: nnx.Linear(3, 4, use_bias=False, rngs=RNGS), (2, 3)),
    "norms": (
        lambda: nnx.Sequential(nnx.LayerNorm(4, rngs=RNGS), nnx.RMSNorm(4, rngs=RNGS), nnx.Linear(4, 2, rngs=RNGS)),
        (2, 4),
    ),
    "conv": (
        lambda: nnx.Sequential(
            nnx.Conv(2, 4, (3, 3), strides=2, rngs=RNGS),
            functools.partial(nnx.gelu, approximate=False),
            nnx.Conv(4, 2, (3, 3), padding="VALID", feature_group_count=2, rngs=RNGS),
            moved_batch_norm(nnx.BatchNorm(2, use_running_average=True, rngs=RNGS)),
        ),
        (2, 7, 9, 2),
    ),
    "activations": (
        lambda: nnx.Sequential(
            nnx.Linear(3, 5, rngs=RNGS), nnx.gelu, nnx.silu, functools.partial(nnx.leaky_relu, negative_slope=0.3),
            jnp.tanh, lambda x: x * 3,
        ),
        (2, 3),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "shape"), NNX.values(), ids=NNX)
def test_nnx(make, shape):
    theirs, x = make(), numbers(shape)
    with bst.environ.context(fit=False):
        ours = interop.from_nnx(theirs, sample_input=shape[1:])
        wanted = theirs(jnp.asarray(x))
        np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), wanted, rtol=2e-5, atol=1e-5)
        np.testing.assert_allclose(interop.to_nnx(ours)(jnp.asarray(x)), wanted, rtol=2e-5, atol=1e-5)


LINEN = {
    "dense": (lambda: linen.Dense(4), (2, 3)),
    "stack": (
        lambda: linen.Sequential([linen.Conv(4, (3,)), linen.BatchNorm(use_running_average=True), linen.relu]),
        (2, 6, 3),
    ),
    "nested": (
        lambda: linen.Sequential([linen.Dense(4), linen.Sequential([linen.elu, linen.Dense(2)]), linen.LayerNorm()]),
        (2, 3),
    ),
}


@pytest.mark.parametrize(("make", "shape"), LINEN.values(), ids=LINEN)
def test_linen(make, shape):
    module, x = make(), numbers(shape)
    variables = jax.tree.map(lambda v: v + 0.1, module.init(KEY, x))
    with bst.environ.context(fit=False):
        ours = interop.from_linen(module, variables, sample_input=shape[1:])
        wanted = module.apply(variables, x)
        np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), wanted, rtol=2e-5, atol=1e-5)
        back, held = interop.to_linen(ours)
        np.testing.assert_allclose(back.apply(held, x), wanted, rtol=2e-5, atol=1e-5)


EQUINOX = {
    "linear": lambda: eqx.nn.Linear(3, 4, key=KEY),
    "stack": lambda: eqx.nn.Sequential(
        [eqx.nn.Linear(3, 4, key=KEY), eqx.nn.Lambda(jax.nn.relu), eqx.nn.LayerNorm(4), eqx.nn.Lambda(jnp.cos)]
    ),
}


@pytest.mark.parametrize("make", EQUINOX.values(), ids=EQUINOX)
def test_equinox(make):
    theirs, x = make(), numbers(3)
    ours = interop.from_equinox(theirs)
    wanted = theirs(x)
    np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), wanted, rtol=2e-5, atol=1e-5)
    np.testing.assert_allclose(interop.to_equinox(ours)(x), wanted, rtol=2e-5, atol=1e-5)


def test_equinox_has_the_channels_first():
    theirs, x = eqx.nn.Conv2d(3, 4, 3, key=KEY), numbers((5, 6, 3))
    ours = interop.from_equinox(theirs, sample_input=x)
    wanted = np.moveaxis(np.asarray(theirs(np.moveaxis(x, -1, 0))), 0, -1)
    np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), wanted, rtol=2e-5, atol=1e-5)


@pytest.mark.parametrize("framework", ["nnx", "linen", "equinox"])
def test_lstm(framework):
    x = numbers((4, 2, 3))
    theirs = brainstate.nn.LSTMCell(3, 5)
    brainstate.nn.init_all_states(theirs, batch_size=2)
    theirs.W.weight.value = {"weight": jnp.asarray(numbers((8, 20))), "bias": jnp.asarray(numbers(20, 1))}
    wanted = [theirs(step) for step in x]
    there = getattr(brainstate.interop, f"to_{framework}")(theirs)
    given = there if isinstance(there, tuple) else (there,)
    ours = getattr(interop, f"from_{framework}")(*given)
    bst.nn.init_all_states(ours, batch_size=2)
    for step, y in zip(x, wanted, strict=True):
        np.testing.assert_allclose(ours(torch.from_numpy(step)).detach(), y, rtol=2e-5, atol=1e-5)


class Custom(nnx.Module):
    def __init__(self):
        self.inner = nnx.Linear(2, 2, rngs=RNGS)

    def __call__(self, x):
        return self.inner(x) + x


class Residual(bst.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = bst.nn.Linear(2, 2)

    def update(self, x):
        return self.inner(x) + x


@pytest.mark.parametrize(
    ("error", "call"),
    [
        ("MissingShapeError", lambda m: m.from_nnx(nnx.Conv(2, 3, (3,), rngs=RNGS))),
        ("UnsupportedLayerError", lambda m: m.from_nnx(nnx.GRUCell(2, 3, rngs=RNGS))),
        ("UnsupportedStructureError", lambda m: m.from_nnx(Custom())),
        ("UnmappedLayerError", lambda m: m.from_nnx(nnx.Einsum("ab,bc->ac", (2, 3), rngs=RNGS))),
        ("UnmappedLayerError", lambda m: m.from_linen(linen.DenseGeneral(3), {"params": {}})),
        ("ConversionError", lambda m: m.from_nnx(nnx.Conv(2, 3, (3,), rngs=RNGS), sample_input=(4, 5))),
    ],
)
def test_errors_are_those_of_brainstate(error, call):
    with pytest.raises(getattr(brainstate.interop, error)):
        call(brainstate.interop)
    with pytest.raises(getattr(interop, error)):
        call(interop)


def test_what_of_ours_does_not_go_over():
    with pytest.raises(interop.UnsupportedLayerError, match="reset"):
        interop.to_nnx(bst.nn.GRUCell(2, 3))
    with pytest.raises(interop.UnsupportedStructureError, match="Residual"):
        interop.to_nnx(bst.nn.Sequential(Residual(), bst.nn.ReLU()))


def test_a_layer_of_the_user_in_a_sequence():
    def here(layer, context):
        made = Residual()
        made.inner = context.convert(layer.inner)
        return made

    def there(layer, context):
        made = Custom()
        made.inner = context.convert(layer.inner)
        return made

    interop.register_layer_mapping(interop.LayerMapping(Residual, "nnx", Custom, here, there))
    theirs, x = nnx.Sequential(Custom(), nnx.tanh), numbers(2)
    ours = interop.from_nnx(theirs)
    np.testing.assert_allclose(ours(torch.from_numpy(x)).detach(), theirs(x), rtol=2e-5, atol=1e-6)
    np.testing.assert_allclose(interop.to_nnx(ours)(x), theirs(x), rtol=2e-5, atol=1e-6)
    assert {"Residual", "Linear", "LSTMCell"} <= set(interop.supported_layers("nnx")["nnx"])


def test_one_layer_twice_stays_one():
    layer = nnx.Linear(2, 2, rngs=RNGS)
    ours = interop.from_nnx(nnx.Sequential(layer, nnx.relu, layer))
    assert ours.layers[0] is ours.layers[2]


def test_supported_layers_are_those_of_brainstate():
    for framework in ("nnx", "linen", "equinox"):
        wanted = set(brainstate.interop.supported_layers(framework)[framework])
        assert wanted <= set(interop.supported_layers(framework)[framework])
