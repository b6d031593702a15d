"""Laws of the numbers of `environ` in compiled functions: the result is that of the plain function, for each value.

Where the number is only computed with, it is an input of one program, also when a loop or a branch is the first that
reads it; where Python needs the number itself, there is a program for each value.
"""

import math
import numbers

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import State, environ
from brainstate_torch import transform as T

X = torch.arange(6.0)
TABLE = {0: 1.0, 1: 2.0, 3.5: 7.0}
HELD = State(torch.zeros(6))
INTEGERS, FLOATS = (0, 1, 3), (0.5, 1.0, 3.5)


def k():
    return environ.get("k")


def written(x):
    HELD.value = x * k()
    return HELD.value


def given_inside(x):
    def step(i, a):
        with environ.context(i=i, t=i * k()):
            return a * environ.get("t") + environ.get("i")

    return T.for_loop(step, torch.arange(6), x)


#: Functions that compute with the number, and values for it.
INPUTS = {
    "arithmetic": (lambda x: x * k() + k() ** 2 - (k() % 2) - k() // 2, INTEGERS),
    "where": (lambda x: torch.where(x > k(), x, k()), FLOATS),
    "a quantity": (lambda x: x * u.mV * k(), (0 * u.ms, 1 * u.ms)),
    "a tensor": (lambda x: x * k(), (torch.tensor(1.0), torch.tensor(2.0))),
    "a State": (written, INTEGERS),
    "cond": (lambda x: T.cond(k() > 1, lambda: x, lambda: 2 * x), INTEGERS),
    "inside cond": (lambda x: T.cond(x.sum() > 0, lambda: x * k(), lambda: x), INTEGERS),
    "for_loop": (lambda x: T.for_loop(lambda a: a * k(), x), INTEGERS),
    "for_loop of a quantity": (lambda x: T.for_loop(lambda a: a * k(), x), (0 * u.ms, 1 * u.ms)),
    "for_loop of a tensor": (lambda x: T.for_loop(lambda a: a * k(), x), (torch.tensor(1.0), torch.tensor(2.0))),
    "for_loop of a dictionary": (lambda x: T.for_loop(lambda a: a * k()["g"], x), ({"g": 1.0}, {"g": 2.0})),
    "for_loop with settings of its own": (given_inside, FLOATS),
    "cond in for_loop": (lambda x: T.for_loop(lambda a: T.cond(a > 2, lambda: a * k(), lambda: a), x), FLOATS),
    "scan": (lambda x: T.scan(lambda c, a: (c + a * k(), c), x.sum(), x)[1], INTEGERS),
    "while_loop": (lambda x: T.while_loop(lambda c: c < 20, lambda c: c + k(), x.sum()), (1.0, 3.0, 2.5)),
    "the end of while_loop": (lambda x: T.while_loop(lambda c: c < 10 * k(), lambda c: c + 1, x.sum()), FLOATS),
    "grad of for_loop": (lambda x: T.grad(lambda y: T.for_loop(lambda a: (a * k()) ** 2, y).sum())(x), FLOATS),
    "hessian of for_loop": (lambda x: T.hessian(lambda y: T.for_loop(lambda a: (a * k()) ** 2, y).sum())(x), FLOATS),
    "vmap of for_loop": (lambda x: T.vmap(lambda b: T.for_loop(lambda a: a * k() + b, x))(x), FLOATS),
    "grad of checkpointed_scan": (
        lambda x: T.grad(lambda y: T.checkpointed_scan(lambda c, a: (c * a * k(), c), y.sum(), y)[1].sum())(x),
        FLOATS,
    ),
}
#: Functions of Python's that need the number.
NUMBERS = {
    "isinstance of int": (lambda x: x * 10 if isinstance(k(), int) else x, INTEGERS),
    "isinstance of float": (lambda x: x * 10 if isinstance(k(), float) else x, FLOATS),
    "isinstance of an abstract class": (lambda x: x * 10 if isinstance(k(), numbers.Number) else x, INTEGERS),
    "a key": (lambda x: x * TABLE[k()], (0, 1, 3.5)),
    "a key or a default": (lambda x: x * TABLE.get(k(), 9.0), INTEGERS),
    "a member of a set": (lambda x: x * 2 if k() in {0, 3.5} else x, FLOATS),
    "hash": (lambda x: x * hash(k()), INTEGERS),
    "a key in a loop": (lambda x: T.for_loop(lambda a: a * TABLE.get(k(), 9.0), x), INTEGERS),
    "an index": (lambda x: x[k()] * [1.0, 2.0, 3.0, 4.0][k()], INTEGERS),
    "a slice": (lambda x: x[k() : k() + 2], INTEGERS),
    "range": (lambda x: sum([x * j for j in range(k())], x), INTEGERS),
    "a condition": (lambda x: x if 0 < k() < 3 else 2 * x, INTEGERS),
    "a function of math": (lambda x: x * math.sin(k()), FLOATS),
    "round": (lambda x: x * round(k()), FLOATS),
    "a string": (lambda x: x * len(f"{k():03d}"), INTEGERS),
    "a shape": (lambda x: x.new_full((k() + 1,), 2.0), INTEGERS),
}


def check(fun, values, jitted):
    for value in values:
        HELD.value = torch.zeros(6)
        with environ.context(k=value):
            found, expected = jitted(X), fun(X)
        if isinstance(expected, u.Quantity):
            assert found.unit == expected.unit
            found, expected = found.mantissa, expected.mantissa
        torch.testing.assert_close(found, torch.as_tensor(expected), check_dtype=False)


@pytest.mark.parametrize("name", INPUTS)
def test_a_number_that_is_computed_with_is_an_input(name):
    fun, values = INPUTS[name]
    jitted = T.jit(fun, backend="replay")
    check(fun, values, jitted)
    assert "programs=1" in repr(jitted)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_that_python_needs_makes_a_program(name):
    fun, values = NUMBERS[name]
    jitted = T.jit(fun, backend="replay")
    check(fun, values, jitted)
    assert f"programs={len(values)}" in repr(jitted)


def test_numbers_inside_a_compiled_loop_are_inputs_on_inductor():
    fun = lambda x: T.for_loop(lambda a: a * k(), x)
    check(fun, INTEGERS, brainstate.transform.jit(fun))
