"""What docstrings of u.math get from the table."""

import inspect

import brainstate_torch.units as u
from brainstate_torch.units.descriptions import completed, described


def test_sections_are_added_once_and_in_order():
    titles = ["Parameters", "Returns", "Raises", "Notes", "Examples"]
    for function in (u.math.sum, u.math.take, u.math.cumprod, u.math.exp, u.math.zeros):
        lines = [line.strip() for line in function.__doc__.splitlines()]
        places = [lines.index(title) for title in titles if title in lines]
        assert places == sorted(places) and all(lines.count(title) <= 1 for title in titles)


def test_text_of_a_function_goes_before_that_of_all():
    assert "The number of quarter turns." in u.math.rot90.__doc__
    assert "How far above the main diagonal" in u.math.tril.__doc__


def test_a_complete_docstring_stays_as_it_is():
    assert completed(u.get_unit, inspect.signature(u.get_unit)).split() == u.get_unit.__doc__.split()
    assert described(u.get_unit) is u.get_unit
