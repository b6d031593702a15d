"""Kernels for products with events, run by Triton's interpreter, beside the operators of a CPU."""

import os
import subprocess
import sys

import pytest
import torch

from brainstate_torch import event
from brainstate_torch.event import kernels as of_rows_module
from brainstate_torch.nn.connection import event_product as product_module
from brainstate_torch.nn.connection import fan_out as fan_out_module
from brainstate_torch.nn.connection.fan_out import fan_out

if os.environ.get("TRITON_INTERPRET") != "1":
    pytest.skip("make fake-gpu sets it before torch loads Triton", allow_module_level=True)
pytest.importorskip("triton", reason="make fake-gpu installs Triton beside the environment")

N, K, M = 19, 3, 7  # no multiples of a block


def drawn(*shape, seed=0, dtype=torch.float32):
    return torch.randn(shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).to(dtype)


INDICES = torch.randint(0, M, (N, K), generator=torch.Generator().manual_seed(0), dtype=torch.int32)


@pytest.fixture
def launched(monkeypatch):
    """The kernels that ran, where those of Triton are taken for tensors on the CPU."""
    from brainstate_torch.nn.connection import event_kernels

    found = []

    class Counted:
        def __getattr__(self, name):
            return lambda *args, **kwargs: [found.append(name), getattr(event_kernels, name)(*args, **kwargs)][1]

    has = lambda x, dtype: dtype in (torch.float32, torch.float64)
    for module in (fan_out_module, product_module, of_rows_module):
        monkeypatch.setattr(module, "has_kernels", has)
        monkeypatch.setattr(module, "kernels", Counted)
    return found


def without(fun, monkeypatch):
    """What a CPU computes."""
    with monkeypatch.context() as patch:
        for module in (fan_out_module, product_module, of_rows_module):
            patch.setattr(module, "has_kernels", lambda *_: False)
        return fun()


INPUTS = {
    "events": lambda: drawn(2, N) > 1,
    "one lane": lambda: drawn(N) > 1,
    "numbers": lambda: drawn(2, 1, N).relu(),
    "integers": lambda: (drawn(N) * 2).int(),
    "doubles": lambda: drawn(N, dtype=torch.float64),
    "transposed": lambda: drawn(N, 2).relu().T,
    "silence": lambda: torch.zeros(2, N),
    "not a number": lambda: torch.where(drawn(N) > 0, torch.nan, drawn(N)),
    "no lanes": lambda: torch.zeros(0, N),
}


@pytest.mark.parametrize("is_event", [False, True])
@pytest.mark.parametrize("shape", [(), (N, K)], ids=["one weight", "weights"])
@pytest.mark.parametrize("name", INPUTS)
def test_rows_of_active_inputs_are_added_at_their_targets(launched, monkeypatch, name, shape, is_event):
    x, weight = INPUTS[name](), drawn(*shape, seed=1)
    indices = INDICES.long() if is_event else INDICES.T.contiguous().T
    fun = lambda: fan_out(x, weight, indices, M, is_event)
    found, wanted = fun(), without(fun, monkeypatch)
    assert found.dtype == wanted.dtype
    torch.testing.assert_close(found, wanted, equal_nan=True)
    assert launched == ["fan_out"]


@pytest.mark.parametrize("is_event", [False, True])
@pytest.mark.parametrize("lanes", [(), (2, 1)], ids=str)
@pytest.mark.parametrize("shape", [(), (N, K)], ids=["one weight", "weights"])
def test_derivatives_gather_from_the_targets(launched, monkeypatch, lanes, shape, is_event):
    def gradients():
        x = drawn(*lanes, N, seed=2).relu().requires_grad_()
        weight = drawn(*shape, seed=1).requires_grad_()
        y = fan_out(x, weight, INDICES, M, is_event)
        return torch.autograd.grad((y.sin() * torch.arange(1.0, M + 1)).sum(), (x, weight))

    found, wanted = gradients(), without(gradients, monkeypatch)
    torch.testing.assert_close(found, wanted)
    assert sorted(launched[:3]) == sorted(["fan_out", "fan_in", "by_weight" if shape else "fan_out"])


