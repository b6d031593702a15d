"""brainstate_torch._program.effect: what a program does besides computing."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import random
from brainstate_torch import transform as T
from brainstate_torch._program.effect import with_numbers_of

XS = torch.tensor([1.0, 2.0, 3.0])


def recorder():
    seen = []
    return seen, lambda *numbers: seen.append([x.tolist() for x in numbers])


def test_outside_of_programs_it_acts_at_once_with_the_numbers_of_all_lanes():
    seen, act = recorder()
    with_numbers_of([XS, XS[0]], act)
    T.vmap(lambda x: with_numbers_of([x], act))(XS)
    T.grad(lambda x: with_numbers_of([x], act) or x)(XS[1])
    assert seen == [[[1.0, 2.0, 3.0], 1.0], [[1.0, 2.0, 3.0]], [2.0]]


def test_where_only_shapes_are_computed_it_does_nothing():
    seen, act = recorder()
    T.eval_shape(lambda x: with_numbers_of([x], act), XS)
    assert seen == []


def in_loop(x, act):
    return T.for_loop(lambda x: with_numbers_of([x], act), x)


def in_scan(x, act):
    return T.scan(lambda c, x: (with_numbers_of([x], act) or c + x, None), torch.tensor(0.0), x)


def in_gradient(x, act):
    def loss(x):
        def step(c, x):
            with_numbers_of([x], act)
            return c * x, None

        return T.scan(step, torch.tensor(1.0), x)[0]

    return T.grad(loss)(x)


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["replay", "inductor"])
@pytest.mark.parametrize("fun", [in_loop, in_scan, in_gradient])
def test_a_program_acts_once_in_every_step_of_every_run(fun, backend):
    seen, act = recorder()
    program = T.jit(lambda x: fun(x, act), backend=backend)
    program(XS)
    assert seen == [[1.0], [2.0], [3.0]]
    program(-XS)
    assert seen[3:] == [[-1.0], [-2.0], [-3.0]]


def test_only_the_branch_that_is_chosen_acts():
    seen, act = recorder()
    branches = (lambda x: with_numbers_of([x], act) or x, lambda x: 2 * x)
    program = T.jit(lambda x: T.cond(x > 2, *branches, x), backend="replay")
    assert [program(x).item() for x in XS] == [2.0, 4.0, 3.0]
    assert seen == [[3.0]]


def test_a_map_in_a_program_acts_once_for_all_lanes():
    seen, act = recorder()
    T.jit(lambda x: T.vmap(lambda x: with_numbers_of([x], act))(x), backend="replay")(XS)
    assert seen == [[[1.0, 2.0, 3.0]]]


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["replay", "inductor"])
def test_a_second_derivative_in_a_program_has_the_checks_of_the_function(backend):
    def loss(x):
        def step(c, x):
            T.check(x > 0, "x is {}", x)
            return c * x, None

        return T.scan(step, torch.tensor(1.0), x)[0]

    program = T.jit(T.hessian(loss), backend=backend)
    assert torch.equal(program(XS), torch.tensor([[0.0, 3, 2], [3, 0, 1], [2, 1, 0]]))
    with pytest.raises(ValueError, match=r"^x is -3.0$"):
        program(-XS.flip(0))


@pytest.mark.parametrize("backend", ["replay", "inductor"])
def test_a_program_that_raises_changes_no_state_and_can_run_again(backend):
    count = brainstate.State(torch.tensor(0.0))

    @T.jit(backend=backend)
    def program(xs):
        def step(x):
            count.value += 1
            T.jit_error_if(x < 0, "step {n} got {}", x, n=count.value)

        T.for_loop(step, xs)

    program(XS)
    with pytest.raises(ValueError, match=r"^step 6.0 got -3.0$"):
        program(XS * torch.tensor([1.0, 1.0, -1.0]))
    assert count.value == 3
    program(XS)
    assert count.value == 6


def test_a_program_tells_a_probability_that_is_none():
    draw = T.jit(lambda p: random.binomial(5, p, size=(3,)), backend="replay")
    assert draw(torch.tensor(0.5)).shape == (3,)
    with pytest.raises(ValueError, match="`p` must be within"):
        draw(torch.tensor(1.5))


def test_what_is_known_when_a_program_is_recorded_is_told_when_it_runs():
    def unlikely(x):
        T.jit_error_if(True, "never")
        return x

    program = T.jit(lambda x: T.cond(x > 2, unlikely, lambda x: x, x), backend="replay")
    assert program(XS[0]) == 1
    with pytest.raises(ValueError, match="never"):
        program(XS[2])


@pytest.mark.slow
@pytest.mark.parametrize(
    "derivative",
    [
        T.grad,
        T.jacfwd,
        T.hessian,
        *[lambda f, a=a, b=b: a(b(f)) for a in (T.jacrev, T.jacfwd) for b in (T.jacrev, T.jacfwd)],
        lambda f: lambda x: T.jvp(f, (x,), (torch.ones_like(x),))[1],
    ],
    ids=["grad", "jacfwd", "hessian", "jacrev jacrev", "jacrev jacfwd", "jacfwd jacrev", "jacfwd jacfwd", "jvp"],
)
def test_a_derivative_of_any_order_acts_as_often_as_the_function_is_run(derivative):
    seen, act = recorder()

    def loss(x):
        def step(c, _):
            with_numbers_of([c], act)
            return c * x, None

        return T.scan(step, torch.tensor(1.0), XS)[0]

    slope = T.jit(derivative(loss), backend="replay")(torch.tensor(2.0))
    # x ** 3 has the derivatives 3 x ** 2 and 6 x, both 12 at 2.
    assert slope == 12.0
    assert seen == [[1.0], [2.0], [4.0]]
