"""brainstate_torch._state.backing: the Parameters behind a State, and PyTorch's own tools on them."""

import copy
import pickle

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import BrainStateError, HiddenState, ParamState, State, taped
from brainstate_torch import transform as T

OPTIMIZERS = {
    "SGD": lambda p: torch.optim.SGD(p, lr=0.1),
    "SGD with momentum": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9),
    "Adam": lambda p: torch.optim.Adam(p, lr=0.1),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("by", ["taped", "grad"])
def test_optimizers_train_as_on_a_parameter_of_their_own(make, by):
    start, target = torch.tensor([2.0, -1.0]), torch.tensor([1.0, 1.0])
    reference = torch.nn.Parameter(start.clone())
    w = ParamState({"w": start, "n": torch.tensor(3)})
    theirs, ours = make([reference]), make(w.parameters()[:1])

    def loss():
        return ((w.value["w"] - target) ** 2).sum()

    for _ in range(5):
        theirs.zero_grad()
        ((reference - target) ** 2).sum().backward()
        theirs.step()
        ours.zero_grad()
        if by == "taped":
            with taped():
                loss().backward()
        else:
            w.parameters()[0].grad = T.grad(loss, w, allow_int=True)()["w"]
        ours.step()
        torch.testing.assert_close(w.value["w"], reference.data)
    assert torch.equal(start, torch.tensor([2.0, -1.0]))


def test_parameters_are_the_same_objects_through_writes_moves_and_loads():
    w = ParamState({"a": torch.zeros(2), "b": torch.zeros(3)})
    a, b = w.parameters()
    w.value = {"a": torch.ones(2), "b": torch.ones(3)}
    w.value = {"a": torch.ones(5), "b": w.value["b"] * 2}
    w.to(torch.float64)
    T.grad(lambda x: (setattr(w, "value", {"a": x, "b": w.value["b"]}), x.sum())[1])(torch.ones(1, dtype=torch.float64))
    assert w.parameters()[0] is a
    assert w.parameters()[1] is b
    assert torch.equal(a.data, torch.ones(1, dtype=torch.float64))
    assert torch.equal(b.data, torch.full((3,), 2.0, dtype=torch.float64))


def test_parameters_follow_the_number_of_leaves():
    w = ParamState([torch.zeros(1)])
    (first,) = w.parameters()
    w.value = [torch.ones(1), torch.ones(2), 5]
    assert [p.shape for p in w.parameters()] == [(1,), (2,)]
    assert w.parameters()[0] is first
    w.value = []
    assert w.parameters() == []


@pytest.mark.parametrize(
    ("kind", "leaf", "requires_grad"),
    [
        (ParamState, torch.zeros(1), True),
        (ParamState, torch.zeros(1, dtype=torch.complex64), True),
        (ParamState, torch.zeros(1, dtype=torch.int32), False),
        (ParamState, torch.zeros(1) * u.mV, True),
        (State, torch.zeros(1), False),
        (HiddenState, torch.zeros(1), False),
    ],
)
def test_requires_grad_is_that_of_floating_param_states(kind, leaf, requires_grad):
    (parameter,) = kind(leaf).parameters()
    assert parameter.requires_grad is requires_grad
    assert isinstance(parameter, torch.nn.Parameter)


