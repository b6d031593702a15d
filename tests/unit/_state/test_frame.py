"""brainstate_torch._state.frame: the values that States have inside one transform."""

import pytest
import torch

from brainstate_torch import ParamState, State, StateTraceStack, TraceContextError
from brainstate_torch import transform as T
from brainstate_torch._state import Frame
from brainstate_torch._state.context import CONTEXT


@pytest.fixture
def state():
    return State(torch.tensor(1.0), name="s")


def test_writes_stay_in_the_frame_until_it_commits(state):
    before, read = state._value, state.value
    with Frame() as frame:
        state.value = state.value + 1
        assert state.value == 2.0
        assert state._value is before
    assert state.value is read
    assert frame.written() == [state]
    assert frame.original(state) is read
    frame.commit([torch.tensor(5.0)])
    assert state.value == 5.0
    assert state._been_writen


def test_substituted_values_are_no_touch_and_no_write(state):
    with Frame() as frame:
        frame.substitute([state], [torch.tensor(7.0)])
        assert not frame.is_touched(state)
        assert state.value == 7.0
        assert frame.is_touched(state)
    assert frame.written() == []
    assert state.value == 1.0


def test_inner_frames_see_the_values_of_outer_ones(state):
    with Frame() as outer:
        state.value = torch.tensor(2.0)
        with Frame() as inner:
            assert state.value == 2.0
            state.value = torch.tensor(3.0)
        assert state.value == 2.0
        inner.commit([torch.tensor(3.0)])
        assert state.value == 3.0
    assert state.value == 1.0
    outer.commit([torch.tensor(3.0)])
    assert state.value == 3.0


def test_a_state_made_in_a_frame_keeps_its_value_there_and_is_not_recorded():
    with Frame() as frame:
        made = State(torch.tensor(1.0))
        made.value = made.value + 1
        with Frame() as inner:
            made.value = made.value * 10
        inner.commit([torch.tensor(20.0)])
        assert made.value == 20.0
    assert inner.written() == [made]
    assert frame.states == []
    assert list(frame.created) == [made]
    frame.commit([], [torch.tensor(4.0)])
    assert made.value == 4.0
    assert made.stack_level == 0


def test_an_outer_trace_sees_a_read_until_the_commit_and_then_a_write(state):
    with StateTraceStack() as trace:
        with Frame() as frame:
            state.value = torch.tensor(2.0)
        assert trace.get_read_states() == (state,)
        frame.commit([torch.tensor(2.0)])
        assert trace.get_write_states() == (state,)


def test_a_frame_left_by_an_exception_takes_back_what_is_no_state(state):
    log = []
    with pytest.raises(KeyError), Frame() as frame:
        frame.on_failure(lambda: log.append("first"))
        frame.on_failure(lambda: log.append("second"))
        made = State(torch.tensor(1.0))
        state.value = torch.tensor(2.0)
        raise KeyError
    assert log == ["second", "first"]
    assert state.value == 1.0
    with pytest.raises(TraceContextError, match="made inside a transform that raised"):
        _ = made.value
    frame.abandon()
    assert log == ["second", "first"]


def test_an_outer_frame_inherits_what_is_to_be_undone():
    log = []
    with pytest.raises(KeyError), Frame():
        with Frame() as inner:
            inner.on_failure(lambda: log.append("inner"))
        inner.commit([])
        assert log == []
        raise KeyError
    assert log == ["inner"]


def test_a_commit_owns_every_value_before_it_writes_any(state):
    other, wrapper = State(torch.tensor(1.0)), []
    torch.func.grad(lambda x: (wrapper.append(x * 2), x)[1])(torch.tensor(1.0))
    with Frame() as frame:
        state.value = torch.tensor(2.0)
        other.value = torch.tensor(2.0)
    with pytest.raises(TraceContextError, match="outlived"):
        frame.commit([torch.tensor(2.0), wrapper[0]])
    assert (state.value, other.value) == (1.0, 1.0)


def test_provide_belongs_to_frames_that_provide(state):
    with pytest.raises(NotImplementedError):
        Frame().provide(state)


def test_a_trace_that_was_not_left_inside_does_not_keep_the_frame_active():
    w, forgotten = ParamState(torch.tensor(1.0)), StateTraceStack()
    with pytest.raises(RuntimeError, match="reverse order of entering"):
        T.grad(lambda: (forgotten.__enter__(), w.value**2)[1], w)()
    assert CONTEXT.frames == []
    w.value = torch.tensor(3.0)
    assert w._value == 3.0


def test_what_is_written_to_a_lent_copy_is_a_write():
    a, b, c = (State(torch.zeros(2)) for _ in range(3))
    with Frame() as frame:
        assert frame.lend(a, changes=False) is frame.lend(a, changes=False)
        frame.lend(a, changes=False).add_(1)
        frame.lend(b, changes=False)
        frame.lend(c, changes=True)
        assert frame.written() == [a, c]
        assert a.value.tolist() == [1.0, 1.0]
        frame.lend(a, changes=False).add_(1)
    assert a.value.tolist() == [0.0, 0.0]
    frame.commit([frame.values[state] for state in frame.written()])
    assert a.value.tolist() == [2.0, 2.0] and b.value.tolist() == [0.0, 0.0]


def test_a_lent_copy_in_inference_mode_is_taken_to_be_read():
    a = State(torch.zeros(2))
    with torch.inference_mode(), Frame() as frame:
        frame.lend(a, changes=False)
        assert frame.written() == []


@pytest.mark.parametrize("engine", [T.grad, T.vector_grad, T.jacrev, T.jacfwd])
def test_a_trace_around_a_derivative_keeps_the_value_before_it(engine):
    weight = ParamState(torch.tensor([2.0, 3.0]))
    with StateTraceStack() as trace:
        T.jacrev(lambda: weight.value**2, weight)() if engine is T.jacrev else engine(
            lambda: (weight.value**2).sum(), weight
        )()
    (original,) = trace.original_state_values
    assert original.grad_fn is None
    assert original.tolist() == [2.0, 3.0]
    trace.recovery_original_values()
    assert weight.value.tolist() == [2.0, 3.0]


def test_what_was_lent_is_a_value_like_any_other_once_it_is_settled(state):
    with Frame() as frame:
        frame.lend(state, changes=True).add_(1)
        frame.settle(state)
        before = state.value
        after = before
        after += 1
        assert (before, after, state.value) == (2.0, 3.0, 2.0)


def test_an_exception_leaves_the_grad_mode_as_it_was():
    def interrupted(x):
        torch.no_grad().__enter__()  # as after a signal at the first line of its `__exit__`
        raise KeyError

    for call in (T.grad(interrupted), T.jit(interrupted, backend="replay"), lambda x: T.for_loop(interrupted, x[None])):
        with pytest.raises(KeyError):
            call(torch.ones(2))
        assert torch.is_grad_enabled()
        with torch.no_grad(), pytest.raises(KeyError):
            call(torch.ones(2))
        assert torch.is_grad_enabled()
