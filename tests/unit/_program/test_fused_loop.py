"""Loops as one kernel beside the same loops step by step: in C++, or, by `make fake-gpu`, in Triton's interpreter."""

import json
import math
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn, spiking
from brainstate_torch import transform as T
from brainstate_torch._host.triton import runs_triton
from brainstate_torch._program import cpp_code, fused_loop, triton_code
from brainstate_torch._program import loop as loop_module
from brainstate_torch._program.fused_loop import FusedLoop
from brainstate_torch._program.loop import Layout, Loop
from brainstate_torch._program.operation import Body, compiling
from brainstate_torch._program.recording import Like

#: `make fake-gpu` sets it before torch loads Triton.
INTERPRETED = os.environ.get("TRITON_INTERPRET") == "1"
with_triton = pytest.mark.skipif(not INTERPRETED, reason="make fake-gpu runs it")
#: The interpreter computes with numpy, which warns of what torch does in silence.
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning:triton")
F32 = torch.float32


@pytest.fixture(autouse=True)
def _interpreted(monkeypatch):
    """The interpreter takes tensors on the CPU; it lacks the functions of NVIDIA's library."""
    if not INTERPRETED:
        return
    import triton.language as tl
    from triton.language.extra import libdevice
    from triton.runtime.interpreter import TensorHandle

    def of_torch(fun):
        def call(*xs):
            data = fun(*[torch.from_numpy(np.asarray(x.handle.data)) for x in xs]).numpy()
            return tl.tensor(TensorHandle(data, xs[0].dtype), tl.block_type(xs[0].dtype, list(data.shape)))

        return call

    for name in ("tanh", "expm1", "log1p", "atan", "sinh", "cosh", "pow"):
        monkeypatch.setattr(libdevice, name, of_torch(getattr(torch, name)))
    monkeypatch.setattr(loop_module, "writer_for", lambda like: triton_code)


@pytest.fixture
def launches(monkeypatch):
    """The loops that ran as one kernel."""
    found, plain = [], FusedLoop.__call__

    def call(self, *arguments):
        found.append(self)
        return plain(self, *arguments)

    monkeypatch.setattr(FusedLoop, "__call__", call)
    return found


def both(step, layout, length, tensors, reverse=False):
    """The results of a loop as one kernel, and step by step."""
    ends = sum(layout[:2])
    like = [Like(x.shape[i >= ends :], x.dtype, x.device) for i, x in enumerate(tensors)]
    found = []
    for backend in ("inductor", "replay"):
        with compiling(backend):
            made = Loop(Body(step, like), Layout(*layout), length, reverse)
        assert (made._fused is not None) == (backend == "inductor")
        found.append(made.run(tensors))
    return found


def normal(*shape, seed=0, dtype=F32):
    return torch.tensor(np.random.default_rng(seed).normal(size=shape), dtype=dtype)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_carry_constants_inputs_and_outputs(reverse, dtype):
    def step(v, w, gain, scale, x, unused):
        v = v * 0.9 + gain * x
        s = v > 0.3
        return [torch.where(s, v - scale, v), w + s.to(torch.int32), s, v * w, x]

    tensors = [
        normal(3, 300, dtype=dtype),
        torch.zeros(3, 300, dtype=torch.int32),
        normal(300, seed=1, dtype=dtype),
        torch.tensor(0.7, dtype=dtype),
        normal(7, 3, 300, seed=2, dtype=dtype),
        normal(7, 5, seed=3, dtype=dtype),
    ]
    for x, y in zip(*both(step, (2, 2, 2), 7, tensors, reverse), strict=True):
        torch.testing.assert_close(x, y)


_UNARY = [
    *("neg", "abs", "exp", "exp2", "sin", "cos", "erf", "floor", "ceil", "sigmoid", "tanh", "expm1", "atan", "sinh"),
    *("cosh", "sign", "relu", "square", "reciprocal", "isnan", "logical_not", "zeros_like", "ones_like", "positive"),
    *("log", "log2", "sqrt", "rsqrt", "log1p"),
]


@pytest.mark.parametrize("name", _UNARY)
def test_functions_of_one_number_are_those_of_torch(name):
    special = torch.tensor([0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 1e-30, 88.0, -104.0])
    xs = torch.cat([special, normal(90, seed=4), normal(100, seed=5).abs() * 3])
    found, wanted = both(lambda x: [getattr(torch, name)(x)], (0, 0, 1), 2, [torch.stack([xs, xs + 0.5])])
    torch.testing.assert_close(found[0], wanted[0], equal_nan=True)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("name", ["erf", "expm1", "log1p", "sin", "tanh", "sinh", "atan", "cosh", "exp"])
