"""What a compiled function tells of its programs."""

import random
import weakref

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

import brainstate_torch as brainstate
from brainstate_torch import transform as T


def test_counts_of_two_programs():
    h, w = brainstate.HiddenState(torch.zeros(4)), brainstate.ParamState(torch.ones(4))

    def step(x):
        h.value = torch.tanh(h.value * w.value + x)
        return h.value

    compiled = T.jit(lambda xs: T.for_loop(step, xs).sum(), backend="replay")
    assert compiled.cost() == () and "no program yet" in repr(compiled.cost())
    for length in (3, 50):
        for _ in range(2):
            compiled(torch.ones(length, 4))
    long, short = compiled.cost()
    assert long.arguments == ("float32[50, 4]",) and short.arguments == ("float32[3, 4]",)
    assert long.states == 2 and long.calls == 2 and long.running > 0
    assert long.pieces == 2  # the step, and the sum
    assert long.inputs == 4 * (50 * 4 + 4 + 4) and long.outputs == 4 * (1 + 4)
    assert long.recording > 0 and long.compiling > 0 and long.kernels == 0
    lines = repr(compiled.cost()).splitlines()
    assert len(lines) == 3 and "float32[50, 4]" in lines[1] and "KiB" not in lines[1]
    assert len({len(line) for line in lines}) == 1


def test_of_a_method():
    class Model(brainstate.nn.Module):
        @T.jit(backend="replay")
        def run(self, x):
            return x * 2

    model = Model()
    model.run(torch.ones(3))
    (cost,) = model.run.cost()
    assert cost.operations == cost.calls == 1


@pytest.mark.slow
def test_kernels_of_the_compiler():
    number = random.random()  # that no run before has left in the cache of the compiler
    compiled = T.jit(lambda x: (x.sin() + number).sum()).compile(torch.ones(7, 11))
    (cost,) = compiled.cost()
    assert cost.kernels >= 1 and cost.pieces == 1 and cost.calls == 0
    assert "-" in repr(compiled.cost())


def test_a_cpu_has_no_cuda_graphs(capsys):
    f = brainstate.transform.jit(lambda x: x + 1, backend="replay", cuda_graphs=True)
    assert f(torch.tensor(1.0)) == 2.0 == f(torch.tensor(1.0)) == f(torch.tensor(1.0))
    assert f.cost()[0].graph == "no"
    assert "CUDA graph" in repr(f.cost())
    assert not capsys.readouterr().err


def test_waits_for_numbers():
    compiled = T.jit(lambda x: T.cond(x.sum() > 0, lambda: x * 2, lambda: x), backend="replay")
    for _ in range(3):
        compiled(torch.ones(2))
    (cost,) = compiled.cost()
    assert cost.waits == 3
    loop = T.jit(lambda x: T.while_loop(lambda n: n < 5, lambda n: n + 1, x), backend="replay")
    loop(torch.tensor(0))
    loop(torch.tensor(3))
    assert loop.cost()[0].waits == 6 + 3  # with the look that ends it
    checked = T.jit(lambda x: (T.jit_error_if(x.sum() < 0, "negative"), x + 1)[1], backend="replay")
    checked(torch.ones(2))
    plain = T.jit(lambda x: x + 1, backend="replay")
    plain(torch.ones(2))
    assert checked.cost()[0].waits == 1 and plain.cost()[0].waits == 0
    assert "waits" in repr(compiled.cost())


class _Live(TorchDispatchMode):
    """The bytes of the storages that operations make and that are alive, at most."""

    def __init__(self):
        super().__init__()
        self.now = self.most = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        known = {x.untyped_storage()._cdata for x in args if isinstance(x, torch.Tensor)}
        if isinstance(result, torch.Tensor) and result.untyped_storage()._cdata not in known:
            size = result.untyped_storage().nbytes()
            self.now += size
            self.most = max(self.most, self.now)
            weakref.finalize(result.untyped_storage(), self._freed, size)
        return result

    def _freed(self, size):
        self.now -= size


def test_peak_of_results_held_at_once():
    def chain(x):
        for _ in range(5):
            x = x * 2
        return x.sum()

    def tree(x):
        parts = [x * i for i in range(4)]
        return sum(part.sum() for part in parts)

    x = torch.ones(1000)
    for fun, most in ((chain, 2), (tree, 4)):
        (cost,) = T.jit(fun, backend="replay").compile(x).cost()
        with _Live() as live:
            fun(x)
        assert most * 4000 <= cost.peak <= most * 4000 + 100
        assert abs(cost.peak - live.most) <= 100


def test_peak_of_a_gradient_grows_with_what_a_loop_keeps():
    w = brainstate.ParamState(torch.ones(100))
    h = brainstate.HiddenState(torch.zeros(100))

    def loss(length):
        h.value = torch.zeros(100)

        def step(_):
            h.value = torch.tanh(h.value * w.value)

        T.for_loop(step, torch.arange(length))
        return h.value.sum()

    def peak(length):
        (cost,) = T.jit(T.grad(lambda: loss(length), w), backend="replay").compile().cost()
        return cost.peak

    short, long = peak(100), peak(1000)
    assert 900 * 400 <= long - short <= 3 * 900 * 400
