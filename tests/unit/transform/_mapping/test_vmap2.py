"""vmap2 and StatefulMapping: filters, policies, static arguments, the number of lanes."""

import functools
import warnings

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.transform import StatefulMapping, cond, for_loop, grad, vmap2

X = torch.arange(6.0).reshape(3, 2)


@pytest.fixture
def total():
    return brainstate.ShortTermState(torch.zeros(3))


def _adding(state):
    def add(x):
        state.value = state.value + x.sum()
        return state.value

    return add


@pytest.mark.parametrize(
    "spec",
    [
        lambda s: s,
        lambda s: [s],
        lambda s: {0: s},
        lambda s: {-1: [s]},
        lambda s: brainstate.ShortTermState,
        lambda s: {0: brainstate.ShortTermState},
        lambda s: ...,
        lambda s: {0: lambda path, state: state is s},
        lambda s: "per lane",
        lambda s: {None: brainstate.ParamState, 0: ...},
    ],
)
def test_vmap2_selects_states_by_filter_state_or_axis(spec):
    s = brainstate.ShortTermState(torch.zeros(3), tag="per lane")
    assert torch.equal(vmap2(_adding(s), state_in_axes=spec(s))(X), X.sum(1))
    assert torch.equal(s.value, X.sum(1))


def test_vmap2_first_matching_axis_counts():
    s = brainstate.State(torch.zeros(2, 3))
    vmap2(_adding(s), state_in_axes={1: s, 0: ...})(X)
    assert torch.equal(s.value, X.sum(1).expand(2, 3))


def test_vmap2_out_axis_of_a_new_value():
    s = brainstate.State(torch.tensor(0.0))

    def write(x):
        s.value = torch.stack([x.sum(), x.mean()])

    vmap2(write, state_out_axes={1: s})(X)
    assert torch.equal(s.value, torch.stack([X.sum(1), X.mean(1)]))


def test_vmap2_keywords_are_mapped_along_axis_0():
    out = vmap2(lambda x, *, scale: x * scale)(X, scale=torch.tensor([1.0, 10.0, 100.0]))
    assert torch.equal(out, X * torch.tensor([[1.0], [10.0], [100.0]]))
    assert torch.equal(vmap2(lambda *, x: 2 * x)(x=X), 2 * X)


def test_mapping_static_arguments_are_the_same_in_each_lane():
    power = StatefulMapping(lambda x, n, *, sign: sign * x**n, static_argnums=-1, static_argnames="sign")
    assert torch.equal(power(X, 2, sign=-1), -(X**2))
    axes = StatefulMapping(lambda n, x: x * n, in_axes=(0, 1), static_argnums=(0,))
    assert torch.equal(axes(3, X), 3 * X.T)


def test_mapping_static_argument_that_is_not_there():
    with pytest.raises(ValueError, match="Got 5 where there are 1"):
        StatefulMapping(lambda x: x, static_argnums=5)(X)


# Values that differ from lane to lane, in a State that nobody named


def test_auto_maps_a_state_that_has_a_slice_for_each_lane():
    s = brainstate.State(torch.ones(3))
    add = vmap2(_adding(s))
    assert torch.equal(add(X), 1 + X.sum(1))
    assert torch.equal(add(X), 1 + 2 * X.sum(1))
    assert s.value.shape == (3,)


def test_auto_runs_again_only_to_find_the_state():
    s, runs = brainstate.State(torch.ones(3)), []

    def add(x):
        runs.append(1)
        s.value = s.value + x.sum()

    mapped = vmap2(add)
    mapped(X)
    mapped(X)
    assert len(runs) == 3


def test_auto_gives_a_written_state_a_leading_axis():
    s = brainstate.State(torch.zeros(5))

    def write(x):
        s.value = x

    mapped = vmap2(write)
    mapped(X)
    mapped(X)
    assert torch.equal(s.value, X)


