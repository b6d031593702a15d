"""brainstate_torch.transform._compile.recorded: stateful functions as graphs."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import State, _tree
from brainstate_torch.transform import cond, for_loop, jit, while_loop
from brainstate_torch.transform._compile.recorded import StateFrame, record_stateful

X = torch.tensor([1.0, 2.0])


def recorded(fun):
    return record_stateful(fun, [X], lambda tensors: ([tensors[0]], {}), StateFrame("test"))


def test_states_read_are_inputs_and_states_written_outputs():
    read, written, untouched = State(X * u.mV), State({"n": 1}), State(X)

    def fun(x):
        written.value = {"n": written.value["n"] + 1}
        return x * read.value

    found = recorded(fun)
    assert list(found.frame.given) == [written, read]
    assert found.frame.written() == [written]
    assert untouched not in found.frame.given
    places = [found.places[written][0], found.places[read][0]]
    values = [torch.tensor(5, dtype=torch.int32), 3 * X]
    inputs = [x for _, x in sorted(zip(places, values, strict=True), key=lambda pair: pair[0])]
    result, after = found.recorded.graph(X, *inputs)
    assert torch.equal(result, 3 * X * X)
    assert after == 6
    assert written.value["n"] == 1


def test_a_state_that_is_only_written_is_no_input():
    state = State(X)

    def fun(x):
        state.value = x

    found = recorded(fun)
    assert found.places[state] == [None]
    assert torch.equal(found.before(state)[0], X)


def test_a_function_that_fails_leaves_the_states():
    state = State(X)
    before, made = state.value, []

    def fun(x):
        state.value = x
        made.append(State(x))
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        recorded(fun)
    assert state.value is before


def test_the_result_is_looked_at_while_states_show_what_was_written():
    state, seen = State(X), []

    def fun(x):
        state.value = x * 2
        return x

    def accept(result, frame):
        seen.append(frame.written())
        return result * 3

    found = record_stateful(fun, [X], lambda tensors: ([tensors[0]], {}), StateFrame(), accept)
    assert seen == [[state]]
    assert torch.equal(found.recorded.graph(X)[0], 3 * X)


ROWS = torch.arange(1.0, 4.0)


@pytest.mark.parametrize(
    "pack",
    [lambda x: x, lambda x: {"w": x}, lambda x: [x], lambda x: (x * u.mV,)],
    ids=["tensor", "dict", "list", "tuple"],
)
@pytest.mark.parametrize(
    "inner",
    [
        lambda read: for_loop(lambda x: x * read(), ROWS),
        lambda read: for_loop(lambda x: for_loop(lambda y: x * y * read(), ROWS), ROWS),
        lambda read: cond(ROWS.sum() > 0, lambda: ROWS * read(), lambda: ROWS),
        lambda read: while_loop(lambda x: x.sum() < 50, lambda x: x + read(), ROWS),
    ],
    ids=["loop", "loop in a loop", "branch", "while"],
)
def test_a_state_first_read_in_a_loop_or_branch_is_an_input_whatever_holds_its_tensors(pack, inner):
    state = State(pack(torch.tensor(2.0)))

    def fun():
        return inner(lambda: sum(_tree.leaves(state.value)))

    program = jit(fun, backend="replay")
    program()
    state.value = pack(torch.tensor(5.0))
    assert torch.equal(program(), fun())
