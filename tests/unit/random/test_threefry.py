import pytest
import torch
from torch.func import vmap

from brainstate_torch.random import _threefry


def signed(*words):
    return [torch.tensor(word, dtype=torch.int64).to(torch.int32) for word in words]


# Known answers of the authors of the hash, in Random123.
@pytest.mark.parametrize(
    ("key", "counter", "expected"),
    [
        ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
        ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0x1CB996FC, 0xBB002BE7)),
        ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
    ],
)
def test_hash_gives_the_published_answers(key, counter, expected):
    found = _threefry._hash(tuple(signed(*key)), *signed(*counter))
    assert [int(word) & 0xFFFFFFFF for word in found] == list(expected)


def test_key_of_seed_takes_the_upper_half_only_where_integers_are_wide():
    assert _threefry.key_of_seed(2**40 + 3, wide=False).tolist() == [0, 3]
    assert _threefry.key_of_seed(2**40 + 3, wide=True).tolist() == [256, 3]
    assert _threefry.key_of_seed(-1, wide=False).tolist() == [0, 2**32 - 1]


def test_split_of_many_keys_is_the_stack_of_splits():
    keys = _threefry.split(_threefry.key_of_seed(0, False), 4)
    each = torch.stack([_threefry.split(key, 3) for key in keys])
    assert torch.equal(_threefry.split(keys, 3), each)
    assert torch.equal(vmap(lambda key: _threefry.split(key, 3))(keys), each)


def test_split_gives_distinct_keys():
    keys = _threefry.split(_threefry.key_of_seed(0, False), 1000)
    assert keys.dtype == torch.uint32 and len({tuple(key) for key in keys.tolist()}) == 1000


@pytest.mark.parametrize("width", [8, 16, 32, 64])
def test_bits_fill_their_width_evenly(width):
    drawn = _threefry.bits(_threefry.key_of_seed(1, False), (4000,), width)
    for place in range(width):
        share = ((drawn >> place) & 1).double().mean()
        assert abs(share - 0.5) < 5 * 0.5 / 4000**0.5
    if width < 64:
        assert int(drawn.min()) >= 0 and int(drawn.max()) < 2**width
