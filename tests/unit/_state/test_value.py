"""brainstate_torch._state.value: what a State hands out cannot be written in place."""

import copy
import operator
import pickle

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State, TraceContextError, taped
from brainstate_torch import transform as T
from brainstate_torch._state.value import Value

OPERATORS = {
    "+=": (operator.iadd, operator.add),
    "-=": (operator.isub, operator.sub),
    "*=": (operator.imul, operator.mul),
    "/=": (operator.itruediv, operator.truediv),
    "//=": (operator.ifloordiv, operator.floordiv),
    "%=": (operator.imod, operator.mod),
    "**=": (operator.ipow, operator.pow),
    "@=": (operator.imatmul, operator.matmul),
}
BITWISE = {
    "&=": (operator.iand, operator.and_),
    "|=": (operator.ior, operator.or_),
    "^=": (operator.ixor, operator.xor),
    "<<=": (operator.ilshift, operator.lshift),
    ">>=": (operator.irshift, operator.rshift),
}
AROUND = {
    "eagerly": lambda f: f(torch.tensor(2.0)),
    "in grad on torch.func": lambda f: T.grad(f, engine="func")(torch.tensor(2.0)),
    "in grad": lambda f: T.grad(f)(torch.tensor(2.0)),
    "in jvp": lambda f: T.jvp(f, (torch.tensor(2.0),), (torch.tensor(1.0),)),
    "in jacfwd": lambda f: T.jacfwd(f)(torch.tensor(2.0)),
    "in hessian": lambda f: T.hessian(f)(torch.tensor(2.0)),
    "in checkpoint": lambda f: T.grad(T.checkpoint(f))(torch.tensor(2.0)),
}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("name", [*OPERATORS, *BITWISE])
def test_operators_rebind_and_leave_every_other_holder_alone(name, around):
    in_place, out_of_place = {**OPERATORS, **BITWISE}[name]
    initial = torch.tensor([[5, 2], [3, 4]]) if name in BITWISE else torch.tensor([[5.0, 2.0], [3.0, 4.0]])
    operand = torch.tensor([[1, 1], [2, 1]]).to(initial.dtype)
    mine = initial.clone()
    first, second, backed = State(mine), State(mine), State(mine)
    (parameter,) = backed.parameters()
    older = first.value
    seen = []

    def program(x):
        seen.append(first.value)
        first.value = in_place(first.value, operand)
        backed.value = in_place(backed.value, operand)
        local = second.value
        local = in_place(local, operand)
        seen.append(second.value)
        return x * local.sum()

    AROUND[around](program)
    expected = out_of_place(initial, operand)
    for found in (first.value, backed.value, parameter.data):
        assert torch.equal(found, expected)
    for untouched in (mine, older, second.value, *seen):
        assert torch.equal(untouched, initial)


WRITE_NOTHING = {"requires_grad_", "retain_grad_", "detach_", "share_memory_", "rename_"}
REFUSED = {name for name in dir(torch.Tensor) if name.endswith("_") and not name.startswith("_")} - WRITE_NOTHING


@pytest.mark.parametrize("name", ["__setitem__", *sorted(REFUSED)])
def test_methods_that_write_in_place_are_refused_with_the_cure(name):
    state = State(torch.ones(2, 3))
    with pytest.raises(TypeError, match=rf"`{name}` on a tensor of shape \(2, 3\)\. Change a copy: `v = x.clone"):
        getattr(state.value, name)(0, 0)
    assert torch.equal(state.value, torch.ones(2, 3))


def test_an_item_cannot_be_written_in_place():
    initial = torch.ones(2)
    state = State(initial)
    with pytest.raises(TypeError, match="Change a copy"):
        state.value[0] += 1
    assert torch.equal(state.value, torch.ones(2))
    assert torch.equal(initial, torch.ones(2))


QUANTITY_WRITES = {
    "operator": lambda q: operator.iadd(q, 1 * u.mV),
    "item": lambda q: operator.setitem(q, 0, 2 * u.mV),
    "add_": lambda q: q.add_(1 * u.mV),
    "zero_": lambda q: q.zero_(),
    "mul_": lambda q: q.mul_(2.0),
}


@pytest.mark.parametrize("name", QUANTITY_WRITES)
def test_a_quantity_of_a_state_cannot_be_written_in_place(name):
    state = State(torch.ones(2) * u.mV)
    try:
        QUANTITY_WRITES[name](state.value)
    except TypeError as error:
        assert "Change a copy" in str(error)
    assert torch.equal(state.value.to_decimal(u.mV), torch.ones(2))


def test_results_of_a_value_are_plain_tensors():
    value = State(torch.tensor([1.0, 2.0])).value
    assert type(value) is Value
    for result in (value + 1, -value, value.sum(), torch.sin(value), value.clone(), torch.t(value)):
        assert type(result) is torch.Tensor


