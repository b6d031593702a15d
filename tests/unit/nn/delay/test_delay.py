import pytest
import torch

import brainstate_torch as bt
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch.transform import ShapeDtypeStruct


@pytest.fixture(autouse=True)
def dt():
    with bt.environ.context(dt=0.1):
        yield


def filled(delay, values):
    delay.init_state()
    for value in values:
        delay.update(value)
    return delay


def counted(n, **kwargs):
    """A delay that was given 0, 1, ..., n - 1."""
    return filled(nn.Delay(torch.zeros(1), **kwargs), [torch.full((1,), float(i)) for i in range(n)])


# What is read


def test_each_delay_gives_the_value_of_then_at_every_step():
    delay = nn.Delay(torch.zeros(2), entries={"now": 0.0, "a": 0.3, "b": (1.0,), "c": None})
    delay.init_state()
    for i in range(40):
        delay.update(torch.tensor([float(i), -float(i)]))
        for entry, steps in {"now": 0, "a": 3, "b": 10, "c": 0}.items():
            assert delay.at(entry).tolist() == [max(i - steps, 0), -max(i - steps, 0)]
            assert delay.retrieve_at_step(steps).tolist() == delay.at(entry).tolist()


def test_before_the_first_value_the_buffer_holds_init():
    assert counted(0, time=0.3).retrieve_at_step(2).item() == 0
    assert counted(0, time=0.3, init=7).retrieve_at_step(0).item() == 7
    assert counted(1, time=0.3, init=torch.tensor(7.0)).retrieve_at_step(1).item() == 7
    delay = counted(1, time=0.3, init=lambda shape, dtype: torch.arange(shape[0], dtype=dtype)[:, None])
    assert [delay.retrieve_at_step(i).item() for i in range(4)] == [0, 3, 2, 1]


def test_several_delays_and_indices_are_read_at_once():
    values = [torch.tensor([float(i), 10.0 * i]) for i in range(8)]
    delay = nn.Delay(torch.zeros(2))
    delay.register_entry("all", torch.tensor([0.0, 0.2, 0.3]))
    delay.register_entry("each", torch.tensor([[0.0, 0.2], [0.1, 0.3]]), torch.tensor([[0, 1], [1, 0]]))
    delay.register_entry("second", torch.tensor([0.0, 0.3]), 1)
    filled(delay, values)
    assert delay.at("all").tolist() == [[7.0, 70.0], [5.0, 50.0], [4.0, 40.0]]
    assert delay.at("each").tolist() == [[7.0, 50.0], [60.0, 4.0]]
    assert delay.at("second").tolist() == [70.0, 40.0]
    assert delay.retrieve_at_step(1, 1).item() == 60.0
    assert delay.retrieve_at_step(1, slice(None)).tolist() == [6.0, 60.0]
    assert delay.retrieve_at_step(torch.tensor(1), torch.tensor([1, 1])).tolist() == [60.0, 60.0]


def test_a_tree_is_stored_leaf_by_leaf():
    delay = nn.Delay({"a": torch.zeros(1), "b": (torch.zeros(2), 1.0 * u.mV)}, time=0.1)
    filled(delay, [{"a": torch.ones(1) * i, "b": (torch.ones(2) * i, i * u.mV)} for i in (1.0, 2.0)])
    value = delay.retrieve_at_step(1)
    assert value["a"].tolist() == [1.0]
    assert value["b"][0].tolist() == [1.0, 1.0]
    assert value["b"][1] == 1.0 * u.mV


def test_a_batch_has_an_axis_behind_that_of_the_slots():
    delay = nn.Delay(ShapeDtypeStruct((2,), torch.float32), time=0.3)
    delay.init_state(5)
    assert delay.history.value.shape == (4, 5, 2)
    assert delay.write_ptr.value.shape == ()
    delay.update(torch.ones(5, 2))
    delay.reset_state(3)
    assert delay.history.value.shape == (4, 3, 2)
    assert delay.write_ptr.value.item() == 0
    assert not delay.history.value.any()


