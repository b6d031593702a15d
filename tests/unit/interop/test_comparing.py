"""A model in two frameworks, side by side."""

import brainstate
import numpy as np
import pytest
import torch

import brainstate_torch as bst
from brainstate_torch.interop import compare, from_brainstate


def pair():
    theirs = brainstate.nn.GRUCell(2, 3)
    brainstate.nn.init_all_states(theirs)
    return from_brainstate(theirs), theirs


INPUTS = list(np.linspace(-1.0, 1.0, 6, dtype="float32").reshape(3, 2))


def test_a_converted_model_agrees_and_keeps_its_states():
    ours, theirs = pair()
    found = compare(ours, theirs, INPUTS)
    assert found.agrees, str(found)
    names = [row.name for row in found.rows]
    assert names[:2] == ["output", "State Wh.weight"]
    assert "gradient Wrz.weight" in names
    assert ours.h.value.tolist() == [0.0] * 3
    assert theirs.h.value.tolist() == [0.0] * 3


def test_the_first_step_that_differs_is_named():
    ours, theirs = pair()
    ours.h.value = torch.tensor([0.0, 0.5, 0.0])
    found = compare(ours, theirs, INPUTS)
    assert not found.agrees
    assert {row.name: row.first for row in found.rows}["output"] == 0
    assert "from step 0 on" in str(found)


def test_what_cannot_be_compared_is_refused():
    ours, theirs = pair()
    with pytest.raises(ValueError, match="`inputs` must have"):
        compare(ours, theirs, [])
    with pytest.raises(ValueError, match="States of equal paths"):
        compare(bst.nn.Linear(2, 3), theirs, INPUTS)
    wide = brainstate.nn.Linear(2, 4)
    with pytest.raises(ValueError, match="output must have the same shapes"):
        compare(bst.nn.Linear(2, 3), wide, INPUTS)
