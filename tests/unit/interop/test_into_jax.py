"""Tensors, quantities and States for JAX."""

from collections import OrderedDict, namedtuple

import brainstate
import brainunit
import jax
import jax.numpy as jnp
import numpy as np
import pint
import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch._host.memory import address
from brainstate_torch.interop import to_jax, to_torch

NUMPY = ("int8", "int16", "int32", "uint8", "uint16", "uint32", "float16", "float32", "complex64")
COPIED = ("bool", "bfloat16", "float8_e4m3fn", "float8_e5m2")


def tensor(name, n=5):
    return torch.arange(n).to(getattr(torch, name))


@pytest.mark.parametrize("name", NUMPY)
def test_dense_memory_of_torch_is_shared(name):
    x = tensor(name)
    y = to_jax(x)
    assert y.dtype == name
    assert y.unsafe_buffer_pointer() == address(x)
    assert np.array_equal(y, x.numpy())


@pytest.mark.parametrize("name", COPIED)
def test_dtypes_that_numpy_lacks_are_copied(name):
    x = tensor(name, 2)
    y = to_jax(x)
    assert y.dtype == name
    assert y.unsafe_buffer_pointer() != address(x)
    assert y.astype("float32").tolist() == [0.0, 1.0]
    assert torch.equal(to_torch(y).float(), x.float())


@pytest.mark.parametrize(
    "view",
    [
        lambda x: x[::2],
        lambda x: x.T,
        lambda x: x[1:],
        lambda x: x[0].expand(3, 4),
        lambda x: x.flip(0),
        lambda x: x.requires_grad_() * 1,
        lambda x: torch.nn.Parameter(x),
        lambda x: x.reshape(-1)[3],
        lambda x: x[:0],
        lambda x: torch.complex(x, x).conj(),
        lambda x: torch.complex(x, x).conj().imag,
        lambda x: torch.from_numpy(x.numpy()),
    ],
    ids=["strides", "transposed", "part", "expanded", "flipped", "tape", "parameter", "0-d", "no", "conj", "neg", "np"],
)
def test_other_tensors_arrive_with_their_numbers(view):
    x = view(torch.arange(12.0).reshape(3, 4))
    y = to_jax(x)
    assert np.array_equal(y, x.detach().resolve_conj().resolve_neg().numpy())


@pytest.mark.parametrize(
    "write",
    [
        lambda x: x.add_(1),
        lambda x: x.numpy().fill(3.0),
        lambda x: x.data.zero_(),
        lambda x: x.untyped_storage().fill_(1),
        lambda x: torch.mul(x, 2, out=x),
        lambda x: torch.utils.dlpack.from_dlpack(x).zero_(),
    ],
)
def test_a_write_to_the_tensor_does_not_reach_the_array(write):
    x = torch.arange(4.0)
    y = to_jax(x)
    write(x)
    assert y.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert x.tolist() != y.tolist()


@pytest.mark.parametrize("pointer", [lambda x: x.numpy(), torch.from_dlpack, lambda x: x[1:], lambda x: x.detach()])
def test_a_write_through_an_older_pointer_does_not_reach_the_array(pointer):
    x = torch.arange(4.0)
    old = pointer(x)
    y = to_jax(x)
    old[...] = 7.0
    assert y.tolist() == [0.0, 1.0, 2.0, 3.0]


def test_the_value_of_a_state_is_shared_and_stays():
    state = bst.ParamState(torch.arange(4.0))
    y = to_jax(state.value)
    before = y.unsafe_buffer_pointer()
    assert before == address(state.value)
    with torch.no_grad():
        state.parameters()[0].add_(1.0)
    assert y.tolist() == [0.0, 1.0, 2.0, 3.0]
    assert state.value.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_the_array_outlives_the_tensor():
    y = to_jax(torch.arange(1000.0) * 2)
    junk = [torch.zeros(1000) for _ in range(20)]
    assert float(y.sum()) == 999000.0
    assert len(junk) == 20


@pytest.mark.parametrize("name", ["float64", "int64", "complex128"])
def test_wide_numbers_are_refused_unless_narrowing_is_asked_for(name):
    x = tensor(name)
    with pytest.raises(TypeError, match=rf"`x`\['a'\] must be at most 32 bit wide.*Got {name}.*narrow=True"):
        to_jax({"a": x})
    narrow = to_jax(x, narrow=True)
    assert narrow.tolist() == x.tolist()
    assert narrow.dtype.itemsize == x.element_size() // 2


def test_integers_that_do_not_fit_are_refused_even_then():
    with pytest.raises(ValueError, match="must fit into int32"):
        to_jax(torch.tensor([2**40]), narrow=True)


@pytest.mark.parametrize("name", ["float64", "int64", "complex128"])
def test_wide_numbers_arrive_where_jax_has_them(name, x64):
    x = tensor(name)
    assert to_jax(x).dtype == name


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (lambda: torch.ones(2, device="meta"), "must have numbers"),
        (lambda: torch.eye(2).to_sparse(), "must be dense"),
        (object, "Got object"),
        (lambda: bst.nn.ReLU(), "to_brainstate"),
        (lambda: {1, 2}, "Convert it to a list"),
    ],
)
def test_what_cannot_go_names_its_path(x, text):
    with pytest.raises(TypeError, match=text) as raised:
        to_jax({"a": [0.0, x()]})
    assert str(raised.value).startswith("`x`['a'][1] ")