def test_one_value_is_stored_in_update_every():
    delay = nn.Delay(torch.zeros(1), time=1.0, update_every=0.5)
    assert (delay.update_every_step, delay.max_length) == (5, 3)
    delay.init_state()
    for i in range(40):
        delay.update(torch.full((1,), float(i)))
        last = i - i % 5
        assert delay.retrieve_at_step(0).item() == last
        assert delay.retrieve_at_step(2).item() == max(last - 10, 0)


# Times


@pytest.mark.parametrize("name", nn.InterpolationRegistry.list_methods())
@pytest.mark.parametrize("ago", [0.0, 0.04, 0.06, 0.4, 0.47, 0.53, 1.0])
def test_times_agree_with_a_line(name, ago):
    """The values lie on a line, which every method but the nearest reproduces away from the ends."""
    delay = counted(20, time=1.0, interpolation=name)
    with bt.environ.context(t=1.9):
        value = delay.retrieve_at_time(1.9 - ago).item()
    if name in ("nearest", "round"):
        assert value == 19 - round(10 * ago)
    elif name.startswith("linear") or 0.1 < ago < 0.9 or ago in (0.0, 1.0):
        assert value == pytest.approx(19 - 10 * ago, abs=1e-4)
    else:
        assert abs(value - (19 - 10 * ago)) < 0.2  # The last sample stands for a neighbour that is not there.


def test_times_in_tensors_quantities_and_several_at_once():
    delay = counted(20, time=1.0)
    with bt.environ.context(t=torch.tensor(1.9)):
        assert delay.retrieve_at_time(torch.tensor(1.65)).item() == pytest.approx(16.5, abs=1e-4)
        several = delay.retrieve_at_time(torch.tensor([1.9, 1.65]), 0)
        torch.testing.assert_close(several, torch.tensor([19.0, 16.5]), atol=1e-4, rtol=0)
        assert delay.retrieve_at_time(torch.tensor([1.9, 1.65])).shape == (2, 1)
    with bt.environ.context(dt=0.1 * u.ms):
        delay = counted(20, time=1.0 * u.ms)
    with bt.environ.context(dt=0.1 * u.ms, t=1.9 * u.ms):
        assert delay.retrieve_at_time(0.00165 * u.second).item() == pytest.approx(16.5, abs=1e-4)


def test_times_count_update_every():
    delay = counted(11, time=1.0, update_every=0.5)
    with bt.environ.context(t=1.0):
        assert delay.retrieve_at_time(1.0).item() == 10
        assert delay.retrieve_at_time(0.5).item() == 5
        assert delay.retrieve_at_time(0.75).item() == 7.5


def test_own_interpolation_gets_the_ring():
    def first(history, indices, float_idx, max_length):
        assert (indices, max_length) == ((0,), 6)
        return history[int(float_idx) % max_length][indices]

    delay = counted(10, time=0.5, interpolation=first)
    with bt.environ.context(t=0.9):
        assert delay.retrieve_at_time(0.7, 0).item() == 7


def test_the_gradient_by_the_time_is_the_slope():
    delay = counted(20, time=1.0)
    with bt.environ.context(t=torch.tensor(1.9)):
        slope = bt.transform.grad(lambda at: delay.retrieve_at_time(at).sum())(torch.tensor(1.55))
    assert slope.item() == pytest.approx(10.0, abs=1e-3)


# Units


def test_values_are_converted_to_the_unit_of_the_buffer():
    delay = filled(nn.Delay(torch.zeros(1) * u.mV, time=0.1), [1.0 * u.volt])
    assert delay.retrieve_at_step(0).unit == u.mV
    assert delay.retrieve_at_step(0).mantissa.tolist() == [1000.0]
    with pytest.raises(u.UnitMismatchError, match="dimension of the values in the buffer, mV. Got 1"):
        delay.update(torch.ones(1))


