"""brainstate_torch.random._default: the common stream follows torch's seed until it has its own."""

import copy
import pickle

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn, random
from brainstate_torch import transform as T


@pytest.fixture(autouse=True)
def _following():
    """A stream without a seed of its own, whatever ran before; as it was afterwards."""
    before = dict(vars(random.DEFAULT))
    random.DEFAULT._followed, random.DEFAULT._worker = b"", None
    yield
    vars(random.DEFAULT).update(before)


def program():
    layer = nn.Linear(3, 2)
    torch.nn.Linear(300, 300)
    return [layer.weight.value["weight"], random.rand(3), torch.rand(2), random.normal(size=2)]


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_torch_manual_seed_makes_a_program_reproducible():
    torch.manual_seed(0)
    first = program()
    torch.manual_seed(0)
    assert same(program(), first)
    assert not same(program(), first)
    torch.manual_seed(1)
    assert not any(torch.equal(a, b) for a, b in zip(program(), first, strict=True))


def test_the_same_seed_is_seen_a_second_time_without_a_draw_of_torch_in_between():
    torch.manual_seed(5)
    first = random.rand(4)
    torch.manual_seed(5)
    assert torch.equal(random.rand(4), first)
    assert not torch.equal(random.rand(4), first)


def test_a_seed_of_its_own_makes_it_independent_of_torch():
    random.seed(3)
    first = random.rand(4)
    random.seed(3)
    torch.manual_seed(9)
    torch.rand(5)
    assert torch.equal(random.rand(4), first)
    torch.manual_seed(9)
    wanted = torch.rand(2)
    torch.manual_seed(9)
    random.rand(2)
    assert torch.equal(torch.rand(2), wanted)


def test_a_seed_for_a_block_leaves_it_following():
    torch.manual_seed(0)
    first = random.rand(2)
    with random.seed_context(4):
        inside = random.rand(2)
    torch.manual_seed(0)
    assert torch.equal(random.rand(2), first)
    with random.seed_context(4):
        assert torch.equal(random.rand(2), inside)


def test_a_position_is_kept_and_returned_to():
    torch.manual_seed(0)
    random.split_key(backup=True)
    drawn = random.rand(3)
    torch.rand(2)
    random.restore_key()
    random.split_key()
    assert torch.equal(random.rand(3), drawn)


@pytest.mark.parametrize("wrap", [lambda f: f, lambda f: T.jit(f, backend="replay"), lambda f: T.vmap(f, axis_size=1)])
def test_transforms_follow_too(wrap):
    draw = wrap(lambda: random.rand(3))
    torch.manual_seed(2)
    first = [draw(), draw()]
    torch.manual_seed(2)
    assert same([draw(), draw()], first)
    assert not torch.equal(first[0], first[1])


def test_an_exception_in_a_transform_rolls_the_stream_back():
    torch.manual_seed(2)
    random.rand(1)
    before = random.get_key()

    def program(x):
        random.rand(2)
        raise KeyError

    with pytest.raises(KeyError):
        T.grad(program)(torch.tensor(1.0))
    assert torch.equal(random.get_key(), before)


def test_within_taped_and_the_call_of_a_module_it_draws():
    torch.manual_seed(2)
    first = nn.Dropout(0.5)(torch.ones(50))
    torch.manual_seed(2)
    with brainstate.taped():
        assert torch.equal(nn.Dropout(0.5)(torch.ones(50)), first)


def test_copies_are_streams_of_their_own():
    random.rand(1)
    before = random.get_key()
    twins = [random.DEFAULT.copy(), copy.deepcopy(random.DEFAULT), pickle.loads(pickle.dumps(random.DEFAULT))]
    torch.rand(1)
    for twin in twins:
        assert type(twin) is random.RandomState and torch.equal(twin.value, before)
    assert type(random.DEFAULT.clone()) is random.RandomState


class Draws(torch.utils.data.Dataset):
    def __len__(self):
        return 8

    def __getitem__(self, i):
        return random.rand(1)


# JAX, where another test has imported it, warns of every fork.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.parametrize("seed", [None, 0])
def test_workers_of_a_data_loader_draw_different_numbers(seed):
    if seed is not None:
        random.seed(seed)

    def epoch():
        return torch.cat(list(torch.utils.data.DataLoader(Draws(), num_workers=2))).flatten()

    torch.manual_seed(0)
    first, second = epoch(), epoch()
    assert torch.cat([first, second]).unique().numel() == 16
    if seed is not None:
        random.seed(seed)
    torch.manual_seed(0)
    assert torch.equal(epoch(), first)
