"""brainstate_torch.transform._core.abstract and _shapes: eval_shape."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T
from brainstate_torch.transform import ShapeDtypeStruct

F32 = torch.float32


@pytest.fixture
def w():
    return ParamState({"k": torch.ones(3, 2), "b": torch.ones(2) * u.mV})


def test_shapes_of_results_and_states_cost_nothing_and_change_nothing(w):
    n = State(0)

    def fun(x, scale):
        n.value += 1
        w.value = {**w.value, "k": w.value["k"] * scale}
        return {"y": (x @ w.value["k"]) * u.mV + w.value["b"], "n": n.value, "t": "text"}

    before = w.value
    huge = ShapeDtypeStruct((10**9, 3), F32)
    states, shapes = T.eval_shape(fun, huge, scale=2.0, return_state_shapes=True)
    assert shapes["y"].unit == u.mV
    assert shapes["y"].mantissa == ShapeDtypeStruct((10**9, 2), F32)
    assert shapes["n"] == ShapeDtypeStruct((), torch.int32)
    assert shapes["t"] == "text"
    assert list(states) == [n, w]
    assert states[w]["k"] == ShapeDtypeStruct((3, 2), F32)
    assert w.value is before
    assert n.value == 0


@pytest.mark.parametrize("x", [torch.ones(4), np.ones(4), ShapeDtypeStruct((4,), F32)])
def test_tensors_arrays_and_shapes_are_arguments(x):
    assert T.eval_shape(lambda x: x[:2].sum(0, keepdim=True), x) == ShapeDtypeStruct((1,), F32)


def test_it_draws_no_random_numbers():
    torch.manual_seed(0)
    expected = torch.rand(1)
    torch.manual_seed(0)
    T.eval_shape(lambda: torch.rand(3) * torch.randn(3))
    assert torch.equal(torch.rand(1), expected)


def test_states_made_inside_hold_shapes_afterwards():
    def build(n):
        return {"w": ParamState(torch.ones(n, 2)), "h": State(torch.zeros(n) * u.mV)}

    made = {}
    T.eval_shape(lambda: made.update(build(3)))
    assert made["w"].value == ShapeDtypeStruct((3, 2), F32)
    assert made["h"].value.mantissa == ShapeDtypeStruct((3,), F32)


def test_a_function_that_looks_at_numbers_raises_and_leaves_the_states(w):
    n = State(torch.tensor(1.0))

    def fun():
        n.value = n.value + 1
        return bool(n.value > 0)

    with pytest.raises(RuntimeError, match="_local_scalar_dense"):
        T.eval_shape(fun)
    assert n.value == 1.0
    assert type(n.value.as_subclass(torch.Tensor)) is torch.Tensor


def test_inside_a_transform_states_have_the_shapes_that_they_have_there(engine):
    n, seen = State(torch.ones(4)), []

    def loss(x):
        n.value = n.value[:2]
        seen.append(T.eval_shape(lambda: n.value * 1))
        return x

    T.grad(loss, engine=engine)(torch.tensor(1.0))
    assert seen == [ShapeDtypeStruct((2,), F32)]


def test_gradients_can_be_looked_at_without_numbers(w):
    shapes = T.eval_shape(T.grad(lambda x: (x @ w.value["k"]).sum()), ShapeDtypeStruct((5, 3), F32))
    assert shapes == ShapeDtypeStruct((5, 3), F32)


def test_shape_structs_are_compared_hashed_and_printed():
    a, b = ShapeDtypeStruct([2, 3], F32), ShapeDtypeStruct((2, 3), F32)
    assert a == b
    assert hash(a) == hash(b)
    assert a != ShapeDtypeStruct((2, 3), torch.float64)
    assert a != (2, 3)
    assert (a.ndim, repr(a)) == (2, "ShapeDtypeStruct(float32[2, 3])")
