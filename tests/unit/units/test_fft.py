"""brainstate_torch.units.fft: the unit of a transform is one of time for each axis."""

import pytest
import torch

import brainstate_torch.units as u

X = torch.arange(16.0).reshape(4, 4)


@pytest.mark.parametrize(("name", "axes"), [("", 1), ("2", 2), ("n", 2)])
@pytest.mark.parametrize("real", ["", "r"])
def test_units_go_there_and_back(name, axes, real):
    there, back = getattr(u.fft, f"{real}fft{name}"), getattr(u.fft, f"i{real}fft{name}")
    found = there(X * u.mV)
    assert found.unit == u.mV * u.second**axes
    torch.testing.assert_close(found.mantissa, getattr(torch.fft, f"{real}fft{name}")(X))
    again = back(found)
    assert again.unit == u.mV
    torch.testing.assert_close(torch.real(again.mantissa), X)
