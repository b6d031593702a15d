import pickle

import pint
import pytest

import brainstate_torch.units as u


@pytest.mark.parametrize("kind", [u.UnitMismatchError, u.DimensionMismatchError])
def test_errors_are_those_of_pint_and_python(kind):
    assert issubclass(kind, pint.DimensionalityError) and issubclass(kind, TypeError)


def test_error_keeps_its_text_and_units_through_pickle():
    error = pickle.loads(pickle.dumps(u.UnitMismatchError("the text", u.mV, u.ms)))
    assert (str(error), error.units1, error.units2) == ("the text", u.mV, u.ms)
