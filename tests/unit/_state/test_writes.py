"""brainstate_torch._state.writes: writes in place are found afterwards, whatever way they took."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import State
from brainstate_torch._state.value import Value
from brainstate_torch._state.writes import is_written, noted


def value():
    return torch.tensor([1.0, float("nan"), 3.0]).as_subclass(Value)


WAYS = {
    "in place": lambda x: torch.Tensor.as_subclass(x, torch.Tensor).add_(1),
    "by .data": lambda x: x.data.as_subclass(torch.Tensor).mul_(2),
    "by a view": lambda x: x.as_subclass(torch.Tensor)[0:1].fill_(5),
    "by numpy": lambda x: np.asarray(x.as_subclass(torch.Tensor).detach().numpy()).__setitem__(0, 5),
}


@pytest.mark.parametrize("write", WAYS.values(), ids=WAYS)
def test_a_write_is_found(write):
    x = value()
    note = noted(x)
    assert not is_written(x, note)
    write(x)
    assert is_written(x, note)


def test_reading_is_no_write():
    x = value()
    note = noted(x)
    x.as_subclass(torch.Tensor).numpy().sum()
    x.data_ptr()
    float(x.as_subclass(torch.Tensor)[0])
    assert not is_written(x, note)


def test_a_part_of_a_container_is_found_and_an_edit_of_the_container_is_none():
    tree = {"a": [value(), 2.0], "b": value() * u.mV}
    note = noted(tree)
    tree["c"] = 3
    assert not is_written(tree, note)
    tree["a"][0].as_subclass(torch.Tensor).zero_()
    assert is_written(tree, note)


@pytest.mark.parametrize("plain", [None, 1.0, 2, True, "text", [], {"a": 1}])
def test_what_has_no_tensor_has_nothing_to_note(plain):
    assert noted(plain) is None and not is_written(plain, None)


def test_the_value_of_a_state_is_noted_as_it_is_held():
    state = State(torch.ones(2))
    note = noted(state.value)
    assert not is_written(state.value, note)
