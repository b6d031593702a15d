"""``q.at[index]``, against a loop over elements."""

import pytest
import torch

import brainstate_torch.units as u

X = torch.tensor([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]])


def test_updates_leave_the_quantity_alone():
    q = X.clone() * u.mV
    changed = q.at[0, 1].set(7.0 * u.mV)
    assert changed.mantissa[0, 1] == 7.0 and torch.equal(q.mantissa, X) and changed.unit is u.mV


@pytest.mark.parametrize(
    "index",
    [0, -1, (0, 1), slice(None), (slice(None), 1), ..., (..., 0), [1, 0], X > 0, (slice(None), slice(None, None, -1))],
)
def test_set_and_get_meet(index):
    q = X * u.mV
    found = q.at[index].get()
    torch.testing.assert_close(q.at[index].set(2 * found).at[index].get().mantissa, 2 * found.mantissa)


@pytest.mark.parametrize(
    ("name", "value", "operation"),
    [
        ("add", 2.0 * u.mV, lambda x: x + 2.0),
        ("subtract", 2.0 * u.mV, lambda x: x - 2.0),
        ("multiply", 3.0, lambda x: x * 3.0),
        ("divide", 2.0, lambda x: x / 2.0),
        ("min", 0.0 * u.mV, lambda x: min(x, 0.0)),
        ("max", 0.002 * u.volt, lambda x: max(x, 2.0)),
    ],
)
def test_update_happens_as_often_as_an_element_is_indexed(name, value, operation):
    expected = [1.0, -2.0, 3.0]
    for place in (0, 2, 0):
        expected[place] = operation(expected[place])
    found = getattr((X[0] * u.mV).at[[0, 2, 0]], name)(value)
    torch.testing.assert_close(found.mantissa, torch.tensor(expected))


def test_apply_sees_quantities_and_repeats():
    found = (X[0] * u.mV).at[[0, 0, 1]].apply(lambda q: q + 1.0 * u.mV)
    torch.testing.assert_close(found.mantissa, torch.tensor([3.0, -1.0, 3.0]))


@pytest.mark.parametrize(("mode", "expected"), [(None, 3.0), ("drop", 3.0), ("clip", 9.0), ("wrap", 3.0)])
def test_places_outside_follow_the_mode(mode, expected):
    found = (X[0] * u.mV).at[4].set(9.0 * u.mV, mode=mode)
    assert found.mantissa[2] == expected and found.mantissa[1] == (9.0 if mode == "wrap" else -2.0)


def test_get_outside_reads_the_edge_or_fills():
    q = X[0] * u.mV
    assert q.at[7].get().mantissa == 3.0 and torch.isnan(q.at[7].get(mode="fill").mantissa)
    assert q.at[7].get(mode="fill", fill_value=2.0 * u.volt).mantissa == 2000.0


def test_gradient_goes_through_an_update():
    leaf = torch.ones(3, requires_grad=True)
    (leaf * u.mV).at[0].multiply(5.0).sum().mantissa.backward()
    assert leaf.grad.tolist() == [5.0, 1.0, 1.0]


def test_plain_numbers_are_refused_but_zero():
    q = X[0] * u.mV
    assert q.at[0].set(0).mantissa[0] == 0.0
    with pytest.raises(u.UnitMismatchError, match=r"`at` must get one common dimension"):
        q.at[0].set(1.0)
    with pytest.raises(TypeError, match=r"must get options that it knows. Got `odd`"):
        q.at[0].set(0, odd=True)
