"""The number of programs, and what is said of it."""

import pytest
import torch

from brainstate_torch import State, environ
from brainstate_torch import transform as T

from .replayed import X, programs, replayed


def test_the_fourth_program_in_a_row_says_what_changes(capsys):
    compiled = replayed(lambda x: x * len(range(environ.get("i"))), name="step")
    for i in range(8):
        with environ.context(i=i, t=0.1):
            compiled(X)
    said = capsys.readouterr().err
    assert said.count("step was compiled 4 times in a row") == 1
    assert "`i` of environ" in said
    assert "`t`" not in said


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda f, n: f(torch.ones(n)), "argument 0"),
        (lambda f, n: f(x=torch.ones(n)), "argument `x`"),
    ],
)
def test_arguments_of_many_shapes_are_named(call, text, capsys):
    compiled = replayed(lambda x: x)
    for n in range(5):
        call(compiled, n)
    assert text in capsys.readouterr().err


def test_a_variable_that_changes_is_named(capsys):
    compiled = replayed(lambda x: x * k)
    for k in range(5):  # noqa: B007
        compiled(X)
    assert "the variable `k`" in capsys.readouterr().err


def test_a_state_of_many_shapes_is_named(capsys):
    state = State(torch.ones(1))
    compiled = replayed(lambda: state.value * 2)
    for n in range(1, 6):
        state.value = torch.ones(n)
        compiled()
    assert "the value of a State made at" in capsys.readouterr().err


def test_few_programs_used_in_turn_say_nothing(capsys):
    compiled = replayed(lambda x: x)
    for _ in range(5):
        for n in range(3):
            compiled(torch.ones(n))
    assert capsys.readouterr().err == ""


def test_the_oldest_program_is_dropped():
    runs = []

    def step(x):
        runs.append(len(x))
        return x

    compiled = replayed(step, maxsize=2)
    for n in (1, 2, 1, 3, 1, 2):
        compiled(torch.ones(n))
    assert runs == [1, 2, 3, 2]
    assert programs(compiled) == 2


def test_the_bound_must_be_positive():
    with pytest.raises(ValueError, match="`maxsize` must be at least 1. Got 0"):
        T.jit(lambda x: x, maxsize=0)
