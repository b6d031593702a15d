"""Where a numpy array goes: 'meta' stands for a device, since the rule looks at places alone."""

import functools

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch.transform._core import placing

META = torch.device("meta")
there = torch.zeros(3, device="meta")


@pytest.fixture(autouse=True)
def _with_a_device(monkeypatch):
    monkeypatch.setattr(placing, "_is_elsewhere", lambda: True)


def on_module_level(x):
    return x + there


class Net(brainstate.nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = [brainstate.ParamState(torch.zeros(2, device="meta"))]

    def loss(self, x):
        return x


def test_tensors_among_the_arguments_decide_first():
    numbers, n = torch.tensor(1.0), torch.ones(2)
    assert placing.device_beside([np.ones(3), {"a": there}], [n]) == META
    assert placing.device_beside([numbers, np.ones(3)], [lambda: there]) == META
    assert placing.device_beside([n], [lambda: there]) == n.device


def test_what_a_function_names_decides_next():
    state, net = brainstate.State(torch.zeros(3, device="meta")), Net()
    inner = lambda x: state.value * x
    for fun in (
        inner,
        lambda x: inner(x) + 1,
        on_module_level,
        net.loss,
        functools.partial(lambda net, x: x, net),
        lambda x: net.loss(x),
        state,
        net,
        brainstate.transform.jit(inner),
        torch.nn.Linear(2, 2, device="meta"),
    ):
        assert placing.device_beside([np.ones(3)], [fun]) == META, fun
    assert placing.device_beside([np.ones(3)], [lambda x: x]) is None


def test_a_variable_without_a_value_and_a_cycle_are_passed_over():
    def fun(x):
        return later + loop

    loop = [fun]
    assert placing.device_beside([np.ones(3)], [fun]) is None
    if False:
        later = there


def test_without_another_device_nothing_is_looked_at(monkeypatch):
    monkeypatch.setattr(placing, "_is_elsewhere", lambda: False)
    assert placing.device_beside([there], []) is None


@pytest.mark.parametrize("transform", [brainstate.transform.grad, brainstate.transform.vector_grad])
def test_transforms_place_arrays_beside_states(transform):
    state = brainstate.State(torch.zeros(3, device="meta"))
    found = transform(lambda x: (state.value * x).sum())(np.ones(3, np.float32))
    assert found.device == META
