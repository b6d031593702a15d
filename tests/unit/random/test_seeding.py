import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import random


@pytest.fixture(autouse=True)
def restored():
    before = random.get_key()
    yield
    random.DEFAULT.value = before


@pytest.mark.parametrize("seed", [3, np.int64(3), torch.tensor([0, 3], dtype=torch.uint32), np.array([0, 3], "uint32")])
def test_seed_starts_torch_and_numpy(seed):
    random.seed(3)
    first, numpy_first = random.rand(3), np.random.rand(3)
    random.seed(seed)
    assert torch.equal(random.rand(3), first)
    assert (np.random.rand(3) == numpy_first).all() == (isinstance(seed, (int, np.integer)))


def test_seed_without_a_seed_leaves_numpy_alone():
    np.random.seed(0)
    expected = np.random.rand(2)[1]
    np.random.seed(0)
    np.random.rand()
    random.seed()
    assert np.random.rand() == expected


@pytest.mark.parametrize("seed", [1.0, "a"])
def test_seed_refuses_other_types(seed):
    with pytest.raises(TypeError, match="`key` must be an int, a key"):
        random.seed(seed)


def test_seed_chooses_the_generator():
    random.seed(0, impl="threefry2x32")
    assert random.DEFAULT.impl == "threefry2x32"
    random.seed(1)
    assert random.get_key_data().tolist() == [0, 1]
    with brainstate.environ.context(random_impl="torch"):
        random.seed(1)
    assert random.DEFAULT.impl == "torch"


@pytest.mark.parametrize("seed", [5, None])
def test_seed_context_puts_both_streams_back_after_an_error(seed):
    start, numpy_start = random.get_key(), np.random.get_state()[1].copy()
    with pytest.raises(KeyError), random.seed_context(seed):
        random.rand(3)
        raise KeyError
    assert torch.equal(random.get_key(), start) and (np.random.get_state()[1] == numpy_start).all()


def test_seed_context_puts_the_generator_back():
    with brainstate.environ.context(random_impl="threefry2x32"), random.seed_context(0):
        assert random.DEFAULT.impl == "threefry2x32"
    assert random.DEFAULT.impl == "torch"


def test_set_key_goes_on_from_get_key():
    key = random.get_key()
    first = random.rand(3)
    random.set_key(key)
    assert torch.equal(random.rand(3), first)


@pytest.mark.parametrize("function", [random.split_keys, random.self_assign_multi_keys])
@pytest.mark.parametrize("n", [0, -1, 1.5])
def test_number_of_keys_must_be_a_positive_integer(function, n):
    with pytest.raises(ValueError, match="`n` must be a positive integer"):
        function(n)


def test_clone_rng_and_default_rng():
    assert random.default_rng() is random.DEFAULT is random.clone_rng(clone=False)
    assert random.clone_rng() is not random.DEFAULT
    assert torch.equal(random.clone_rng(4).rand(2), random.default_rng(4).rand(2))
