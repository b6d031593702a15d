"""brainstate_torch.transform._compile.program_code: recorded programs as Python code."""

import math

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T

X = torch.tensor([1.0, 2.0, -0.5])


def defined(source, name):
    space = {}
    exec(source, space)
    return space[name]


def affine(x):
    return (x @ x.outer(x) / 2 - 1) ** 2 + torch.exp(-x).sum(0, keepdim=True)


def masked(x):
    return torch.where((x > 0) & (x != 2), x, math.inf), x.argmax(), x.to(torch.float64).clamp(max=1.5)


def powers(x):
    def body(c, a):
        return c * a + torch.tensor(1.0), (c, a.sin())

    total, (before, sines) = T.scan(body, x.sum(), x)
    return total * before, sines


def backwards(x):
    return T.scan(lambda c, a: (c - a / c, c), x[0], x, reverse=True)


def carried_only(x):
    return T.scan(lambda c, a: (c * a, None), x[0], x)[0]


def chosen(x):
    return T.cond(x.sum() > 2, lambda: x * 2, lambda: T.cond(x[0] > 0, lambda: x + 1, lambda: x - 1))


def doubled(x):
    return T.while_loop(lambda c: c[1].abs().sum() < 100, lambda c: (c[0] + 1, 2 * c[1]), (torch.tensor(0), x))


def slopes(x):
    return T.grad(lambda y: carried_only(y) ** 2, argnums=0)(x)


def no_arguments(*args):
    return torch.arange(3)


FUNCTIONS = [affine, masked, powers, backwards, carried_only, chosen, doubled, slopes, no_arguments]


@pytest.mark.parametrize("fun", FUNCTIONS, ids=lambda fun: fun.__name__)
def test_the_code_does_what_the_function_does(fun):
    source = T.fn_to_python_code(fun, X)
    made = defined(source, fun.__name__)
    assert "brainstate" not in source
    for x in (X, X + 3, -X):
        found, expected = made(x), fun(x)
        expected = expected if isinstance(expected, tuple) else (expected,)
        flat = [x for item in expected for x in (item if isinstance(item, tuple) else (item,))]
        for one, other in zip(found if isinstance(found, tuple) else (found,), flat, strict=True):
            torch.testing.assert_close(one, other)


def test_states_and_constants_are_arguments_and_written_ones_results():
    n = brainstate.State(torch.tensor(1.0), name="my n")
    w = brainstate.ParamState({"a": X, "b": 2 * X}, name="w")
    offset = torch.tensor([3.0, 4.0, 5.0])

    def fun(x, *, torch=2.0):
        n.value += (x * w.value["a"] * w.value["b"]).sum()
        return {"y": x + offset * torch}

    source = T.fn_to_python_code(fun, X, torch=1.0)
    head = next(line for line in source.splitlines() if line.startswith("def"))
    assert head == "def fun(x, torch_1, my_n, w_0, w_1):"
    assert "    constant_3 = torch.tensor([3.0, 4.0, 5.0], dtype=torch.float32)" in source
    y, after = defined(source, "fun")(X, torch.tensor(2.0), torch.tensor(1.0), X, 2 * X)
    assert torch.equal(y, X + 2 * offset)
    assert torch.allclose(after, 1 + (2 * X**3).sum())
    assert n.value == 1


def test_names():
    assert "def generated_function(arg_0):" in T.fn_to_python_code(lambda *xs: xs[0] + 1, X)
    graph, _ = T.make_jaxpr(lambda x: None)(X)
    source = T.jaxpr_to_python_code(graph, "nothing")
    assert defined(source, "nothing")(X) is None


def test_what_cannot_be_written():
    with pytest.raises(NotImplementedError, match=r"no more than compute .* \(draw\)\. Draw before"):
        T.fn_to_python_code(lambda x: x + brainstate.random.rand(3), X)
    with pytest.raises(NotImplementedError, match=r"\(act\)"):
        T.fn_to_python_code(lambda x: T.jit_error_if(x.sum() > 9, "large"), X)
    with pytest.raises(TypeError, match="`jaxpr` must be a graph that `make_graph` gave. Got a function"):
        T.jaxpr_to_python_code(affine)
    with pytest.raises(ValueError, match="`fn_name` must be a name in Python. Got 'a b'"):
        T.jaxpr_to_python_code(T.make_jaxpr(affine)(X)[0], "a b")
    with pytest.raises(ValueError, match="Got 'class'"):
        T.jaxpr_to_python_code(T.make_jaxpr(affine)(X)[0], "class")


def test_large_constants_are_arguments():
    table = torch.arange(1001.0)
    made = defined(T.fn_to_python_code(lambda x: x + table.sum(), X), "generated_function")
    assert torch.equal(made(X, table), X + table.sum())