ALIASES = {
    "another state": lambda w: State(w.value),
    "written": lambda w: _written(State(torch.zeros(2)), w.value),
    "written in a container": lambda w: _written(State({}), {"v": [w.value]}),
    "written in a transform": lambda w: _written_by_grad(State(torch.zeros(2)), w),
    "copy": lambda w: w.copy(),
    "copy_from": lambda w: _copied(ParamState(torch.zeros(2)), w),
    "replace": lambda w: State(torch.zeros(2)).replace(w.value),
    "treefy": lambda w: w.to_state_ref().to_state(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda w: pickle.loads(pickle.dumps(w)),
}


def _written(state, value):
    state.value = value
    return state


def _copied(state, other):
    state.copy_from(other)
    return state


def _written_by_grad(state, other):
    T.grad(lambda x: (setattr(state, "value", other.value), x)[1])(torch.tensor(1.0))
    return state


@pytest.mark.parametrize("asked", ["before", "after"])
@pytest.mark.parametrize("name", ALIASES)
def test_states_that_got_the_value_of_another_do_not_follow_its_optimizer(name, asked):
    initial = torch.tensor([1.0, 2.0])
    w = ParamState(initial)
    if asked == "before":
        w.parameters()
    other = ALIASES[name](w)
    (p,) = w.parameters()
    p.grad = torch.ones(2)
    torch.optim.SGD([p], lr=1.0).step()
    assert torch.equal(w.value, torch.tensor([0.0, 1.0]))
    assert torch.equal(torch.utils._pytree.tree_leaves(other.value)[0], torch.tensor([1.0, 2.0]))
    assert torch.equal(initial, torch.tensor([1.0, 2.0]))
    (q,) = other.parameters()
    q.data.add_(10)
    assert torch.equal(w.value, torch.tensor([0.0, 1.0]))


@pytest.mark.parametrize("kind", [ParamState, State])
def test_the_value_carries_no_tape_and_follows_what_is_done_to_the_parameters(kind):
    w = kind(torch.tensor([2.0]))
    (p,) = w.parameters()
    early = w.value
    for mode in (torch.no_grad, torch.enable_grad):
        with mode():
            assert not w.value.requires_grad
            assert not (w.value * 2).requires_grad
    with torch.no_grad():
        p.copy_(torch.tensor([7.0]))
    assert not w.value.requires_grad
    assert w.value == 7.0
    assert early == 2.0
    assert repr(w.value) == "tensor([7.])"


def test_two_states_of_one_tensor_train_apart():
    tensor = torch.tensor([1.0])
    a, b = ParamState(tensor), ParamState(tensor)
    for state, grad in ((a, 1.0), (b, 2.0)):
        (p,) = state.parameters()
        p.grad = torch.tensor([grad])
        torch.optim.SGD([p], lr=1.0).step()
    assert (a.value.item(), b.value.item(), tensor.item()) == (0.0, -1.0, 1.0)


@pytest.mark.parametrize("backed", [False, True])
def test_to_moves_floating_leaves_and_keeps_the_rest(backed):
    s = ParamState(
        {
            "v": torch.ones(2),
            "n": torch.tensor(3),
            "z": torch.ones(1, dtype=torch.complex64),
            "q": torch.ones(1) * u.mV,
            "t": "x",
        }
    )
    if backed:
        kept = s.parameters()
    assert s.to(torch.float64) is s
    dtypes = {key: getattr(s.value[key], "dtype", None) for key in s.value}
    assert dtypes == {"v": torch.float64, "n": torch.int64, "z": torch.complex128, "q": torch.float64, "t": None}
    assert s.value["q"].unit == u.mV
    assert not s._been_writen
    if backed:
        assert all(a is b for a, b in zip(s.parameters(), kept, strict=True))
        assert [p.dtype for p in kept] == [torch.float64, torch.int64, torch.complex128, torch.float64]


def test_to_inside_a_transform_belongs_to_the_transform(engine):
    w = ParamState(torch.tensor([2.0]))

    def loss():
        w.to(torch.float64)
        assert w.value.dtype == torch.float64
        return (w.value**2).sum()

    with pytest.raises(ZeroDivisionError):
        T.grad(lambda: (loss(), 1 / 0)[1], w, engine=engine)()
    assert w.value.dtype == torch.float32
    assert T.grad(loss, w, engine=engine)() == 4.0
    assert w.value.dtype == torch.float64
    assert not w.value.requires_grad


MOVES = {
    "dtype": lambda p: p.double(),
    "shape": lambda p: p[:1],
    "layout": lambda p: p.T,
    "storage": lambda p: p * 3,
}


@pytest.mark.parametrize("name", MOVES)
def test_value_shows_what_was_done_to_the_data_of_a_parameter(name):
    w = ParamState(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    (p,) = w.parameters()
    p.data = MOVES[name](p.data)
    expected = MOVES[name](torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert w.value.dtype == expected.dtype
    assert torch.equal(w.value, expected)


@pytest.mark.parametrize("make", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))], ids=["deepcopy", "pickle"])
def test_deep_copies_have_parameters_of_their_own_in_step_with_their_value(make):
    w = ParamState({"w": torch.tensor([1.0]), "q": torch.tensor([2.0]) * u.mV}, name="w", tag="t")
    w.parameters()
    one, same = make([w, w])
    assert one is same
    assert (one.name, one.tag, one.stack_level) == ("w", {"t"}, 0)
    p, q = one.parameters()
    assert type(p) is type(w.parameters()[0])
    assert p.requires_grad
    with torch.no_grad():
        p.add_(5)
        q.add_(1)
    assert (one.value["w"].item(), one.value["q"].to_decimal(u.mV).item()) == (6.0, 3.0)
    assert (w.value["w"].item(), w.value["q"].to_decimal(u.mV).item()) == (1.0, 2.0)


def test_parameters_of_a_state_made_inside_a_transform_come_after_it(engine):
    made = []

    def loss(x):
        made.append(ParamState(x * 2))
        with pytest.raises(BrainStateError, match=r"gets its Parameters after it. Got a call of `parameters` inside"):
            made[-1].parameters()
        return (made[-1].value ** 2).sum()

    assert torch.equal(T.grad(loss, engine=engine)(torch.tensor([1.0])), torch.tensor([8.0]))
    assert torch.equal(made[0].value, torch.tensor([2.0]))
    assert torch.equal(made[0].parameters()[0].data, torch.tensor([2.0]))


def test_parameters_of_a_grad_state_may_be_asked_for_inside_a_transform(engine):
    w = ParamState(torch.tensor([1.0, 2.0]))

    def loss():
        w.parameters()
        return (w.value**2).sum()

    assert torch.equal(T.grad(loss, w, engine=engine)(), torch.tensor([2.0, 4.0]))
    assert torch.equal(w.parameters()[0].data, torch.tensor([1.0, 2.0]))


def test_a_parameter_that_held_integers_trains_again_with_floats():
    w = ParamState(torch.tensor([1.0]))
    (p,) = w.parameters()
    w.value = torch.tensor([3])
    w.value = torch.tensor([2.5])
    assert w.parameters()[0] is p
    assert p.requires_grad


def test_a_move_takes_the_gradient_along():
    w = ParamState(torch.tensor([1.0]))
    with taped():
        w.value.sum().backward()
    w.to(torch.float64)
    assert torch.equal(w.parameters()[0].grad, torch.ones(1, dtype=torch.float64))


@pytest.mark.parametrize("value", [torch.zeros(3), torch.zeros(2, 2), torch.zeros(1)])
def test_a_gradient_of_another_shape_is_forgotten(value):
    weight = ParamState(torch.ones(2))
    (parameter,) = weight.parameters()
    parameter.grad = torch.ones(2)
    weight.value = value
    assert weight.parameters()[0] is parameter and parameter.grad is None
    assert torch.equal(parameter.data, value)