def test_the_first_unit_counts_if_asked_for():
    delay = filled(nn.Delay(torch.zeros(1), time=0.1, take_aware_unit=True), [torch.ones(1) * u.mV, 0.002 * u.volt])
    assert delay.retrieve_at_step(1) == torch.ones(1) * u.mV
    assert delay.retrieve_at_step(0).mantissa.tolist() == [2.0]
    with pytest.raises(u.UnitMismatchError, match="Got ms"):
        delay.update(torch.ones(1) * u.ms)
    with pytest.raises(u.UnitMismatchError, match="take_aware_unit=True"):
        filled(nn.Delay(torch.zeros(1), time=0.1), [torch.ones(1) * u.mV])


def test_init_may_bring_the_unit():
    delay = nn.Delay(torch.zeros(1), time=0.1, init=-65.0 * u.mV)
    delay.init_state()
    assert delay.retrieve_at_step(1) == torch.tensor([-65.0]) * u.mV


# Under transforms


def delayed_sum(weight, xs):
    delay = nn.Delay(torch.zeros((), dtype=xs.dtype), time=0.2)
    delay.init_state()

    def step(x):
        delay.update(weight * x + 0.5 * delay.retrieve_at_step(1))
        return delay.retrieve_at_step(2)

    return bt.transform.for_loop(step, xs)


def by_hand(weight, xs):
    values = [torch.zeros((), dtype=xs.dtype)] * 3
    out = []
    for x in xs.unbind():
        values.append(weight * x + 0.5 * values[-2])
        out.append(values[-3])
    return torch.stack(out)


XS = torch.linspace(-1, 2, 9, dtype=torch.float64)


@pytest.mark.parametrize("engine", ["auto", "func"])
def test_gradients_pass_through_the_buffer(engine):
    weight = torch.tensor(0.7, dtype=torch.float64)
    loss = lambda compute: lambda w, xs: (compute(w, xs) ** 2).sum()
    found = bt.transform.grad(loss(delayed_sum), argnums=(0, 1), engine=engine)(weight, XS)
    expected = torch.func.grad(loss(by_hand), argnums=(0, 1))(weight, XS)
    torch.testing.assert_close(found, expected)


def test_vmap_is_a_stack_of_calls():
    weights = torch.tensor([0.1, 0.7, -2.0], dtype=torch.float64)
    found = bt.transform.vmap(delayed_sum, in_axes=(0, None))(weights, XS)
    torch.testing.assert_close(found, torch.stack([by_hand(weight, XS) for weight in weights]))


def test_one_graph_serves_every_place_of_the_pointer():
    delay = nn.Delay(torch.zeros(2), time=0.3, update_every=0.2)
    delay.init_state()

    def step(history, pointer, value, t):
        delay.history.value, delay.write_ptr.value = history, pointer
        with bt.environ.context(t=t):
            delay.update(value)
            read = delay.retrieve_at_step(1), delay.retrieve_at_time(t - 0.25)
        return *read, delay.history.value.clone(), delay.write_ptr.value.clone()

    start = torch.randn(3, 2), torch.tensor(0, dtype=torch.int32)
    now = torch.tensor(5.0)
    graph = bt.transform.jit(step, backend="replay")
    traced, eager = start, start
    for _ in range(8):
        value = torch.randn(2)
        *read, history, pointer = graph(*traced, value, now)
        *expected, old_history, old_pointer = step(*eager, value, now)
        torch.testing.assert_close(read, expected)
        traced, eager = (history, pointer), (old_history, old_pointer)
    assert len(graph.cost()) == 1


def test_a_delay_leaves_no_graph_and_keeps_old_values():
    delay = counted(3, time=0.2)
    before = delay.history.value
    kept = before.clone()
    delay.update(torch.ones(1, requires_grad=True))
    assert torch.equal(before, kept)
    assert not delay.history.value.requires_grad


