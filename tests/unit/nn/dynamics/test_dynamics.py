import numpy as np
import pytest
import torch

import brainstate_torch as bt
from brainstate_torch import nn


@pytest.mark.parametrize(
    ("size", "expected"), [(7, (7,)), (np.int64(5), (5,)), ([2, 3], (2, 3)), ((2, np.int32(3), 4), (2, 3, 4))]
)
def test_sizes_become_tuples_of_int(size, expected):
    dynamics = nn.Dynamics(size, name="population")
    assert dynamics.in_size == dynamics.out_size == dynamics.varshape == expected
    assert all(type(length) is int for length in dynamics.in_size)
    assert dynamics.name == "population"


@pytest.mark.parametrize("size", [(), [], 3.5, "12", (2, 1.5), (1.5, 2), None, True])
def test_a_size_that_is_no_integer_is_refused(size):
    with pytest.raises(ValueError, match="`in_size` must be an integer, or a tuple or list of at least one"):
        nn.Dynamics(size)


def test_update_must_be_defined():
    with pytest.raises(NotImplementedError, match="Dynamics must define `update`"):
        nn.Dynamics(1)(torch.zeros(1))


def test_hooks_are_part_of_the_graph():
    dynamics = nn.Dynamics(2)
    dynamics.add_after_update("layer", nn.Linear(2, 2))
    assert list(dynamics.states(bt.ParamState)) == [("_after_updates", "layer", "weight")]
    assert {name for name, _ in dynamics.named_parameters()} == {
        "_after_updates.layer.weight.bias",
        "_after_updates.layer.weight.weight",
    }
