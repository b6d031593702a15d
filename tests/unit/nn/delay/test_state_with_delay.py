import copy

import pytest
import torch

import brainstate_torch as bt
import brainstate_torch.units as u
from brainstate_torch import nn


class Counter(nn.Dynamics):
    def init_state(self, batch_size=None):
        shape = self.varshape if batch_size is None else (batch_size, *self.varshape)
        self.v = bt.HiddenState(torch.zeros(shape) * u.mV)

    def update(self, x=1.0):
        self.v.value = self.v.value + x * u.mV
        return self.v.value


@pytest.fixture(autouse=True)
def dt():
    with bt.environ.context(dt=0.1 * u.ms):
        yield


def test_it_follows_the_state():
    counter = nn.init_all_states(Counter(2))
    delay = nn.StateWithDelay(counter, "v", time=0.3 * u.ms)
    delay.init_state()
    assert delay.state is counter.v
    assert delay.interp_method == "round"
    for _ in range(6):
        counter()
        delay.update("ignored")
    assert delay.retrieve_at_step(2).mantissa.tolist() == [4.0, 4.0]


def test_the_batch_axis_is_that_of_the_state():
    counter = Counter(2)
    before = counter.prefetch_delay("v", 0.2 * u.ms)
    nn.init_all_states(counter, batch_size=3)
    for _ in range(6):
        counter()
    assert before().unit == u.mV
    assert torch.equal(before().mantissa, torch.full((3, 2), 4.0))
    nn.reset_all_states(counter, batch_size=3)
    assert torch.equal(before().mantissa, torch.zeros(3, 2))


def test_the_state_may_be_replaced():
    counter = Counter(1)
    before = counter.prefetch_delay("v", 0.1 * u.ms)
    for _ in range(2):
        nn.init_all_states(counter)
        counter(), counter()
        assert before().mantissa.tolist() == [1.0]


def test_what_is_no_state_is_refused():
    counter = Counter(1)
    delay = nn.StateWithDelay(counter, "v")
    with pytest.raises(AttributeError, match="`item` must be a State of Counter. Got 'v'.*init_all_states"):
        delay.init_state()
    counter.v = torch.zeros(1)
    with pytest.raises(TypeError, match="`item` must be a State of Counter. Got 'v', a Tensor"):
        delay.init_state()


def test_a_module_with_delays_is_saved_copied_and_walked():
    """The delay leads back to the module that holds it."""
    counter = Counter(1)
    counter.w = bt.ParamState(torch.ones(1))
    before = counter.prefetch_delay("v", 0.1 * u.ms)
    nn.init_all_states(counter)
    assert list(counter.state_dict()) == ["w"]
    counter.load_state_dict({"w": torch.zeros(1)})
    assert [type(module).__name__ for module in counter.modules()] == ["Counter", "StateWithDelay"]
    for twin in (copy.deepcopy(counter), bt.graph.clone(counter)):
        delay = twin.get_after_update("v-prefetch-delay-None")
        assert delay.state is twin.v
        assert delay.state is not counter.v
        twin(), twin()
        assert delay.retrieve_at_step(1).mantissa.tolist() == [1.0]
    assert before().mantissa.tolist() == [0.0]