# What is refused


def test_what_is_not_made_yet_says_so():
    delay = nn.Delay(torch.zeros(1), time=0.3)
    for call in (lambda: delay.update(1.0), lambda: delay.retrieve_at_step(0), delay.reset_state):
        with pytest.raises(AttributeError, match="history of Delay must be made before it is used.*init_state"):
            call()
    with bt.environ.context(t=1.0), pytest.raises(AttributeError, match="must be made"):
        delay.retrieve_at_time(1.0)


def test_a_delay_that_came_too_late_says_so():
    delay = counted(3, time=0.3)
    delay.register_entry("short", 0.2)
    delay.retrieve_at_step(2)
    delay.register_entry("long", 1.0)
    for call in (lambda: delay.update(1.0), lambda: delay.at("short")):
        with pytest.raises(ValueError, match="registered before `init_state`.*a buffer of 4 slots.*needs 11"):
            call()
    delay.reset_state()
    assert delay.at("long").item() == 0


def test_the_longest_delay_counts():
    delay = nn.Delay(torch.zeros(1), time=0.2)
    assert delay.register_delay(0.5, 0) == (5, 0)
    assert delay.register_delay(0.3) == (3,)
    assert delay.register_delay(None, 1) is None
    assert (delay.max_time, delay.max_length) == (0.5, 6)


@pytest.mark.parametrize("step", [-1, 4])
def test_a_step_outside_of_the_buffer_is_refused(step):
    delay = counted(6, time=0.3)
    with pytest.raises(ValueError, match=rf"`delay_step` must lie within the buffer, 0 to 3 steps. Got {step}"):
        delay.retrieve_at_step(step)
    with bt.environ.context(jit_error_check=True), pytest.raises(ValueError, match="`delay_step` must lie within"):
        delay.retrieve_at_step(torch.tensor(step))


@pytest.mark.parametrize("step", [1.0, torch.tensor(1.0), "1", None])
def test_a_step_that_is_no_integer_is_refused(step):
    with pytest.raises(TypeError, match="`delay_step` must be an integer or a tensor of them"):
        counted(6, time=0.3).retrieve_at_step(step)


@pytest.mark.parametrize("ago", [-0.01, 0.31, 5.0])
def test_a_time_outside_of_the_buffer_is_refused(ago):
    delay = counted(20, time=0.3)
    with bt.environ.context(t=2.0):
        with pytest.raises(ValueError, match="`delay_time` must lie within the buffer, 0 to 3 steps before the time"):
            delay.retrieve_at_time(2.0 - ago)
        with bt.environ.context(jit_error_check=True), pytest.raises(ValueError, match="`delay_time` must lie"):
            delay.retrieve_at_time(torch.tensor(2.0 - ago))
        clamped = delay.retrieve_at_time(torch.tensor(2.0 - ago)).item()
    assert clamped == (19 if ago < 0 else 16)


def test_a_time_needs_the_present():
    delay = counted(6, time=0.3)
    with pytest.raises(KeyError, match=r"`t` was not found.*current time.*environ.set\(t="):
        delay.retrieve_at_time(0.3)
    with pytest.raises(TypeError, match="`delay_time` must be a time. Got None"):
        delay.retrieve_at_time(None)


def test_a_delay_has_the_dimension_of_the_time_step():
    with bt.environ.context(dt=0.1 * u.ms), pytest.raises(u.UnitMismatchError, match="`time` must have the dimension"):
        nn.Delay(torch.zeros(1), time=0.3)


def test_entries_have_names_of_their_own():
    delay = nn.Delay(torch.zeros(1), entries={"a": 0.1})
    with pytest.raises(KeyError, match="`entry` must be a new name. Got 'a'"):
        delay.register_entry("a", 0.2)
    assert delay.max_length == 2
    delay.init_state()
    with pytest.raises(KeyError, match=r"`entry` must be one of \['a'\]. Got 'b'"):
        delay.at("b")
    with pytest.raises(TypeError, match="`entry` must be a string. Got int"):
        delay.at(1)


