"""brainstate_torch._program.recording: graphs recorded from functions of tensors."""

import threading

import pytest
import torch

from brainstate_torch import ConcretizationError
from brainstate_torch._host.functorch import grad_and_value, vmap
from brainstate_torch._program.nodes import outputs
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


def test_a_tensor_from_outside_says_what_autograd_knows_of_it():
    weight = torch.ones(2, requires_grad=True)
    seen = []

    def fun(x):
        seen.append((weight.requires_grad, weight.is_leaf, x.requires_grad))
        y = x * weight
        seen.append((weight.requires_grad, weight.is_leaf, y.requires_grad))
        return [y]

    record(fun, [torch.ones(2)])
    assert seen == [(True, True, False)] * 2
