import pytest
import torch

import brainstate_torch as bt
import brainstate_torch.units as u
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


def test_delays_of_a_state_share_one_buffer():
    counter = Counter(2)
    with bt.environ.context(dt=0.1):
        short, long = counter.prefetch_delay("v", 0.2), counter.prefetch("v").delay.at(0.5, 1)
        rare = counter.prefetch_delay("v", 0.4, update_every=0.2)
    assert isinstance(short, nn.PrefetchDelayAt)
    assert short.state_delay is long.state_delay is counter.get_after_update("v-prefetch-delay-None")
    assert list(counter.after_updates) == ["v-prefetch-delay-None", "v-prefetch-delay-0.2"]
    nn.init_all_states(counter)
    assert short.state_delay.history.value.shape == (6, 2)
    for _ in range(9):
        counter()
    assert short().tolist() == [7.0, 7.0]
    assert long().item() == 4.0
    assert rare().tolist() == [5.0, 5.0]


def test_output_delays_share_one_buffer():
    counter = Counter(2)
    with bt.environ.context(dt=0.1):
        short, long = counter.output_delay(0.2, init=-1.0), counter.output_delay(0.5)
    assert isinstance(short, nn.OutputDelayAt)
    assert short.out_delay is long.out_delay is counter.get_after_update("output-delay-None")
    nn.init_all_states(counter, batch_size=3)
    counter()
    assert short().unique().tolist() == [-1.0]
    for _ in range(8):
        counter()
    assert torch.equal(short(), torch.full((3, 2), 7.0))
    assert torch.equal(long(), torch.full((3, 2), 4.0))


def test_outputs_may_have_a_unit():
    class Spikes(nn.Dynamics):
        def update(self, x):
            return x * u.mV

    spikes = Spikes(1)
    with bt.environ.context(dt=0.1):
        before = spikes.output_delay(0.1)
    nn.init_all_states(spikes)
    spikes(torch.ones(1)), spikes(torch.zeros(1))
    assert before() == torch.ones(1) * u.mV


def test_without_a_delay_the_value_is_the_present_one():
    counter = nn.init_all_states(Counter(1))
    with bt.environ.context(dt=0.1):
        now, none = nn.PrefetchDelayAt(counter, "v"), nn.PrefetchDelayAt(counter, "v", None)
    nn.init_all_states(counter)
    counter()
    assert now().tolist() == none().tolist() == [1.0]


def test_delay_and_indices_may_come_as_a_tuple():
    with bt.environ.context(dt=0.1):
        assert nn.PrefetchDelayAt(Counter(2), "v", (0.3, 1)).delay_info == (3, 1)


def test_a_refused_delay_leaves_no_buffer_behind():
    counter = Counter(1)
    with bt.environ.context(dt=0.1):
        for delay in (lambda: counter.prefetch_delay("v", -1.0), lambda: counter.output_delay(-1.0)):
            with pytest.raises(ValueError, match="a delay must be a finite time"):
                delay()
    assert counter.after_updates is None


def test_delays_need_the_time_step():
    with pytest.raises(KeyError, match=r"`dt` was not found in the environment.*environ.set\(dt="):
        Counter(1).prefetch_delay("v", 0.1)


@pytest.mark.parametrize("kind", [lambda m: nn.PrefetchDelayAt(m, "v", 0.1), lambda m: nn.OutputDelayAt(m, 0.1)])
def test_delays_need_dynamics(kind):
    with pytest.raises(TypeError, match="`module` must be a Dynamics. Got Linear"):
        kind(nn.Linear(1, 1))


def test_delays_need_init_state():
    counter = Counter(1)
    with bt.environ.context(dt=0.1):
        before, output = counter.prefetch_delay("v", 0.1), counter.output_delay(0.1)
    for reference in (before, output):
        with pytest.raises(AttributeError, match="history of .*Delay must be made before it is used.*init_all_states"):
            reference()


def test_init_maybe_prefetch_checks_references():
    counter = Counter(1)
    nn.init_maybe_prefetch(3)
    with pytest.raises(AttributeError, match="`item` must be an attribute of Counter"):
        nn.init_maybe_prefetch(counter.prefetch("v"))
    with pytest.raises(KeyError, match="must be registered"):
        nn.init_maybe_prefetch(counter.prefetch("v").delay)
    with bt.environ.context(dt=0.1):
        nn.init_maybe_prefetch(counter.prefetch_delay("v", 0.1))
    nn.init_maybe_prefetch(counter.prefetch("v").delay)
    nn.init_all_states(counter)
    nn.init_maybe_prefetch(counter.prefetch("v"))
