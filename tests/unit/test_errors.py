"""What error messages are made of."""

import pytest
import torch

from brainstate_torch._errors import kind_of
from brainstate_torch.units import mV


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (3, "an int"),
        (3.0, "a float"),
        ([], "a list"),
        (OSError(), "an OSError"),
        (mV, "a Unit"),
        (torch.nn.Embedding(1, 1), "an Embedding"),
        (UserWarning(), "a UserWarning"),
        (None, "a NoneType"),
    ],
)
def test_the_article_fits_the_name(x, words):
    assert kind_of(x) == words
