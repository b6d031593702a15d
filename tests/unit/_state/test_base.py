"""brainstate_torch._state.base: State."""

import threading

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import HookCancellationError, ParamState, State, StateTraceStack, TraceContextError
from brainstate_torch import transform as T
from brainstate_torch._state.value import Value


def test_constructor_takes_name_tags_and_metadata():
    state = State(1.0, name="v", tag=["a", "b"], note="x")
    assert (state.name, state.tag, state.note, state.value) == ("v", {"a", "b"}, "x", 1.0)
    assert State(1.0, tag="ab").tag == {"ab"}
    assert State(1.0).tag is None
    state.name = "w"
    state.add_tag("c")
    assert (state.name, state.tag) == ("w", {"a", "b", "c"})
    bare = State(1.0)
    bare.add_tag("c")
    assert bare.tag == {"c"}


def test_constructor_unwraps_a_state_and_makes_tensors_of_arrays():
    inner = State({"a": np.ones(2)})
    outer = State(inner)
    assert torch.equal(outer.value["a"], inner.value["a"])
    assert outer.value["a"].dtype == torch.float32
    assert isinstance(State({"s": State(1)}).value["s"], State)
    words = np.array(["a", "b"])
    assert State(words).value is words


def test_source_info_is_the_line_of_the_caller():
    state = State(1.0)
    assert (state.source_info.file, state.source_info.function) == (
        __file__,
        "test_source_info_is_the_line_of_the_caller",
    )
    assert str(state.source_info).startswith(f"{__file__}:{state.source_info.line} (in test_source")


def test_reading_gives_the_same_object_until_the_next_write():
    state = State(torch.ones(2))
    first = state.value
    assert state.value is first
    state.value = torch.zeros(2)
    assert state.value is not first
    assert torch.equal(first, torch.ones(2))


def test_states_are_equal_by_identity():
    a, b = State(1.0), State(1.0)
    assert a != b
    assert {a: 1, b: 2}[a] == 1


def test_been_writen_is_set_by_writes_alone():
    state = State(torch.ones(2))
    state.restore_value(torch.zeros(2))
    assert not state._been_writen
    assert not state.copy()._been_writen
    state.value = torch.zeros(2)
    assert state._been_writen
    assert not state.copy()._been_writen
    state.restore_value(torch.ones(2))
    assert state._been_writen


@pytest.mark.parametrize("assign", [lambda s, v: setattr(s, "value", v), lambda s, v: s.restore_value(v)])
def test_a_state_is_refused_as_a_value(assign):
    with pytest.raises(
        ValueError, match=r"the value of State must not be a State\. Got ParamState\. (Assign|Pass) its"
    ):
        assign(State(1), ParamState(2))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1.0], [1.0, 2.0]),
        ({"a": 1.0}, {"b": 1.0}),
        (torch.ones(1), None),
        (torch.ones(1) * u.mV, torch.ones(1)),
        (torch.ones(1) * u.mV, torch.ones(1) * u.volt),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_structure_is_checked_by_restore_and_within_the_context(before, after, named):
    state = State(before, name="v" if named else None)
    text = r"the value of `v` must keep its structure" if named else "the value of State must keep its structure"
    with pytest.raises(ValueError, match=text) as caught:
        state.restore_value(after)
    assert caught.value.__notes__ == [f"State made at {state.source_info}"]
    with brainstate.check_state_value_tree():
        with pytest.raises(ValueError, match=text):
            state.value = after
        with brainstate.check_state_value_tree(False):
            state.value = after
            state.value = before
        with pytest.raises(ValueError, match=text):
            state.value = after
    if not isinstance(before, u.Quantity):  # a unit is not lost in silence
        state.value = after


