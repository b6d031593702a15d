import torch

import brainstate_torch.units as u
from brainstate_torch.nn.param_transforms import formulas


def test_a_plain_number_stays_plain_without_unit():
    x = torch.tensor([1.0])
    assert formulas.with_unit(x, u.get_unit(1.0)) is x and formulas.counted(x, u.get_unit(1.0)) is x
    assert torch.equal(formulas.counted(formulas.with_unit(x, u.volt), u.mV), torch.tensor([1000.0]))


def test_inverse_softplus_and_logit_are_exact_at_the_ends():
    y = torch.tensor([1e-12, 1.0, 800.0], dtype=torch.float64)
    assert torch.allclose(-torch.nn.functional.logsigmoid(-formulas.inverse_softplus(y)), y, rtol=1e-9)
    assert torch.allclose(torch.sigmoid(formulas.logit(y[:1])), y[:1], rtol=1e-12)


def test_held_has_half_a_slope_at_the_bound():
    slope = torch.func.grad(lambda x: formulas.held(x, 0.0, 1.0).sum())(torch.tensor([0.0, 0.5, 2.0]))
    assert slope.tolist() == [0.5, 1.0, 0.0]
