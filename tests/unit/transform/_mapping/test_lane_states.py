"""brainstate_torch.transform._mapping.lane_states: what happens to States in a mapped function."""

import pytest
import torch

from brainstate_torch import BatchAxisError, ShortTermState, State, random
from brainstate_torch import transform as T

XS = torch.tensor([1.0, 2.0, 3.0])


def test_a_named_state_goes_in_and_out_along_its_axis():
    table = State(torch.arange(6.0).reshape(2, 3))

    @T.vmap2(state_in_axes={1: [table]})
    def step(x):
        assert table.value.shape == (2,)
        table.value = table.value * x
        return table.value.sum()

    assert torch.equal(step(XS), torch.tensor([3.0, 10.0, 21.0]))
    assert torch.equal(table.value, torch.arange(6.0).reshape(2, 3) * XS)


def test_an_axis_may_be_counted_from_the_end():
    table = State(torch.arange(6.0).reshape(2, 3))
    T.vmap2(lambda x: setattr(table, "value", table.value + x), state_in_axes={-1: [table]})(XS)
    assert torch.equal(table.value, torch.arange(6.0).reshape(2, 3) + XS)


def test_a_state_that_only_comes_out_gets_its_axis():
    total = State(torch.zeros(2))

    @T.vmap2(state_out_axes={1: [total]})
    def step(x):
        total.value = torch.stack([x, 2 * x])

    step(XS)
    assert torch.equal(total.value, torch.stack([XS, 2 * XS]))


def test_in_and_out_must_have_one_axis_but_out_may_be_shared():
    state = State(torch.zeros(3, 3))
    with pytest.raises(BatchAxisError, match="must have the same axis in `state_out_axes`. Got 0 and 1"):
        T.vmap2(lambda x: state.value * x, state_in_axes={0: [state]}, state_out_axes={1: [state]})(XS)
    found = T.vmap2(lambda x: state.value.sum() + x, state_in_axes={0: [state]}, state_out_axes={None: [state]})(XS)
    assert torch.equal(found, XS)


def test_sizes_of_states_and_arguments_must_agree():
    state = State(torch.zeros(2))
    with pytest.raises(ValueError, match=r"must have one size"):
        T.vmap2(lambda x: state.value + x, state_in_axes={0: [state]})(XS)


def test_what_all_lanes_write_alike_stays_one_value():
    state = State(torch.zeros(()))
    T.vmap2(lambda x: setattr(state, "value", state.value + 1) or x)(XS)
    assert state.value.shape == () and state.value == 1


@pytest.mark.parametrize("kind", ["raise", "warn"])
def test_a_state_that_nobody_named_raises_or_warns(kind):
    state = ShortTermState(torch.zeros(()))
    mapped = T.vmap2(lambda x: setattr(state, "value", x), unexpected_out_state_mapping=kind)
    if kind == "raise":
        with pytest.raises(BatchAxisError, match="No State was changed"):
            mapped(XS)
        assert state.value == 0
    else:
        with pytest.warns(UserWarning, match="It gets a leading axis"):
            mapped(XS)
        assert torch.equal(state.value, XS)


@pytest.mark.parametrize("shape", [(3, 2), (2, 3)])
def test_a_state_that_is_read_and_written_has_a_slice_for_each_lane_if_its_first_axis_fits(shape):
    state = State(torch.ones(shape))
    mapped = T.vmap2(lambda x: setattr(state, "value", state.value * x))
    if shape[0] == 3:
        mapped(XS)
        assert torch.equal(state.value, XS[:, None].expand(3, 2))
    else:
        with pytest.warns(UserWarning, match="has no slice for each of the 3 lanes"):
            mapped(XS)
        assert torch.equal(state.value, XS[:, None, None].expand(3, 2, 3))


def test_a_stream_of_keys_gives_each_lane_its_own_and_goes_on_after_them():
    stream = random.RandomState(0, impl="threefry2x32")
    draw = T.vmap2(lambda x: stream.uniform() + 0 * x)
    first, second = draw(XS), draw(XS)
    alone = stream.uniform(size=3)
    assert len({*first.tolist(), *second.tolist(), *alone.tolist()}) == 9
    again = random.RandomState(0, impl="threefry2x32")
    assert torch.equal(T.vmap2(lambda x: again.uniform() + 0 * x)(XS), first)


def test_many_keys_are_mapped_like_any_value():
    stream = random.RandomState(0, impl="threefry2x32")
    keys = stream.split_key(3)
    many = random.RandomState(0, impl="threefry2x32")
    many.value = keys
    found = T.vmap2(lambda x: many.uniform() + 0 * x, state_in_axes={0: [many]})(XS)
    alone = [random.RandomState(key, impl="threefry2x32").uniform() for key in keys]
    assert torch.equal(found, torch.stack(alone))
