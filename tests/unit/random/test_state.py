import copy
import pickle
import threading

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import brainstate_torch as brainstate
from brainstate_torch._state import Frame
from brainstate_torch.random import RandomState

IMPLEMENTATIONS = ("torch", "threefry2x32")


@pytest.fixture(params=IMPLEMENTATIONS)
def rng(request):
    return RandomState(3, impl=request.param)


def numbers(rng):
    return [*rng.normal(size=3).tolist(), *rng.randint(1000, size=3).tolist(), *rng.permutation(5).tolist()]


def test_state_repeats_its_stream_from_a_value(rng):
    start = rng.value
    first = numbers(rng)
    assert numbers(rng) != first
    rng.value = start
    assert numbers(rng) == first
    assert numbers(RandomState(3, impl=rng.impl)) == first


def test_impl_is_told_by_the_value(rng):
    assert RandomState(rng.value, impl=rng.impl).impl == rng.impl
    other = IMPLEMENTATIONS[rng.impl == "torch"]
    rng.seed(0, impl=other)
    assert rng.impl == other
    rng.seed(1)
    assert rng.impl == other


def test_impl_follows_environ():
    with brainstate.environ.context(random_impl="threefry2x32"):
        assert RandomState(0).impl == "threefry2x32"
    assert RandomState(0).impl == "torch"


def test_seeds_that_nobody_chose_differ(rng):
    assert numbers(RandomState()) != numbers(RandomState())
    rng.seed()
    assert numbers(rng) != numbers(RandomState(3, impl=rng.impl))


def test_key_leaves_the_stream_where_it_is(rng):
    start, key = rng.value, torch.tensor([1, 2], dtype=torch.uint32)
    assert torch.equal(rng.normal(size=3, key=key), RandomState(0).normal(size=3, key=key))
    assert torch.equal(rng.value, start)


def test_key_may_be_the_value_of_a_state(rng):
    state = RandomState(5, impl="torch")
    assert torch.equal(rng.gamma(2.0, size=3, key=state.value), state.gamma(2.0, size=3))


def test_split_keys_are_new_and_move_the_stream(rng):
    start = rng.value
    keys = torch.cat([rng.split_key(3), rng.split_key()[None], rng.split_key(1)])
    assert keys.dtype == torch.uint32 and len({tuple(key) for key in keys.tolist()}) == 5
    assert not torch.equal(rng.value, start)


@pytest.mark.parametrize("method", ["split_key", "self_assign_multi_keys"])
def test_number_of_keys_must_be_a_positive_integer(rng, method):
    with pytest.raises(TypeError, match=r"`n` must be an integer. Got 1.5"):
        getattr(rng, method)(1.5)
    with pytest.raises(ValueError, match=r"`n` must be a positive integer. Got 0"):
        getattr(rng, method)(0)


def test_backup_and_restore_are_a_pair(rng):
    start = rng.value
    rng.split_key(backup=True)
    with pytest.raises(ValueError, match="it has been backed up, and has not been restored"):
        rng.backup_key()
    rng.restore_key()
    assert torch.equal(rng.value, start)
    with pytest.raises(ValueError, match="the random key has not been backed up"):
        rng.restore_key()


def test_self_assigned_keys_are_one_stream_for_each_lane(rng):
    start = rng.value
    rng.self_assign_multi_keys(4)
    keys = rng.value
    assert keys.shape == (4, 2) and len({tuple(key) for key in keys.tolist()}) == 4
    with pytest.raises(ValueError, match=r"a draw must have one key. Got 4 that `self_assign_multi_keys` made"):
        rng.normal()
    rng.restore_key()
    assert torch.equal(rng.value, start)


def test_repr_names_the_generator(rng):
    assert repr(rng) == f"RandomState(impl='{rng.impl}')"


def test_keys_draw_in_each_lane_of_vmap_what_they_draw_alone(rng):
    keys = rng.split_key(4)
    drawn = torch.func.vmap(lambda key: rng.normal(size=2, key=key))(keys)
    assert torch.equal(drawn, torch.stack([rng.normal(size=2, key=key) for key in keys]))


def test_clone_has_a_stream_of_its_own(rng):
    twin = rng.clone()
    assert twin.impl == rng.impl and numbers(twin) != numbers(rng)


@pytest.mark.parametrize(
    "copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x)), lambda x: x.copy()]
)
def test_copies_go_on_with_the_same_numbers(rng, copied):
    rng.normal()
    twin = copied(rng)
    first = numbers(twin)
    assert numbers(rng) == first


def test_streams_do_not_disturb_each_other(rng):
    other = RandomState(8)
    twin = rng.copy()
    interleaved = []
    for _ in range(3):
        interleaved.append(rng.normal(size=2))
        other.normal(size=2)
    assert torch.equal(torch.stack(interleaved), torch.stack([twin.normal(size=2) for _ in range(3)]))


