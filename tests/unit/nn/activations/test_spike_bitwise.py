"""brainstate_torch.nn.activations.spike_bitwise: the truth table of each operation, and its derivatives."""

import pint
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

X, Y = torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.tensor([0.0, 1.0, 0.0, 1.0])
TABLES = {
    "add": [0, 1, 1, 2],
    "and": [0, 0, 0, 1],
    "iand": [0, 1, 0, 0],
    "or": [0, 1, 1, 1],
    "xor": [0, 1, 1, 0],
    "ixor": [0, 1, 1, 0],
}


@pytest.mark.parametrize("op", TABLES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bool, torch.int32])
def test_an_operation_has_its_truth_table(op, dtype):
    out = nn.SpikeBitwise(op)(X.to(dtype), Y.to(dtype))
    assert out.dtype == torch.float32
    assert out.tolist() == TABLES[op]


def test_the_default_adds():
    assert nn.SpikeBitwise()(X, Y).tolist() == TABLES["add"]


SLOPES = {
    "add": lambda x, y: (1.0, 1.0),
    "and": lambda x, y: (y, x),
    "iand": lambda x, y: (-y, 1 - x),
    "or": lambda x, y: (1 - y, 1 - x),
    "xor": lambda x, y: (1 - 2 * y, 1 - 2 * x),
}


@pytest.mark.parametrize("op", SLOPES)
def test_both_inputs_have_derivatives(op):
    x, y = torch.tensor(0.25, dtype=torch.float64), torch.tensor(0.75, dtype=torch.float64)
    slopes = brainstate.transform.grad(nn.SpikeBitwise(op), argnums=(0, 1))(x, y)
    torch.testing.assert_close([float(s) for s in slopes], list(SLOPES[op](0.25, 0.75)))


def test_numbers_with_a_unit_are_no_spikes():
    with pytest.raises(pint.DimensionalityError):
        nn.SpikeBitwise("or")(X * u.mV, Y * u.mV)


def test_an_unknown_operation_is_refused_when_the_module_is_made():
    with pytest.raises(ValueError, match="`op` must be one of 'add', 'and', 'iand', 'or', 'xor', 'ixor'. Got 'nand'"):
        nn.SpikeBitwise("nand")