def test_functions_keep_their_digits_near_zero_and_near_their_overflow(name, dtype):
    if INTERPRETED and name in ("erf", "sinh", "cosh"):
        pytest.skip("the interpreter has torch's in place of a GPU's")
    small = torch.logspace(-30, 0, 100, dtype=torch.float64)
    large = torch.tensor([88.0, 89.0, 89.4, 103.0, 709.0, 710.0], dtype=torch.float64)
    xs = torch.cat([small, -small, large, -large]).to(dtype)
    found, _ = both(lambda x: [getattr(torch, name)(x)], (0, 0, 1), 2, [torch.stack([xs, xs])])
    # One at a time: torch's own cosh(89), and cosh(710) of 64 bits, are inf where it computes in vectors.
    wanted = torch.stack([getattr(torch, name)(x) for x in xs.double()]).to(dtype).expand(2, -1)
    torch.testing.assert_close(found[0], wanted, rtol=4e-6 if dtype is F32 else 1e-13, atol=0, equal_nan=True)


_MORE = {
    "arithmetic": lambda a, b, n, m: a + b - 2 * a * b / (b + 3) + torch.add(a, b, alpha=3) - (1 - a),
    "mixed": lambda a, b, n, m: a * n + m + (n + m) * (n - 2) - n / 4,
    "comparisons": lambda a, b, n, m: (a > b).float() + (a <= 0.2) + (n == 1) * 2 + (n != m) + (n >= a) - (n < 2).int(),
    "logic": lambda a, b, n, m: (m & (a > 0)) | ~m ^ (b > 0) | torch.logical_and(n, a) | torch.logical_xor(m, n),
    "integers": lambda a, b, n, m: (n & 3) | (n ^ 5) * (n - 1),
    "where": lambda a, b, n, m: torch.where(m, a, b) + torch.where(a > 0, 1.5, b) + a.masked_fill(m, 2.0),
    "bounds": lambda a, b, n, m: a.clamp(-0.5, 0.7) + torch.maximum(a, b) - torch.minimum(a, b) + b.clamp(min=0.1),
    "powers": lambda a, b, n, m: a**2 + a**3 + b.abs() ** 0.5 + b.abs() ** -0.5 + b.abs() ** 1.7 + b.abs() ** a + a**-1,
    "fillings": lambda a, b, n, m: torch.full_like(a, 2.5) * a + torch.zeros(5) + torch.ones(3, 5) / 10,
    "casts": lambda a, b, n, m: a.to(torch.int32).to(torch.float64) + n.to(torch.float64) * 0.1 + m.double(),
}


@pytest.mark.parametrize("name", _MORE)
def test_operations_are_those_of_torch(name):
    a, b = normal(2, 3, 5), normal(2, 3, 5, seed=1)
    a[0, 0, 0] = math.nan
    n, m = torch.arange(30).reshape(2, 3, 5) - 4, normal(2, 3, 5, seed=2) > 0
    found, wanted = both(lambda *xs: [_MORE[name](*xs)], (0, 0, 4), 2, [a, b, n, m])
    assert found[0].dtype == wanted[0].dtype
    torch.testing.assert_close(found[0], wanted[0], equal_nan=True)


@pytest.mark.parametrize("shapes", [((5,), (3, 1), ()), ((1, 5), (1,), (3, 5)), ((2, 1, 5), (3, 1), (5,))])
def test_constants_are_repeated_as_torch_repeats_them(shapes):
    one, other, third = [normal(*shape, seed=i) for i, shape in enumerate(shapes)]
    shape = torch.broadcast_shapes((3, 5), *shapes)
    step = lambda v, a, b, c, x: [v * a + b * x, v * c + a.expand(*v.shape) + b.reshape(1, *b.shape)]
    found, wanted = both(step, (1, 3, 1), 4, [normal(*shape), one, other, third, normal(4, 3, 5, seed=9)])
    for x, y in zip(found, wanted, strict=True):
        torch.testing.assert_close(x, y)


@pytest.mark.parametrize(
    "step",
    [
        lambda v, w, x: [v @ w + x, v],
        lambda v, w, x: [v + x, v.sum()],
        lambda v, w, x: [v + x, v.T],
        lambda v, w, x: [v + x, v.reshape(-1)],
        lambda v, w, x: [v + x[[1, 0, 2]], v],
        lambda v, w, x: [v + x, torch.rand_like(v)],
        lambda v, w, x: [v + x, v.to(torch.bfloat16)],
        lambda v, w, x: [v + x, v.cumsum(0)],
        lambda v, w, x: [v + x, torch.ones(7)],
        lambda v, w, x: [v + x.sum(0), v],
        lambda v, w, x: [v + x, v.to(torch.complex64)],
    ],
    ids=["product", "sum", "transpose", "shape", "index", "draw", "bfloat16", "scan", "other", "sum in", "complex"],
)
def test_a_step_that_does_more_is_run_step_by_step(step):
    like = [Like(torch.Size([3, 3]), F32, torch.device("cpu"))] * 3
    with compiling("inductor"):
        assert Loop(Body(step, like), Layout(1, 1, 1), 4)._fused is None


