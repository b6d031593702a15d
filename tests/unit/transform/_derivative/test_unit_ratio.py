"""brainstate_torch.transform._derivative.unit_ratio: units of derivatives, against derivatives of plain SI numbers."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import transform as T
from brainstate_torch.transform._derivative.unit_ratio import as_derivative


@pytest.mark.parametrize(
    ("of", "by", "unit", "factor"),
    [
        (None, [None], None, 1.0),
        (u.mV, [None], u.mV, 1.0),
        (u.mV, [u.ms], u.mV / u.ms, 1.0),
        (None, [u.ms], 1 / u.ms, 1.0),
        (u.mV, [u.mV], None, 1.0),
        (u.mV, [u.volt], None, 1e-3),
        (u.volt, [u.mV, u.ms], 1 / u.ms, 1e3),
        (u.mV, [u.mA, u.mA], u.mV / u.mA / u.mA, 1.0),
    ],
    ids=str,
)
def test_the_unit_is_a_quotient_and_a_scale_without_one_is_folded_in(of, by, unit, factor):
    found = as_derivative(torch.tensor([2.0]), of, by)
    if unit is None:
        assert type(found) is torch.Tensor and found.tolist() == pytest.approx([2.0 * factor])
    else:
        in_si = (found / (1.0 * unit)).tolist() if isinstance(unit, u.Unit) else (found / unit).tolist()
        assert isinstance(found, u.Quantity) and in_si == pytest.approx([2.0 * factor])


def test_answers_for_integers_stay():
    nothing = np.zeros(3)
    assert as_derivative(nothing, u.mV, [u.ms]) is nothing


@pytest.mark.parametrize("of", [u.mV, u.volt, u.uV])
@pytest.mark.parametrize("by", [u.mA, u.amp])
def test_a_gradient_is_that_of_si_numbers_whatever_the_units(of, by):
    resistance = 3.0 * u.ohm
    loss = lambda i: u.math.sum((resistance * i) ** 2) / (1.0 * u.volt) * (1.0 * of / of)
    current = torch.tensor([0.5, -2.0]) * u.amp
    given = current.in_unit(by)
    found = T.grad(loss, unit_aware=True)(given)
    # d/di of 9 i ** 2 is 18 i, in volts per ampere.
    assert (found / (1.0 * u.ohm)).tolist() == pytest.approx([9.0, -36.0], rel=1e-5)


def test_two_results_have_no_one_unit():
    with pytest.raises(ValueError, match="must return exactly one array. Got 2. Use `jacrev`"):
        T.vector_grad(lambda x: (x * u.mV, x), unit_aware=True)(torch.ones(2))
