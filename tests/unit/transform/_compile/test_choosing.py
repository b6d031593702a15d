"""brainstate_torch.transform._compile.choosing: branches of stateful functions in a program."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import State
from brainstate_torch import transform as T
from brainstate_torch._program.operation import operations_in

X = torch.tensor(2.0)


def replayed(fun):
    return T.jit(fun, backend="replay")


def both(fun, found=lambda x: x):
    """What a compiled function of a number gives on either side of zero."""
    compiled = replayed(fun)
    return [found(compiled(torch.tensor(x))) for x in (2.0, -3.0)]


@pytest.mark.slow
def test_one_program_takes_either_branch():
    assert both(lambda x: T.cond(x > 0, lambda: 2 * x, lambda: -x), float) == [4.0, 3.0]
    assert both(lambda x: T.switch(torch.where(x > 0, 9, -9), [lambda: x, lambda: 2 * x]), float) == [4.0, -3.0]
    choices = lambda x: T.ifelse([x > 0, x > -9], [lambda: x, lambda: -x], check_cond=False)
    assert both(choices, float) == [2.0, 3.0]


def test_a_state_that_one_branch_writes_keeps_its_value_in_the_other():
    a, b = State(torch.tensor(1.0)), State(torch.tensor(10.0))

    def true(x):
        a.value += x

    def false(x):
        b.value *= a.value

    both(lambda x: T.cond(x > 0, true, false, x))
    assert (float(a.value), float(b.value)) == (3.0, 30.0)


def test_a_state_that_is_only_written_has_its_value_from_before_in_the_other():
    state = State(torch.tensor(1.0))

    def write(x):
        state.value = x

    compiled = replayed(lambda x: T.cond(x > 0, write, lambda x: None, x))
    compiled(torch.tensor(-1.0))
    assert state.value == 1.0
    compiled(X)
    assert state.value == 2.0


def test_the_same_tensor_may_be_operand_closure_and_state():
    state = State(X)
    assert both(lambda x: T.cond(x > 0, lambda y: y * X * state.value, lambda y: y + X, X), float) == [8.0, 4.0]


def test_an_operand_cannot_be_written_in_place():
    def write(y):
        y.mul_(2)

    with pytest.raises(TypeError, match="must not be written in place"):
        replayed(lambda x: T.cond(x > 0, write, lambda y: None, x))(X)


@pytest.mark.slow
def test_a_derivative_sees_variables_as_they_were_at_the_branch():
    def loss(w):
        v = w * 2
        v = T.cond(v > 0, lambda: v * w, lambda: v)
        v = T.cond(v > 0, lambda: v * v, lambda: v)
        return v * v

    # v = 2w², then its square, then the square of that: 16 w⁸.
    assert torch.allclose(replayed(T.grad(loss))(X), 16 * 8 * X**7)
    assert torch.allclose(replayed(T.grad(T.grad(loss)))(X), 16 * 56 * X**6)


def _disagreeing(true, false):
    return lambda: replayed(lambda x: T.cond(x > 0, lambda: true(x), lambda: false(x)))(X)


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (_disagreeing(lambda x: x, lambda x: (x,)), "structure and units of the result"),
        (_disagreeing(lambda x: x * u.mV, lambda x: x * u.ms), "structure and units of the result"),
        (
            _disagreeing(lambda x: x, lambda x: x.expand(2)),
            r"shape and dtype .* Got float32\[\] from .*float32\[2\] from",
        ),
        (_disagreeing(lambda x: 1, lambda x: 1.0), "shape and dtype of results and States"),
    ],
    ids=["structure", "unit", "shape", "dtype"],
)
def test_branches_must_agree(call, text):
    with pytest.raises(TypeError, match=text):
        call()


def test_branches_must_leave_states_alike():
    state = State(torch.tensor(1.0))
    before = state.value

    def write():
        state.value = torch.ones(2)

    with pytest.raises(TypeError, match="agree in the shape and dtype of results and States"):
        replayed(lambda x: T.cond(x > 0, write, lambda: None))(X)
    assert state.value is before


def test_an_error_in_a_branch_leaves_the_states():
    state = State(torch.tensor(1.0))
    before = state.value

    def fails():
        state.value += 1
        raise KeyError("here")

    with pytest.raises(KeyError, match="here"):
        replayed(lambda x: T.cond(x > 0, lambda: None, fails))(X)
    assert state.value is before


def test_a_state_made_in_a_branch_is_gone_behind_it():
    made = []

    def make(x):
        made.append(State(x))
        return made[-1].value * 2

    assert both(lambda x: T.cond(x > 0, make, lambda x: x, x), float) == [4.0, -3.0]
    with pytest.raises(Exception, match="State"):
        made[0].value  # noqa: B018


def test_a_branch_in_a_branch_is_an_operation_in_it():
    compiled = replayed(lambda x: T.cond(x > 0, lambda: T.cond(x > 1, lambda: x, lambda: 2 * x), lambda: -x))
    assert [float(compiled(torch.tensor(x))) for x in (3.0, 0.5, -1.0)] == [3.0, 1.0, 1.0]
    programs = [compiled._programs.last]
    assert len(operations_in(programs[0].graph)) == 2


ONES = torch.ones(3)
DERIVATIVES = {
    "grad": T.grad,
    "hessian": T.hessian,
    "jacrev": T.jacrev,
    "jacfwd": T.jacfwd,
    "forward of forward": lambda loss: T.jacfwd(T.jacfwd(loss)),
    "reverse of forward": lambda loss: T.jacrev(T.jacfwd(loss)),
}


@pytest.mark.slow
@pytest.mark.parametrize("derivative", DERIVATIVES)
@pytest.mark.parametrize("held", [lambda b: lambda: b, State], ids=["variable", "state"])
def test_a_derivative_passes_over_unused_code_that_reads_what_was_captured(derivative, held):
    def fun(x):
        def loss(a):
            b = held(a * 2)
            read = b if callable(b) else lambda: b.value
            return T.cond(x.sum() > 0, lambda z: z**2, lambda z: (read().sin(), z * 3)[1], a).sum()

        return DERIVATIVES[derivative](loss)(x)

    expected = 2 * ONES if derivative in ("grad", "jacrev", "jacfwd") else 2 * torch.eye(3)
    assert torch.allclose(replayed(fun)(ONES), expected)
    assert torch.allclose(replayed(lambda x: fun(-x))(ONES), 3 * ONES if expected.ndim == 1 else torch.zeros(3, 3))
