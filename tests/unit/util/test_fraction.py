import pytest

from brainstate_torch.util import split_total


@pytest.mark.parametrize(
    "total, fraction, expected",
    [(100, 0.25, 25), (100, 1.0, 100), (10, 0.99, 9), (1, 0.5, 0), (100, 1, 1), (50, 0, 0)],
)
def test_split_total_takes_a_share_or_a_number(total, fraction, expected):
    made = split_total(total, fraction)
    assert (made, type(made)) == (expected, int)


@pytest.mark.parametrize(
    "total, fraction, error, message",
    [
        ("100", 0.5, TypeError, "`total` must be an integer. Got str."),
        (True, 0.5, TypeError, "`total` must be an integer. Got bool."),
        (0, 0.5, ValueError, "`total` must be a positive integer. Got 0."),
        (100, "0.5", TypeError, "`fraction` must be an integer or float. Got str."),
        (100, True, TypeError, "`fraction` must be an integer or float. Got bool."),
        (100, -0.5, ValueError, "`fraction` cannot be negative. Got -0.5."),
        (100, 150, ValueError, "`fraction` cannot be greater than total, 100. Got 150."),
        (100, 1.5, ValueError, "`fraction` cannot be greater than 1 as a float. Got 1.5."),
        (100, float("nan"), ValueError, "`fraction` cannot be greater than 1 as a float. Got nan."),
    ],
)
def test_split_total_checks_its_arguments(total, fraction, error, message):
    with pytest.raises(error, match=message):
        split_total(total, fraction)
