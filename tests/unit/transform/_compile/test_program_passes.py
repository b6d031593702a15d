"""brainstate_torch.transform._compile.program_passes: simpler graphs of the same program."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T

X = torch.tensor([1.0, 2.0])


def names(graph):
    return [node.name.rstrip("_0123456789") for node in graph.graph.graph.nodes if node.op == "call_function"]


def made(fun, *args):
    return T.make_graph(fun)(*args)[0]


@pytest.mark.parametrize(
    "name, fun, left",
    [
        ("constant_fold", lambda x: x + (torch.zeros(2) + 2).sqrt(), ["zeros", "full", "full", "add"]),
        ("constant_fold", lambda x: x + torch.ones(2).to(torch.int32)[None], ["ones", "full", "full", "add"]),
        ("constant_fold", lambda x: x + torch.ones(2).cumsum(0), ["ones", "cumsum", "add"]),
        ("algebraic_simplification", lambda x: (1 * x + 0 - 0) / 1, ["mul", "add", "sub", "div"]),
        ("algebraic_simplification", lambda x: x.neg().neg() ** 1, ["neg", "neg", "pow"]),
        ("copy_propagation", lambda x: x.clone().view(2, 1).sum(), ["clone", "view", "sum"]),
        ("cse", lambda x: x.sin() + x.sin(), ["sin", "add"]),
        ("dce", lambda x: (x.sin(), x.cos())[0], ["sin"]),
    ],
)
def test_each_alone(name, fun, left):
    graph = made(fun, X)
    found = T.optimize_graph(graph, optimizations=name)
    assert names(found) == left
    assert torch.equal(found.graph(X)[0], fun(X))
    # What is no longer needed is for 'dce' to drop.
    cleared = T.optimize_graph(graph, optimizations=[name, "dce"])
    assert len(names(cleared)) <= len(left)
    assert torch.equal(cleared.graph(X)[0], fun(X))


def test_all_together():
    n = brainstate.State(torch.tensor(0.0), name="n")

    def fun(x):
        n.value += (x * 1).clone().view(2, 1).sum() + (torch.ones(()) - 1)
        return x.detach().sum() * (torch.zeros(2) + 1)

    graph = made(fun, X)
    before = str(graph)
    found = T.optimize_jaxpr(graph)
    assert str(graph) == before
    assert str(found).splitlines() == [
        "fun(x: float32[2], n: float32[]):",
        "    view: float32[2, 1] = reshape.default(x, [2, 1])",
        "    sum_1: float32[] = sum.default(view)",
        "    add_1: float32[] = add.Tensor(n, sum_1)",
        "    sum_2: float32[] = sum.default(x)",
        "    full_1: float32[2] = full.default([2], 1.0, dtype=float32, device=cpu)",
        "    mul_1: float32[2] = mul.Tensor(sum_2, full_1)",
        "    return result = mul_1, n = add_1",
    ]
    assert (found.inputs, found.write_states) == (["x", "n"], (n,))
    assert "brainstate" not in T.jaxpr_to_python_code(found)


@pytest.mark.parametrize(
    "fun",
    [
        lambda x: x * torch.ones(3, 2),
        lambda x: x.int() * 1.0,
        lambda x: x.double() + 0,
        lambda x: x * 0,
        lambda x: torch.zeros(2) - x,
        lambda x: 1 / x,
    ],
)
def test_what_changes_the_result_stays(fun):
    found = T.optimize_graph(made(fun, X)).graph(X)[0]
    expected = fun(X)
    assert found.dtype == expected.dtype
    assert torch.equal(found, expected)


def test_writes_in_place_and_effects_are_kept():
    def fun(x):
        T.jit_error_if(x.sum() > 9, "large")
        y = x.clone()
        y[0] = 5
        return y + x.clone()

    found = T.optimize_graph(made(fun, X))
    constants = found.constants.values()
    assert torch.equal(found.graph(X, *constants)[0], fun(X))
    with pytest.raises(ValueError, match="large"):
        found.graph(10 * X, *constants)


def test_it_says_what_it_does(capsys):
    T.optimize_graph(made(lambda x: x * 1, X), optimizations=["algebraic_simplification", "dce"], verbose=True)
    assert capsys.readouterr().out.splitlines()[:2] == [
        "1. algebraic_simplification: 1 operations",
        "1. dce: 0 operations",
    ]


@pytest.mark.parametrize(
    "kwargs, message",
    [
        ({"optimizations": "speed"}, "`optimizations` must be among 'constant_fold', .* Got 'speed'"),
        ({"optimizations": ["dce", "x"]}, "Got 'x'"),
        ({"max_iterations": 0}, "`max_iterations` must be at least 1. Got 0"),
    ],
)
def test_bad_options(kwargs, message):
    with pytest.raises(ValueError, match=message):
        T.optimize_graph(made(torch.sin, X), **kwargs)


def test_not_a_graph():
    with pytest.raises(TypeError, match="`jaxpr` must be a graph that `make_graph` gave. Got a builtin_function"):
        T.optimize_graph(torch.sin)
