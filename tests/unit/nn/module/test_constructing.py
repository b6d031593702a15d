"""A layer that is given an argument of torch's name says what it is called here."""

import inspect

import pytest

from brainstate_torch import nn


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (lambda: nn.Linear(2, 2, bias=False), "`Linear` must get .* Got `bias`, torch's name. Pass `b_init`"),
        (lambda: nn.Linear(in_features=2, out_features=3), "Pass `(in|out)_size`"),
        (lambda: nn.Conv2d((8, 8, 3), 4, 3, dilation=2), "`Conv2d` must .* Pass `rhs_dilation`"),
        (lambda: nn.Conv2d(in_channels=3, out_channels=4, kernel_size=3), "the channels last"),
        (lambda: nn.Dropout(p=0.2), "Pass `prob`, the probability to keep"),
        (lambda: nn.LayerNorm(3, eps=1e-5), "Pass `epsilon`"),
        (lambda: nn.GRUCell(2, 3, device="cpu"), "or move it"),
        (lambda: nn.GRUCell(2, hidden_size=3), "Pass `num_out`"),
    ],
)
def test_torchs_name_of_an_argument_is_answered_with_ours(make, cure):
    with pytest.raises(TypeError, match=cure):
        make()


def test_other_errors_stay_as_they_are():
    with pytest.raises(TypeError, match="unexpected keyword argument 'nonsense'"):
        nn.Linear(2, 2, nonsense=1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'p'"):
        nn.Linear(2, 2, p=1)  # it has no counterpart
    assert list(inspect.signature(nn.Linear).parameters)[:2] == ["in_size", "out_size"]
