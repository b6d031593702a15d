"""The comparison itself: it must see every difference that a case could show."""

import numpy as np
import pytest

from .frameworks import OURS, THEIRS, Case, Cases, mismatches, normalise

RESULTS = {
    "float": lambda f: f.array(1.0),
    "other value": lambda f: f.array(1.1),
    "other shape": lambda f: f.array([1.0]),
    "half precision": lambda f: f.array(1.0, "float16"),
    "int": lambda f: f.array(1),
    "bool": lambda f: True,
    "complex": lambda f: f.array(1 + 0j),
    "nan": lambda f: f.array(np.nan),
    "quantity": lambda f: f.q(1.0, "mV"),
    "other unit": lambda f: f.q(1.0, "volt"),
    "other dimension": lambda f: f.q(1.0, "ms"),
    "dimensionless quantity": lambda f: f.u.Quantity(f.array(1.0)),
    "None": lambda f: None,
    "text": lambda f: "1.0",
    "list": lambda f: [f.array(1.0)],
    "tuple": lambda f: (f.array(1.0),),
    "dict": lambda f: {"a": f.array(1.0)},
    "other key": lambda f: {"b": f.array(1.0)},
    "longer": lambda f: [f.array(1.0), f.array(1.0)],
    "State": lambda f: f.state(1.0),
    "ParamState": lambda f: f.param(1.0),
}


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_matches_itself_and_no_other(name):
    ours = normalise(OURS, RESULTS[name](OURS))
    matching = [other for other, make in RESULTS.items() if not list(mismatches(ours, normalise(THEIRS, make(THEIRS))))]
    assert matching == [name]


def test_a_quantity_matches_in_another_unit_of_its_dimension():
    ours = normalise(OURS, OURS.q(1.0, "volt"))
    assert not list(mismatches(ours, normalise(THEIRS, THEIRS.q(1000.0, "mV"))))


def test_a_number_matches_an_array_of_its_kind_only():
    number = normalise(OURS, 1.0)
    assert not list(mismatches(number, normalise(THEIRS, THEIRS.array(1.0))))
    assert list(mismatches(number, normalise(THEIRS, THEIRS.array(1))))


def test_a_case_fails_where_the_libraries_differ():
    with pytest.raises(AssertionError, match="ours is"):
        Case("a difference", lambda f: f.bs.__name__).check()


def test_a_case_fails_where_brainstate_has_changed():
    cases = Cases()
    cases.differs("a difference", "for the test", ours=1.0, theirs=2.0)(lambda f: 1.0)
    with pytest.raises(AssertionError, match="theirs changed"):
        cases[0].check()


def test_a_refusal_is_compared_by_its_class():
    cases = Cases()
    cases.case("a refusal", raises="ValueError")(lambda f: [][1])
    with pytest.raises(AssertionError, match="IndexError"):
        cases[0].check()


def test_a_mistake_in_a_case_is_no_refusal():
    with pytest.raises(RuntimeError, match="a mistake in the case itself"):
        OURS.error(lambda: OURS.bs.no_such_name)
