"""brainstate_torch._program.invariant: what a step computes from constants alone is computed once."""

import pytest
import torch

from brainstate_torch import ParamState, random
from brainstate_torch import transform as T
from brainstate_torch._program.invariant import hoisted
from brainstate_torch._program.nodes import arguments, outputs
from brainstate_torch._program.recording import record

C = torch.tensor([[0.5, -0.3]])
W = torch.tensor([[0.2, 0.8], [-0.5, 0.1]])


def halves(step, *fixed):
    graph = record(step, [C, *fixed]).graph
    return hoisted(graph, arguments(graph)[:1])


def names(nodes):
    return [node.name.rstrip("_0123456789") for node in nodes if node.op == "call_function"]


@pytest.mark.parametrize(
    "step, moved, left",
    [
        (lambda c, w: [c @ w.abs()], ["abs"], ["mm"]),
        (lambda c, w: [c @ w.t()], ["t"], ["mm"]),
        (lambda c, w: [c * w.exp().sum(0)], ["exp", "sum"], ["mul"]),
        (lambda c, w: [c * w[0]], None, ["select", "mul"]),
        (lambda c, w: [c * (2 * w)[0]], ["mul"], ["select", "mul"]),
        (lambda c, w: [c * w[:, :, None].mul(w[0]).sin().cos()], None, None),
        (lambda c, w: [c @ w.abs().chunk(2, 1)[0]], ["abs", "split"], ["mm"]),
        (lambda c, w: [c + torch.rand(2) * torch.bernoulli(w).sum()], None, None),
        (lambda c, w: [c.sum() * w.exp().expand(8, 8, 2, 2).cos()], ["exp"], None),
    ],
)
def test_what_moves_and_what_stays(step, moved, left):
    found = halves(step, W)
    if moved is None:
        assert found.before is None
    else:
        assert set(moved) <= set(names(found.before.graph.nodes))
    if left is not None:
        assert names(found.step.graph.nodes) == left


def test_the_halves_together_are_the_whole():
    def step(c, w, x):
        return [torch.tanh(c @ (w * w.sigmoid()).t()), w.sum() * x]

    found = halves(step, W, C + 1)
    values = [x.contiguous() for x in found.before(W, C + 1)]
    for one, other in zip(found.step(C, W, C + 1, *values), step(C, W, C + 1), strict=True):
        assert torch.allclose(one, other)
    assert len(found.values) == len(outputs(found.before))


@pytest.mark.slow
def test_a_loop_reads_what_a_state_holds_at_the_call():
    """Signs of weights, as in networks of excitatory and inhibitory neurons, are taken once for each call."""
    weight = ParamState(W.clone())

    def step(c, x):
        c = torch.tanh(c @ weight.value.abs().t() + x)
        return c, c.sum()

    def total():
        return T.scan(step, C, torch.arange(6.0).reshape(6, 1, 1))[1].sum()

    for derive in (lambda f: f, lambda f: T.grad(f, weight)):
        program = T.jit(derive(total))
        for scale in (1.0, -2.0):
            weight.value = scale * W
            assert torch.allclose(program(), derive(total)())


@pytest.mark.slow
def test_random_numbers_differ_from_step_to_step():
    draws = T.jit(lambda: T.for_loop(lambda i: random.rand(2) + i, torch.zeros(4)))()
    assert len(draws.unique()) == 8
