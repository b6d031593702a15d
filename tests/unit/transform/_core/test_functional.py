"""brainstate_torch.transform._core.functional: the core that all transforms share."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import BrainStateError, ParamState, State, StateTraceStack
from brainstate_torch import transform as T
from brainstate_torch.transform._core import functional as core

X = torch.tensor(3.0)
CALLS = {
    "grad": lambda f: T.grad(f)(X),
    "grad on torch.func": lambda f: T.grad(f, engine="func")(X),
    "vector_grad": lambda f: T.vector_grad(f)(X),
    "jacrev": lambda f: T.jacrev(f)(X),
    "jacfwd": lambda f: T.jacfwd(f)(X),
    "hessian": lambda f: T.hessian(f)(X),
    "vjp": lambda f: T.vjp(f, X),
    "jvp": lambda f: T.jvp(f, (X,), (X,)),
    "checkpoint": lambda f: T.checkpoint(f)(X),
    "StatefulFunction": lambda f: T.StatefulFunction(f)(X),
}
every_transform = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.mark.parametrize("tree", [X, {"a": X, "b": ["text", None, X * u.mV, 3]}, (), None, 5])
def test_partition_and_combine_are_inverse(tree):
    tensors, static = core.partition(tree)
    assert all(isinstance(x, torch.Tensor) for x in tensors)
    assert not any(isinstance(x, torch.Tensor) for x in static.leaves)
    assert core.combine(tensors, static) == tree


def test_combine_takes_other_tensors():
    tensors, static = core.partition({"a": X, "b": ["text", X * u.mV]})
    assert core.combine([2 * x for x in tensors], static) == {"a": 2 * X, "b": ["text", 2 * X * u.mV]}


@every_transform
def test_writes_are_committed_once_and_detached(call):
    counter, last = State(0), State(torch.tensor(0.0))

    def program(x):
        counter.value += 1
        last.value = x * 2
        return x**2

    call(program)
    assert counter.value == 1
    assert last.value == 6.0
    assert not last.value.requires_grad
    assert last._been_writen


@every_transform
def test_values_that_are_only_read_stay_the_same_object(call):
    state = State({"v": torch.ones(2), "q": torch.ones(1) * u.mV})
    before = state.value
    call(lambda x: x * state.value["v"].sum())
    assert state.value is before


@every_transform
def test_a_state_overwritten_in_the_call_takes_any_shape_and_dtype(call):
    state = State(torch.zeros(2))
    call(lambda x: (setattr(state, "value", torch.ones(3, dtype=torch.int8)), x)[1])
    assert torch.equal(state.value, torch.ones(3, dtype=torch.int8))


@every_transform
@pytest.mark.parametrize(
    ("before", "after"),
    [(torch.ones(1), [torch.ones(1)]), (torch.ones(1) * u.mV, torch.ones(1) * u.volt), (torch.ones(1), None)],
)
def test_a_structure_or_unit_that_changes_is_refused(call, before, after):
    state = State(before, name="v")
    kept = state.value
    with pytest.raises(ValueError, match="must leave each State with the structure and units that it had") as caught:
        call(lambda x: (setattr(state, "value", after), x)[1])
    assert "No State was changed." in str(caught.value)
    assert caught.value.__notes__ == [f"State made at {state.source_info}"]
    assert state.value is kept


@every_transform
@pytest.mark.parametrize("wrap", [lambda s: s, lambda s: {"x": [s]}, lambda s: (X, s)])
def test_a_state_cannot_be_a_result(call, wrap):
    state = State(1.0)
    with pytest.raises(ValueError, match="result of a transformed function cannot be an instance of State"):
        call(lambda x: wrap(state))


@pytest.mark.parametrize("place", ["argument", "keyword", "nested"])
@pytest.mark.parametrize("transform", [T.grad, T.vector_grad, T.jacrev, T.hessian, T.StatefulFunction, T.checkpoint])
def test_a_state_cannot_be_an_argument(transform, place):
    state = ParamState(1.0)
    args = {"argument": (X, state), "keyword": (X,), "nested": (X, [{"s": state}])}[place]
    kwargs = {"k": state} if place == "keyword" else {}
    name = "argument `k`" if place == "keyword" else "argument 1"
    with pytest.raises(
        ValueError, match=rf"{name} of a transformed function cannot be an instance of State\. Got a Par"
    ):
        transform(lambda x, *_, k=None: x)(*args, **kwargs)


@pytest.mark.parametrize("transform", [T.vjp, lambda f, *a: T.jvp(f, a, a), T.eval_shape, T.debug_nan])
def test_a_state_cannot_be_a_primal(transform):
    with pytest.raises(ValueError, match="argument 0 of a transformed function cannot be an instance of State"):
        transform(lambda x: x, State(1.0))


def test_numpy_arguments_become_tensors_and_those_of_the_caller_stay():
    given = {"a": np.ones(2), "names": np.array(["x"]), "list": [torch.ones(1)]}
    seen = []

    def program(x, d):
        seen.append(d)
        d["list"].append(1)
        return x * d["a"].sum()

    T.grad(program)(X, given)
    assert isinstance(seen[0]["a"], torch.Tensor)
    assert seen[0]["names"] is given["names"]
    assert type(given["a"]) is np.ndarray


@pytest.mark.parametrize("result", [X, (X,), [X], (X, 1, 2), None, {"a": X}, "text"])
@pytest.mark.parametrize("transform", [T.grad, T.vector_grad, T.jacrev, T.jacfwd, T.hessian])
def test_has_aux_needs_a_pair(transform, result):
    if isinstance(result, list):
        result = [torch.tensor(1.0)]
    state = State(0)
    with pytest.raises(TypeError, match=r"must return a pair \(loss, aux\)\. Got a"):
        transform(lambda x: (setattr(state, "value", 1), result)[1], has_aux=True)(X)
    assert state.value == 0


@pytest.mark.parametrize("pair", [lambda x: (x, 5), lambda x: [x, 5]])
def test_has_aux_takes_a_tuple_or_list_of_two(pair, engine):
    assert T.grad(pair, has_aux=True, engine=engine)(X) == (1.0, 5)


def test_aux_and_value_may_be_anything_and_are_detached(engine):
    def loss(x):
        return x * u.mV, {"q": x * u.mA, "none": None, "text": "t", "n": 3, "t": (x * 2, torch.max(x[None], 0))}

    gradient, value, aux = T.grad(loss, has_aux=True, return_value=True, unit_aware=True, engine=engine)(X)
    assert (gradient.to_decimal(u.mV), value.to_decimal(u.mV), aux["q"].to_decimal(u.mA)) == (1.0, 3.0, 3.0)
    assert (aux["none"], aux["text"], aux["n"], aux["t"][0], aux["t"][1].indices) == (None, "t", 3, 6.0, 0)
    for x in (gradient.mantissa, value.mantissa, aux["q"].mantissa, *torch.utils._pytree.tree_leaves(aux["t"])):
        assert not x.requires_grad


def test_a_grad_state_that_is_never_used_is_named(engine):
    used, unused = ParamState(X, name="used"), ParamState(X, name="unused")
    counter = State(0)

    def loss():
        counter.value += 1
        return used.value**2

    with pytest.raises(
        ValueError, match=r"every State of `grad_states` must be used by the function\. Got .*'unused'"
    ) as e:
        T.grad(loss, [used, unused], engine=engine)()
    assert str(unused.source_info) in str(e.value)
    assert counter.value == 0
    assert T.grad(loss, [used, unused], check_states=False, engine=engine)() == [6.0, 0.0]
    assert counter.value == 1


@pytest.mark.parametrize(
    "use",
    [
        lambda s: s.value,
        lambda s: setattr(s, "value", X),
        lambda s: T.grad(lambda: s.value**2, s)(),
        lambda s: T.checkpoint(lambda: s.value)(),
    ],
)
def test_a_state_that_is_touched_anywhere_inside_is_used(use, engine):
    state = ParamState(torch.tensor(2.0))
    assert T.grad(lambda: (use(state), X)[1], state, engine=engine)() == 0.0


def test_the_gradient_is_taken_at_the_value_on_entry(engine):
    w = ParamState(torch.tensor(2.0))

    def loss():
        w.value = w.value * 10
        return w.value**2

    assert T.grad(loss, w, engine=engine)() == 400.0
    assert w.value == 20.0


def test_gradients_flow_through_states_written_and_made_inside(engine):
    memory, made = State(torch.tensor(0.0)), []

    def loss(x):
        for _ in range(3):
            memory.value = memory.value + x**2
        made.append(State(memory.value * 2))
        return made[-1].value

    assert T.grad(loss, engine=engine)(X) == 36.0
    assert (memory.value, made[0].value) == (27.0, 54.0)
    assert not made[0].value.requires_grad


def test_an_outer_trace_sees_what_was_read_and_what_was_written(engine):
    read, written, failed = State(1.0), State(1.0), State(1.0)

    def program(x):
        written.value = read.value + 1
        return x

    with StateTraceStack() as trace:
        T.grad(program, engine=engine)(X)
        with pytest.raises(KeyError):
            T.grad(lambda x: (setattr(failed, "value", 2.0), {}["missing"]), engine=engine)(X)
    assert trace.get_read_states() == (read, failed)
    assert trace.get_write_states() == (written,)


@pytest.mark.parametrize(
    "call",
    [
        lambda f: T.jacrev(T.grad(f, engine="tape"))(X),
        lambda f: T.grad(f, engine="tape")(torch.tensor(1.0, requires_grad=True)),
    ],
)
def test_the_tape_cannot_be_asked_for_where_it_would_be_wrong(call, on_tape):
    with pytest.raises(
        BrainStateError, match="`engine='tape'` must not be used inside another transform or on tensors"
    ):
        call(lambda x: x**3)


def test_an_edit_of_a_container_inside_a_transform_does_not_leave_a_wrapper(engine):
    state = State({"v": torch.tensor(1.0)})

    def program(x):
        state.value["v"] = x * 2
        return {}["missing"]

    with pytest.raises(KeyError):
        T.grad(program, engine=engine)(X)
    assert torch.equal(state.value["v"], torch.tensor(1.0))
    assert not state.value["v"].requires_grad
