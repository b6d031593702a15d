"""brainstate_torch._program.subgraph: parts of graphs."""

import torch

from brainstate_torch._program.nodes import arguments, outputs
from brainstate_torch._program.recording import record
from brainstate_torch._program.subgraph import extracted, reached

X = torch.tensor([1.0, 2.0])
Y = torch.tensor([3.0, -1.0])


def chain(x, y):
    double = x * 2
    return [double + y, double, y.sin()]


def test_what_depends_on_a_node_is_reached():
    module = record(chain, [X, Y]).graph
    x, y = arguments(module)
    total, double, sine = outputs(module)
    nodes = list(module.graph.nodes)
    assert {total, double} <= reached(nodes, [x]) and sine not in reached(nodes, [x])
    assert {total, sine} <= reached(nodes, [y]) and double not in reached(nodes, [y])
    assert reached(nodes, []) == set()


def test_a_part_computes_from_its_inputs_alone():
    module = record(chain, [X, Y]).graph
    _, y = arguments(module)
    total, double, sine = outputs(module)
    part = extracted(module, [double, y], [total, None, sine])
    found = part(X, Y)
    assert torch.equal(found[0], X + Y) and found[1] is None and torch.equal(found[2], Y.sin())
    assert len(arguments(part)) == 2
    assert [node.meta["val"].shape for node in arguments(part)] == [X.shape, Y.shape]
    assert not any("mul" in str(node.target) for node in part.graph.nodes)


def test_further_nodes_of_a_part_are_kept_though_it_does_not_return_them():
    module = record(chain, [X, Y]).graph
    x, y = arguments(module)
    _, double, sine = outputs(module)
    part = extracted(module, [x, y], [double], more=[sine])
    assert any("sin" in str(node.target) for node in part.graph.nodes)
    assert torch.equal(part(X, Y)[0], 2 * X)
    assert part.held == module.held