def test_inside_transforms_the_cure_is_named():
    x = torch.ones(2)
    for transformed in (
        lambda: torch.func.grad(lambda x: to_jax(x))(x[0]),
        lambda: torch.func.vmap(to_jax)(x),
        lambda: bst.transform.vmap(to_jax)(x),
        lambda: bst.transform.jit(to_jax)(x),
    ):
        with pytest.raises(TypeError, match="from_jax"):
            transformed()


def test_a_fake_tensor_is_refused():
    with torch._subclasses.FakeTensorMode():
        fake = torch.ones(2)
    with pytest.raises(TypeError, match="must have numbers"):
        to_jax(fake)


@pytest.mark.parametrize(
    ("unit", "theirs"),
    [
        ("mV", brainunit.mV),
        ("ms", brainunit.ms),
        ("uA / cm**2", brainunit.uA / brainunit.cm**2),
        ("nS", brainunit.nS),
        ("mV / ms", brainunit.mV / brainunit.ms),
        ("1 / s", brainunit.second**-1),
        ("m**0.5", brainunit.meter**0.5),
        ("hertz", brainunit.Hz),
    ],
)
def test_units_keep_name_and_size(unit, theirs):
    q = to_jax(u.Quantity(torch.tensor([2.0]), unit))
    assert isinstance(q, brainunit.Quantity)
    assert q.unit == theirs
    assert q.mantissa.tolist() == [2.0]
    assert to_torch(q).unit == u.Unit(unit)


@pytest.mark.parametrize(("unit", "size"), [("furlong", 201.168396), ("week", 604800.0), ("calorie", 4.184)])
def test_units_that_brainunit_lacks_become_si(unit, size):
    q = to_jax(u.Quantity(torch.tensor([2.0]), unit))
    assert float(q.mantissa[0]) * float(q.unit.magnitude) == pytest.approx(2 * size, rel=1e-6)


def test_units_of_brainunit_come_back_equal():
    units = {id(x): x for x in vars(brainunit).values() if type(x) is type(brainunit.mV)}
    lost = []
    for unit in list(units.values())[::7]:
        back = to_jax(to_torch(brainunit.Quantity(1.0, unit=unit)))
        size = brainunit.get_magnitude(back) * float(brainunit.get_unit(back).magnitude)
        if brainunit.get_dim(back) != unit.dim or abs(size / float(unit.magnitude) - 1.0) > 2e-6:
            lost.append(str(unit))
    assert lost == []
    assert len(units) > 1000


def test_pints_quantities_go_over():
    registry = pint.UnitRegistry()
    q = to_jax(registry.Quantity(np.float32([1.0, 2.0]), "mV"))
    assert q.unit == brainunit.mV
    assert q.mantissa.tolist() == [1.0, 2.0]


def test_containers_keep_their_kind():
    pair = namedtuple("pair", "a b")
    tree = {"z": pair(torch.ones(1), None), "a": [(1, "text"), OrderedDict(k=torch.zeros(1))]}
    found = to_jax(tree)
    assert list(found) == ["z", "a"]
    assert type(found["z"]) is pair
    assert found["z"].b is None
    assert found["a"][0] == (1, "text")
    assert type(found["a"][1]) is OrderedDict
    assert isinstance(found["a"][1]["k"], jax.Array)


@pytest.mark.parametrize("kind", ["State", "ShortTermState", "ParamState", "HiddenState", "DelayState"])
def test_states_keep_kind_name_tags_and_identity(kind):
    state = getattr(bst, kind)(torch.ones(2) * u.mV if kind != "HiddenState" else torch.ones(2), name="s", tag="t")
    first, second = to_jax([state, state])
    assert type(first) is getattr(brainstate, kind)
    assert first is second
    assert (first.name, first.tag) == ("s", {"t"})
    back = to_torch(first)
    assert type(back) is type(state)
    assert (back.value == state.value).all()


def test_a_random_state_goes_on_as_the_same_stream():
    rng = bst.random.RandomState(7, impl="threefry2x32")
    rng.rand(3)
    twin = to_jax(rng)
    assert np.array_equal(twin.rand(4), rng.rand(4).numpy())
    back = to_torch(twin)
    assert np.array_equal(twin.rand(4), back.rand(4).numpy())


def test_the_stream_of_torchs_generator_is_refused():
    with pytest.raises(TypeError, match="threefry2x32"):
        to_jax(bst.random.RandomState(7, impl="torch"))


def test_arrays_of_jax_and_numpy_go_along():
    y = jnp.ones(2)
    assert to_jax(y) is y
    array = np.ones(2, "float32")
    found = to_jax(array)
    array[:] = 5.0
    assert found.tolist() == [1.0, 1.0]


def test_a_missing_package_names_the_extra(monkeypatch):
    from brainstate_torch.interop import _extras

    _extras.extra.cache_clear()
    monkeypatch.setitem(__import__("sys").modules, "jax", None)
    with pytest.raises(ImportError, match=r"pip install 'brainstate_torch\[jax\]'"):
        to_jax(torch.ones(1, dtype=torch.float64))
    _extras.extra.cache_clear()