def test_restore_value_runs_restore_hooks_alone():
    state, seen = State(torch.zeros(1)), []
    for kind in ("read", "write_before", "write_after", "restore"):
        state.register_hook(kind, lambda c: seen.append((c.operation, c.value.item(), c.old_value.item())))
    state.restore_value(torch.ones(1))
    assert seen == [("restore", 1.0, 0.0)]


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (torch.ones(2, 3), 6),
        ({"a": torch.ones(2), "b": [1.0, True]}, 4),
        (None, 0),
        ("text", 0),
        (torch.ones(3) * u.mV, 3),
    ],
)
def test_numel_counts_numbers(value, count):
    assert State(value).numel() == count


def test_value_call_maps_and_does_not_write():
    state = State([torch.ones(2), 3.0])
    assert state.value_call(lambda x: x * 2)[1] == 6.0
    assert state.value[1] == 3.0
    assert not state._been_writen


def test_repr_shows_shapes_units_and_metadata():
    state = State({"v": torch.ones(2) * u.mV, "n": 1}, name="s", tag="t", note=5)
    assert repr(state) == "State(value={'v': float32[2] mV, 'n': 1}, note=5, name='s', tag={'t'})"
    assert repr(State(torch.zeros((), dtype=torch.int64))) == "State(value=int64[])"


# Copies


@pytest.mark.parametrize("make", [State.copy, State.replace])
def test_copies_are_not_caught_and_not_traced(make):
    state = ParamState(torch.ones(1), name="s", tag="t")
    with brainstate.catch_new_states() as caught, StateTraceStack() as trace:
        twin = make(state)
    assert type(twin) is ParamState
    assert (twin.name, twin.tag) == ("s", {"t"})
    assert len(caught) == 0
    assert trace.states == []


def test_copy_has_hooks_of_its_own_and_replace_shares_them():
    state, seen = State(torch.ones(1)), []
    state.register_hook("write_after", lambda c: seen.append(c.value.item()))
    state.copy().value = torch.tensor([2.0])
    state.replace(torch.zeros(1)).value = torch.tensor([3.0])
    assert seen == [3.0]


def test_replace_changes_a_copy():
    state = State(torch.ones(1), name="s", note=1)
    other = state.replace(torch.zeros(1), name="t", note=2)
    assert (other.value.item(), other.name, other.note) == (0.0, "t", 2)
    assert (state.value.item(), state.name, state.note) == (1.0, "s", 1)
    assert state.replace(_value=5).value == 5
    assert state.replace(other) is other
    assert state.replace(other, name="q").name == "q"
    with pytest.raises(ValueError, match=r"`value` must be a State or a plain value\. Got a ParamState\. Pass its"):
        state.replace(ParamState(1.0))


def test_copy_from_takes_value_and_metadata_and_keeps_hooks():
    a, b = State(torch.ones(1), name="a", old=1), State(torch.zeros(2), name="b", tag="t", new=2)
    handle, (parameter,) = a.register_hook("read", lambda c: None), a.parameters()
    with StateTraceStack() as trace:
        a.copy_from(b)
        a.copy_from(a)
    assert trace.states == []
    assert (a.name, a.tag, a.new, hasattr(a, "old"), a.list_hooks()) == ("b", {"t"}, 2, False, [handle._hook])
    assert torch.equal(a.value, torch.zeros(2))
    assert a.parameters()[0] is parameter
    assert torch.equal(parameter.data, torch.zeros(2))
    with pytest.raises(ValueError, match=r"`other` must be a State\. Got a ParamState\."):
        a.copy_from(ParamState(1.0))


def test_copy_from_inside_a_transform_belongs_to_the_transform(engine):
    a, b = State(torch.tensor(1.0), name="a"), State(torch.tensor(2.0), name="b")

    def program(x):
        b.value = b.value * x
        a.copy_from(b)
        return a.value

    with pytest.raises(ZeroDivisionError):
        T.grad(lambda x: (program(x), 1 / 0)[1], engine=engine)(torch.tensor(10.0))
    assert (a.value.item(), a.name) == (1.0, "a")
    assert T.grad(program, engine=engine)(torch.tensor(10.0)) == 2.0
    assert (a.value.item(), b.value.item()) == (20.0, 20.0)


