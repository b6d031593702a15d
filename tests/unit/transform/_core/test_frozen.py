"""brainstate_torch.transform._core.frozen: functions whose variables are held."""

import functools

import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch.transform._core.frozen import frozen


def test_a_frozen_function_sees_its_variables_as_they_were():
    v = 1

    def fun(x, *, y=10):
        return x + v + y

    held = frozen(fun)
    v = 100
    assert (held(0), held(0, y=0), fun(0)) == (11, 1, 110)
    assert held.__name__ == "fun"


def test_functions_among_the_variables_are_frozen_too():
    v = 1
    inner = lambda: v
    held = frozen(functools.partial(lambda scale: scale * inner(), 2))
    v = 100
    assert (held(), inner()) == (2, 100)


def test_a_function_may_be_one_of_its_own_variables():
    def factorial(n):
        return 1 if n == 0 else n * factorial(n - 1)

    held = frozen(factorial)
    factorial_before, factorial = factorial, None
    assert held(4) == 24
    assert factorial_before is not held


def test_a_variable_without_a_value_stays_without_one():
    held = frozen(lambda: (lambda: later) and 3)
    later = 1
    assert held() == 3
    assert later == 1


def test_methods_keep_their_object():
    class Thing:
        def value(self):
            return super().__repr__() and self

    thing = Thing()
    assert frozen(thing.value)() is thing


def test_what_has_no_variables_is_itself():
    assert frozen(len) is len
    assert frozen(torch.nn.functional.relu) is torch.nn.functional.relu


def test_global_variables_and_what_containers_hold_are_frozen():
    global _SCALE
    _SCALE, numbers, named, inner = 2, [1], {"a": 1}, []
    inner.append(lambda: numbers[0])
    read = lambda: (_SCALE, numbers[0], named["a"], inner[0]())
    held, light = frozen(read, deeply=True), frozen(read)
    _SCALE, numbers[0], named["a"] = 3, 10, 10
    assert (held(), light()) == ((2, 1, 1, 1), (3, 10, 10, 10))


@pytest.mark.slow
def test_functions_within_transforms_are_frozen():
    scale = 2.0
    x = torch.ones(2)
    made = [T.checkpoint(lambda a: a * scale), T.vmap(lambda a: a * scale), T.jit(lambda a: a * scale)]
    made += [
        T.grad(lambda a: (a * scale).sum()),
        T.vmap2(lambda a: a * scale),
        functools.partial(T.vmap(lambda a: a * scale)),
    ]
    held = [frozen(f) for f in made]
    scale = 5.0
    assert [f(x).tolist() for f in held] == [[2.0, 2.0]] * 6
    assert made[0](x).tolist() == [5.0, 5.0]