def test_what_is_told_of_or_replayed_is_not_fused():
    like = [Like(torch.Size([3]), F32, torch.device("cpu"))] * 2
    body = Body(lambda v, x: [v + x, v], like)
    with compiling("replay"):
        assert Loop(body, Layout(1, 0, 1), 4)._fused is None
    with compiling("inductor"):
        assert Loop(body, Layout(1, 0, 1), 4, watch=lambda *_: None)._fused is None
        assert Loop(body, Layout(1, 0, 1), 0)._fused is None


def test_derivatives_of_shared_parameters_are_summed_behind_the_kernel(launches):
    gain, scale = brainstate.ParamState(normal(5)), brainstate.ParamState(torch.tensor(0.8))

    def loss(v, xs):
        def step(v, x):
            v = torch.tanh(v * scale.value + gain.value * x)
            return v, v * x

        v, ys = T.scan(step, v, xs)
        return (v**2).sum() + (ys * torch.arange(5)).sum()

    arguments = normal(3, 5, seed=1), normal(6, 3, 5, seed=2)
    options = {"grad_states": [gain, scale], "argnums": (0, 1), "return_value": True}
    wanted = T.grad(loss, **options)(*arguments)
    found = T.jit(T.grad(loss, **options))(*arguments)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    assert len(launches) == 2
    assert sorted(launches[1].totals) == [1, 2]


@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_spiking_neurons_with_units_are_two_kernels_forward_and_backward(launches, reset):
    w = brainstate.ParamState(normal(4, 6, seed=3))
    neurons = spiking.LIF(6, tau=20 * u.ms, V_th=1 * u.mV, R=1 * u.ohm, spk_reset=reset)

    def loss(xs):
        nn.init_all_states(neurons, 3)
        current = xs @ w.value
        spikes = T.for_loop(lambda i: neurons(i * 30 * u.mA), current)
        return (spikes**2).sum() + (neurons.V.value / u.mV).sum()

    xs = normal(8, 3, 4, seed=4).abs()
    with brainstate.environ.context(dt=1.0 * u.ms):
        wanted = T.grad(loss, w, return_value=True)(xs)
        found = T.jit(T.grad(loss, w, return_value=True))(xs)
    assert wanted[0].abs().sum() > 0
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
    assert len(launches) == 2


def test_second_derivatives_and_maps_agree(launches):
    def loss(v, xs):
        v, ys = T.scan(lambda v, x: (torch.sin(v) * x + v**2 * 0.1, v), v, xs)
        return (v * ys[2]).sum()

    v, xs = normal(5), normal(4, 5, seed=1)
    second = lambda f: T.grad(lambda v, xs: T.grad(f)(v, xs).sum())
    torch.testing.assert_close(T.jit(second(loss))(v, xs), second(loss)(v, xs), rtol=1e-4, atol=1e-5)
    mapped = T.vmap(T.grad(loss), in_axes=(0, None))
    vs = normal(3, 5, seed=2)
    torch.testing.assert_close(T.jit(mapped)(vs, xs), mapped(vs, xs), rtol=1e-4, atol=1e-5)
    pushed = lambda v: T.jvp(lambda v: loss(v, xs), (v,), (v,))[1]
    torch.testing.assert_close(T.jit(pushed)(v), pushed(v), rtol=1e-4, atol=1e-5)
    assert launches


def test_the_number_of_kernels_does_not_depend_on_the_number_of_steps():
    like = [Like(torch.Size([3, 4]), F32, torch.device("cpu"))] * 2
    kernels = []
    for length in (2, 2000):
        with compiling("inductor"):
            kernels.append(Loop(Body(lambda v, x: [v * 0.9 + x, v > 1], like), Layout(1, 0, 1), length)._fused.source)
    assert kernels[0] == kernels[1]


#: The interpreter does not check types; the compiler does, and needs no GPU.
COMPILED = """
import json, sys
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from brainstate_torch._program.triton_code import loaded

for source, types in json.load(sys.stdin):
    signature = {f"p{i}": kind for i, kind in enumerate(types)} | {"steps": "i32", "size": "i32", "BLOCK": "constexpr"}
    made = triton.compile(ASTSource(loaded(source), signature, {"BLOCK": 256}), target=GPUTarget("cuda", 80, 32))
    assert made.asm["cubin"]
"""
_POINTERS = {
    torch.float32: "*fp32",
    torch.float64: "*fp64",
    torch.int32: "*i32",
    torch.int64: "*i64",
    torch.bool: "*i1",
}


