import inspect

import pytest
import torch

from brainstate_torch import random
from brainstate_torch.random import _functions


@pytest.mark.parametrize("name", [name for name in _functions.__all__ if name != "randint"])
def test_function_has_the_signature_and_text_of_the_method(name):
    function, method = getattr(random, name), getattr(random.DEFAULT, name)
    assert inspect.signature(function) == inspect.signature(method)
    assert function.__doc__ == method.__doc__ and function.__name__ == name


def test_randint_takes_the_key_before_the_dtype():
    drawn = random.randint(0, 10, (3,), 5, torch.int64)
    assert drawn.dtype == torch.int64 and torch.equal(drawn, random.DEFAULT.randint(0, 10, 3, torch.int64, 5))


def test_functions_draw_from_default():
    start = random.get_key()
    first = random.normal(size=3)
    random.set_key(start)
    assert torch.equal(random.DEFAULT.normal(size=3), first)
