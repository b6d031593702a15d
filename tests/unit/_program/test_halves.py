"""brainstate_torch._program.halves: a step and its derivative, cut in two."""

import torch

from brainstate_torch._program.halves import split
from brainstate_torch._program.nodes import outputs
from brainstate_torch._program.operation import pullback
from brainstate_torch._program.recording import record

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
    return split(joint(step), [1, 1, 1, 2], 2, [1, 1, 1])


def named(nodes):
    return {"carry" if node.op == "placeholder" else str(node.target).split(".")[1] for node in nodes}


def step(c, w, x):
    after = torch.tanh(c @ w + x)
    return [after, after * x]


def stacks(*tensors):
    return [torch.stack([x]) for x in tensors]


def test_the_halves_together_are_the_whole():
    halves = halves_of(step)
    after, y, *kept = halves.forward(C, W, X)
    of_c, of_x, *factors = halves.backward(W, X, *kept, *GIVEN[3:])
    of_w = halves.postponed[1].computed(stacks(X, *kept, of_x, *factors))
    for found, expected in zip([after, y, of_c, of_w, of_x], joint(step)(*GIVEN), strict=True):
        assert torch.allclose(found, expected)


def test_products_and_transcendental_functions_are_not_computed_again():
    halves = halves_of(step)
    # The result of tanh is enough; the product is not needed.
    assert named(outputs(halves.forward)[2:]) == {"carry", "tanh"}
    assert "tanh" not in named(node for node in halves.backward.graph.nodes if node.op == "call_function")


def test_what_is_pointwise_is_computed_again_where_that_keeps_less():
    halves = halves_of(lambda c, w, x: [(c * x).abs() * c * x, c * w[0]])
    assert named(outputs(halves.forward)[2:]) == {"carry"}


def test_a_product_that_is_needed_is_kept():
    halves = halves_of(lambda c, w, x: [(c @ w) ** 2, x * 2])
    assert "carry" in named(outputs(halves.forward)[2:])
    assert len(outputs(halves.forward)) == 4
    assert sum("mm" in str(node.target) for node in halves.backward.graph.nodes) == 1


def test_what_a_linear_step_needs_is_no_more_than_its_carry():
    halves = halves_of(lambda c, w, x: [c * w[0], x * 2])
    assert len(outputs(halves.forward)[2:]) == 1
    assert len(halves_of(lambda c, w, x: [c + w[0], x * 2]).forward.graph.output_node().args[0]) == 2


def test_a_derivative_of_a_large_weight_is_a_product_behind_the_loop():
    halves = halves_of(step)
    assert list(halves.postponed) == [1]
    assert not halves.postponed[1].transposed


def test_factors_that_are_larger_than_their_product_are_not_kept_for_it():
    def joint(c, w, x, *cotangents):
        results, derivatives = pullback(lambda c, w, x: [c @ w, x], [c, w, x], cotangents, [0, 1, 2])
        return [*results, *derivatives]

    for rows, postponed in ((2, [1]), (30, [])):
        c, w, x = torch.ones(rows, 20), torch.ones(20, 20), torch.ones(2)
        graph = record(joint, [c, w, x, torch.ones(rows, 20), x]).graph
        assert list(split(graph, [1, 1, 1, 2], 2, [1, 1, 1]).postponed) == postponed
