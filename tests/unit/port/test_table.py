"""The table of names: what it promises is there."""

import pytest
import torch

import brainstate_torch as B
from brainstate_torch.port import Home, Missing, lookup, resolve
from brainstate_torch.port.names import CALLS, MODULES, NAMES
from brainstate_torch.port.table import adapted


@pytest.mark.parametrize("name", sorted({**MODULES, **NAMES}))
def test_every_home_that_the_table_names_is_there(name):
    assert isinstance(resolve(name), Home), resolve(name)


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_function_with_other_arguments_is_there_and_takes_what_the_table_gives(name):
    import inspect

    call = CALLS[name]
    home = resolve(name)
    assert isinstance(home, Home)
    parameters = inspect.signature(home.value).parameters
    given = {call.renamed.get(word, word) for word in call.takes[call.positional :]} - set(call.dropped)
    has_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    assert has_any or given - set(parameters) - {"dtype", "spmd_axis_name"} == set()


def test_a_name_without_a_home_says_why_and_what_to_write():
    found = resolve("jax.experimental.pallas.pallas_call")
    assert isinstance(found, Missing)
    assert "kernels" in found.reason
    assert "custom_op" in found.cure
    with pytest.raises(AttributeError, match=r"`jax.pmap` has no home in brainstate_torch: .* Use brainstate"):
        lookup("jax.pmap")


def test_a_name_is_found_as_soon_as_the_package_has_it(monkeypatch):
    from brainstate_torch.port import table

    table._resolved.cache_clear()
    assert isinstance(resolve("jax.numpy.brand_new"), Missing)
    monkeypatch.setattr(B.units.math, "brand_new", abs, raising=False)
    table._resolved.cache_clear()

    table.object_at.cache_clear()
    assert resolve("jax.numpy.brand_new").path == "brainstate_torch.units.math.brand_new"
    table._resolved.cache_clear()
    table.object_at.cache_clear()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("brainstate.augment.grad", "brainstate_torch.transform.grad"),
        ("brainstate.nn.LIF", "brainstate_torch.spiking.LIF"),
        ("brainpy.state.LIF", "brainstate_torch.spiking.LIF"),
        ("saiunit.math.sin", "brainstate_torch.units.math.sin"),
        ("jax.numpy.linalg.norm", "brainstate_torch.units.linalg.norm"),
        ("jax.lax.scan", "brainstate_torch.transform.scan"),
        ("jax.Array", "torch.Tensor"),
        ("brainstate.interop.to_nnx", "brainstate_torch.interop.to_nnx"),
    ],
)
def test_old_names_and_names_of_neighbours_lead_home(name, path):
    assert resolve(name).path == path


def test_adapted_functions_take_the_arguments_of_the_original():
    grad = adapted(CALLS["jax.grad"])
    derived, aux = grad(lambda x, y: (x * y, x), 1, True)(torch.tensor(2.0), torch.tensor(3.0))
    assert (derived, aux) == (2.0, 2.0)
    vmapped = lookup("jax.vmap")(lambda x, y: x + y, (0, None))
    assert vmapped(torch.arange(3.0), torch.tensor(1.0)).tolist() == [1.0, 2.0, 3.0]


@pytest.mark.slow
def test_draws_from_keys_are_those_of_jax():
    jax = pytest.importorskip("jax")
    with B.environ.context(random_impl="threefry2x32"):
        key, theirs = lookup("jax.random.PRNGKey")(3), jax.random.PRNGKey(3)
        mine = lookup("jax.random.split")(key, 3)
        assert mine.tolist() == jax.random.split(theirs, 3).tolist()
        assert lookup("jax.random.fold_in")(key, 7).tolist() == jax.random.fold_in(theirs, 7).tolist()
        for name, args in [("normal", ((2, 3),)), ("randint", ((4,), 0, 10)), ("uniform", ((3,), None, 1.0, 2.0)),
                           ("bernoulli", (0.3, (6,))), ("permutation", (5,)), ("exponential", ((3,),))]:  # fmt: skip
            kwargs = {}
            if name == "uniform":
                args, kwargs = args[:1], {"minval": 1.0, "maxval": 2.0}
            got = lookup(f"jax.random.{name}")(mine[0], *args, **kwargs)
            want = getattr(jax.random, name)(jax.random.split(theirs, 3)[0], *args, **kwargs)
            torch.testing.assert_close(got, torch.tensor(want.tolist(), dtype=got.dtype))
