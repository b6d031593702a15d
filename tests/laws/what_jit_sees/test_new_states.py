"""States and parts that are made in the compiled function, or anew between its calls."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import State
from brainstate_torch import transform as T

from .replayed import X, programs, replayed


class Lazy(brainstate.nn.Module):
    """Makes its State at the first call."""

    def update(self, x):
        if not hasattr(self, "h"):
            self.h = brainstate.HiddenState(torch.zeros(()))
        self.h.value = self.h.value + x
        return self.h.value


def test_a_state_that_a_module_makes_at_its_first_call_is_kept():
    model = Lazy()
    compiled = replayed(model)
    assert [float(compiled(torch.tensor(1.0))) for _ in range(4)] == [1.0, 2.0, 3.0, 4.0]
    del model.h
    assert [float(compiled(torch.tensor(1.0))) for _ in range(2)] == [1.0, 2.0]
    assert model.h.value == 2.0


class Renewed(brainstate.nn.Module):
    def init_state(self):
        self.h = brainstate.HiddenState(torch.zeros(()))

    def update(self, x):
        self.h.value = self.h.value + x
        return self.h.value


def test_states_that_are_made_anew_are_seen():
    model = Renewed()
    brainstate.nn.init_all_states(model)
    old, compiled = model.h, replayed(lambda x: model(x))
    assert [float(compiled(torch.tensor(1.0))) for _ in range(2)] == [1.0, 2.0]
    brainstate.nn.init_all_states(model)
    assert compiled(torch.tensor(1.0)) == 1.0
    assert old.value == 2.0


class Cell(brainstate.nn.Module):
    """Two States, one of which is there from the start."""

    def __init__(self):
        super().__init__()
        self.count = State(torch.zeros(()))

    def init_state(self):
        self.h = brainstate.HiddenState(torch.zeros(2))

    def update(self, x):
        self.h.value = self.h.value + x
        return self.h.value * 2


def test_a_function_that_initialises_its_states_is_compiled_once():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        brainstate.nn.init_all_states(model)
        model.count.value = model.count.value + 1
        for _ in range(3):
            out = model(x)
        return out

    compiled = replayed(run)
    for i in range(1, 4):
        assert torch.equal(compiled(i * X), 6 * i * X)
        assert torch.equal(model.h.value, 3 * i * X) and model.count.value == i
    assert programs(compiled) == 1
    # Outside of the function the States are those that it has made last.
    assert torch.equal(model(X), 2 * (9 * X + X))
    assert torch.equal(compiled(X), 6 * X) and programs(compiled) == 1


def test_states_initialised_in_a_gradient_or_a_loop_are_compiled_once():
    model, w = Cell(), brainstate.ParamState(torch.ones(2))
    brainstate.nn.init_all_states(model)

    def loss(x):
        brainstate.nn.init_all_states(model)
        T.for_loop(model, torch.stack([x, x * w.value]))
        return (model.h.value**2).sum()

    compiled = replayed(T.grad(loss, w))
    for i in range(1, 4):
        x = i * X
        assert torch.allclose(compiled(x), 2 * (x + x) * x)
        assert torch.equal(model.h.value, 2 * x)
    assert programs(compiled) == 1


def test_two_programs_that_make_the_same_state_each_find_their_own_in_its_place():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        brainstate.nn.init_all_states(model)
        return model(x)

    first, second = replayed(run), replayed(lambda x: run(x) + 1)
    for _ in range(3):
        assert torch.equal(first(X), 2 * X) and torch.equal(model.h.value, X)
        assert torch.equal(second(2 * X), 4 * X + 1) and torch.equal(model.h.value, 2 * X)
    assert programs(first) == programs(second) == 1
    brainstate.nn.init_all_states(model)
    model.h.value = model.h.value + 7
    assert torch.equal(first(X), 2 * X) and programs(first) == 1


def test_a_state_made_of_the_value_that_it_replaces_is_right_at_each_call():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        model.h = brainstate.HiddenState(model.h.value + x)
        return model.h.value

    compiled = replayed(run)
    for i in range(1, 5):
        assert torch.equal(compiled(X), i * X)


class Holder(brainstate.nn.Module):
    """Makes a part at its first call, and keeps it in one of several ways."""

    def __init__(self, way):
        super().__init__()
        self.way, self.cell, self.parts, self.found = way, None, [], {}

    def part(self):
        if self.way == "attribute":
            if self.cell is None:
                self.cell = self.made()
            return self.cell
        if self.way == "list":
            if not self.parts:
                self.parts.append(self.made())
            return self.parts[0]
        if "cell" not in self.found:
            self.found["cell"] = self.made()
        return self.found["cell"]

    def made(self):
        cell = Cell()
        brainstate.nn.init_all_states(cell)
        return cell

    def update(self, x):
        return self.part()(x)


@pytest.mark.parametrize("way", ["attribute", "list", "dict"])
def test_a_part_that_is_made_at_the_first_call_is_kept(way):
    model = Holder(way)
    compiled = replayed(model)
    for i in range(1, 5):
        assert torch.equal(compiled(X), 2 * i * X)
    assert torch.equal(model.part().h.value, 4 * X)


def test_a_state_made_anew_is_as_before_where_a_later_run_fails():
    model = Cell()
    brainstate.nn.init_all_states(model)

    def run(x):
        brainstate.nn.init_all_states(model)
        T.jit_error_if(x.sum() > 100, "too much")
        return model(x)

    compiled = replayed(run)
    assert torch.equal(compiled(X), 2 * X)
    with pytest.raises(Exception, match="too much"):
        compiled(1000 * X)
    assert torch.equal(model.h.value, X)


@pytest.mark.parametrize("compiled", [False, True])
def test_a_state_written_in_inference_mode_can_be_differentiated_later(compiled):
    state, w = State(X), brainstate.ParamState(torch.ones(2))

    def step():
        state.value = state.value * 2 + w.value

    run = replayed(step) if compiled else step
    with torch.inference_mode():
        run()
        w.value = w.value * 3
    value = 2 * X + 1
    assert torch.equal(T.grad(lambda: (state.value * w.value**2).sum(), w)(), 6 * value)
    assert torch.equal(T.grad(lambda: (state.value**2).sum(), state)(), 2 * value)
