import pytest
import torch

import brainstate_torch as bt
from brainstate_torch import nn


class Counter(nn.Dynamics):
    def init_state(self, batch_size=None):
        self.v = bt.HiddenState(torch.zeros(self.varshape if batch_size is None else (batch_size, *self.varshape)))

    def update(self, x=1.0):
        self.v.value = self.v.value + x
        return self.v.value


def test_prefetch_gives_the_value_of_a_state_made_later():
    counter = Counter(2)
    v = counter.prefetch("v")
    nn.init_all_states(counter)
    counter(3.0)
    assert isinstance(v, nn.Prefetch)
    assert v().tolist() == v.get_item_value().tolist() == [3.0, 3.0]
    assert v.get_item() is counter.v


def test_prefetch_gives_another_attribute_as_it_is():
    counter = Counter(2)
    counter.gain = 42
    assert counter.prefetch("gain")() == 42


def test_prefetch_names_what_is_missing():
    with pytest.raises(AttributeError, match="`item` must be an attribute of Counter. Got 'v'.*init_all_states"):
        Counter(2).prefetch("v")()
