import pytest
import torch

import brainstate_torch as bt
from brainstate_torch import nn
from brainstate_torch.util.filter import OfType


class Cell(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = bt.ParamState(torch.ones(2, 2))

    def init_state(self, k=3):
        self.h = bt.HiddenState(torch.zeros(k))
        self.noise = bt.ShortTermState(bt.random.randn(k))
        self.count = bt.NonBatchState(torch.tensor(0))

    def reset_state(self, k=3):
        self.h.value = torch.zeros(k)
        self.count.value = torch.zeros_like(self.count.value)


def test_states_that_are_made_get_a_leading_axis():
    cell = Cell()
    assert nn.vmap_init_all_states(cell, 5, axis_size=4, state_tag="lane") is cell
    assert cell.h.value.shape == cell.noise.value.shape == (4, 5)
    assert cell.h.tag == {"lane"}
    assert cell.count.value.shape == ()
    assert cell.w.value.shape == (2, 2)
    assert len({tuple(row) for row in cell.noise.value.tolist()}) == 4


def test_states_may_be_left_out():
    cell = nn.vmap_init_all_states(Cell(), axis_size=4, k=5, state_to_exclude=OfType(bt.HiddenState))
    assert cell.h.value.shape == (5,)
    assert cell.noise.value.shape == (4, 5)


def test_reset_keeps_the_leading_axis():
    cell = nn.vmap_init_all_states(Cell(), axis_size=4)
    cell.h.value, cell.count.value = torch.ones(4, 3), torch.tensor(7)
    kept = cell.h
    assert nn.vmap_reset_all_states(cell, axis_size=4) is cell
    assert cell.h is kept
    assert torch.equal(cell.h.value, torch.zeros(4, 3))
    assert cell.h.value.is_contiguous()
    assert cell.count.value.item() == 0


def test_a_value_of_another_shape_stays_as_it_was_written():
    cell = nn.vmap_init_all_states(Cell(), axis_size=4)
    nn.vmap_reset_all_states(cell, 2, axis_size=4)
    assert cell.h.value.shape == (2,)


def test_call_all_fns_takes_one_argument_and_keywords():
    cell = nn.vmap_call_all_fns(Cell(), "init_state", 2, axis_size=3)
    assert cell.h.value.shape == (3, 2)
    cell = nn.vmap_call_all_fns(Cell(), "init_state", kwargs={"k": 2}, axis_size=3)
    assert cell.h.value.shape == (3, 2)
    assert nn.vmap_call_all_fns(cell, "missing", axis_size=3, fn_if_not_exist="pass") is cell


@pytest.mark.parametrize("size", [None, 0, -1, 2.0, True])
def test_the_number_of_lanes_is_checked(size):
    cell = Cell()
    for call in (
        lambda: nn.vmap_init_all_states(cell, axis_size=size),
        lambda: nn.vmap_reset_all_states(cell, axis_size=size),
        lambda: nn.vmap_call_all_fns(cell, "init_state", axis_size=size),
    ):
        with pytest.raises(ValueError, match="`axis_size` must be a positive integer"):
            call()
    assert not hasattr(cell, "h")


def test_states_to_map_over_are_refused():
    with pytest.raises(ValueError, match="`in_states` and `out_states` must not be given"):
        nn.vmap_init_all_states(Cell(), axis_size=2, in_states=[])


def test_delays_of_each_lane_run_on_their_own():
    class Follower(nn.Dynamics):
        def init_state(self):
            self.v = bt.HiddenState(torch.zeros(self.varshape))

        def update(self, x):
            self.v.value = x * torch.ones(self.varshape)
            return self.past()

    with bt.environ.context(dt=0.1):
        follower = Follower(2)
        follower.past = follower.prefetch_delay("v", 0.2)
    nn.vmap_init_all_states(follower, axis_size=3)
    delay = follower.past.state_delay
    assert delay.history.value.shape == (3, 3, 2)
    assert delay.write_ptr.value.shape == ()
    step = bt.transform.vmap(follower, in_states=[follower.v, delay.history])
    ys = [step(torch.tensor([1.0, 2.0, 3.0]) * i) for i in range(5)]
    # Read before the value of the step is stored: two slots back from the one before.
    assert torch.equal(ys[4], torch.tensor([[1.0], [2.0], [3.0]]).expand(3, 2))
    nn.vmap_call_all_fns(delay, "reset_state", axis_size=3)
    assert delay.history.value.shape == (3, 3, 2)
    assert not delay.history.value.any()


def test_numbers_get_the_axis_too():
    class Cell(bt.nn.Module):
        def init_state(self):
            self.n = bt.ShortTermState(0)
            self.f = bt.ShortTermState({"a": 1.5, "b": None})
            self.one = bt.NonBatchState(2)

    cell = bt.nn.vmap_init_all_states(Cell(), axis_size=3)
    assert cell.n.value.tolist() == [0, 0, 0] and cell.f.value["a"].tolist() == [1.5] * 3 and cell.f.value["b"] is None
    assert cell.one.value == 2 and type(cell.one.value) is int
