"""vmap_new_states and vmap2_new_states: each lane makes its own States."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch.transform import in_new_state_probe, vmap2_new_states, vmap_new_states
from brainstate_torch.util.filter import OfType

X = torch.arange(6.0).reshape(3, 2)


def _made(make, *args, **options):
    """The States that a function makes in three lanes."""
    made = {}
    vmap_new_states(lambda *args: made.update(make(*args)), **options)(*args)
    return made


def test_new_states_get_a_leading_axis_whether_their_values_differ_or_not():
    made = _made(lambda x: {"a": brainstate.State(x.sum()), "b": brainstate.State(torch.zeros(4))}, X)
    assert torch.equal(made["a"].value, X.sum(1)) and made["b"].value.shape == (3, 4)


def test_new_states_keep_what_was_written_after_they_were_made():
    def make(x):
        s = brainstate.State(torch.tensor(1.0))
        s.value = s.value + x.sum()
        return {"s": s}

    assert torch.equal(_made(make, X)["s"].value, 1 + X.sum(1))


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
def test_new_states_draw_differently_in_each_lane(impl):
    rng = brainstate.random.RandomState(0, impl=impl)
    made = _made(lambda: {"w": brainstate.ParamState(rng.randn(2))}, axis_size=3)
    assert made["w"].value.unique().numel() == 6


def test_new_states_that_are_not_batched_have_one_value():
    made = _made(
        lambda x: {
            "n": brainstate.NonBatchState(torch.zeros(2)),
            "tagged": brainstate.State(torch.zeros(2), tag="INIT_NO_BATCHING"),
        },
        X,
    )
    assert made["n"].value.shape == made["tagged"].value.shape == (2,)


def test_new_states_that_are_not_batched_must_have_one_value():
    with pytest.raises(ValueError, match="a State that is not batched must have one value"):
        _made(lambda x: {"n": brainstate.NonBatchState(x)}, X)


def test_new_states_excluded_are_left_alone():
    def make(x):
        return {"p": brainstate.ParamState(torch.zeros(2)), "q": brainstate.ParamState(x), "s": brainstate.State(x[0])}

    made = _made(make, X, state_tag="mine", state_to_exclude=OfType(brainstate.ParamState))
    assert made["p"].value.shape == (2,) and torch.equal(made["q"].value, X)
    assert made["s"].tag == {"mine"} and made["p"].tag is None


def test_new_states_can_be_seen_by_later_traces_and_the_function_runs_once():
    runs = []
    with brainstate.StateTraceStack():
        made = _made(lambda: runs.append(in_new_state_probe()) or {"s": brainstate.State(torch.zeros(2))}, axis_size=3)
    assert runs == [False] and made["s"].stack_level == 0
    with brainstate.StateTraceStack() as trace:
        _ = made["s"].value
    assert trace.states == [made["s"]]


def test_new_states_nest():
    made = {}
    inner = vmap_new_states(lambda x: made.update(s=brainstate.State(x)))
    vmap_new_states(inner)(X)
    assert torch.equal(made["s"].value, X)


def test_new_states_give_the_result_too():
    out = vmap_new_states(lambda x: brainstate.State(x).value * 2, in_axes=1, out_axes=1)(X)
    assert torch.equal(out, 2 * X)


def test_new_states_leave_older_states_alone():
    old, fresh = brainstate.State(torch.tensor(0.0)), []

    def make(x):
        fresh.append(brainstate.State(x))
        old.value = x.sum()

    with pytest.raises(brainstate.BatchAxisError, match="No State was changed"):
        vmap_new_states(make)(X)
    assert old.value == 0
    with pytest.raises(brainstate.TraceContextError, match="made inside a transform that raised"):
        _ = fresh[0].value


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: vmap_new_states(lambda: 0, axis_size=0), ValueError, "`axis_size` must be a positive int. Got 0"),
        (lambda: vmap_new_states(lambda: 0, in_states=[]), ValueError, "must not be given"),
        (lambda: vmap_new_states(lambda: 0, out_states={}), ValueError, "must not be given"),
        (lambda: vmap_new_states(3), TypeError, "must be callable. Got an int"),
        (lambda: vmap_new_states(lambda x: 0)(x=X), NotImplementedError, r"keywords \['x'\]"),
        (lambda: vmap_new_states(lambda: 0)(), ValueError, "something to map"),
        (lambda: vmap2_new_states(None, {}), ValueError, "`axis_size` must be given"),
        (lambda: vmap2_new_states(None, {}, axis_size=-1), ValueError, "must be a positive int. Got -1"),
    ],
)
def test_new_states_error(call, error, text):
    with pytest.raises(error, match=text):
        call()


class _Cell(brainstate.nn.Module):
    def init_state(self, size=2):
        self.w = brainstate.ParamState(brainstate.random.randn(size))
        self.v = brainstate.ShortTermState(self.w.value * 2)
        self.n = brainstate.NonBatchState(torch.zeros(size))


def test_vmap2_new_states_by_axis():
    cell = _Cell()
    made = vmap2_new_states(
        cell, {"size": 4}, state_tag="new", axis_size=3, state_out_axes={1: brainstate.ShortTermState}
    )
    assert made == {0: [cell.w], 1: [cell.v], None: [cell.n]}
    assert cell.w.value.shape == (3, 4) and torch.equal(cell.v.value, 2 * cell.w.value.T)
    assert cell.n.value.shape == (4,) and all(s.tag == {"new"} for s in (cell.w, cell.v, cell.n))


def test_vmap2_new_states_one_for_all_lanes_by_filter():
    class Fixed(brainstate.nn.Module):
        def init_state(self):
            self.a, self.b = brainstate.State(torch.zeros(2)), brainstate.ParamState(torch.zeros(2))

    module = Fixed()
    made = vmap2_new_states(module, {}, axis_size=3, state_out_axes={None: brainstate.ParamState})
    assert made == {0: [module.a], None: [module.b]} and module.b.value.shape == (2,)
    made = vmap2_new_states(module, {}, axis_size=3, state_out_axes=brainstate.ParamState)
    assert made == {0: [module.a, module.b]}