def test_update_from_ref_writes_what_was_written_and_restores_the_rest():
    target = State(torch.zeros(1), name="t")
    source = State(torch.ones(1), name="s", note=1)
    target.update_from_ref(source.to_state_ref())
    assert (target.value.item(), target.name, target.note, target._been_writen) == (1.0, "s", 1, False)
    source.value = torch.tensor([2.0])
    target.update_from_ref(source.to_state_ref())
    assert (target.value.item(), target._been_writen) == (2.0, True)


def test_taking_a_state_apart_counts_as_a_read():
    state = ParamState(torch.ones(1), name="s", tag="t")
    with brainstate.catch_new_states() as caught, StateTraceStack() as trace:
        twin = state.to_state_ref().to_state()
    assert (type(twin), twin.name, twin.tag, twin.value) == (ParamState, "s", {"t"}, state.value)
    assert len(caught) == 0
    assert trace.get_read_states() == (state,)


# Levels


def test_stack_level_counts_the_traces_at_birth():
    outside = State(1)
    with StateTraceStack() as outer:
        inside = State(2)
        assert (outside.stack_level, inside.stack_level) == (0, 1)
        _ = inside.value
        assert outer.states == []
        with StateTraceStack() as inner:
            _ = inside.value, outside.value
        assert inner.states == [inside, outside]
        assert outer.states == [outside]
    assert inside.stack_level == 0
    inside.increase_stack_level()
    inside.decrease_stack_level()
    inside.decrease_stack_level()
    assert inside.stack_level == 0
    inside.stack_level = 3
    assert inside.stack_level == 3


# A State made inside a transform that raised


@pytest.fixture
def dead():
    made = []
    with pytest.raises(KeyError):
        T.grad(lambda x: (made.append(State(x * 2)), {}["missing"]))(torch.tensor(1.0))
    return made[0]


USES = {
    "value": lambda s: s.value,
    "numel": lambda s: s.numel(),
    "check_if_deleted": lambda s: s.check_if_deleted(),
    "value_call": lambda s: s.value_call(lambda x: x),
    "copy then read": lambda s: s.copy().value,
    "in a transform": lambda s: T.grad(lambda x: s.value * x)(torch.tensor(1.0)),
    "parameters": lambda s: s.parameters(),
    "grad_states": lambda s: T.grad(lambda: s.value, s)(),
}


@pytest.mark.parametrize("use", USES)
def test_a_state_made_inside_a_transform_that_raised_refuses_to_be_read(dead, use):
    assert repr(dead) == "State(value=<made inside a transform that raised>)"
    with pytest.raises(TraceContextError, match=r"must have a value to be read. Got one made inside a transform"):
        USES[use](dead)


@pytest.mark.parametrize("revive", [lambda s: setattr(s, "value", 5.0), lambda s: s.restore_value(5.0)])
def test_assigning_revives_a_state_made_inside_a_transform_that_raised(dead, revive):
    revive(dead)
    assert dead.value == 5.0


# Hooks of a State


def test_hooks_of_a_write_run_in_order_and_may_transform_or_cancel_it():
    state, seen = State(torch.tensor(1.0), name="v"), []
    brainstate.register_state_hook("write_before", lambda c: seen.append("global"))
    try:
        state.register_hook("write_before", lambda c: seen.append("own"))
        state.register_hook("write_before", lambda c: setattr(c, "transformed_value", c.transformed_value * 2))
        state.register_hook("write_after", lambda c: seen.append((c.old_value.item(), c.value.item())))
        with (
            state.temporary_hook("write_before", lambda c: setattr(c, "cancel", True), priority=1),
            pytest.raises(HookCancellationError),
        ):
            state.value = torch.tensor(7.0)
        assert state.value == 1.0
        state.value = torch.tensor(3.0)
    finally:
        brainstate.clear_state_hooks()
    assert state.value == 6.0
    assert seen == ["global", "global", "own", (1.0, 6.0)]
    assert state.has_hooks("write_before")
    state.clear_hooks()
    assert not state.has_hooks()


