import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.nn.delay.ring_buffer import filled, read, with_unit, written, written_with_unit
from brainstate_torch.transform import ShapeDtypeStruct

RING = torch.arange(24.0).reshape(4, 2, 3)
FLOATS = ShapeDtypeStruct((2,), torch.float32)


def test_write_changes_one_slot_of_a_new_tensor():
    before = RING.clone()
    new = written(RING, torch.tensor(2, dtype=torch.int32), torch.ones(2, 3), None)
    assert torch.equal(new[2], torch.ones(2, 3))
    assert torch.equal(new[[0, 1, 3]], RING[[0, 1, 3]])
    assert torch.equal(RING, before)


@pytest.mark.parametrize("keep", [True, False])
def test_write_can_keep_what_is_there(keep):
    new = written(RING, torch.tensor(1), torch.zeros(2, 3), torch.tensor(keep))
    assert torch.equal(new[1], RING[1] if keep else torch.zeros(2, 3))


def test_write_broadcasts_and_converts():
    new = written(RING, torch.tensor(0), torch.tensor([True, False, True]), None)
    assert new[0].tolist() == [[1.0, 0.0, 1.0], [1.0, 0.0, 1.0]]
    assert written(RING, torch.tensor(0), 7, None)[0].unique().tolist() == [7.0]


@pytest.mark.parametrize("value", [torch.zeros(2), torch.zeros(5, 2, 3), torch.zeros(3, 3)])
def test_write_refuses_another_shape(value):
    with pytest.raises(ValueError, match=r"`current` must have the shape \[2, 3\] of a slot.*batch size"):
        written(RING, torch.tensor(0), value, None)


def test_write_refuses_a_dtype_that_would_lose_numbers():
    with pytest.raises(TypeError, match=r"a dtype that torch.int64 can hold. Got torch.float32"):
        written(torch.zeros(2, 3, dtype=torch.int64), torch.tensor(0), torch.zeros(3), None)


def test_write_converts_to_the_unit_of_the_ring():
    ring = u.Quantity(torch.zeros(2, 1), u.mV)
    new = written_with_unit(ring, None, torch.tensor(1), torch.ones(1) * u.volt, None)
    assert new.unit == u.mV
    assert new.mantissa.tolist() == [[0.0], [1000.0]]
    assert written_with_unit(torch.zeros(2, 1), u.mV, torch.tensor(1), 1.0 * u.volt, None)[1].tolist() == [1000.0]


@pytest.mark.parametrize(
    ("ring", "unit", "value"),
    [
        (torch.zeros(2, 1), None, 1.0 * u.mV),
        (torch.zeros(2, 1), u.mV, 1.0),
        (u.Quantity(torch.zeros(2, 1), u.mV), None, 1.0),
        (u.Quantity(torch.zeros(2, 1), u.mV), None, 1.0 * u.ms),
    ],
)
def test_write_refuses_another_dimension(ring, unit, value):
    with pytest.raises(u.UnitMismatchError, match="`current` must have the dimension of the values in the buffer"):
        written_with_unit(ring, unit, torch.tensor(0), value, None)


def test_with_unit_adds_one_or_none():
    assert with_unit(torch.ones(1), None).tolist() == [1.0]
    assert with_unit(torch.ones(1), u.mV).unit == u.mV


INDEX = torch.tensor([[0, 2], [1, 1]])


@pytest.mark.parametrize(
    ("slot", "indices", "expected"),
    [
        (torch.tensor(1), (), RING[1]),
        (torch.tensor([1, 3]), (), RING[[1, 3]]),
        (torch.tensor(1), (1,), RING[1, 1]),
        (torch.tensor(1), (1, 2), RING[1, 1, 2]),
        (torch.tensor(1, dtype=torch.int32), (torch.tensor(1), torch.tensor(2)), RING[1, 1, 2]),
        (torch.tensor([[0, 3], [1, 2]]), (1, INDEX), RING[[[0, 3], [1, 2]], 1, INDEX]),
        (torch.tensor([0, 3]), (1,), RING[[0, 3], 1]),
        (torch.tensor(1), (slice(None), 0), RING[1, :, 0]),
        (torch.tensor([0, 3]), (slice(None), 0), RING[[0, 3]][:, :, 0]),
        (torch.tensor(1), (..., 0), RING[1, ..., 0]),
    ],
)
def test_read_is_indexing(slot, indices, expected):
    assert torch.equal(read(slot, indices)(RING), expected)


def test_new_rings_are_zero_or_what_init_says():
    assert torch.equal(filled(FLOATS, None, 3, None, None), torch.zeros(3, 2))
    assert torch.equal(filled(FLOATS, None, 3, 4, None), torch.zeros(3, 4, 2))
    assert torch.equal(filled(FLOATS, 2, 3, None, None), torch.full((3, 2), 2.0))
    assert torch.equal(filled(FLOATS, torch.tensor([1.0, 2.0]), 3, 4, None)[2, 3], torch.tensor([1.0, 2.0]))
    seen = []
    filled(FLOATS, lambda shape, dtype: seen.append((shape, dtype)) or torch.zeros(shape), 3, 4, None)
    assert seen == [((3, 4, 2), torch.float32)]


def test_new_rings_have_the_unit_of_the_target_else_of_init():
    target = u.Quantity(torch.zeros(2), u.mV)
    assert filled(target, None, 3, None, None).unit == u.mV
    assert filled(target, 1.0 * u.volt, 3, None, None).mantissa.unique().tolist() == [1000.0]
    assert filled(FLOATS, 1.0 * u.mV, 3, None, None).unit == u.mV
