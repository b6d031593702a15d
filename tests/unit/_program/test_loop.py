"""brainstate_torch._program.loop: a loop as one operation."""

import pytest
import torch

from brainstate_torch._host.functorch import grad_and_value, jvp, vmap
from brainstate_torch._program.loop import Layout, Loop
from brainstate_torch._program.operation import Body, compiling, operations_in
from brainstate_torch._program.recording import Like, record

F64 = torch.float64
C, W = torch.tensor(0.5, dtype=F64), torch.tensor(0.9, dtype=F64)
XS = torch.linspace(-1, 1, 5, dtype=F64)
SCALAR = Like(torch.Size([]), F64, torch.device("cpu"))


def step(c, w, x):
    after = torch.tanh(c * w + x)
    return [after, after * x]


def loop(**options):
    with compiling("replay"):
        return Loop(Body(step, [SCALAR] * 3), Layout(1, 1, 1), 5, **options)


def python(c, w, xs, reverse=False):
    rows = list(xs.unbind(0))
    ys = []
    for x in rows[::-1] if reverse else rows:
        c, y = step(c, w, x)
        ys.append(y)
    return c, torch.stack(ys[::-1] if reverse else ys)


@pytest.mark.parametrize("reverse", [False, True])
def test_it_is_the_python_loop(reverse):
    carry, ys = loop(reverse=reverse).apply([C, W, XS])
    expected = python(C, W, XS, reverse)
    assert torch.allclose(carry, expected[0])
    assert torch.allclose(ys, expected[1])


@pytest.mark.parametrize("reverse", [False, True])
def test_a_piece_of_several_steps_takes_them_in_order_and_writes_each_row_in_its_place(reverse):
    rows = torch.empty(5, dtype=F64)
    (carry,) = loop(reverse=reverse)._program(5)([C, W, XS, rows])
    expected = python(C, W, XS, reverse)
    assert torch.allclose(carry, expected[0])
    assert torch.allclose(rows, expected[1])


def _loss(run):
    def loss(c, w, xs):
        carry, ys = run(c, w, xs)
        return carry**2 + (ys * torch.arange(5)).sum()

    return loss


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "options"),
    [(0, {}), (1, {"reverse": True}), (2, {}), (1, {"forgetful": True})],
    ids=["carry", "constant, reverse", "input", "forgetful"],
)
def test_derivatives_are_those_of_the_python_loop(place, options):
    ours = _loss(lambda *args: loop(**options).apply(args))
    plain = _loss(lambda *args: python(*args, options.get("reverse", False)))
    given = [C, W, XS]
    pick = lambda f: lambda v: f(*[v if i == place else x for i, x in enumerate(given)])
    x = given[place]
    first = lambda f: lambda v: grad_and_value(pick(f))(v)[0]
    second = lambda f: grad_and_value(lambda v: first(f)(v).sum())(x)[0]
    tangent = lambda f: jvp(pick(f), (x,), (torch.ones_like(x),))[1]
    both = lambda f: jvp(first(f), (x,), (torch.ones_like(x),))[1]
    assert torch.allclose(first(ours)(x), first(plain)(x))
    assert torch.allclose(second(ours), second(plain))
    assert torch.allclose(tangent(ours), tangent(plain))
    assert torch.allclose(both(ours), both(plain))


@pytest.mark.slow
@pytest.mark.parametrize("dims", [(0, None, None), (None, 0, None), (None, None, 1), (0, 0, 1)])
def test_lanes_are_loops_of_their_own(dims):
    lanes = [torch.stack([x, 2 * x, 3 * x], dim=0 if d is None else d) for x, d in zip((C, W, XS), dims, strict=True)]
    given = [x if dim is None else lane for x, lane, dim in zip((C, W, XS), lanes, dims, strict=True)]
    found = vmap(lambda *args: tuple(loop().apply(args)), dims)(*given)
    rows = [python(*[x if dim is None else x * k for x, dim in zip((C, W, XS), dims, strict=True)]) for k in (1, 2, 3)]
    for x, y in zip(found, zip(*rows, strict=True), strict=True):
        assert torch.allclose(x, torch.stack(y))


def test_a_carry_becomes_different_in_lanes_where_an_input_is():
    assert loop().spread([False, False, True], "different") == [True, True]
    assert loop().spread([False, False, False], "different") == [False, False]


def test_a_carry_that_no_step_changes_is_copied():
    with compiling("replay"):
        still = Loop(Body(lambda c, x: [c, x], [SCALAR] * 2), Layout(1, 0, 1), 5)
    carry, ys = still.apply([C, XS])
    assert torch.equal(carry, C)
    assert carry.data_ptr() != C.data_ptr()
    assert ys.data_ptr() != XS.data_ptr()


def test_each_step_is_watched():
    seen = []
    loop(watch=lambda carry, y: seen.append((float(carry[0]), float(y[0])))).apply([C, W, XS])
    carry, ys = python(C, W, XS)
    assert len(seen) == 5
    assert seen[-1] == pytest.approx((float(carry), float(ys[-1])))


def test_it_is_one_node_whatever_the_length():
    module = record(lambda c, w, xs: loop().apply([c, w, xs]), [C, W, XS]).graph
    (operation,) = operations_in(module)
    operation.prepare()
    assert torch.allclose(module(C, W, XS)[0], python(C, W, XS)[0])


@pytest.mark.parametrize(
    ("length", "unroll", "sizes"), [(7, 3, [3, 3, 1]), (4, 9, [4]), (3, 1, [1, 1, 1])], ids=["rest", "whole", "single"]
)
def test_pieces_cover_the_loop(length, unroll, sizes):
    with compiling("inductor"):
        pieces = Loop(Body(step, [SCALAR] * 3), Layout(1, 1, 1), length, unroll=unroll)._sizes
    assert pieces == sizes


@pytest.mark.slow
def test_machine_code_is_the_python_loop():
    with compiling("inductor"):
        compiled = Loop(Body(step, [SCALAR] * 3), Layout(1, 1, 1), 5, unroll=2)
    carry, ys = compiled.apply([C, W, XS])
    expected = python(C, W, XS)
    assert torch.allclose(carry, expected[0])
    assert torch.allclose(ys, expected[1])


def test_the_layout_divides_arguments():
    assert Layout(1, 2, 1).parts("abcd") == ("a", "bc", "d")
