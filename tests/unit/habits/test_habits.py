"""How many of the habits of PyTorch users work."""

from . import (
    test_compiling,
    test_data,
    test_exporting,
    test_functions,
    test_modules,
    test_optimizers,
    test_processes,
    test_registration,
    test_saving,
    test_tools,
    test_utilities,
)

FILES = (
    test_compiling,
    test_data,
    test_exporting,
    test_functions,
    test_modules,
    test_optimizers,
    test_processes,
    test_registration,
    test_saving,
    test_tools,
    test_utilities,
)


def test_of_the_habits_most_work():
    works = [name for file in FILES for name, (_, needs) in file.HABITS.items() if "without" not in needs]
    assert len(works) >= 105, len(works)
