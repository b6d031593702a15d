"""brainstate_torch.transform._core.shapes: arrays without numbers."""

import numpy as np
import torch

import brainstate_torch.units as u
from brainstate_torch.transform import ShapeDtypeStruct
from brainstate_torch.transform._core.shapes import shapes_of


def test_every_array_has_its_shape_and_dtype():
    found = shapes_of(
        {"a": torch.ones(2, 3), "b": [np.zeros(4, np.int16), 2.0, 3], "c": torch.ones(2) * u.mV, "d": "t"}
    )
    assert found["a"] == ShapeDtypeStruct((2, 3), torch.float32)
    assert found["b"] == [
        ShapeDtypeStruct((4,), torch.int16),
        ShapeDtypeStruct((), torch.float32),
        ShapeDtypeStruct((), torch.int32),
    ]
    assert (
        found["c"].unit is u.mV and found["c"].mantissa == ShapeDtypeStruct((2,), torch.float32) and found["d"] == "t"
    )


def test_they_are_compared_and_hashed_by_shape_and_dtype():
    one, other = ShapeDtypeStruct([2, 3], torch.float32), ShapeDtypeStruct(torch.Size((2, 3)), torch.float32)
    assert one == other and hash(one) == hash(other) and one.ndim == 2
    assert one != ShapeDtypeStruct((3, 2), torch.float32) and one != ShapeDtypeStruct((2, 3), torch.float64)
    assert one != (2, 3) and repr(one) == "ShapeDtypeStruct(float32[2, 3])"