def test_init_hooks_see_value_and_metadata():
    seen = []
    brainstate.register_state_hook("init", lambda c: seen.append((c.value, c.init_metadata)))
    try:
        State(5, name="n", tag="t", note=1)
    finally:
        brainstate.clear_state_hooks()
    assert seen == [(5, {"note": 1, "_name": "n", "tag": {"t"}})]


def test_maybe_state_unwraps_states_alone():
    assert brainstate.maybe_state(State(3)) == 3
    assert brainstate.maybe_state([State(3)])[0].value == 3


# Threads


def run_in_threads(work, count=4):
    errors = []

    def guarded(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    return threads, errors


def test_gradients_in_threads_on_one_state_do_not_see_each_other():
    w, barrier = ParamState(torch.tensor(1.0, dtype=torch.float64)), threading.Barrier(4)
    committed, seen = {1.0}, set()

    def work(i):
        scale = float(i + 1)

        def loss():
            w.value = w.value * scale
            barrier.wait(5)  # now every thread is inside, with a value of its own
            return w.value**2

        for _ in range(5):
            gradient, value = T.grad(loss, w, return_value=True)()
            written = value.sqrt().item()
            committed.add(written)
            assert gradient.item() == 2 * written * scale

    threads, errors = run_in_threads(work)
    while any(thread.is_alive() for thread in threads):
        value = w.value
        assert isinstance(value, Value)
        assert not value.requires_grad
        seen.add(value.item())
    assert errors == []
    assert seen <= committed
    assert w.value.item() in committed


def test_traces_catchers_checks_and_environ_are_of_their_thread():
    state = State(torch.ones(1))
    started, looked = threading.Barrier(2), threading.Barrier(2)

    def work(_):
        started.wait(5)
        state.value = [torch.zeros(1)]
        State(3)
        assert brainstate.environ.get("dt", None) is None
        with brainstate.environ.context(dt=2.0):
            looked.wait(5)
            assert brainstate.environ.get("dt") == 2.0

    with (
        StateTraceStack() as trace,
        brainstate.catch_new_states() as caught,
        brainstate.check_state_value_tree(),
        brainstate.environ.context(dt=1.0),
    ):
        threads, errors = run_in_threads(work, 1)
        started.wait(5)
        looked.wait(5)
        assert brainstate.environ.get("dt") == 1.0
        threads[0].join()
    assert errors == []
    assert trace.states == []
    assert len(caught) == 0


@pytest.mark.parametrize("val", [True, False])
def test_check_state_jax_tracer_changes_nothing(val):
    s = State(torch.zeros(()))

    def write(x):
        s.value = x
        return x

    with brainstate.check_state_jax_tracer(val):
        with pytest.raises(brainstate.TraceContextError, match="a State must hold tensors that outlive the call"):
            torch.func.grad(write)(torch.tensor(1.0))
        brainstate.transform.grad(write)(torch.tensor(1.0))
    assert s.value == 1.0


@pytest.mark.parametrize("name", ["valeu", "vaule", "Value", "tags", "values"])
def test_an_attribute_whose_name_is_nearly_one_of_its_own_is_refused(name):
    state = ParamState(torch.ones(2))
    with pytest.raises(AttributeError, match=rf"Got `{name}`. Did you mean `(value|tag)`"):
        setattr(state, name, 3)
    assert not hasattr(state, name)


def test_attributes_of_a_users_own_are_free():
    class Spiking(State):
        values: object
        tags = ()

    state = Spiking(1.0, valued=2)
    state.values, state.tags, state.area, state.valued, state.name = 1, (2,), 3, 4, "v"
    assert (state.values, state.tags, state.area, state.valued, state.name) == (1, (2,), 3, 4, "v")