def test_second_derivatives_take_operations_that_have_one(launched, monkeypatch):
    def second():
        x, weight = drawn(3, N).requires_grad_(), drawn(N, K, seed=1).requires_grad_()
        first = torch.autograd.grad(fan_out(x, weight, INDICES, M, False).sin().sum(), (x, weight), create_graph=True)
        return torch.autograd.grad(sum((g**2).sum() for g in first), (x, weight))

    torch.testing.assert_close(second(), without(second, monkeypatch))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_events_times_a_matrix(launched, monkeypatch, dtype):
    weight = drawn(N, 150, dtype=dtype)  # more than a block of columns
    for events in (drawn(N) > 1, torch.zeros(N, dtype=torch.bool), torch.ones(N, dtype=torch.bool)):
        for matrix in (weight, drawn(150, N, dtype=dtype).T):
            found = product_module.event_product(events, matrix)
            torch.testing.assert_close(found, events.to(dtype) @ matrix)
    assert launched == ["event_product"] * 6


@pytest.mark.parametrize("shared", [False, True])
def test_rows_of_a_sparse_matrix_are_added(launched, shared):
    dense = drawn(N, M) * (drawn(N, M, seed=1) > 0.5)
    dense[3:9] = 0  # rows without a number
    matrix = event.CSR.fromdense(dense)
    if shared:
        matrix, dense = event.CSR(torch.tensor([2.0]), matrix.indices, matrix.indptr, shape=(N, M)), (dense != 0) * 2.0
    for spikes in (drawn(N) > 1, torch.zeros(N, dtype=torch.bool), torch.ones(N, dtype=torch.bool)):
        torch.testing.assert_close(event.BinaryArray(spikes) @ matrix, spikes.float() @ dense)
        torch.testing.assert_close(matrix.T @ event.BinaryArray(spikes), spikes.float() @ dense)
    assert launched == ["of_rows"] * 6


def test_16_bits_and_deterministic_algorithms_take_no_atomic_sums(launched, monkeypatch):
    monkeypatch.setattr(torch, "are_deterministic_algorithms_enabled", lambda: True)
    x, weight = drawn(N) > 1, drawn(N, K, seed=1)
    fan_out(x, weight, INDICES, M, True)
    product_module.event_product(x, drawn(N, M))
    assert event.BinaryArray(x) @ event.CSR.fromdense(drawn(N, M)) is not None
    monkeypatch.undo()
    fan_out(x, weight.bfloat16(), INDICES, M, True)
    assert launched == []


#: Types of arguments are not checked by the interpreter; the compiler needs no GPU.
COMPILED = """
import sys
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from brainstate_torch.nn.connection import event_kernels as kernels

def check(kernel, types, capability=80, **constants):
    names = kernel.arg_names
    signature = dict(zip(names, types)) | {name: "constexpr" for name in constants}
    assert len(types) + len(constants) == len(names)
    made = triton.compile(ASTSource(kernel, signature, constants), target=GPUTarget("cuda", capability, 32))
    assert made.asm["cubin"]

block, four = dict(ROWS=16, BLOCK=32), ["i32"] * 4
check(kernels.fan_out_kernel, ["*u8", "*fp32", "*i32", "*fp32", *four], 90, EVENT=True, SHARED=True, **block)
check(kernels.fan_out_kernel, ["*fp32", "*fp16", "*i64", "*fp32", *four], EVENT=False, SHARED=False, **block)
check(kernels.fan_in_kernel, ["*fp64", "*fp64", "*i64", "*fp64", *four], SHARED=False, **block)
check(kernels.by_weight_kernel, ["*u8", "*fp32", "*i32", "*fp32", *four, "i32"], **block)
check(kernels.event_product_kernel, ["*u8", "*fp32", "*fp32", "i32", "i32", "i32"], **block)
check(kernels.of_rows_kernel, ["*u8", "*fp64", "*i64", "*i64", "*fp64", "i32"], SHARED=False, **block)
"""


def test_kernels_compile_for_gpus():
    environment = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    path = os.pathsep.join(x for x in sys.path if x)
    ended = subprocess.run(
        [sys.executable, "-c", COMPILED], env={**environment, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
