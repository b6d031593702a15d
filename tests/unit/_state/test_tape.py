"""brainstate_torch._state.tape: PyTorch's own loss.backward()."""

import itertools

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import BrainStateError, HiddenState, ParamState, State, StateTraceStack, taped
from brainstate_torch import transform as T

F64 = torch.float64


@pytest.fixture
def w():
    return ParamState(torch.tensor([1.0, 2.0], dtype=F64), name="w")


def test_backward_fills_and_adds_up_the_grads_of_parameters(w):
    n, q = State(torch.tensor([5.0, 6.0], dtype=F64)), ParamState({"i": torch.tensor(3.0, dtype=F64) * u.mA})
    with taped():
        assert w.value is w.parameters()[0]
        loss = (w.value**2 * n.value).sum() * (q.value["i"] / u.mA)
        loss.backward()
        ((w.value * 10).sum()).backward()
    expected = 2 * torch.tensor([1.0, 2.0]) * torch.tensor([5.0, 6.0]) * 3 + 10
    torch.testing.assert_close(w.parameters()[0].grad, expected.to(F64))
    torch.testing.assert_close(q.parameters()[0].grad, torch.tensor(5.0 + 24.0, dtype=F64))
    assert n.parameters()[0].grad is None


def test_hidden_states_keep_their_graph_inside_and_lose_it_after(w):
    h = HiddenState(torch.zeros(2, dtype=F64))
    with taped():
        for _ in range(3):
            h.value = h.value * w.value + 1
        assert h.value.requires_grad
        h.value.sum().backward()
    torch.testing.assert_close(w.parameters()[0].grad, torch.tensor([3.0, 5.0], dtype=F64))  # of w² + w + 1
    assert torch.equal(h.value, torch.tensor([3.0, 7.0], dtype=F64))
    assert not h.value.requires_grad


def test_what_is_written_is_committed_also_when_the_block_raises(w):
    (p,) = w.parameters()
    with pytest.raises(KeyError), taped():
        w.value = w.value * 2
        raise KeyError
    assert torch.equal(w.value, torch.tensor([2.0, 4.0], dtype=F64))
    assert w.parameters()[0] is p
    assert p.is_leaf
    assert p.requires_grad


def test_inside_it_every_write_is_seen_at_once(w):
    with taped():
        before = w.value
        w.value = w.value + 1
        assert torch.equal(w.value, torch.tensor([2.0, 3.0], dtype=F64))
        assert torch.equal(before, torch.tensor([1.0, 2.0], dtype=F64))
        w.value.sum().backward()
    assert torch.equal(w.parameters()[0].grad, torch.ones(2, dtype=F64))


def test_nested_blocks_are_one(w):
    with taped():
        with taped():
            loss = (w.value**2).sum()
        loss.backward()
        assert w.value.requires_grad
    assert torch.equal(w.parameters()[0].grad, torch.tensor([2.0, 4.0], dtype=F64))
    assert not w.value.requires_grad


def test_an_optimizer_steps_inside_the_block(w):
    optimizer = torch.optim.SGD(w.parameters(), lr=0.25)
    with taped():
        for _ in range(2):
            optimizer.zero_grad()
            (w.value**2).sum().backward()
            optimizer.step()
    assert torch.equal(w.value, torch.tensor([0.25, 0.5], dtype=F64))


@pytest.mark.parametrize(
    "enter", [lambda f: T.grad(f), lambda f: T.grad(f, engine="func"), T.StatefulFunction, T.checkpoint]
)
def test_taped_is_refused_inside_a_transform(w, enter):
    def program(x):
        with taped():
            return x

    with pytest.raises(BrainStateError, match="`taped` must not be entered inside a transform"):
        enter(program)(torch.tensor(1.0))
    with taped(), pytest.raises(BrainStateError, match="must not be entered"):
        enter(program)(torch.tensor(1.0))


@pytest.mark.parametrize("engine_name", ["auto", "func"])
def test_a_gradient_taken_inside_the_block_can_be_differentiated(w, engine_name):
    with taped():
        slope = T.grad(lambda: (w.value**3).sum(), w, engine=engine_name)()
        slope.sum().backward()
    torch.testing.assert_close(w.parameters()[0].grad, torch.tensor([6.0, 12.0], dtype=F64))


def test_a_stateful_transform_inside_the_block_stays_on_the_tape(w):
    h = State(torch.zeros(2, dtype=F64))
    step = T.StatefulFunction(lambda: setattr(h, "value", h.value + w.value**2))
    with taped():
        step()
        step()
        h.value.sum().backward()
    torch.testing.assert_close(w.parameters()[0].grad, torch.tensor([4.0, 8.0], dtype=F64))
    assert not h.value.requires_grad


def test_recomputation_works_inside_the_block(w):
    runs = itertools.count()  # a list would be that of the first run in the second one, too
    block = T.checkpoint(lambda: (next(runs), torch.sin(w.value).sum())[1])
    with taped():
        block().backward()
    torch.testing.assert_close(w.parameters()[0].grad, torch.cos(torch.tensor([1.0, 2.0], dtype=F64)))
    assert next(runs) == 2


def test_an_outer_trace_sees_reads_and_writes(w):
    n = State(torch.zeros(1))
    with StateTraceStack() as trace, taped():
        n.value = n.value + w.value.sum().detach()
    assert trace.get_read_states() == (w,)
    assert trace.get_write_states() == (n,)


def test_a_param_state_made_inside_the_block_is_trained_there():
    with taped():
        made = ParamState(torch.tensor([1.0, 2.0]))
        (made.value**2).sum().backward()
    assert torch.equal(made.parameters()[0].grad, torch.tensor([2.0, 4.0]))


def test_a_hidden_state_made_inside_the_block_keeps_its_graph(w):
    with taped():
        made = HiddenState(w.value * 2)
        made.value = made.value * w.value
        made.value.sum().backward()
    assert torch.equal(w.parameters()[0].grad, torch.tensor([4.0, 8.0], dtype=F64))
    assert not made.value.requires_grad
    assert torch.equal(made.value, torch.tensor([2.0, 8.0], dtype=F64))


def test_a_state_may_be_read_first_inside_a_transform_inside_the_block(w):
    h = State(torch.ones(2, dtype=F64))

    def program(x):
        h.value = h.value * w.value * x
        return x

    with taped():
        T.grad(program)(torch.tensor(3.0, dtype=F64))
        h.value.sum().backward()
    assert torch.equal(w.parameters()[0].grad, torch.tensor([3.0, 3.0], dtype=F64))