def test_streams_are_the_same_in_every_thread(rng):
    found = {}

    def run(i):
        found[i] = numbers(RandomState(i, impl=rng.impl))

    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert found == {i: numbers(RandomState(i, impl=rng.impl)) for i in range(4)}


def test_threads_that_share_a_state_never_see_one_draw_twice(rng):
    drawn = []
    threads = [
        threading.Thread(target=lambda: drawn.extend(tuple(rng.split_key().tolist()) for _ in range(20)))
        for _ in range(4)
    ]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len(set(drawn)) == 80


def test_a_draw_is_a_write_for_traces(rng):
    with brainstate.StateTraceStack() as trace:
        rng.normal()
    assert trace.get_write_states() == (rng,)
    with brainstate.StateTraceStack() as trace:
        rng.normal(key=0)
    assert not trace.states


def test_a_draw_runs_the_write_hooks(rng):
    seen = []
    rng.register_hook("write_after", lambda context: seen.append(context.value))
    rng.normal()
    assert len(seen) == 1 and torch.equal(seen[0], rng.value)


def test_a_draw_is_taken_back_when_the_transform_fails(rng):
    start = rng.value

    def failing(w):
        rng.normal(size=3)
        raise KeyError("no")

    with pytest.raises(KeyError):
        brainstate.transform.grad(failing)(torch.tensor(1.0))
    assert torch.equal(rng.value, start)
    assert numbers(rng) == numbers(RandomState(3, impl=rng.impl))


def test_draws_inside_grad_are_those_outside(rng):
    twin = rng.copy()
    gradient = brainstate.transform.grad(lambda w: (w * rng.normal(size=3)).sum())(torch.tensor(1.0))
    assert torch.allclose(gradient, twin.normal(size=3).sum())
    assert numbers(rng) == numbers(twin)


def test_shapes_are_known_without_a_draw(rng):
    start = rng.value
    shape = brainstate.transform.eval_shape(lambda x: x + rng.normal(size=3) + rng.gamma(2.0), torch.zeros(3))
    assert tuple(shape.shape) == (3,) and torch.equal(rng.value, start)


def test_draws_in_nested_transforms_move_the_stream_once(rng):
    twin = rng.copy()
    jacobian = brainstate.transform.jacrev(lambda w: w * rng.normal(size=2))(torch.ones(2))
    assert torch.allclose(jacobian.diag(), twin.normal(size=2))
    assert numbers(rng) == numbers(twin)


def test_lanes_of_a_mapped_gradient_draw_different_numbers_from_torch():
    rng = RandomState(0, impl="torch")
    gradient = brainstate.transform.grad(lambda x: x * (rng.normal() + rng.normal()))
    drawn = brainstate.transform.vmap(gradient)(torch.zeros(5))
    assert drawn.unique().numel() == 5 and rng.normal().shape == ()


def test_two_streams_can_be_drawn_from_in_turn_inside_grad(rng):
    other = RandomState(8)
    twins = rng.copy(), other.copy()

    def loss(w):
        return sum(w * (rng.normal() + 2 * other.normal()) for _ in range(2))

    gradient = brainstate.transform.grad(loss)(torch.tensor(1.0))
    assert torch.allclose(gradient, sum(twins[0].normal() + 2 * twins[1].normal() for _ in range(2)))
    assert numbers(rng) == numbers(twins[0]) and numbers(other) == numbers(twins[1])


def test_parameters_of_the_state_follow_and_lead_the_stream(rng):
    (parameter,) = rng.parameters()
    start = parameter.detach().clone()
    first = numbers(rng)
    assert torch.equal(parameter.data, rng.value) and not torch.equal(parameter.data, start)
    with torch.no_grad():
        parameter.copy_(start)
    assert numbers(rng) == first


def test_lanes_of_vmap_draw_different_numbers_from_torch():
    rng = RandomState(0, impl="torch")
    drawn = torch.func.vmap(lambda x: x + rng.normal(size=3), randomness="different")(torch.zeros(5))
    assert len({tuple(row) for row in drawn.tolist()}) == 5
    assert isinstance(rng.value, torch.Tensor) and rng.value.ndim == 1


def test_a_traced_graph_of_threefry_maps_the_key_to_numbers():
    key = torch.tensor([0, 7], dtype=torch.uint32)
    graph = make_fx(lambda key: brainstate.random.normal(size=3, key=key), tracing_mode="fake")(key)
    other = torch.tensor([1, 9], dtype=torch.uint32)
    assert torch.equal(graph(other), brainstate.random.normal(size=3, key=other))


def test_a_mapped_key_stays_a_key_as_the_seed_of_a_state():
    keys = RandomState(0).split_key(3)
    with Frame() as frame:
        frame.level = 1
        drawn = torch.func.vmap(lambda key: RandomState(key, impl="torch").normal(size=2))(keys)
    assert torch.equal(drawn, torch.stack([RandomState(key, impl="threefry2x32").normal(size=2) for key in keys]))
