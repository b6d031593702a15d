"""brainstate_torch.transform._watch.error_if: when it raises, and what."""

import numpy as np
import pytest
import torch

from brainstate_torch import State
from brainstate_torch import transform as T


@pytest.mark.parametrize("pred", [True, 2, 0.5, np.bool_(True), torch.tensor([False, True]), np.array([0, 1])])
def test_it_raises_if_anything_holds(pred):
    with pytest.raises(ValueError, match=r"^bad$"):
        T.jit_error_if(pred, "bad")


@pytest.mark.parametrize("pred", [False, 0, 0.0, np.bool_(False), torch.tensor([False, False]), torch.zeros(0)])
def test_it_does_not_raise_if_nothing_holds(pred):
    assert T.jit_error_if(pred, "bad {missing}") is None


@pytest.mark.parametrize(
    ("message", "args", "kwargs", "text"),
    [
        ("a %d", (42,), {}, "a 42"),
        ("{} vs {}", (1, 2), {}, "1 vs 2"),
        ("%d of %d", (1, 2), {}, "1 of 2"),
        ("%s: %.1f > %d", ("x", torch.tensor(2.5), 2), {}, "x: 2.5 > 2"),
        ("x={x:.1f}", (), {"x": torch.tensor(1.25)}, "x=1.2"),
        ("%s {b}", (1,), {"b": 2}, "1 2"),
        ("{} {b}", (1,), {"b": 2}, "1 2"),
        ("{plain}", (), {}, "{plain}"),
    ],
)
def test_messages_are_formatted(message, args, kwargs, text):
    with pytest.raises(ValueError) as caught:
        T.jit_error_if(True, message, *args, **kwargs)
    assert str(caught.value) == text


def test_a_function_raises_what_it_likes():
    def fail(x, y):
        raise KeyError(x + y)

    with pytest.raises(KeyError, match=r"3"):
        T.jit_error_if(True, fail, 1, y=2)
    T.jit_error_if(False, fail, 1, y=2)
    assert T.jit_error_if(True, lambda x: None, 1) is None


def test_one_lane_is_enough_and_all_are_shown():
    def f(x):
        T.jit_error_if(x > 1, "got {x}", x=x)
        return x

    double = torch.func.vmap(torch.func.vmap(f))
    assert double(torch.zeros(2, 2)).shape == (2, 2)
    with pytest.raises(ValueError, match=r"got tensor\(\[\[0., 0.\],\s+\[0., 2.\]\]\)"):
        double(torch.tensor([[0.0, 0.0], [0.0, 2.0]]))


def test_in_a_transform_states_stay_as_they_were():
    state = State(torch.tensor(1.0))

    def loss(x):
        state.value = state.value + x
        T.jit_error_if(state.value > 2, "too large: {v}", v=state.value)
        return x

    with pytest.raises(ValueError, match=r"too large: 6.0"):
        T.grad(loss)(torch.tensor(5.0))
    assert state.value == 1.0


def test_nothing_is_known_where_shapes_are_traced():
    assert T.eval_shape(lambda x: T.jit_error_if(x > 0, "bad") or x, torch.ones(3)).shape == (3,)


@pytest.mark.parametrize(("pred", "seen"), [(None, "NoneType"), ("a", "str")])
def test_the_predicate_must_be_an_array(pred, seen):
    with pytest.raises(TypeError, match=f"`pred` must be a number or a tensor. Got a {seen}"):
        T.jit_error_if(pred, "bad")


def test_the_error_must_be_a_text_or_a_function():
    with pytest.raises(TypeError, match=r"`error` must be a message or a function. Got an int"):
        T.jit_error_if(False, 3)
