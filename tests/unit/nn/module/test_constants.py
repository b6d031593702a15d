import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch.nn.module.constants import constant, moved


def test_a_constant_is_a_plain_copy_off_the_tape():
    x = torch.ones(2, requires_grad=True)
    kept = constant({"x": x * 2, "q": (x * 2) * u.mV, "n": 3})
    assert type(kept["x"]) is torch.Tensor and not kept["x"].requires_grad and not kept["q"].mantissa.requires_grad
    assert kept["n"] == 3


def test_a_constant_made_inside_a_gradient_has_one():
    slope = brainstate.transform.grad(lambda x: nn.Const(x * 2).value().sum())(torch.ones(2))
    assert slope.tolist() == [2.0, 2.0]


def test_tensors_are_moved_wherever_they_are():
    t = nn.ChainT(nn.SoftplusT(torch.zeros(2) * u.mV), nn.IdentityT())
    attributes = {"x": torch.ones(2), "t": t, "n": 3, "text": "x", "p": torch.nn.Parameter(torch.ones(2)), "none": None}
    found = moved(attributes, lambda x: x.double())
    assert found["x"].dtype == torch.float64 and "n" not in found and "text" not in found and "p" not in found
    assert found["t"].transforms[0].lower.mantissa.dtype == torch.float64
    assert t.transforms[0].lower.mantissa.dtype == torch.float32
