import math

import pytest

import brainstate_torch.units as u
from brainstate_torch.units.symbols import symbol_names
from brainstate_torch.units.unit import of_foreign_unit


@pytest.mark.parametrize(
    ("name", "size", "like"),
    [
        ("mV", 1e-3, "volt"),
        ("cm2", 1e-4, "meter2"),
        ("msecond", 1e-3, "s"),
        ("Mohm", 1e6, "ohm"),
        ("year", 31556952.0, "s"),
        ("kgramme", 1.0, "kg"),
        ("um2", 1e-12, "m2"),
        ("Hz", 1.0, "hertz"),
        ("degC", 1.0, "degC"),
        ("furlong", 201.168, "meter"),
    ],
)
def test_names_have_their_size(name, size, like):
    unit = getattr(u, name)
    assert unit.magnitude == pytest.approx(size, rel=1e-5) and unit.dim == getattr(u, like).dim


def test_names_are_listed_and_kept():
    assert {"mV", "ms", "nS", "uA", "cm", "second", "volt", "ohm", "math", "Quantity"} <= set(dir(u)) and len(
        dir(u)
    ) < 250
    assert u.kmeter3 == u.kmeter**3
    assert u.mV is u.mV is vars(u)["mV"]


@pytest.mark.parametrize("name", ["nonsense", "_private", "__wrapped__"])
def test_unknown_names_are_attribute_errors(name):
    with pytest.raises(AttributeError, match=f"has no attribute.*{name}"):
        getattr(u, name)


def test_all_is_importable():
    assert all(hasattr(u, name) for name in u.__all__) and all(hasattr(u.math, name) for name in u.math.__all__)


@pytest.mark.slow
def test_every_unit_of_brainunit_is_here_with_its_size_and_dimension():
    brainunit = pytest.importorskip("brainunit")
    theirs = {name: unit for name in dir(brainunit) if isinstance(unit := getattr(brainunit, name), brainunit.Unit)}
    assert len(theirs) > 2000 and set(theirs) <= {*dir(u), *symbol_names()}
    for name, unit in theirs.items():
        ours, (size, base) = getattr(u, name), of_foreign_unit(unit)
        assert ours.dim == base.dim, name
        assert math.isclose(ours.magnitude, float(unit.magnitude), rel_tol=1e-6), name
        assert size * base.magnitude == pytest.approx(ours.magnitude, rel=1e-6), name
