"""map: one call after the other, or chunks at once."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.transform import grad, map, vmap2

X = torch.arange(10.0).reshape(5, 2)


@pytest.mark.parametrize("batch_size", [None, 1, 2, 5, 7])
def test_map_equals_a_stack_of_calls(batch_size):
    w = brainstate.ParamState(torch.tensor([1.0, 2.0]))
    out = map(lambda x, d: {"y": w.value * x, "z": d["k"] * u.mV}, X, {"k": X[:, 0]}, batch_size=batch_size)
    assert torch.equal(out["y"], w.value * X) and torch.equal(out["z"].to_decimal(u.mV), X[:, 0])


def test_map_passes_states_from_call_to_call():
    total = brainstate.State(torch.tensor(0.0))

    def add(x):
        total.value = total.value + x.sum()
        return total.value

    assert torch.equal(map(add, X), X.sum(1).cumsum(0))
    assert torch.equal(total.value, X.sum())


def test_map_in_chunks_refuses_writes_and_changes_nothing():
    total, rng = brainstate.State(torch.tensor(0.0)), brainstate.random.RandomState(0)
    before, start = total.value, rng.value

    def add(x):
        rng.rand()
        total.value = total.value + x.sum()
        return x

    with pytest.raises(ValueError, match="must not write States where `batch_size` is given"):
        map(add, X, batch_size=2)
    assert total.value is before and rng.value is start


def test_map_in_chunks_draws_like_vmap2_chunk_by_chunk():
    rng = brainstate.random.RandomState(0, impl="threefry2x32")
    start = rng.value
    draw = lambda x: rng.randn(2) + x
    found, after = map(draw, X, batch_size=2), rng.value
    rng.value = start
    expected = torch.cat([vmap2(draw)(part) for part in X.split(2)])
    assert torch.equal(found, expected) and torch.equal(rng.value, after)


@pytest.mark.parametrize("batch_size", [None, 2, 5])
def test_map_collects_numbers(batch_size):
    assert map(lambda x: 3.0, X, batch_size=batch_size).tolist() == [3.0] * 5


def test_map_can_be_differentiated():
    w = brainstate.ParamState(torch.tensor([1.0, 2.0]))
    for batch_size in (None, 2):
        slope = grad(lambda n=batch_size: map(lambda x: (w.value * x).sum(), X, batch_size=n).sum(), w)()
        assert torch.equal(slope, X.sum(0))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: map(lambda: 0), "must hold a tensor to map over"),
        (lambda: map(lambda x: x, 3.0), "leading axes of one length"),
        (lambda: map(lambda x: x, torch.tensor(3.0), batch_size=2), "leading axes of one length"),
        (lambda: map(lambda x, y: x, X, X[:2]), r"Got the shapes \[\(5, 2\), \(2, 2\)\]"),
        (lambda: map(lambda x: x, X, batch_size=0), "`batch_size` must be a positive int. Got 0"),
        (lambda: map(lambda x: x, X, batch_size=2.0), "`batch_size` must be a positive int. Got 2.0"),
    ],
)
def test_map_error(call, text):
    with pytest.raises(ValueError, match=text):
        call()