def test_value_prints_formats_and_compares_as_a_tensor():
    value = State(torch.tensor(1.5)).value
    assert repr(value) == repr(torch.tensor(1.5))
    assert f"{value:.3f}" == "1.500"
    assert value == 1.5
    assert float(value) == 1.5
    assert np.asarray(value) == 1.5


def test_value_is_pickled_as_a_tensor_and_deep_copied_as_a_value():
    value = State(torch.tensor([1.0])).value
    assert type(pickle.loads(pickle.dumps(value))) is torch.Tensor
    copied, again = copy.deepcopy([value, value])
    assert copied is again
    assert type(copied) is Value
    assert copied.data_ptr() != value.data_ptr()


def test_a_state_keeps_no_graph_outside_a_transform():
    x = torch.ones(2, requires_grad=True)
    state = State({"v": x * 2})
    state.value = {"v": state.value["v"] + x * u.mV / u.mV}
    assert not state.value["v"].requires_grad
    assert state.value["v"].is_leaf


@pytest.mark.parametrize(
    "raw", [torch.func.grad, torch.func.jacfwd, torch.func.vmap, lambda f: lambda x: torch.func.jvp(f, (x,), (x,))]
)
@pytest.mark.parametrize("write", ["value", "restore_value", "__init__"])
def test_a_tensor_of_a_raw_torch_transform_is_refused(raw, write):
    state = State(torch.tensor(0.0))

    def program(x):
        {
            "value": lambda: setattr(state, "value", x.sum()),
            "restore_value": lambda: state.restore_value(x.sum()),
            "__init__": lambda: State(x.sum()),
        }[write]()
        return x.sum()

    x = torch.ones(3)
    with pytest.raises(TraceContextError, match=r"made inside torch.func.grad, vmap or another raw torch transform"):
        raw(program)(x)
    assert torch.equal(state.value, torch.tensor(0.0))


def test_a_tensor_that_outlived_its_transform_is_refused():
    kept = []
    torch.func.grad(lambda x: (kept.append(x * 2), x.sum())[1])(torch.ones(2))
    with pytest.raises(TraceContextError, match=r"Got one that outlived its transform \(shape \(2,\)\)"):
        State(kept[0])


def test_reading_in_a_raw_torch_transform_is_fine():
    state = State(torch.tensor(3.0))
    assert torch.func.grad(lambda x: x * state.value)(torch.tensor(1.0)) == 3.0
    assert torch.equal(torch.func.vmap(lambda x: x * state.value)(torch.arange(2.0)), torch.tensor([0.0, 3.0]))


def test_parameters_handed_out_by_taped_are_rebound_by_operators():
    w = ParamState(torch.tensor([1.0, 2.0]))
    with taped():
        before = w.value
        w.value += 1
        assert torch.equal(before, torch.tensor([1.0, 2.0]))
        assert torch.equal(w.value, torch.tensor([2.0, 3.0]))
    assert torch.equal(w.value, torch.tensor([2.0, 3.0]))


def test_a_hand_written_step_on_the_parameters_reaches_the_state():
    w = ParamState(torch.tensor([1.0, 2.0]))
    with taped():
        (w.value**2).sum().backward()
    with torch.no_grad():
        for p in w.parameters():
            p -= 0.25 * p.grad
    assert torch.equal(w.value, torch.tensor([0.5, 1.0]))


@pytest.mark.parametrize("view", [lambda p: p.view(2, 1), lambda p: p[:1]], ids=["view", "part"])
def test_a_state_made_of_a_view_of_a_parameter_has_memory_of_its_own(view):
    weight = ParamState(torch.ones(2))
    (parameter,) = weight.parameters()
    other = State(view(parameter))
    with torch.no_grad():
        parameter.add_(1)
    assert torch.equal(other.value, torch.ones_like(other.value))


@pytest.mark.parametrize("compare", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_a_value_is_compared_with_arrays_on_both_sides(compare):
    value, array = ParamState(torch.tensor([1.0, 2.0])).value, np.array([1.0, 3.0])
    assert compare(value, array).tolist() == compare(value.numpy(), array).tolist()
    assert compare(array, value).tolist() == compare(array, value.numpy()).tolist()
    assert compare(value, 2.0).tolist() == compare(value.numpy(), 2.0).tolist()
    assert compare(value * u.mV, 2.0 * u.mV).tolist() == compare(value.numpy(), 2.0).tolist()


def test_a_tensor_that_was_kept_from_a_recording_is_refused():
    kept = []

    def fun(x):
        kept.append(x * 2)
        return x

    T.jit(fun, backend="replay")(torch.ones(2))
    s = State(torch.zeros(2))
    for write in (lambda: setattr(s, "value", kept[-1]), lambda: State({"a": kept[-1]})):
        with pytest.raises(TraceContextError, match="recording that has ended"):
            write()
    assert torch.equal(s.value, torch.zeros(2))
