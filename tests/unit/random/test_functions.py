import inspect
import pickle

import pytest
import torch

from brainstate_torch import random
from brainstate_torch.random import _functions
from brainstate_torch.random._draws import Sampler


@pytest.mark.parametrize("name", [name for name in _functions._NAMES if name != "randint"])
def test_function_has_the_signature_and_text_of_the_method(name):
    function, method = getattr(random, name), getattr(random.DEFAULT, name)
    assert inspect.signature(function) == inspect.signature(method)
    assert function.__doc__ == method.__doc__ and function.__name__ == name
    assert pickle.loads(pickle.dumps(function)) is function


def test_randint_takes_the_key_before_the_dtype():
    drawn = random.randint(0, 10, (3,), 5, torch.int64)
    assert drawn.dtype == torch.int64 and torch.equal(drawn, random.DEFAULT.randint(0, 10, 3, torch.int64, 5))


def test_functions_draw_from_default():
    start = random.get_key()
    first = random.normal(size=3)
    random.set_key(start)
    assert torch.equal(random.DEFAULT.normal(size=3), first)


def test_every_distribution_of_the_state_is_a_function_too():
    families = [kind for kind in random.RandomState.__mro__ if issubclass(kind, Sampler)]
    methods = {name for kind in families[1:] for name in vars(kind) if not name.startswith("_")}
    assert sorted(methods) == sorted(_functions._NAMES)


@pytest.mark.parametrize("name", _functions._NAMES)
def test_help_of_a_distribution_names_each_of_its_parameters(name):
    function = getattr(random, name)
    lines = inspect.getdoc(function).split("\n")
    start = lines.index("Parameters")
    section = lines[start + 2 : lines.index("Returns")]
    listed = {part.strip(" *") for line in section if line[:1].strip() for part in line.split(",")}
    assert listed == set(inspect.signature(function).parameters)
