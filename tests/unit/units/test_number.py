"""Ratios of scalar quantities: floats that torch's functions take."""

import math
import pickle

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.units.number import Number

HALF = (1.0 * u.ms) / (2.0 * u.ms)


@pytest.mark.parametrize("function", [torch.exp, torch.sin, torch.sqrt, torch.tanh, torch.sigmoid, torch.log])
def test_torch_function_takes_a_ratio(function):
    torch.testing.assert_close(function(HALF), function(torch.tensor(0.5)))
    torch.testing.assert_close(function(-HALF * -1), function(torch.tensor(0.5)))


def test_angle_without_axes_is_taken():
    torch.testing.assert_close(torch.sin(90 * u.degree), torch.tensor(1.0))
    torch.testing.assert_close(torch.exp((500.0 * u.mV).to_decimal(u.volt)), torch.tensor(math.exp(0.5)))


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda x: torch.maximum(torch.zeros(2), x), [0.5, 0.5]),
        (lambda x: torch.clamp(torch.ones(2), 0.0, x), [0.5, 0.5]),
        (lambda x: torch.full((2,), x), [0.5, 0.5]),
        (lambda x: torch.pow(torch.full((2,), 4.0), x), [2.0, 2.0]),
        (lambda x: torch.pow(x, torch.tensor([1.0, 2.0])), [0.5, 0.25]),
        (lambda x: torch.ones(2) * x, [0.5, 0.5]),
        (lambda x: x * torch.ones(2), [0.5, 0.5]),
        (lambda x: 1.0 - x * torch.ones(2), [0.5, 0.5]),
        (lambda x: torch.where(torch.tensor([True, False]), x, 0.0), [0.5, 0.0]),
        (lambda x: torch.stack([torch.square(x), torch.square(x)]), [0.25, 0.25]),
        (lambda x: torch.lerp(torch.zeros(2), torch.ones(2), x), [0.5, 0.5]),
    ],
)
def test_ratio_stands_beside_tensors(call, expected):
    for _ in range(2):  # the second call finds what the first has learned
        result = call(HALF)
        assert result.tolist() == expected and result.dtype == torch.float32


def test_precision_of_a_ratio_follows_the_tensor_beside_it():
    third = (1.0 * u.ms) / (3.0 * u.ms)
    assert (torch.ones(1, dtype=torch.float64) * third).item() == 1 / 3


@pytest.mark.parametrize(
    "operation",
    [lambda x: x + 1, lambda x: 1 - x, lambda x: x * 2.0, lambda x: 1 / x, lambda x: -x, abs, lambda x: x**2,
     lambda x: 2**x, lambda x: x // 1, lambda x: x % 1, lambda x: round(x, 1), lambda x: +x],
)  # fmt: skip
def test_arithmetic_keeps_the_type(operation):
    assert type(operation(HALF)) is Number and operation(HALF) == operation(0.5)


def test_ratio_is_a_float():
    assert isinstance(HALF, float) and math.exp(HALF) == math.exp(0.5) and np.exp(HALF) == np.exp(0.5)
    assert repr(HALF) == "0.5" and f"{HALF:.2f}" == "0.50" and int(HALF * 4) == 2 and round(HALF * 4) == 2
    assert type(pickle.loads(pickle.dumps(HALF))) is float and HALF == 0.5 and hash(HALF) == hash(0.5)
    assert torch.tensor(HALF).item() == 0.5


def test_wrong_argument_is_torchs_error():
    with pytest.raises(TypeError):
        torch.matmul(HALF, "text")