def test_registration_is_checked():
    delay = nn.Delay(torch.zeros(1))
    with pytest.raises(TypeError, match="`time_and_idx` must begin with a delay"):
        delay.register_delay()
    for index in (0.5, torch.tensor(0.5), True):
        with pytest.raises(TypeError, match="an index into a delay must be an integer"):
            delay.register_delay(0.1, index)
    with pytest.raises(ValueError, match="a delay must be a finite time"):
        delay.register_delay(-0.1)
    assert delay.max_length == 1


def test_arguments_are_checked():
    with pytest.raises(TypeError, match="`init` must be a number.*Got str"):
        nn.Delay(torch.zeros(1), init="zero")
    with pytest.raises(TypeError, match="`interpolation` must be a string or a function. Got int"):
        nn.Delay(torch.zeros(1), interpolation=3)
    with pytest.raises(ValueError, match="an unknown interpolation method: 'bogus'"):
        nn.Delay(torch.zeros(1), interpolation="bogus")
    with pytest.raises(ValueError, match="`update_every` must be >= dt"):
        nn.Delay(torch.zeros(1), update_every=0.05)


def test_a_refused_value_changes_nothing():
    delay = counted(3, time=0.3)
    before, pointer = delay.history.value.clone(), delay.write_ptr.value.item()
    for value in (torch.zeros(3), 1.0 * u.mV, {"a": 1.0}, torch.zeros(1, dtype=torch.complex64)):
        with pytest.raises((ValueError, TypeError)):
            delay.update(value)
    assert torch.equal(delay.history.value, before)
    assert delay.write_ptr.value.item() == pointer


def test_older_keywords_have_their_meaning():
    assert nn.Delay(torch.zeros(1), interp_method="round").interp_method == "nearest"
    assert nn.Delay(torch.zeros(1), interp_method="linear_interp").interp_method == "linear"
    assert nn.Delay(torch.zeros(1), interp_method="round", interpolation="cubic").interp_method == "cubic"
    assert nn.Delay(torch.zeros(1), delay_method=None).delay_method == "rotation"
    with pytest.warns(DeprecationWarning, match="`delay_method='concat'` is deprecated"):
        assert nn.Delay(torch.zeros(1), delay_method="concat").delay_method == "rotation"


# DelayAccess


def test_access_reads_its_entry():
    delay = nn.Delay(torch.zeros(1))
    access = delay.access("then", 0.3)
    assert access.delay_info == (3,)
    filled(delay, [torch.full((1,), float(i)) for i in range(8)])
    assert access().item() == delay.at("then").item() == 4
    assert list(bt.graph.states(access)) == [("delay", "history"), ("delay", "write_ptr")]


def test_access_needs_a_delay():
    with pytest.raises(TypeError, match="`delay` must be a Delay. Got object"):
        nn.DelayAccess(object(), 0.1, entry="a")


def test_a_delay_is_used_with_the_time_step_that_it_was_made_with():
    with bt.environ.context(dt=0.1 * u.ms):
        delay = nn.Delay(torch.zeros(1), time=0.3 * u.ms, entries={"a": 0.3 * u.ms})
        delay.init_state()
        delay.update(torch.ones(1))
    with bt.environ.context(dt=100.0 * u.us):
        delay.update(torch.ones(1))
    with bt.environ.context(dt=0.2 * u.ms, t=1.0 * u.ms):
        for use in (
            lambda: delay.update(torch.ones(1)),
            lambda: delay.at("a"),
            lambda: delay.retrieve_at_step(1),
            lambda: delay.retrieve_at_time(0.9 * u.ms),
        ):
            with pytest.raises(ValueError, match=r"dt = 0\.1 ms, .*Got dt = 0\.2 ms"):
                use()
