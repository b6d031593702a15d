"""Attributes, modes, parts and hooks of objects."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import State
from brainstate_torch import transform as T

from .replayed import X, programs, replayed


class Scale(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        self.gain, self.epoch = 2.0, 0
        self.w = brainstate.ParamState(torch.ones(2))
        self.inner = torch.nn.Dropout(0.5)

    def update(self, x):
        return self.inner(x) * self.gain * self.w.value


def test_the_training_mode_of_a_part_is_seen():
    torch.manual_seed(0)
    model = Scale()
    compiled = replayed(model)
    x = torch.ones(2)
    drawn = {tuple(compiled(x).tolist()) for _ in range(20)}
    assert len(drawn) > 1
    model.eval()
    assert torch.equal(compiled(x), 2 * x)
    model.train()
    assert {tuple(compiled(x).tolist()) for _ in range(20)} - {(2.0, 2.0)}
    assert programs(compiled) == 2


class Own(torch.nn.Module):
    def forward(self, x):
        return torch.nn.functional.dropout(x, 1.0, self.training)


def test_the_training_mode_of_a_module_in_a_variable_is_seen():
    own = Own()
    compiled = replayed(lambda x: own.forward(x))
    assert torch.equal(compiled(X), 0 * X)
    own.eval()
    assert torch.equal(compiled(X), X)


def test_instance_norm_in_evaluation_leaves_its_statistics():
    norm = torch.nn.InstanceNorm1d(2, track_running_stats=True)
    brainstate.graph.states(norm)
    compiled = replayed(lambda x: norm(x))
    x = torch.randn(3, 2, 4)
    compiled(x)
    norm.eval()
    before = norm.running_mean.clone()
    expected = norm(x)
    assert torch.allclose(compiled(x), expected)
    assert torch.equal(norm.running_mean, before)


def test_attributes_that_code_names_are_compared():
    model = Scale().eval()
    compiled = replayed(model)
    assert torch.equal(compiled(X), 2 * X)
    model.gain = 3.0
    assert torch.equal(compiled(X), 3 * X)
    model.epoch = 1
    compiled(X)
    assert programs(compiled) == 2


def test_attributes_of_torch_modules_are_compared():
    drop = torch.nn.Dropout(0.0)
    compiled = replayed(lambda x: drop(x))
    assert torch.equal(compiled(X), X)
    drop.p = 1.0
    assert torch.equal(compiled(X), 0 * X)


class Config:
    gain = 2.0

    def __init__(self):
        self.shift = 1.0

    def apply(self, x):
        return x + self.shift


def test_attributes_of_plain_objects_are_compared():
    config = Config()
    compiled = replayed(lambda x: config.apply(x))
    assert torch.equal(compiled(X), X + 1)
    config.shift = 2.0
    assert torch.equal(compiled(X), X + 2)
    by_method = replayed(config.apply)
    assert torch.equal(by_method(X), X + 2)
    config.shift = 3.0
    assert torch.equal(by_method(X), X + 3)


def test_a_part_that_is_exchanged_is_seen():
    model = Scale().eval()
    old = model.w
    compiled = replayed(model)
    compiled(X)
    model.w = brainstate.ParamState(torch.full((2,), 5.0))
    assert torch.equal(compiled(X), 10 * X)
    model.inner = torch.nn.Dropout(1.0)
    assert torch.equal(compiled(X), 0 * X)
    assert torch.equal(old.value, torch.ones(2))


@pytest.mark.parametrize("adopted", [False, True])
def test_a_parameter_that_is_exchanged_is_seen(adopted):
    layer = torch.nn.Linear(2, 1, bias=False)
    states = brainstate.graph.states(layer) if adopted else None
    compiled = replayed(lambda x: layer(x))
    with torch.no_grad():
        compiled(X)
        layer.weight = torch.nn.Parameter(torch.tensor([[1.0, 1.0]]))
        assert torch.equal(compiled(X), torch.tensor([3.0]))
        layer.double()
        assert compiled(X.double()).dtype == torch.float64
    del states


def test_a_hook_of_a_module_added_later_is_seen():
    layer = torch.nn.Linear(2, 2)
    compiled = replayed(lambda x: layer(x))
    with torch.no_grad():
        expected = compiled(X)
        handle = layer.register_forward_hook(lambda module, args, y: 2 * y)
        assert torch.equal(compiled(X), 2 * expected)
        handle.remove()
        assert torch.equal(compiled(X), expected)


def test_a_hook_of_a_state_added_later_runs_at_each_call():
    state, seen = State(X), []

    def step():
        state.value = state.value + 1

    compiled = replayed(step)
    compiled()
    state.register_hook("write_after", lambda context: seen.append(context.value.tolist()))
    compiled()
    compiled()
    assert seen == [(X + 2).tolist(), (X + 3).tolist()]


def test_an_attribute_that_is_set_later_hides_that_of_the_class():
    class Scale(brainstate.nn.Module):
        factor = 2.0

        def update(self, x):
            return x * self.factor

    layer = Scale()
    program = T.jit(layer, backend="replay")
    assert torch.equal(program(torch.ones(2)), torch.full((2,), 2.0))
    layer.factor = 3.0
    assert torch.equal(program(torch.ones(2)), torch.full((2,), 3.0))