@with_triton
def test_kernels_compile_for_a_gpu(monkeypatch):
    """A neuron with a derivative and shared parameters, and all functions and operations, in one kernel each."""
    made, plain = [], FusedLoop.__call__

    def call(self, carry, constants, inputs):
        first = [x for i, x in enumerate(carry) if i not in self.totals]
        dtypes = [x.dtype for x in (*first, *constants, *inputs)] + [x[1] for x in (*self._ends, *self._columns)]
        made.append((self.source, [_POINTERS[dtype] for dtype in dtypes]))
        return plain(self, carry, constants, inputs)

    monkeypatch.setattr(FusedLoop, "__call__", call)
    scale = brainstate.ParamState(torch.tensor(0.8))
    neurons = spiking.LIF(6, tau=20 * u.ms, V_th=1 * u.mV, R=1 * u.ohm)

    def loss(xs):
        nn.init_all_states(neurons, 3)
        return (T.for_loop(lambda i: neurons(i * scale.value * 30 * u.mA), xs) ** 2).sum()

    with brainstate.environ.context(dt=1.0 * u.ms):
        T.jit(T.grad(loss, scale))(normal(4, 3, 6).abs())
    a, b = normal(2, 3, 5), normal(2, 3, 5, seed=1)
    n, m = torch.arange(30).reshape(2, 3, 5) - 4, normal(2, 3, 5, seed=2) > 0
    both(lambda *xs: [f(*xs) for f in _MORE.values()], (0, 0, 4), 2, [a, b, n, m])
    both(lambda *xs: [getattr(torch, name)(x) for name in _UNARY for x in xs], (0, 0, 2), 2, [a, b.double()])
    assert len(made) == 4
    environment = {key: value for key, value in os.environ.items() if key != "TRITON_INTERPRET"}
    ended = subprocess.run(
        [sys.executable, "-c", COMPILED],
        env={**environment, "PYTHONPATH": os.pathsep.join(x for x in sys.path if x)},
        input=json.dumps(made),
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]


def test_who_writes_kernels_is_known_by_the_device(monkeypatch):
    like = [Like(torch.Size([]), F32, torch.device("cuda")), Like(torch.Size([]), F32, torch.device("cpu"))]
    capability = (8, 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    answers = []
    for installed, capability in ((True, (7, 0)), (True, (6, 1)), (False, (8, 0))):  # noqa: B007
        runs_triton.cache_clear()
        monkeypatch.setattr("brainstate_torch._host.triton.has_triton", lambda installed=installed: installed)
        answers.append(fused_loop.writer_for(like))
        assert fused_loop.writer_for(like[1:]) is cpp_code
    runs_triton.cache_clear()
    assert answers == [triton_code, None, None]


@pytest.mark.skipif(INTERPRETED, reason="of C++")
@pytest.mark.parametrize("threads", [1, 2, 3])
@pytest.mark.parametrize("size", [1, 15, 16, 1000, 2**15 + 5])
def test_blocks_and_threads_share_the_elements(monkeypatch, size, threads):
    """The last vector of a block is not whole, and there are more threads than blocks."""
    monkeypatch.setattr(cpp_code, "_WORTH_A_THREAD", 1)
    monkeypatch.setattr(torch, "get_num_threads", lambda: threads)
    step = lambda v, w, a, x: [v * 0.5 + x * a, w + v.double(), v > x, v]
    xs = [normal(size), normal(size, seed=1, dtype=torch.float64), torch.tensor(0.3), normal(3, size, seed=2)]
    for x, y in zip(*both(step, (2, 1, 1), 3, xs), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=0)


@pytest.mark.skipif(INTERPRETED, reason="of C++")
def test_a_step_that_carries_more_than_a_cache_holds_is_computed_in_smaller_blocks():
    count = 400
    step = lambda *vs: [*[v + 1 for v in vs[:count]], vs[0] * vs[-1]]
    xs = [normal(40, seed=i, dtype=torch.float64) for i in range(count)] + [normal(2, 40, dtype=torch.float64)]
    for x, y in zip(*both(step, (count, 0, 1), 2, xs), strict=True):
        torch.testing.assert_close(x, y, rtol=0, atol=0)


@pytest.mark.skipif(INTERPRETED, reason="of C++")
def test_code_that_a_compiler_does_not_know_leaves_the_loop_to_inductor(monkeypatch):
    monkeypatch.setattr(cpp_code, "_HEAD", "no C++")
    like = [Like(torch.Size([3]), F32, torch.device("cpu"))] * 2
    with compiling("inductor"):
        made = Loop(Body(lambda v, x: [v + x, v], like), Layout(1, 0, 1), 4)
    assert made._fused is None
    assert torch.equal(made.run([torch.zeros(3), torch.ones(4, 3)])[0], torch.full((3,), 4.0))
