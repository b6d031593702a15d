"""What is read when the package is imported, and what waits until it is named."""

import subprocess
import sys

import pytest

import brainstate_torch

CODE = """
import sys
import brainstate_torch

def read():
    return {name.split(".")[1] for name in sys.modules if name.startswith("brainstate_torch.")}

assert not read() & brainstate_torch._ROOMS - {"util"}, read()
assert "torch._dynamo" not in sys.modules and "torch._inductor" not in sys.modules
assert brainstate_torch._ROOMS <= set(dir(brainstate_torch))
for room in sorted(brainstate_torch._ROOMS):
    assert getattr(brainstate_torch, room).__name__ == "brainstate_torch." + room
"""


def test_rooms_are_read_when_they_are_named():
    subprocess.run([sys.executable, "-c", CODE], check=True)


FOUND = """
import torch
from brainstate_torch import ParamState
from brainstate_torch.graph import states

net = torch.nn.Sequential(torch.nn.Linear(2, 1))
assert [".".join(map(str, key)) for key in states(net)] == ["0.bias", "0.weight"], states(net)
net.w = ParamState(torch.ones(2))
try:
    states(net)
except TypeError as error:
    assert "plain torch.nn.Module" in str(error)
else:
    raise AssertionError("a State in a plain module must be refused")
"""


def test_modules_of_torch_are_known_before_nn_is_named():
    subprocess.run([sys.executable, "-c", FOUND], check=True)


def test_a_name_that_is_not_there_is_an_error_of_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'graphs'"):
        _ = brainstate_torch.graphs
