"""A model in two frameworks, side by side."""

import brainstate
import jax.numpy as jnp
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


class SpikingThere(brainstate.nn.Module):
    """Integrates, spikes at 1 and starts again."""

    def init_state(self):
        self.V = brainstate.HiddenState(jnp.zeros(4))
        self.spike = brainstate.HiddenState(jnp.zeros(4))

    def update(self, x):
        V = self.V.value * (1 - self.spike.value) + x
        self.spike.value = (V >= 1.0).astype(jnp.float32)
        self.V.value = V
        return self.spike.value


class SpikingHere(bst.nn.Module):
    def __init__(self, threshold=1.0):
        super().__init__()
        self.threshold = threshold

    def init_state(self):
        self.V = bst.HiddenState(torch.zeros(4))
        self.spike = bst.HiddenState(torch.zeros(4))

    def update(self, x):
        V = self.V.value * (1 - self.spike.value) + x
        self.spike.value = (self.threshold <= V).float()
        self.V.value = V
        return self.spike.value


STEPS = [np.array([0.3, 0.2, 0.1, 0.26], "float32")] * 12


def spiking(threshold=1.0):
    here, there = SpikingHere(threshold), SpikingThere()
    bst.nn.init_all_states(here)
    brainstate.nn.init_all_states(there)
    return compare(here, there, STEPS)


def test_spikes_are_counted_and_the_first_divergence_is_found():
    found = spiking()
    assert found.agrees
    assert found.rows[0].spikes == (0, sum(int(x.sum()) for x in spikes_by_hand()))
    found = spiking(threshold=0.85)
    row = found.first
    assert row.name in ("output", "State spike")
    assert (row.first, row.place, row.pair) == (2, (0,), (1.0, 0.0))
    assert "from step 2 on at [0]: 1 here, 0 there" in str(found)
    assert {r.name: r.first for r in found.rows}["State V"] == 3


def spikes_by_hand():
    V = spike = np.zeros(4, "float32")
    for x in STEPS:
        V = V * (1 - spike) + x
        spike = (V >= 1.0).astype("float32")
        yield spike


def test_memory_and_the_differences_of_each_step():
    ours, theirs = pair()
    found = compare(ours, theirs, INPUTS)
    size = sum(x.numel() * 4 for x in ours.parameters()) + 3 * 4
    assert found.memory == (size, size)
    row = found.rows[0]
    assert row.steps == (0, 1, 2)
    assert max(row.differences) == row.difference
    assert max(row.excesses) <= 1
    assert "bytes of States" in str(found)


def test_nan_and_infinity():
    class Here(bst.nn.Module):
        def update(self, x):
            return x * torch.tensor([float("nan"), float("inf"), 1.0])

    class There(brainstate.nn.Module):
        def __init__(self, value):
            super().__init__()
            self.factor = jnp.array([jnp.nan, value, 1.0])

        def update(self, x):
            return x * self.factor

    ones = [np.ones(3, "float32")]
    assert compare(Here(), There(jnp.inf), ones).agrees
    found = compare(Here(), There(3.0), ones)
    assert found.rows[0].place == (1,)
    assert found.rows[0].difference == float("inf")


def test_the_picture():
    pytest.importorskip("matplotlib")
    found = spiking(threshold=0.85)
    ax = found.plot()
    labels = [text.get_text() for text in ax.get_yticklabels()]
    assert labels == [row.name for row in found.rows]
    grid = ax.images[0].get_array()
    assert grid.shape == (len(found.rows), len(STEPS))
    assert grid[0, 2] > 0 >= grid[0, 1]
    crosses = {(line.get_xdata()[0], line.get_ydata()[0]) for line in ax.lines}
    assert crosses == {(row.first, i) for i, row in enumerate(found.rows) if row.first is not None}
    assert "step 2" in ax.get_title()
    assert "all within" in spiking().plot(ax.figure.add_subplot()).get_title()
