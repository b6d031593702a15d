"""brainstate_torch.units.indexing: indices as numpy has them, negative steps included."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.units.indexing import forwards, places

SHAPE = (5, 4, 3)
STEPS = {
    "all": np.s_[::-1],
    "from the end": np.s_[3::-1],
    "to a place": np.s_[:1:-1],
    "between": np.s_[3:0:-1],
    "two at once": np.s_[4:0:-2],
    "negative places": np.s_[-2:-4:-1],
    "nothing": np.s_[1:3:-1],
    "beyond the end": np.s_[9::-3],
    "second axis": np.s_[1:4, ::-1],
    "after others": np.s_[2, ..., 2:0:-1],
    "with a new axis": np.s_[None, ::-2, :, None],
    "several": np.s_[::-1, 3:1:-1, ::2],
}


@pytest.mark.parametrize("index", STEPS.values(), ids=STEPS)
def test_steps_back_are_those_of_numpy(index):
    x = np.arange(60).reshape(SHAPE)
    axes, forward = forwards(SHAPE, index)
    assert torch.equal(torch.tensor(x).flip(axes)[forward], torch.tensor(x[index].copy()))
    assert torch.equal(places(SHAPE, index, None, torch.get_default_device()), torch.tensor(x[index].copy()))


@pytest.mark.parametrize("index", STEPS.values(), ids=STEPS)
def test_updates_step_back_too(index):
    x = np.arange(60.0).reshape(SHAPE)
    expected = x.copy()
    expected[index] = -1.0
    found = (torch.tensor(x) * u.mV).at[index].set(-1.0 * u.mV)
    assert torch.equal(found.mantissa, torch.tensor(expected))


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("clip", [0, 2, 4, 4]), ("wrap", [1, 2, 4, 0]), ("drop", [-1, 2, 4, -1]), ("fill", [-1, 2, 4, -1])],
)
def test_places_outside_of_an_axis_follow_the_mode(mode, expected):
    index = torch.tensor([-9, 2, -1, 5])
    assert places((5,), index, mode, torch.device("cpu")).tolist() == expected
