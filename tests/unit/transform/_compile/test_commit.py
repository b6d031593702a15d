"""A compiled call writes its States all or not at all, whatever a hook does."""

import pytest
import torch

from brainstate_torch import ParamState, State, StateTraceStack
from brainstate_torch import transform as T


def counters(with_parameters):
    found = [State(torch.zeros(2)) for _ in range(4)]
    if with_parameters:
        for state in found:
            state.parameters()

    @T.jit(backend="replay")
    def step(x):
        for state in found:
            state.value = state.value + 1
        return x

    step(torch.ones(2))
    return found, step


def numbers(found):
    return [float(state.value[0]) for state in found]


@pytest.mark.parametrize("with_parameters", [False, True])
@pytest.mark.parametrize("place", [0, 2, 3])
@pytest.mark.parametrize("kind", ["write_before", "write_after"])
def test_a_hook_that_stops_a_write_leaves_every_state_as_it_was(with_parameters, place, kind):
    found, step = counters(with_parameters)

    def stop(context):
        raise RuntimeError("no")

    handle = found[place].register_hook(kind, stop)
    found[place].hooks.config.on_error = "raise"
    with pytest.raises(Exception, match="no"):
        step(torch.ones(2))
    assert numbers(found) == [1.0] * 4
    handle.remove()
    step(torch.ones(2))
    assert numbers(found) == [2.0] * 4


def test_a_hook_that_cancels_leaves_every_state_as_it_was():
    found, step = counters(False)

    def cancel(context):
        context.cancel = True
        context.cancel_reason = "enough"

    found[2].register_hook("write_before", cancel)
    with pytest.raises(Exception, match="enough"):
        step(torch.ones(2))
    assert numbers(found) == [1.0] * 4


def test_a_trace_sees_what_a_compiled_call_writes():
    found, step = counters(False)
    with StateTraceStack() as trace:
        step(torch.ones(2))
    assert set(trace.get_write_states()) == set(found) and numbers(found) == [2.0] * 4


def test_parameters_keep_their_gradient_through_an_undone_write():
    w, other = ParamState(torch.ones(2)), State(torch.zeros(()))
    (p,) = w.parameters()
    p.grad = torch.full((2,), 3.0)

    def stop(context):
        raise RuntimeError("no")

    other.register_hook("write_after", stop)
    other.hooks.config.on_error = "raise"

    def both(x):
        w.value = w.value * 2
        other.value = other.value + 1
        return x

    with pytest.raises(Exception, match="no"):
        T.for_loop(both, torch.ones(2))
    assert torch.equal(p.grad, torch.full((2,), 3.0)) and torch.equal(p.detach(), torch.ones(2))
