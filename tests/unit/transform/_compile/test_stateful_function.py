"""brainstate_torch.transform._compile.stateful_function: StatefulFunction."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T
from brainstate_torch.transform import ShapeDtypeStruct, StatefulFunction

X = torch.tensor([1.0, 2.0])


@pytest.fixture
def w():
    return ParamState(torch.tensor([3.0, 4.0]), name="w")


@pytest.fixture
def n():
    return State(torch.tensor(0.0), name="n")


@pytest.fixture
def f(w, n):
    def count(x, scale=1.0):
        n.value = n.value + 1
        return {"y": w.value * x * scale, "text": "t"}

    return StatefulFunction(count)


def test_a_call_runs_and_commits(f, n):
    result = f(X, scale=2.0)
    assert torch.equal(result["y"], torch.tensor([6.0, 16.0]))
    assert result["text"] == "t"
    assert n.value == 1.0
    assert torch.equal(f.jaxpr_call_auto(X)["y"], torch.tensor([3.0, 8.0]))
    assert n.value == 2.0


def test_states_are_found_without_changing_any(f, w, n):
    torch.manual_seed(0)
    assert f.get_states(X) == (n, w)
    assert f.get_read_states(X) == (w,)
    assert f.get_write_states(X) == (n,)
    shapes, state_shapes = f.get_out_shapes(X)
    assert shapes == {"y": ShapeDtypeStruct((2,), torch.float32), "text": "t"}
    assert state_shapes == (ShapeDtypeStruct((), torch.float32), None)
    assert n.value == 0.0
    assert not n._been_writen
    assert f.get_cache_stats() == {"size": 1, "capacity": 128, "hits": 3, "misses": 1}


def test_all_state_shapes_are_given_on_request(w):
    f = StatefulFunction(lambda: w.value * 1, return_only_write=False)
    assert f.get_out_shapes()[1] == (ShapeDtypeStruct((2,), torch.float32),)
    values, result = f.jaxpr_call([torch.zeros(2)])
    assert torch.equal(values[0], torch.zeros(2))
    assert torch.equal(result, torch.zeros(2))


def test_jaxpr_call_runs_on_other_values_and_changes_no_state(f, w, n):
    values, result = f.jaxpr_call([torch.tensor(9.0), np.ones(2)], X)
    assert values[0] == 10.0
    assert values[1] is None
    assert torch.equal(result["y"], X)
    assert (n.value, n._been_writen) == (0.0, False)
    assert torch.equal(w.value, torch.tensor([3.0, 4.0]))


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([X], r"`state_vals` must have one value for each of the 2 States\. Got 1"),
        (
            [None, X],
            r"`state_vals` must have a value for every State\. Got None for State\(value=float32\[\], name='n'\)",
        ),
    ],
)
def test_jaxpr_call_needs_a_value_for_every_state(f, values, text):
    with pytest.raises(ValueError, match=text):
        f.jaxpr_call(values, X)


def test_jaxpr_call_takes_none_for_a_state_that_is_none():
    state = State(None)
    assert StatefulFunction(lambda: state.value).jaxpr_call([None]) == ((None,), None)


def test_the_gradient_of_jaxpr_call_is_that_of_the_function(w, n, f):
    def loss(values, x):
        return f.jaxpr_call(values, x)[1]["y"].sum()

    of_n, of_w = T.grad(loss)([torch.tensor(0.0), torch.tensor([3.0, 4.0])], X)
    assert of_n == 0.0
    assert torch.equal(of_w, X)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ((X,), (2 * X,), True),
        ((X,), (X.double(),), False),
        ((X,), (X[:1],), False),
        ((X,), ([X],), False),
        ((X * u.mV,), (X * u.volt,), False),
        ((X * u.mV,), (X * u.mV,), True),
        ((1.0,), (2.0,), True),
        ((1.0,), (1,), False),
        ((X, "a"), (X, "b"), True),
    ],
)
def test_the_signature_is_structure_shape_dtype_and_unit(f, one, other, equal):
    assert (f.get_arg_cache_key(*one) == f.get_arg_cache_key(*other)) is equal


def test_static_arguments_are_part_of_the_signature_by_value():
    a, b = State(1.0), State(2.0)
    f = StatefulFunction(lambda i, *, which: (a if which == "a" else b).value * i, 0, "which")
    assert f.get_states(1, which="a") == (a,)
    assert f.get_states(1, which="b") == (b,)
    assert f.get_arg_cache_key(1, which="a") != f.get_arg_cache_key(2, which="a")
    assert f.get_cache_stats()["size"] == 2


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        (([1],), {}, r"the static argument 0 must be hashable\. Got a list\. Pass a tuple"),
        ((1,), {"k": {}}, r"the static argument `k` must be hashable\. Got a dict"),
        ((), {}, r"`static_argnums` must name positional arguments\. Got 0 for 0 of them"),
    ],
)
def test_static_arguments_must_be_there_and_hashable(args, kwargs, text):
    f = StatefulFunction(lambda *a, **k: None, static_argnums=(0,), static_argnames=("k",))
    with pytest.raises(ValueError, match=text):
        f.get_states(*args, **kwargs)


def test_a_signature_can_be_demanded_to_be_known(f, n):
    with pytest.raises(ValueError, match=r"this signature must have been seen before. Got a new one"):
        f.get_states(X, compile_if_miss=False)
    f.get_arg_cache_key(X, compile_if_miss=True)
    assert len(f.get_states(X, compile_if_miss=False)) == 2
    f.clear_cache()
    with pytest.raises(ValueError, match="seen before"):
        f.get_write_states(X, compile_if_miss=False)


def test_a_state_that_changed_its_shape_is_looked_at_again(w):
    other = State(torch.zeros(3))
    f = StatefulFunction(lambda: other.value if w.value.shape == (5,) else w.value)
    assert f.get_states() == (w,)
    w.value = torch.zeros(5)
    assert f.get_states() == (w, other)


def test_the_cache_is_bounded():
    f = StatefulFunction(lambda n: None, static_argnums=0)
    for i in range(130):
        f.get_states(i)
    assert f.get_cache_stats()["size"] == 128


def test_looking_draws_no_random_numbers(w):
    f = StatefulFunction(lambda: w.value * torch.rand(2))
    torch.manual_seed(1)
    f.get_states()
    found = f()
    torch.manual_seed(1)
    assert torch.equal(found, w.value * torch.rand(2))


@pytest.mark.parametrize(
    ("make", "error", "text"),
    [
        (lambda: StatefulFunction(3), TypeError, "`fun` must be callable. Got an int."),
        (lambda: StatefulFunction(len, axis_env=1), NotImplementedError, "belong to JAX's compiler. Leave them out"),
        (lambda: StatefulFunction(len, ir_optimizations=1), NotImplementedError, "belong to JAX's compiler"),
    ],
)
def test_construction_is_checked(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_repr_names_the_function():
    assert repr(StatefulFunction(len, name="f")) == "StatefulFunction(f, signatures=0)"
    assert repr(StatefulFunction(len)) == "StatefulFunction(len, signatures=0)"


class Counting(brainstate.nn.Module):
    """Counts its calls while it trains."""

    def __init__(self):
        super().__init__()
        self.count = State(torch.tensor(0.0))
        self.scale = 1

    def update(self, x):
        if self.training and brainstate.environ.get("counts", True) and self.scale:
            self.count.value += 1
        return x @ x


def test_a_signature_holds_while_what_the_function_reads_does():
    model, x, factor = Counting(), torch.ones(2, 2), [1]

    def fun(x):
        return model(x) * factor[0] if factor[0] else x

    f = StatefulFunction(fun)
    written = lambda: len(f.get_write_states(x))
    assert written() == written() == 1
    assert f.get_cache_stats()["misses"] == 1
    model.eval()
    assert written() == 0
    model.train()
    with brainstate.environ.context(counts=False):
        assert written() == 0
    model.scale = 0
    assert written() == 0
    model.scale, factor[0] = 1, 0
    assert (written(), len(f.get_states(x))) == (0, 0)
    factor[0] = 1
    with torch.autocast(torch.get_default_device().type, torch.bfloat16):
        assert f.get_out_shapes(x)[0].dtype == torch.bfloat16
    assert f.get_out_shapes(x)[0].dtype == torch.float32
