"""brainstate_torch._program.recording: graphs recorded from functions of tensors."""

import math
import threading

import pytest
import torch

from brainstate_torch import ConcretizationError
from brainstate_torch._host.functorch import grad_and_value, vmap
from brainstate_torch._program.nodes import effort, memory, merge_equal, multiplications, outputs, written_input
from brainstate_torch._program.purity import functional, pure
from brainstate_torch._program.recording import Like, is_recording, local, record, recording, with_numbers

X = torch.tensor([1.0, 2.0])


def replay(recorded, *tensors):
    return recorded.graph(*tensors, *recorded.captured)


def test_a_recording_does_what_the_function_does_for_other_numbers():
    recorded = record(lambda x, y: [x * y, x + 1], [X, X])
    product, more = replay(recorded, 2 * X, 3 * X)
    assert torch.equal(product, 6 * X * X)
    assert torch.equal(more, 2 * X + 1)
    assert recorded.captured == []


def test_a_function_is_recorded_without_numbers():
    recorded = record(lambda x: [x * 2], [Like(torch.Size((10**6, 10**6)), torch.float32, torch.device("cpu"))])
    assert outputs(recorded.graph)[0].meta["val"].shape == (10**6, 10**6)


def test_tensors_from_outside_become_inputs():
    a, b = torch.ones(2), torch.full((2,), 3.0)
    recorded = record(lambda x: [x * a + a * b], [X])
    assert [x is y for x, y in zip(recorded.captured, (a, b), strict=True)] == [True, True]
    assert torch.equal(replay(recorded, X)[0], X + 3)
    a.mul_(2)
    assert torch.equal(replay(recorded, X)[0], 2 * X + 6)


def test_a_tensor_made_of_numbers_becomes_an_input():
    recorded = record(lambda x: [x * torch.tensor([2.0, 3.0])], [X])
    assert torch.equal(recorded.captured[0], torch.tensor([2.0, 3.0]))
    assert not any(node.op == "get_attr" for node in recorded.graph.graph.nodes)
    assert torch.equal(replay(recorded, X)[0], X * torch.tensor([2.0, 3.0]))


def test_a_tensor_handed_through_is_an_input_of_the_graph():
    recorded = record(lambda x: [X, x], [X])
    assert recorded.captured[0] is X
    assert torch.equal(replay(recorded, 2 * X)[1], 2 * X)


def test_results_that_nobody_needs_are_not_computed():
    def fun(x):
        torch.exp(x)
        return [x * 2]

    names = [str(node.target) for node in record(fun, [X]).graph.graph.nodes]
    assert not any("exp" in name for name in names)


def test_a_recording_inside_another_captures_what_belongs_to_the_other():
    inner = []

    def outer(x):
        y = x * 2
        inner.append(record(lambda z: [z * y + X], [X]))
        return [y]

    record(outer, [X])
    (recorded,) = inner
    assert len(recorded.captured) == 2
    assert recorded.originals[1] is X
    assert torch.equal(recorded.graph(X, 3 * X, X)[0], 3 * X * X + X)


def test_what_is_recorded_is_known_inside_only():
    seen = []
    record(lambda x: [seen.append(is_recording()), x][1:], [X])
    assert seen == [True]
    assert not is_recording()
    assert local(X) is X


def test_an_error_ends_the_recording():
    def fails(x):
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        record(fails, [X])
    assert not is_recording()


def test_code_that_needs_a_number_is_named():
    with pytest.raises(ConcretizationError, match=r"test_recording\.py:\d+: `.*bool\(x\.sum\(\) > 0\)"):
        record(lambda x: [x] if bool(x.sum() > 0) else [-x], [X])


def test_tensors_can_be_made_with_numbers_while_a_graph_is_recorded():
    made = []

    def fun(x):
        with with_numbers():
            made.append(torch.ones(3))
        return [x]

    record(fun, [X])
    assert made[0].sum() == 3.0


@pytest.mark.parametrize("transform", ["vmap", "grad"])
def test_what_torch_func_does_is_recorded(transform):
    def fun(x):
        return [vmap(torch.sin)(x) if transform == "vmap" else grad_and_value(lambda y: torch.sin(y).sum())(x)[0]]

    expected = torch.sin(X) if transform == "vmap" else torch.cos(X)
    assert torch.equal(replay(record(fun, [X]), X)[0], expected)
    assert torch.equal(replay(record(lambda x: fun(X), [X]), X)[0], expected)


