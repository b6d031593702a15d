import torch

import brainstate_torch.units as u
from brainstate_torch.units import _doors


def test_detach_and_attach_are_inverse():
    q, x = torch.ones(2) * u.mV, torch.ones(2)
    mantissa, unit = _doors.detach(q)
    assert mantissa is q.mantissa and unit is u.mV
    assert _doors.attach(mantissa, unit).mantissa is mantissa and _doors.attach(mantissa, unit).unit is u.mV
    assert _doors.detach(x) == (x, u.UNITLESS) and _doors.attach(*_doors.detach(x)) is x and _doors.attach(x, None) is x


def test_divided_units_are_a_unit_or_a_plain_factor():
    assert _doors.divide_units(u.mV**2, u.mV) == (1.0, u.mV)
    assert _doors.divide_units(u.volt, u.mV) == (1000.0, None)
    assert _doors.divide_units(u.UNITLESS, u.UNITLESS) == (1.0, None)
    assert _doors.divide_units(u.UNITLESS, u.ms) == (1.0, u.ms**-1)
