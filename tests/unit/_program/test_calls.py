"""brainstate_torch._program.calls: the operator that runs what a compiler must not look into."""

import gc
import weakref

import torch

from brainstate_torch._host.library import defined
from brainstate_torch._program.calls import act, call, perform, target
from brainstate_torch._program.nodes import number_of
from brainstate_torch._program.recording import record

X = torch.tensor([1.0, 2.0])


class Double:
    """A target that counts its runs."""

    acts = False

    def __init__(self):
        self.runs = 0

    def apply(self, tensors):
        return ["applied", *tensors]

    def run(self, tensors):
        self.runs += 1
        return [2 * x for x in tensors]

    def shapes(self, tensors):
        return [torch.empty_like(x) for x in tensors]


def test_a_target_runs_at_a_call():
    double = Double()
    assert torch.equal(call(double, [X])[0], 2 * X)
    assert double.runs == 1


def test_a_target_has_one_number():
    double = Double()
    recorded = [record(lambda x: call(double, [x]), [X]).graph for _ in range(2)]
    numbers = {number_of(node) for module in recorded for node in module.graph.nodes} - {None}
    assert len(numbers) == 1
    assert target(*numbers) is double


def test_a_recorded_target_is_one_node_and_does_not_run():
    double = Double()
    module = record(lambda x: call(double, [x]), [X]).graph
    assert double.runs == 0
    assert next(node.target for node in module.graph.nodes if node.op == "call_function") is perform


def test_a_target_of_constants_does_not_run_while_it_is_recorded():
    double = Double()
    record(lambda x: call(double, [torch.tensor(1.0)]), [X])
    assert double.runs == 0


def test_a_graph_that_is_replayed_applies_its_targets():
    double = Double()
    number = next(n for node in record(lambda x: call(double, [x]), [X]).graph.graph.nodes if (n := number_of(node)))
    assert perform([X], number) == ["applied", X]


def test_a_target_is_not_kept_alive():
    double = Double()
    call(double, [X])
    gone = weakref.ref(double)
    del double
    gc.collect()
    assert gone() is None


def test_defined_makes_an_operator_and_finds_it_again():
    schema = "twice_of_the_tests(Tensor x) -> Tensor"
    operator = defined(schema, lambda x: 2 * x, torch.empty_like)
    assert operator(torch.ones(2)).tolist() == [2.0, 2.0]
    assert defined(schema, lambda x: 3 * x, torch.empty_like) is operator
    assert torch.compile(operator, fullgraph=True, backend="aot_eager")(torch.ones(2)).tolist() == [2.0, 2.0]


def test_a_target_that_acts_stays_in_the_graph_though_nobody_needs_a_result():
    double = Double()
    without = record(lambda x: call(double, [x]) and [x], [X]).graph
    double.acts = True
    kept = record(lambda x: call(double, [x]) and [x], [X]).graph
    assert act not in [node.target for node in without.graph.nodes]
    assert act in [node.target for node in kept.graph.nodes]