def test_an_alias_gives_a_tensor_another_meaning():
    def fun(x):
        with recording().aliased([(X, x)]):
            return [X * 2]

    assert torch.equal(replay(record(fun, [X]), 5 * X)[0], 10 * X)


def test_threads_record_one_after_the_other():
    found = []
    threads = [
        threading.Thread(target=lambda n=n: found.append(replay(record(lambda x: [x * n], [X]), X)[0][0] == n))
        for n in range(1, 7)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 6


def test_the_memory_of_a_view_is_that_of_its_base():
    def fun(x):
        y = x * 2
        return [x, x.view(2, 1)[0], y, y.t() if y.ndim > 1 else y.expand(3, 2), x + 1, x.split(1)[1]]

    module = record(fun, [X]).graph
    of, found = memory(module), outputs(module)
    assert [of[node].op for node in found] == [
        *["placeholder", "placeholder", "call_function", "call_function", "call_function", "placeholder"]
    ]
    assert of[found[2]] is of[found[3]]
    assert of[found[4]] is found[4]


@pytest.mark.parametrize(
    ("fun", "expected"),
    [
        (lambda x: [x.mul_(2)], "mul_"),
        (lambda x: [x.view(2, 1).add_(1)], "add_"),
        (lambda x: [x[:1].zero_()], "zero_"),
        (lambda x: [x.clone().mul_(2)], None),
        (lambda x: [torch.zeros(2).copy_(x)], None),
    ],
    ids=["itself", "view", "part", "copy", "new"],
)
def test_writes_into_inputs_are_found(fun, expected):
    assert written_input(record(fun, [X]).graph) == expected


def test_a_functional_graph_writes_in_place_into_inputs_only_at_its_end():
    def fun(x, place):
        y = torch.zeros(2)
        y[0] = x[0]
        y.add_(1)
        place.copy_(y)
        return [y * 2]

    module = functional(record(fun, [X, X]).graph, [X, X], {})
    writers = [
        node.target
        for node in module.graph.nodes
        if isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable
    ]
    assert writers == [torch.ops.aten.copy_.default]
    place = torch.empty(2)
    assert torch.equal(module(X, place)[0], torch.tensor([4.0, 2.0]))
    assert torch.equal(place, torch.tensor([2.0, 1.0]))


def test_products_are_dear_pointwise_operations_cheap_and_transcendental_ones_worth_their_memory():
    def fun(x, m):
        first, _ = x.split(1)
        return [torch.abs(x), m @ x, x.view(2, 1), torch.zeros(2), first, torch.sin(x), x**2, x**1.5]

    module = record(fun, [X, torch.ones(2, 2)]).graph
    assert [effort(node) for node in outputs(module)] == [0, math.inf, 0, 0, 0, 8, 0, 8]


def test_what_is_computed_twice_becomes_one_node():
    def fun(x):
        return [torch.cat([x * 2, x]) + 1, torch.cat([x * 2, x]) - 1, x * 2.0]

    module = record(fun, [X]).graph
    before = module(X)
    merge_equal(module)
    assert len([node for node in module.graph.nodes if node.op == "call_function"]) == 5
    assert all(torch.equal(x, y) for x, y in zip(module(X), before, strict=True))


def test_products_count_their_multiplications():
    def fun(m, x, image, kernel):
        return [m @ m, m @ x, m + m, torch.nn.functional.conv1d(image, kernel)]

    given = [torch.ones(3, 3), torch.ones(3), torch.ones(1, 2, 10), torch.ones(4, 2, 3)]
    module = record(fun, given).graph
    found = [multiplications(node) for node in module.graph.nodes if node.op == "call_function"]
    assert [x for x in found if x is not None] == [27, 9, 4 * 8 * 2 * 3]


def test_a_pure_graph_has_no_writes_and_the_same_results():
    def fun(x):
        y = torch.zeros(2)
        before = y.sum()
        y[0] = x[1]
        return [y * 2, before, y.sum()]

    written = record(fun, [X]).graph
    found = pure(written, [X])
    assert all(torch.equal(a, b) for a, b in zip(found(X), written(X), strict=True))
    assert not any(str(node.target).endswith("_.default") for node in found.graph.nodes)
    merge_equal(found)
    assert all(torch.equal(a, b) for a, b in zip(found(X), written(X), strict=True))
    assert pure(found, [X]) is found
