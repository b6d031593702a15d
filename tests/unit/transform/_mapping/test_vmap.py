"""vmap: lanes, shared and mapped States, random draws, axes, errors."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.transform import grad, jacfwd, vmap

X = torch.arange(6.0).reshape(3, 2)


@pytest.fixture
def w():
    return brainstate.ParamState(torch.tensor([1.0, 2.0]))


def test_vmap_equals_a_stack_of_calls(w):
    assert torch.equal(vmap(lambda x: w.value * x)(X), torch.stack([w.value * x for x in X]))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_vmap_in_and_out_axes(axis):
    out = vmap(lambda x: 2 * x, in_axes=axis, out_axes=axis)(X)
    assert torch.equal(out, 2 * X)


def test_vmap_axes_as_trees_and_unmapped_arguments():
    f = vmap(lambda d, s: d["a"] * s + d["b"], in_axes=({"b": None, "a": 0}, None))
    assert torch.equal(f({"a": X, "b": torch.ones(2)}, 3.0), 3 * X + 1)


def test_vmap_texts_and_functions_pass_through():
    assert torch.equal(vmap(lambda x, name, f: f(x) if name == "double" else x)(X, "double", lambda x: 2 * x), 2 * X)


def test_vmap_numbers_that_are_returned_have_a_lane_each():
    flag, number, array, text = vmap(lambda x: (True, 3, np.array([0.5, 1.0]), "text"))(X)
    assert torch.equal(flag, torch.ones(3, dtype=torch.bool))
    assert torch.equal(number, torch.full((3,), 3, dtype=torch.int32))
    assert torch.equal(array, torch.tensor([[0.5, 1.0]] * 3))
    assert text == "text"
    assert torch.equal(vmap(lambda: 1.0, axis_size=2)(), torch.ones(2))
    assert torch.equal(vmap(lambda x: 2.0, out_axes=None)(X), torch.tensor(2.0))


def test_vmap_quantities_keep_their_units():
    out = vmap(lambda v: v * (2 * u.ms))(X * u.mV)
    assert torch.equal(out.to_decimal(u.mV * u.ms), 2 * X)


def test_vmap_mapped_state_is_read_and_written_lane_by_lane():
    count = brainstate.State(torch.zeros(3))

    def step(x):
        count.value += x.sum()
        return count.value

    assert torch.equal(vmap(step, in_states=count)(X), X.sum(1))
    assert torch.equal(count.value, X.sum(1))


def test_vmap_state_axis_other_than_zero():
    s = brainstate.State(torch.arange(6.0).reshape(2, 3))

    def double():
        s.value = 2 * s.value

    vmap(double, in_states={1: [s]})()
    assert torch.equal(s.value, 2 * torch.arange(6.0).reshape(2, 3))


def test_vmap_out_state_gains_an_axis():
    s = brainstate.State(torch.tensor(0.0))

    def write(x):
        s.value = x.sum()

    vmap(write, out_states={0: {"s": s}})(X)
    assert torch.equal(s.value, X.sum(1))


def test_vmap_unbatched_write_of_a_shared_state_is_single():
    n = brainstate.State(torch.tensor(0.0))

    def step(x):
        n.value = n.value + 1
        return x

    vmap(step)(X)
    assert torch.equal(n.value, torch.tensor(1.0))


def test_vmap_batched_write_of_an_undeclared_state_is_refused_and_changes_nothing(w):
    s, n = brainstate.State(torch.tensor(5.0)), brainstate.State(torch.tensor(0.0))
    before = s.value

    def write(x):
        n.value = n.value + 1
        s.value = x.sum()

    with pytest.raises(brainstate.BatchAxisError, match="out_states"):
        vmap(write)(X)
    assert s.value is before and n.value.item() == 0


def test_vmap_draws_differ_by_lane_and_repeat_after_the_same_seed():
    rng = brainstate.random.RandomState(0)
    start = rng.value
    draw = vmap(lambda _: rng.randn(2))
    first = draw(X)
    assert len({tuple(row) for row in first.tolist()}) == 3
    rng.value = start
    assert torch.equal(draw(X), first)


def test_vmap_splits_a_key_by_lanes_and_moves_on_once():
    rng = brainstate.random.RandomState(0, impl="threefry2x32")
    reference = brainstate.random.RandomState(0, impl="threefry2x32")
    keys = reference.split_key(3)
    drawn = vmap(lambda _: rng.randn(2))(X)
    expected = [brainstate.random.RandomState(key, impl="threefry2x32").randn(2) for key in keys]
    assert torch.equal(drawn, torch.stack(expected))
    assert torch.equal(rng.value, reference.split_key())


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
def test_vmap_nested_draws_all_differ_and_repeat(impl):
    rng = brainstate.random.RandomState(0, impl=impl)
    start = rng.value
    draw = vmap(lambda row: vmap(lambda _: rng.rand())(row))
    first, after = draw(X), rng.value
    assert first.unique().numel() == 6
    rng.value = start
    assert torch.equal(draw(X), first) and torch.equal(rng.value, after) and not torch.equal(after, start)


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
def test_vmap_draws_inside_grad_and_loops(impl):
    rng = brainstate.random.RandomState(0, impl=impl)
    noisy = vmap(grad(lambda x: (x * rng.randn(2)).sum() + brainstate.transform.for_loop(rng.randn, length=2).sum()))
    assert noisy(X).unique().numel() == 6
    assert rng.rand().ndim == 0


def test_vmap_raising_leaves_the_stream_where_it_was():
    rng = brainstate.random.RandomState(0, impl="threefry2x32")
    before = rng.value

    def draw(x):
        rng.rand()
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        vmap(draw)(X)
    assert rng.value is before


def test_vmap_maps_the_keys_of_a_state_that_has_one_for_each_lane():
    rng = brainstate.random.RandomState(0, impl="threefry2x32")
    rng.self_assign_multi_keys(3)
    keys = rng.value
    drawn = vmap(lambda: rng.rand(), in_states=rng)()
    assert torch.equal(drawn, torch.stack([brainstate.random.rand(key=k) for k in _drawn_from(keys)]))
    assert rng.value.shape == (3, 2) and not torch.equal(rng.value, keys)


def _drawn_from(keys):
    """The key that one draw takes from each key."""
    return [brainstate.random.RandomState(key, impl="threefry2x32").split_key() for key in keys]


def test_vmap_unbatched_write_of_an_out_state_is_single_and_of_an_in_state_is_for_each_lane():
    one, many = brainstate.State(torch.tensor(0.0)), brainstate.State(torch.zeros(3))

    def write(x):
        one.value = many.value = torch.tensor(5.0)

    vmap(write, in_states=many, out_states=one)(X)
    assert torch.equal(one.value, torch.tensor(5.0)) and torch.equal(many.value, torch.full((3,), 5.0))


def test_vmap_one_differing_leaf_gives_the_whole_state_an_axis():
    s = brainstate.State({"a": torch.tensor(0.0), "b": torch.tensor(0.0)})

    def write(x):
        s.value = {"a": x.sum(), "b": torch.tensor(1.0)}

    vmap(write, out_states=s)(X)
    assert torch.equal(s.value["a"], X.sum(1)) and torch.equal(s.value["b"], torch.ones(3))


def test_vmap_branches_that_draw_start_from_the_key_of_their_lane():
    rng = brainstate.random.RandomState(0, impl="threefry2x32")
    start = rng.value
    two = vmap(lambda x: brainstate.transform.cond(x.sum() > 2, lambda: rng.rand(), lambda: -rng.rand()))(X)
    rng.value = start
    one = vmap(lambda x: rng.rand())(X)
    assert torch.equal(two, torch.where(X.sum(1) > 2, one, -one))


def test_vmap_records_its_reads_and_writes_for_a_trace_around_it(w):
    s = brainstate.State(torch.zeros(3))

    def step(x):
        s.value = s.value + (w.value * x).sum()

    with brainstate.StateTraceStack() as trace:
        vmap(step, in_states=s)(X)
    assert set(trace.states) == {w, s} and trace.get_write_states() == (s,)
    assert trace.original_state_values[trace.states.index(s)].shape == (3,)


def test_vmap_edits_of_a_list_inside_do_not_reach_the_state():
    s = brainstate.State([torch.zeros(2)])

    def edit(x):
        s.value.append(x)
        return x

    vmap(edit)(X)
    assert len(s.value) == 1


def test_vmap_axis_size_without_mapped_arguments():
    assert vmap(lambda: torch.ones(2), axis_size=4)().shape == (4, 2)


def test_vmap_decorator_form():
    @vmap(in_axes=1)
    def total(x):
        return x.sum()

    assert torch.equal(total(X), X.sum(0))


def test_vmap_of_grad_gives_per_sample_gradients(w):
    per_sample = vmap(grad(lambda x: (w.value * x).sum() ** 2, w))(X)
    expected = torch.stack([grad(lambda x: (w.value * x).sum() ** 2, w)(x) for x in X])
    assert torch.allclose(per_sample, expected)


def test_vmap_inside_grad_and_jacfwd(w):
    assert torch.equal(grad(lambda: vmap(lambda x: (w.value * x).sum())(X).sum(), w)(), X.sum(0))
    assert torch.equal(jacfwd(lambda: vmap(lambda x: (w.value * x).sum())(X), w)(), X)


def test_vmap_nests():
    assert torch.equal(vmap(vmap(lambda x: x + 1))(X), X + 1)


def test_vmap_leaves_no_wrapper_in_a_state_made_inside():
    made = []

    def make(x):
        made.append(brainstate.State(x.sum()))
        return made[0].value

    vmap(make)(X)
    assert torch.equal(made[0].value, X.sum(1))


@pytest.mark.parametrize("position", range(3))
def test_vmap_raising_leaves_states_as_they_were(position):
    s = brainstate.State(torch.zeros(3))
    before = s.value

    def step(x):
        for i in range(3):
            if i == position:
                raise KeyError("stop")
            s.value = s.value + x.sum()

    with pytest.raises(KeyError, match="stop"):
        vmap(step, in_states=s)(X)
    assert s.value is before


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (
            lambda: vmap(lambda x, y: x + y)(X, torch.ones(2)),
            ValueError,
            "one size. Got 3 in an argument, 2 in an argument",
        ),
        (lambda: vmap(lambda x: x, axis_size=4)(X), ValueError, "axis_size=4, but 3 in an argument"),
        (lambda: vmap(lambda x: x, axis_size=0)(X), ValueError, "`axis_size` must be a positive int"),
        (lambda: vmap(lambda x: x, in_axes=None)(X), ValueError, "every axis is None"),
        (lambda: vmap(lambda x: x, in_axes=2)(X), ValueError, "Got 2 for one with 2 axes"),
        (lambda: vmap(lambda x: x)(3.0), ValueError, "with 0 axes"),
        (lambda: vmap(lambda x: x, in_axes=1)("text"), ValueError, "axis 1 for a str"),
        (lambda: vmap(lambda x: x, in_axes=(0, 0))(X), ValueError, "`in_axes` must be an int, None, or a tree"),
        (lambda: vmap(lambda x: x, out_axes=None)(X), ValueError, "`out_axes` must name an axis"),
        (lambda: vmap(lambda x: x)(x=X), NotImplementedError, "positional arguments"),
        (lambda: vmap(3), TypeError, "must be callable. Got an int"),
        (lambda: vmap(lambda: 0, in_states=[1.0]), TypeError, "`in_states` must be made of States"),
    ],
)
def test_vmap_error(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_vmap_conflicting_state_axes():
    s = brainstate.State(torch.zeros(3, 3))
    with pytest.raises(brainstate.BatchAxisError, match="Got 0 and 1"):
        vmap(lambda: 0, in_states={0: [s]}, out_states={1: [s]})
    with pytest.raises(brainstate.BatchAxisError, match="one axis"):
        vmap(lambda: 0, in_states={0: [s], 1: [s]})
