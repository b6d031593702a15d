"""brainstate_torch.transform._compile.program_graph: the operations of a function, to be read."""

import sys

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T

X = torch.tensor([1.0, 2.0])


def counter():
    n = brainstate.State(torch.tensor(0.0), name="n")
    w = brainstate.ParamState(torch.tensor(3.0), name="w")

    def count(x, scale=2.0):
        n.value += w.value * x.sum()
        return {"twice": scale * x, "n": n.value}

    return n, w, count


def test_a_graph_names_what_is_read_and_written_and_changes_nothing():
    n, w, count = counter()
    graph, states, shapes = T.make_graph(count, return_shape=True)(X)
    assert states == graph.states == (w, n)
    assert (graph.read_states, graph.write_states) == ((w,), (n,))
    assert shapes["twice"].shape == (2,)
    assert shapes["n"].dtype == torch.float32
    assert n.value == 0


def test_the_operations_are_counted_by_the_names_of_jaxprs():
    jaxpr, _ = T.make_jaxpr(lambda x: T.for_loop(lambda y: x * y, x + 0) + 1)(X)
    assert [str(eqn.target) for eqn in jaxpr.jaxpr.eqns[::2]] == ["aten.add.Tensor"] * 2
    assert len(jaxpr.eqns) == 3 and len(T.optimize_jaxpr(jaxpr).jaxpr.eqns) <= 3


def test_it_computes_what_the_function_does():
    _, _, count = counter()
    graph, _ = T.make_graph(count)(X)
    values = {"x": X, "n": torch.tensor(1.0), "w": torch.tensor(3.0)}
    results = dict(zip(graph.outputs, graph.graph(*[values[name] for name in graph.inputs]), strict=True))
    assert torch.equal(results["result_1"], 2 * X)
    assert results["n"] == 10


def test_it_reads_like_a_program():
    _, _, count = counter()
    assert str(T.make_graph(count)(X)[0]).splitlines() == [
        "count(x: float32[2], n: float32[], w: float32[]):",
        "    sum_1: float32[] = sum.default(x)",
        "    mul: float32[] = mul.Tensor(w, sum_1)",
        "    add: float32[] = add.Tensor(n, mul)",
        "    mul_1: float32[2] = mul.Tensor(x, 2.0)",
        "    return result_0 = add, result_1 = mul_1, n = add",
    ]


def test_what_is_inside_of_loops_and_branches_is_indented():
    def fun(x):
        def step(c, x):
            T.jit_error_if(x > 5, "too large")
            return T.cond(x > 1, lambda: c + x, lambda: c), None

        c = T.while_loop(lambda c: c < 9, lambda c: c * 2, T.scan(step, torch.tensor(1.0), x)[0])
        return c + brainstate.random.rand()

    lines = str(T.make_graph(fun)(X)[0]).splitlines()
    for indent, text in [
        (4, "loop_of_2("),
        (8, "step("),
        (12, "act("),
        (12, "choice("),
        (16, "part 1("),
        (4, "repeat("),
        (8, "test("),
        (4, "draw("),
    ]:
        assert any(text in line and len(line) - len(line.lstrip()) == indent for line in lines), text


def test_static_arguments_are_no_inputs():
    graph, _ = T.make_graph(lambda x, n: x * n, static_argnums=1)(X, 3)
    assert graph.inputs == ["x"]
    assert "mul.Tensor(x, 3)" in str(graph)
    graph, _ = T.make_graph(lambda x, n: x * n, static_argnames="n")(X, n=3)
    assert graph.inputs == ["x"]


def test_states_made_inside_are_results_and_leave_no_trace():
    made = []

    def fun(x):
        made.append(brainstate.State(x * 2))
        return made[-1].value + 1

    graph, states = T.make_graph(fun)(X)
    assert graph.outputs == ["result", "new State"]
    assert states == ()


def test_tensors_of_a_tree_are_counted_and_constants_named():
    constant = torch.tensor(7.0)
    state = brainstate.State({"a": X, "b": X}, name="s")
    graph, _ = T.make_graph(lambda x: (state.value["a"] + state.value["b"] + x[0] + x[1]) * constant)((X, X))
    assert graph.inputs == ["x_0", "x_1", "s_0", "s_1", "constant_2"]


def test_a_function_that_needs_a_number_is_refused():
    with pytest.raises(brainstate.ConcretizationError, match=r"transform\.cond"):
        T.make_graph(lambda x: x if x.sum() > 0 else -x)(X)
    with pytest.raises(TypeError, match="`fun` must be callable. Got an int."):
        T.make_graph(3)


def test_a_stateful_function_gives_its_graph():
    n, w, count = counter()
    fun = T.StatefulFunction(count, name="counting")
    assert repr(fun.get_graph(X)) == "ProgramGraph(counting, operations=4, states=2)"
    assert fun.make_jaxpr(X) is fun
    assert set(fun.get_states(X, compile_if_miss=False)) == {n, w}


def test_a_picture_shows_inputs_operations_and_results():
    _, _, count = counter()
    source = T.draw(count)(X).source
    assert source.startswith("digraph {")
    for label in (r"x\nfloat32[2]", r"add.Tensor\nfloat32[]", "result_0"):
        assert f'label="{label}"' in source
    assert source.count("->") == 9


def test_without_graphviz_the_package_to_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "graphviz", None)
    with pytest.raises(ImportError, match=r"pip install 'brainstate_torch\[draw\]'"):
        T.draw(torch.sin)(X)
