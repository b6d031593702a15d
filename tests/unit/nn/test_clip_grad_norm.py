import math

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch.nn import clip_grad_norm

GRAD = {"w": torch.tensor([3.0, -4.0]), "b": [torch.tensor([[12.0]]), None]}


@pytest.mark.parametrize(
    "norm_type, expected",
    [(2, 13.0), (None, 13.0), (1, 19.0), ("inf", 12.0), (math.inf, 12.0), ("-inf", 3.0), (3, 1819 ** (1 / 3))],
)
def test_the_norm_is_that_of_all_numbers_together(norm_type, expected):
    clipped, norm = clip_grad_norm(GRAD, 1.0, norm_type, return_norm=True)
    assert norm.item() == pytest.approx(expected, rel=1e-6)
    assert clipped["w"].tolist() == pytest.approx([3 / expected, -4 / expected], rel=1e-5)
    assert clipped["b"][0].shape == (1, 1) and clipped["b"][1] is None


def test_a_small_gradient_is_not_changed():
    clipped = clip_grad_norm(GRAD, torch.tensor(100.0))
    assert torch.equal(clipped["w"], GRAD["w"])


def test_an_empty_tree_has_norm_zero():
    assert clip_grad_norm({}, 1.0) == {} and clip_grad_norm([], 1.0, return_norm=True)[1] == 0.0


def test_units_are_kept_and_do_not_count():
    clipped = clip_grad_norm([torch.tensor([3.0]) * u.mV, torch.tensor([4.0])], 2.5)
    assert clipped[0].to_decimal(u.mV).item() == pytest.approx(1.5, rel=1e-5)
    assert clipped[1].item() == pytest.approx(2.0, rel=1e-5)


def test_gradients_of_one_dimension_are_measured_in_one_unit():
    clipped, norm = clip_grad_norm([torch.tensor(3.0) * u.mV, torch.tensor(0.004) * u.volt], 2.5, return_norm=True)
    assert norm.item() == pytest.approx(5.0) and u.get_unit(norm).is_unitless
    assert clipped[0].mantissa.item() == pytest.approx(1.5) and clipped[1].mantissa.item() == pytest.approx(0.002)
    assert clipped[1].unit is u.volt


def test_a_bound_may_have_the_unit():
    clipped, norm = clip_grad_norm([torch.tensor([3.0, 4.0]) * u.mV], 0.001 * u.volt, return_norm=True)
    torch.testing.assert_close(clipped[0].mantissa, torch.tensor([0.6, 0.8]))
    assert norm.unit is u.volt and norm.mantissa.item() == pytest.approx(0.005)
    assert torch.equal(clip_grad_norm([torch.zeros(2) * u.mV], 1.0 * u.mV)[0].mantissa, torch.zeros(2))
    with pytest.raises(u.UnitMismatchError):
        clip_grad_norm([torch.ones(2) * u.ms, torch.ones(2) * u.mV], 1.0 * u.mV)
