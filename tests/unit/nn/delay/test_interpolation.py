import pytest
import torch

from brainstate_torch import nn
from brainstate_torch.nn.delay.interpolation import Linear, Nearest, Stencil

LENGTH = 9
PLACES = torch.tensor([2.0, 2.25, 3.5, 4.9, 5.0], dtype=torch.float64)
#: The highest power of time that each method reproduces.
EXACT = {"nearest": 0, "linear": 1, "cubic": 2, "hermite": 2, "polynomial2": 2, "polynomial3": 3}


def ring(power):
    return torch.arange(LENGTH, dtype=torch.float64)[:, None] ** power


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("power", [0, 1, 2, 3])
def test_polynomials_up_to_the_order_are_exact(name, power):
    method = nn.InterpolationRegistry.get(name)
    for place in PLACES:
        value = method(ring(power), (), place, LENGTH)
        if power <= EXACT[name]:
            torch.testing.assert_close(value, place[None] ** power)
        elif place == 2.25:
            assert not torch.allclose(value, place[None] ** power)


@pytest.mark.parametrize("name", EXACT)
def test_samples_are_hit(name):
    history = torch.randn(LENGTH, 3, dtype=torch.float64)
    method = nn.InterpolationRegistry.get(name)
    for i in range(2, LENGTH - 2):
        torch.testing.assert_close(method(history, (), torch.tensor(float(i)), LENGTH), history[i])


@pytest.mark.parametrize("name", EXACT)
def test_the_ring_is_closed(name):
    history = torch.randn(LENGTH, dtype=torch.float64)
    method = nn.InterpolationRegistry.get(name)
    place = torch.tensor(3.3, dtype=torch.float64)
    torch.testing.assert_close(
        method(history.roll(4), (), place + 4 - LENGTH, LENGTH), method(history, (), place, LENGTH)
    )


@pytest.mark.parametrize("name", EXACT)
def test_before_counts_backwards_from_the_newest(name):
    method = nn.InterpolationRegistry.get(name)
    assert isinstance(method, Stencil)
    history = torch.randn(LENGTH, dtype=torch.float64)
    ago = torch.tensor(3.3, dtype=torch.float64)
    steps, weights = method.before(ago, LENGTH - 1)
    values = [history[LENGTH - 1 - int(step)] for step in steps]
    total = sum(w * v for w, v in zip(weights or (1.0,), values, strict=True))
    torch.testing.assert_close(total, method(history, (), LENGTH - 1 - ago, LENGTH))


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("ago", [0.0, 0.3, LENGTH - 1.3, LENGTH - 1.0, LENGTH + 3.0])
def test_before_stays_within_the_buffer_and_weights_sum_to_one(name, ago):
    steps, weights = nn.InterpolationRegistry.get(name).before(torch.tensor(ago), LENGTH - 1)
    assert all(0 <= step <= LENGTH - 1 for step in steps)
    assert sum(weights or (1.0,)) == pytest.approx(1.0)


def test_linear_reads_one_sample_where_there_is_one():
    steps, _ = Linear().before(torch.tensor(2.0), LENGTH - 1)
    assert [int(step) for step in steps] == [2, 2]


def test_nearest_rounds_half_to_even():
    assert [int(Nearest().before(torch.tensor(x), 8)[0][0]) for x in (0.5, 1.5, 2.5, 2.51)] == [0, 2, 2, 3]


def test_several_times_and_axes_of_the_value():
    history = torch.arange(5.0)[:, None] * torch.tensor([1.0, 10.0])
    value = nn.InterpolationRegistry.get("linear")(history, (), torch.tensor([0.5, 1.25, 2.0]), 5)
    assert value.tolist() == [[0.5, 5.0], [1.25, 12.5], [2.0, 20.0]]
    picked = nn.InterpolationRegistry.get("linear")(history, (torch.tensor([1, 0]),), torch.tensor([0.5, 1.25]), 5)
    assert picked.tolist() == [5.0, 1.25]


def test_a_tree_is_interpolated_leaf_by_leaf():
    history = {"a": torch.arange(5.0), "b": torch.arange(5.0) * 2}
    value = nn.InterpolationRegistry.get("linear")(history, (), torch.tensor(1.5), 5)
    assert (value["a"].item(), value["b"].item()) == (1.5, 3.0)


def test_the_register_takes_new_methods(monkeypatch):
    registry = nn.InterpolationRegistry
    monkeypatch.setattr(registry, "_methods", dict(registry._methods))
    registry.register("first", lambda history, indices, idx, length: history[0])
    assert "first" in registry.list_methods()
    assert registry.get("first")(torch.tensor([3.0, 4.0]), (), 0.0, 2).item() == 3.0


def test_the_register_refuses_what_is_no_method():
    registry = nn.InterpolationRegistry
    with pytest.raises(ValueError, match="`interpolation` must be one of .*'cubic'.*Got an unknown.*'bogus'"):
        registry.get("bogus")
    with pytest.raises(TypeError, match="`name` must be a string. Got int"):
        registry.register(1, print)
    with pytest.raises(TypeError, match="`method` must be callable. Got int"):
        registry.register("one", 1)
