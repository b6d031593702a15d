import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch.random._keys import as_key, checked_impl, entropy, initial_value


@pytest.mark.parametrize("seed", [5, True + 4, np.int64(5), np.array([5]), torch.tensor(5), np.array([0, 5], "uint32")])
def test_as_key_takes_seeds_and_raw_keys(seed):
    assert as_key(seed).tolist() == [0, 5]


def test_as_key_takes_wide_seeds_at_precision_64():
    with brainstate.environ.context(precision=64):
        assert as_key(2**33 + 5).tolist() == [2, 5]
        assert as_key(torch.tensor(2**33 + 5)).tolist() == [2, 5]


@pytest.mark.parametrize(
    ("key", "seen"),
    [
        (1.5, "float"),
        ("a", "str"),
        (None, "NoneType"),
        (np.zeros(3, "uint32"), r"uint32\[3\]"),
        (torch.zeros(2), "float32"),
    ],
)
def test_as_key_refuses_what_is_no_key(key, seen):
    with pytest.raises(TypeError, match=f"a uint32 array of size 2, or the value of a RandomState. Got {seen}"):
        as_key(key)


def test_checked_impl_follows_environ():
    assert checked_impl(None) is None
    with brainstate.environ.context(random_impl="threefry2x32"):
        assert checked_impl(None) == "threefry2x32"
        assert checked_impl("torch") == "torch"
    with pytest.raises(ValueError, match=r"`impl` must be one of 'torch', 'threefry2x32'. Got 'rbg'."):
        checked_impl("rbg")


def test_initial_value_of_a_key_seeds_torch():
    key = torch.tensor([0, 5], dtype=torch.uint32)
    assert torch.equal(initial_value(key, "torch"), initial_value(5, "torch"))
    assert torch.equal(initial_value(key, "threefry2x32"), key)


def test_entropy_differs():
    assert entropy() != entropy()


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
def test_keys_that_differ_in_one_word_give_streams_of_their_own(impl):
    keys = [np.array(words, "uint32") for words in ([0, 5], [1, 5], [0, 6], [1, 4], [5, 0], [2**31, 5])]
    draws = [brainstate.random.RandomState(key, impl=impl).uniform(size=4).tolist() for key in keys]
    assert len({tuple(row) for row in draws}) == len(keys)
