"""brainstate_torch.transform._core.truth: predicates as Python has them, or one for each lane."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import transform as T
from brainstate_torch.transform._core.truth import as_truth, is_undecided, scalar


@pytest.mark.parametrize(
    ("x", "truth"),
    [
        (True, True),
        (np.bool_(False), False),
        (0, False),
        (-1, True),
        (0.5, True),
        (torch.tensor(False), False),
        (torch.tensor(True), True),
        (torch.tensor(0.0), False),
        (torch.tensor(3), True),
        (u.as_quantity(torch.tensor(2.0) * u.mV), True),
    ],
    ids=str,
)
def test_one_number_is_true_or_false(x, truth):
    assert as_truth(x, "pred") is truth and not is_undecided(x)


def test_lanes_have_a_tensor():
    seen = []

    def look(x, p):
        seen.extend(
            [is_undecided(x), as_truth(x, "pred").dtype, as_truth(p, "pred") is p, is_undecided(torch.ones(()))]
        )
        return as_truth(x, "pred")

    found = T.vmap(look)(torch.tensor([0.0, 2.0]), torch.tensor([True, False]))
    assert found.tolist() == [False, True] and seen == [True, torch.bool, True, False]


@pytest.mark.parametrize(
    ("x", "kinds", "text"),
    [
        (torch.ones(1), "bif", r"pred must be one boolean or real number, without axes. Got shape \(1,\)."),
        (torch.tensor(1j), "bif", "Got dtype complex64."),
        (1.0, "i", "pred must be one integer, without axes. Got dtype float32."),
        (torch.tensor(1), "b", "pred must be one boolean, without axes. Got dtype int64."),
        ("yes", "b", "pred must be one boolean, without axes. Got a str."),
        (None, "bif", "Got a NoneType."),
    ],
)
def test_anything_else_is_refused(x, kinds, text):
    with pytest.raises(TypeError, match=text):
        as_truth(x, "pred", kinds)


def test_a_scalar_keeps_its_tensor_and_a_number_is_pythons():
    given = torch.tensor(3)
    assert scalar(given, "index", "i") is given
    assert type(scalar(np.int64(3), "index", "i")) is int and scalar(True, "index", "b") is True
