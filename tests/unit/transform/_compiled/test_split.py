"""brainstate_torch.transform._compiled.split: a step and its derivative, cut in two."""

import torch

from brainstate_torch._graph import outputs, record
from brainstate_torch._operation import pullback
from brainstate_torch.transform._compiled.split import split

F64 = torch.float64
C = torch.tensor([0.5, -0.3], dtype=F64)
W = torch.tensor([[0.2, 0.8], [-0.5, 0.1]], dtype=F64)
X = torch.tensor([0.1, 0.7], dtype=F64)
GIVEN = [C, W, X, torch.ones(2, dtype=F64), torch.full((2,), 2.0, dtype=F64)]


def joint(step):
    def fun(c, w, x, *cotangents):
        results, derivatives = pullback(step, [c, w, x], cotangents, [0, 1, 2])
        return [*results, *derivatives]

    return record(fun, GIVEN).graph


def halves_of(step):
    return split(joint(step), [1, 1, 1, 2], 2)


def step(c, w, x):
    after = torch.tanh(c @ w + x)
    return [after, after * x]


def test_the_halves_together_are_the_whole():
    halves = halves_of(step)
    after, y, *kept = halves.forward(C, W, X)
    derivatives = halves.backward(W, X, *kept, *GIVEN[3:])
    for found, expected in zip([after, y, *derivatives], joint(step)(*GIVEN), strict=True):
        assert torch.allclose(found, expected)


def test_what_is_dear_is_kept_and_what_is_cheap_computed_again():
    halves = halves_of(step)
    kept = outputs(halves.forward)[2:]
    # The product of matrices, and what is carried into the step; not its tanh.
    assert {str(node.target).split(".")[1] if node.op != "placeholder" else "carry" for node in kept} <= {
        *["carry", "mm", "mv", "squeeze", "view"]
    }
    assert any("tanh" in str(node.target) for node in halves.backward.graph.nodes)
    assert not any(name in str(node.target) for node in halves.backward.graph.nodes for name in ("aten.mv.", "addmv"))


def test_what_a_linear_step_needs_is_no_more_than_its_carry():
    halves = halves_of(lambda c, w, x: [c * w[0], x * 2])
    assert len(outputs(halves.forward)[2:]) == 1
    assert len(halves_of(lambda c, w, x: [c + w[0], x * 2]).forward.graph.output_node().args[0]) == 2