def test_auto_warns_once_of_a_state_that_it_cannot_map():
    s = brainstate.State(torch.tensor(1.0))
    add = vmap2(_adding(s))
    with pytest.warns(UserWarning, match="has no slice for each of the 3 lanes"):
        add(X)
    assert torch.equal(s.value, 1 + X.sum(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        add(X)
    assert torch.equal(s.value, 1 + 2 * X.sum(1))


def test_auto_write_after_a_read_in_a_loop_and_a_branch():
    s = brainstate.State(torch.zeros(3))

    def step(x):
        for_loop(lambda v: _adding(s)(v), x)
        cond(x[0] > 1, lambda: _adding(s)(x), lambda: s.value)

    vmap2(step)(X)
    assert torch.equal(s.value, X.sum(1) * torch.tensor([1.0, 2.0, 2.0]))


def test_warn_and_ignore_give_a_leading_axis():
    s = brainstate.State(torch.tensor(0.0))
    with pytest.warns(UserWarning, match="not named in `state_out_axes`"):
        vmap2(_adding(s), unexpected_out_state_mapping="warn")(X)
    assert torch.equal(s.value, X.sum(1))
    s.value = torch.tensor(0.0)
    vmap2(_adding(s), unexpected_out_state_mapping="ignore")(X)
    assert torch.equal(s.value, X.sum(1))


def test_raise_refuses_and_changes_nothing(total):
    s, n = brainstate.State(torch.tensor(5.0)), brainstate.State(torch.tensor(0.0))
    before = s.value, total.value, n.value

    def write(x):
        n.value = n.value + 1
        total.value = total.value + x.sum()
        s.value = x.sum()

    with pytest.raises(brainstate.BatchAxisError, match="named in `state_out_axes`. Got one for State"):
        vmap2(write, state_in_axes=total, unexpected_out_state_mapping="raise")(X)
    assert all(a is b for a, b in zip(before, (s.value, total.value, n.value), strict=True))


def test_the_same_write_in_each_lane_is_one(total):
    n = brainstate.State(torch.tensor(0.0))

    def count(x):
        n.value = n.value + 1

    vmap2(count, unexpected_out_state_mapping="raise")(X)
    assert torch.equal(n.value, torch.tensor(1.0))


# The number of lanes


def test_only_states_tell_the_number_of_lanes(total):
    assert torch.equal(vmap2(lambda: total.value + 1, state_in_axes=total)(), torch.ones(3))
    assert torch.equal(vmap2(lambda: total.value + 1, state_in_axes=...)(), torch.ones(3))


def test_finding_the_number_of_lanes_changes_nothing(total):
    n, rng = brainstate.State(torch.tensor(0.0)), brainstate.random.RandomState(0, impl="threefry2x32")
    start = rng.value

    def step():
        n.value = n.value + 1
        try:
            return total.value + rng.rand()
        except Exception:
            return 0.0

    found = vmap2(step, state_in_axes=brainstate.ShortTermState)()
    rng.value = start
    assert torch.equal(n.value, torch.tensor(1.0))
    assert torch.equal(found, vmap2(lambda _: rng.rand())(X))


def test_vmap2_takes_functions_that_map_as_it_does():
    for mapping in (
        torch.vmap,
        brainstate.transform.vmap,
        functools.partial(brainstate.transform.vmap, chunk_size=None),
    ):
        doubled = StatefulMapping(lambda x: 2 * x, mapping_fn=mapping, mapping_kwargs={"spmd_axis_name": None})
        assert torch.equal(doubled(X), 2 * X)
    with pytest.raises(NotImplementedError, match="`mapping_fn` must be left"):
        StatefulMapping(lambda x: x, mapping_fn=functools.partial(torch.vmap, chunk_size=2))


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: vmap2(lambda: 1.0)(), ValueError, "something to map, or an `axis_size`"),
        (lambda: vmap2(lambda: 1.0, state_in_axes=...)(), ValueError, "something to map, or an `axis_size`"),
        (lambda: vmap2(lambda x: x, axis_size=5)(X), ValueError, "axis_size=5, but 3 in an argument"),
        (lambda: vmap2(lambda x, s: x)(X, 2.0), ValueError, "with 0 axes"),
        (lambda: vmap2(lambda x: x)(x=2.0), ValueError, "with 0 axes"),
        (lambda: vmap2(lambda x, y: x)(X, y=torch.ones(2)), ValueError, "must have one size"),
        (lambda: vmap2(lambda x: x, in_axes=(0, 0))(X), ValueError, "`in_axes` must be"),
        (lambda: vmap2(lambda x: x)(brainstate.State(X)), ValueError, "cannot be an instance of State"),
        (lambda: vmap2(3), TypeError, "must be callable. Got an int"),
        (lambda: vmap2(lambda x: x, state_in_axes={"a": ...}), TypeError, "int or None for each axis. Got 'a'"),
        (lambda: vmap2(lambda x: x, state_in_axes=3.0), TypeError, "filter"),
        (lambda: vmap2(lambda x: x, unexpected_out_state_mapping="never"), ValueError, "Got 'never'"),
        (lambda: StatefulMapping(lambda x: x, mapping_fn=torch.compile), NotImplementedError, "`mapping_fn`"),
        (lambda: StatefulMapping(lambda x: x, mapping_kwargs={"a": 1}), NotImplementedError, "`mapping_kwargs`"),
    ],
)
def test_vmap2_error(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_vmap2_state_of_another_size(total):
    with pytest.raises(ValueError, match="Got 3 in a State of `state_in_axes`, where there are 4 lanes"):
        vmap2(lambda x: total.value, state_in_axes=...)(torch.zeros(4))
    with pytest.raises(ValueError, match="Got 4 in an argument, 3 in a State"):
        vmap2(lambda x: total.value, state_in_axes=total)(torch.zeros(4))


def test_vmap2_state_without_axes():
    s = brainstate.State(3.0)
    with pytest.raises(ValueError, match="`state_in_axes` must name an axis"):
        vmap2(lambda x: s.value, state_in_axes=...)(X)


def test_vmap2_two_axes_for_a_state():
    s = brainstate.State(torch.zeros(3, 3))
    with pytest.raises(brainstate.BatchAxisError, match="Got 0 and 1"):
        vmap2(lambda: s.value, state_in_axes={0: s}, state_out_axes={1: ...})()


def test_vmap2_value_that_differs_for_a_state_at_none():
    s = brainstate.State(torch.tensor(1.0))
    with pytest.raises(ValueError, match="must have one value for all lanes"):
        vmap2(_adding(s), state_out_axes={None: s})(X)
    assert s.value.ndim == 0


# Together with other transforms


def test_vmap2_of_grad_and_grad_of_vmap2_and_units():
    w = brainstate.ParamState(torch.tensor([1.0, 2.0]) * u.mV)
    loss = lambda x: ((w.value * x).sum() ** 2).to_decimal(u.mV**2)
    lanes = vmap2(grad(loss, w, unit_aware=True))(X)
    expected = torch.stack([2 * (torch.tensor([1.0, 2.0]) * x).sum() * x for x in X])
    assert torch.allclose(lanes.to_decimal(u.mV**-1), expected)
    whole = grad(lambda: vmap2(loss)(X).sum(), w, unit_aware=True)()
    assert torch.allclose(whole.to_decimal(u.mV**-1), expected.sum(0))


def test_vmap2_reading_a_mapped_state_first_inside_grad():
    w, rng = brainstate.ParamState(X), brainstate.random.RandomState(0, impl="threefry2x32")
    start = rng.value
    slope = vmap2(grad(lambda x: (w.value * x).sum() + (x * rng.randn(2)).sum()), state_in_axes=w)(X)
    rng.value = start
    assert torch.allclose(slope, X + vmap2(lambda _: rng.randn(2))(X))


def test_vmap2_nested_over_two_axes_of_a_state():
    s = brainstate.State(torch.zeros(3, 2))
    inner = vmap2(_adding(s), state_in_axes={0: s})
    vmap2(inner, state_in_axes={0: s})(X)
    assert torch.equal(s.value, X)


def test_mapping_as_a_method_and_decorator():
    class Scale:
        def __init__(self):
            self.w = brainstate.State(torch.tensor(2.0))

        @vmap2(in_axes=1)
        def __call__(self, x):
            return self.w.value * x

    assert torch.equal(Scale()(X), 2 * X.T)


def test_mapping_says_what_it_is():
    mapped = vmap2(_adding, in_axes=1)
    assert repr(mapped) == "StatefulMapping(_adding, in_axes=1, out_axes=0, name='vmap2')"
    assert mapped.origin_fun is _adding and mapped.state_in_axes == {}
