"""brainstate_torch._program.operation: one node with derivatives and lanes of its own."""

import pytest
import torch

from brainstate_torch._host.functorch import grad_and_value, jvp, vjp, vmap
from brainstate_torch._program.operation import (
    SETTINGS,
    Body,
    Operation,
    Pull,
    compiling,
    operations_in,
    pullback,
    replaced,
)
from brainstate_torch._program.recording import record

X = torch.tensor([1.0, 2.0])


class Cube(Operation):
    """x -> x**3, which says what it is asked for."""

    count = 1

    def __init__(self):
        self.asked = []
        self.body = Body(lambda x: [x**3], [X])

    def run(self, tensors):
        return [tensors[0] ** 3]

    def shapes(self, tensors):
        return [torch.empty_like(tensors[0])]

    def pulled(self, needs, higher):
        self.asked.append(("pulled", list(needs), higher))

        def backward(needs, tensors, kept, cotangents):
            return [None if cotangents[0] is None else cotangents[0] * 3 * tensors[0] ** 2]

        return Pull(self, backward)

    def pushed(self, tensors, tangents):
        self.asked.append("pushed")
        return [tangents[0] * 3 * tensors[0] ** 2]

    def batched(self, tensors, dims, size, randomness):
        self.asked.append(("batched", tuple(dims), size))
        return self.apply(tensors), list(dims)

    def spread(self, flags, randomness):
        return list(flags)

    def bodies(self):
        return [self.body]

    def prepare(self):
        self.asked.append("prepared")


def test_it_runs_inside_whatever_transforms_are_active():
    cube = Cube()
    fun = lambda x: cube.apply([x])[0]
    assert torch.equal(fun(X), X**3)
    assert torch.equal(grad_and_value(lambda x: fun(x).sum())(X)[0], 3 * X**2)
    assert torch.equal(jvp(fun, (X,), (X,))[1], 3 * X**3)
    assert torch.equal(vmap(fun)(X), X**3)
    assert [x if isinstance(x, str) else x[0] for x in cube.asked] == ["pulled", "pushed", "batched"]


@pytest.mark.parametrize(
    "derivative",
    [
        lambda f: lambda x: grad_and_value(lambda y: grad_and_value(f)(y)[0])(x)[0],
        lambda f: lambda x: jvp(lambda y: grad_and_value(f)(y)[0], (x,), (torch.ones_like(x),))[1],
        lambda f: lambda x: vjp(lambda y: jvp(f, (y,), (torch.ones_like(y),))[1], x)[1](torch.ones_like(x))[0],
    ],
    ids=["reverse over reverse", "forward over reverse", "reverse over forward"],
)
@pytest.mark.parametrize("mapped", [False, True])
def test_second_derivatives_in_every_mode(derivative, mapped):
    cube = Cube()
    second = derivative(lambda x: cube.apply([x])[0])
    if mapped:
        assert torch.allclose(vmap(second)(X), 6 * X)
    else:
        assert torch.allclose(second(X[1]), 6 * X[1])


def test_a_constant_is_not_differentiated():
    cube = Cube()
    found = grad_and_value(lambda x: (cube.apply([X])[0] * x).sum())(X)[0]
    assert torch.equal(found, X**3)
    assert cube.asked == []


def test_it_is_told_of_higher_derivatives():
    cube = Cube()
    fun = lambda x: cube.apply([x])[0].sum()
    grad_and_value(fun)(X)
    assert cube.asked[-1] == ("pulled", [True], False)
    vmap(grad_and_value(fun))(X)
    assert cube.asked[-1] == ("batched", (0,), 2)
    cube.asked.clear()
    grad_and_value(lambda y: grad_and_value(fun)(y)[0].sum())(X)
    assert cube.asked[0] == ("pulled", [True], True)


def test_recorded_it_is_held_by_its_graph():
    def fun(x):
        return Cube().apply([x])

    module = record(fun, [X]).graph
    (operation,) = operations_in(module)
    assert isinstance(operation, Cube)
    assert torch.equal(module(X)[0], X**3)


def test_what_operations_were_recorded_from_is_forgotten():
    module = record(lambda x: Cube().apply([x]), [X]).graph
    (operation,) = operations_in(module)
    assert operation.body.fun is None
    assert torch.equal(operation.body(X)[0], X**3)


def test_operations_inside_others_come_first():
    class Outer(Cube):
        def __init__(self):
            super().__init__()
            self.inner = Cube()
            self.body = Body(lambda x: self.inner.apply([x]), [X])

    outer = Outer()
    module = record(lambda x: outer.apply([x]), [X]).graph
    assert operations_in(module) == [outer.inner, outer]
    assert not outer.draws


def test_a_body_is_its_function_and_its_graph():
    scale = torch.tensor([2.0, 3.0])
    body = Body(lambda x: [x * scale, x.sum()], [X])
    assert [tuple(x.shape) for x in body.results] == [(2,), ()]
    assert torch.equal(body.extras[0], scale)
    for run in (body, body.replay):
        assert torch.equal(run(X)[0], X * scale)


def test_a_body_takes_the_numbers_of_constants_though_another_graph_is_recorded_around_it():
    bodies = []

    def fun(x):
        bodies.append(Body(lambda y: [y * torch.tensor(3.0)], [X]))
        assert bodies[0].results
        return [x]

    record(fun, [X])
    assert torch.equal(bodies[0].replay(X)[0], 3 * X)


def test_a_body_knows_which_results_differ_in_lanes():
    body = Body(lambda x, y: [x * 2, y + 1, x * y, torch.zeros(2)], [X, X])
    assert body.spread([True, False], "different") == [True, False, True, False]
    assert body.spread([False, False], "different") == [False] * 4


def test_the_pullback_takes_cotangents_of_real_results():
    def fun(x, n):
        return [x * n, n + 1]

    n = torch.tensor(3)
    results, found = pullback(fun, [X, n], [torch.ones(2)], [0])
    assert torch.equal(results[1], torch.tensor(4))
    assert torch.equal(found[0], torch.tensor([3.0, 3.0]))


def test_arguments_are_replaced_in_places():
    assert replaced([1, 2, 3], [2, 0], ["c", "a"]) == ["a", 2, "c"]


def test_the_backend_is_set_for_a_while():
    before = SETTINGS.backend
    with pytest.raises(KeyError), compiling("replay"):
        assert SETTINGS.backend == "replay"
        raise KeyError
    assert SETTINGS.backend == before
