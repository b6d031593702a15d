"""Products with events that are compiled for a CPU: they have the bits of those of torch's operations."""

import pytest
import torch

from brainstate_torch import transform
from brainstate_torch.event import CSR, BinaryArray
from brainstate_torch.nn.connection import event_cpp
from brainstate_torch.nn.connection.fan_out import fan_out

N, K, M = 19, 3, 7  # no multiples of the eight bytes that are looked at together


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(dtype)


INDICES = torch.randint(0, M, (N, K), generator=torch.Generator().manual_seed(0), dtype=torch.int32)
INPUTS = {
    "events": lambda: drawn(2, N) > 1,
    "one lane": lambda: drawn(N) > 1,
    "the last alone": lambda: torch.arange(N) == N - 1,
    "numbers": lambda: drawn(2, 1, N).relu(),
    "integers": lambda: (drawn(N) * 2).int(),
    "doubles": lambda: drawn(N, dtype=torch.float64),
    "transposed": lambda: drawn(N, 2).relu().T,
    "silence": lambda: torch.zeros(2, N),
    "zeros with a sign": lambda: torch.full((N,), -0.0),
    "not a number": lambda: torch.where(drawn(N) > 0, torch.nan, drawn(N)),
    "no lanes": lambda: torch.zeros(0, N),
}


@pytest.fixture
def called(monkeypatch):
    """How often compiled functions ran, of which there are none at first."""
    found = []
    monkeypatch.setattr(event_cpp, "_COMPILED", {})
    add_rows = event_cpp.add_rows

    def counted(*args):
        result = add_rows(*args)
        found.append(result is not None)
        return result

    monkeypatch.setattr(event_cpp, "add_rows", counted)
    return found


@pytest.mark.parametrize("is_event", [False, True])
@pytest.mark.parametrize("shape", [(), (N, K)], ids=["one weight", "weights"])
@pytest.mark.parametrize("name", INPUTS)
def test_results_have_the_bits_of_those_of_torch(called, name, shape, is_event):
    x, weight = INPUTS[name](), drawn(*shape, seed=1)
    indices = INDICES.long() if is_event else INDICES
    fun = lambda: fan_out(x, weight, indices, M, is_event)
    expected = fun()
    dtype = weight.dtype if is_event else torch.promote_types(x.dtype, weight.dtype)
    event_cpp.build(x, weight, indices, dtype)
    found = fun()
    assert called == [False, x.is_contiguous()]
    torch.testing.assert_close(found, expected, rtol=0, atol=0, equal_nan=True)
    assert found.dtype == expected.dtype


def test_numbers_of_16_bits_are_left_to_torch(called):
    weight = drawn(N, K, dtype=torch.bfloat16)
    event_cpp.build(drawn(N) > 0, weight, INDICES, torch.bfloat16)
    assert fan_out(drawn(N) > 0, weight, INDICES, M, True).dtype is torch.bfloat16
    assert called == [False]


@pytest.mark.parametrize("wrong", [M, -1])
def test_targets_beyond_the_outputs_raise_as_without_it(called, wrong):
    x, weight = torch.ones(N, dtype=torch.bool), torch.tensor(1.0)
    indices = INDICES.clone()
    indices[4, 1] = wrong
    with pytest.raises(IndexError):
        fan_out(x, weight, indices, M, True)
    event_cpp.build(x, weight, indices, torch.float32)
    with pytest.raises(IndexError, match=f"targets of connections must be from 0 to {M - 1}"):
        fan_out(x, weight, indices, M, True)
    assert not fan_out(~x, weight, indices, M, True).any()


def test_compiling_a_program_compiles_its_products(called):
    weight = drawn(N, K, seed=1)
    fun = lambda x: fan_out(x, weight, INDICES, M, True) * 2
    x = drawn(N) > 1
    expected = fun(x)
    assert torch.equal(transform.jit(fun, tiered=False)(x), expected)
    assert called[0] is False and called[-1] is True


@pytest.mark.parametrize("shared", [False, True])
def test_rows_of_a_sparse_matrix_are_added(called, shared):
    dense = torch.where(drawn(N, M, seed=2) > 0.5, 1.5 if shared else drawn(N, M, seed=3), 0.0)
    matrix = CSR.fromdense(dense)
    if shared:
        matrix = CSR((torch.tensor([1.5]), matrix.indices, matrix.indptr), shape=(N, M))
    events = drawn(N) > 0
    fun = lambda x: BinaryArray(x) @ matrix
    expected = fun(events)
    found = transform.jit(fun, tiered=False)(events)
    assert called == [False, True]
    assert torch.equal(found, expected)
    torch.testing.assert_close(found, events.float() @ dense)
