import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

X = torch.tensor([1.0, -3.0, 0.5])


def test_costs_are_those_of_the_formulas():
    assert nn.L1Reg(0.5).loss(X) == 2.25 and nn.L2Reg(2.0).loss(X) == 20.5
    assert nn.L2Reg(-1.0).loss(X) == 0
    assert nn.ElasticNetReg(1.0, 2.0, 0.25).loss(X) == 0.25 * 4.5 + 0.75 * 20.5
    assert nn.HuberReg(2.0, 1.0).loss(X) == 2 * (0.5 + 2.5 + 0.125)
    assert nn.TotalVariationReg().loss(X) == 7.5 and nn.TotalVariationReg(order=2).loss(X) == 7.5
    assert torch.allclose(nn.GroupLassoReg(group_size=2).loss(X), torch.tensor(10.0**0.5 + 0.5))


def test_integers_and_numbers_have_a_cost():
    assert nn.L2Reg().loss(torch.tensor([1, 2])) == 5.0 and nn.L1Reg().loss(-3) == 3.0


@pytest.mark.parametrize(
    "reg", [nn.L1Reg(), nn.TotalVariationReg(), nn.ElasticNetReg()], ids=lambda r: type(r).__name__
)
def test_the_slope_at_zero_is_zero(reg):
    assert torch.equal(brainstate.transform.grad(reg.loss)(torch.zeros(3)), torch.zeros(3))


def test_costs_of_quantities_have_units():
    value = X * u.mV
    assert u.get_unit(nn.L1Reg().loss(value)) == u.mV and u.get_unit(nn.L2Reg().loss(value)) == u.mV**2
    assert u.get_unit(nn.GroupLassoReg(group_size=5).loss(value)) == u.mV
    assert u.get_unit(nn.TotalVariationReg().loss(value)) == u.mV
    assert nn.L2Reg(1 / u.mV**2).loss(value) == 10.25
    assert type(nn.GroupLassoReg().loss(X)) is torch.Tensor
    with pytest.raises(u.UnitMismatchError):
        nn.ElasticNetReg().loss(value)


def test_group_sizes_and_orders_that_are_none_are_refused():
    with pytest.raises(TypeError, match="`group_size` must be an int. Got float"):
        nn.GroupLassoReg(group_size=2.0)
    with pytest.raises(ValueError, match="`group_size` must be a positive integer. Got 0"):
        nn.GroupLassoReg(group_size=0)
    with pytest.raises(ValueError, match="`order` must be 1 or 2. Got 3"):
        nn.TotalVariationReg(order=3)


def test_draws_are_as_wide_as_the_weight_says():
    with brainstate.random.seed_context(0):
        assert abs(nn.L2Reg(4.0).sample_init(20_000).std() - 0.5) < 0.01
        assert abs(nn.L1Reg(4.0).sample_init(20_000).abs().mean() - 0.25) < 0.01
        steps = nn.TotalVariationReg(4.0).sample_init((100, 200)).reshape(-1).diff() * 20_000**0.5
        assert abs(steps.std() - 0.5) < 0.01
