"""What a compiled function tells of its programs."""

import random

import pytest
import torch

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
