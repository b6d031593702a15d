"""Laws of States: set then get; a call that fails changes nothing; nothing of a transform stays behind."""

import copy
import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import HookExecutionError, State, TraceContextError, _tree
from brainstate_torch import transform as T
from brainstate_torch._host.functorch import level_of
from brainstate_torch._state.context import CONTEXT
from brainstate_torch._state.value import Value

FEW = settings(max_examples=25, deadline=None)
F64 = torch.float64


def tensors_in(tree):
    return [leaf for leaf in _tree.leaves(tree) if isinstance(leaf, torch.Tensor)]


def assert_same_tree(found, expected):
    assert _tree.structure(found) == _tree.structure(expected)
    for a, b in zip(_tree.leaves(found), _tree.leaves(expected), strict=True):
        if isinstance(b, torch.Tensor):
            assert a.dtype == b.dtype
            assert torch.equal(a, b)
        else:
            assert a == b


# Set then get.

shapes = st.lists(st.integers(0, 3), max_size=2).map(tuple)
dtypes = st.sampled_from([torch.float32, torch.float64, torch.int64, torch.bool, torch.complex64])
tensors = st.builds(
    lambda shape, dtype: torch.arange(1, 10)[: np.prod(shape, dtype=int)].reshape(shape).to(dtype), shapes, dtypes
)
numbers = st.one_of(st.integers(-5, 5), st.floats(-2, 2), st.booleans())
leaves = st.one_of(tensors, numbers, st.none(), st.text(max_size=3), tensors.map(lambda t: t * u.mV))
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    ),
    max_leaves=6,
)


@FEW
@given(trees, st.booleans())
def test_a_value_that_was_set_is_read_back(tree, backed):
    state = State(0)
    if backed:
        state.parameters()
    state.value = tree
    assert_same_tree(state.value, tree)
    assert all(type(leaf) is Value for leaf in tensors_in(state.value))


@FEW
@given(trees)
def test_containers_of_a_value_are_the_states_own(tree):
    state = State(tree)
    before = copy.deepcopy(state.value)
    if isinstance(tree, list):
        tree.append(1)
    elif isinstance(tree, dict):
        tree["new"] = 1
    assert_same_tree(state.value, before)


VIEWS = {
    "itself": lambda v: v,
    "transposed": lambda v: v.T,
    "flipped": lambda v: v.flip(0),
    "first row": lambda v: v[:1],
    "conjugated": lambda v: v.conj(),
    "negated view": lambda v: torch._neg_view(v),
    "as real": lambda v: torch.view_as_real(v.resolve_conj().resolve_neg()),
    "in halves": lambda v: v.resolve_conj().resolve_neg().contiguous().view(torch.float32),
    "repeated": lambda v: v[:1].expand(3, v.shape[1]),
    "emptied": lambda v: v[:0],
    "emptied in another dtype": lambda v: v[:0].to(F64),
    "of another dtype": lambda v: v.to(torch.complex128),
}


@FEW
@given(st.lists(st.sampled_from(sorted(VIEWS)), max_size=3))
def test_a_view_of_the_value_is_stored_as_itself_with_and_without_parameters(names):
    start = torch.tensor([[1 + 2j, 3 - 1j], [0.5j, 2 + 0j]])
    plain, backed = State(start), State(start)
    parameter, *_ = backed.parameters()
    expected = start
    for name in names:
        if expected.ndim != 2 or not expected.is_complex() or not expected.numel():
            break
        expected = VIEWS[name](expected).clone().resolve_conj().resolve_neg()
        for state in (plain, backed):
            state.value = VIEWS[name](state.value)
            torch.testing.assert_close(state.value, expected, msg=name)
        assert backed.parameters()[0] is parameter
        assert not backed.value.requires_grad
        torch.testing.assert_close(parameter.data, expected)
    torch.testing.assert_close(start, torch.tensor([[1 + 2j, 3 - 1j], [0.5j, 2 + 0j]]))


@FEW
@given(trees, st.booleans())
def test_copies_have_the_value_and_share_nothing_that_can_change(tree, backed):
    state = State(tree, name="s", tag="t", note=[1])
    if backed:
        state.parameters()
    for twin in (state.copy(), copy.copy(state), copy.deepcopy(state), state.to_state_ref().to_state()):
        assert_same_tree(twin.value, state.value)
        assert (twin.name, twin.tag, twin.note) == ("s", {"t"}, [1])
        twin.value = {"other": 7}
        assert_same_tree(state.value, State(tree).value)


# A call that fails changes nothing.


class Stop(BaseException):
    """Not an Exception: what catches those must not keep States from being put back."""


class Countdown:
    """Raises at the call number `last`."""

    def __init__(self, last):
        self.last, self.count = last, itertools.count()

    def __call__(self, *_):
        if next(self.count) == self.last:
            raise Stop


class Doubled(torch.autograd.Function):
    """2x, calling `tick` on the way forward, backward, and along tangents."""

    generate_vmap_rule = True
    tick = staticmethod(lambda *_: None)

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        Doubled.tick()
        return 2 * g

    @staticmethod
    def jvp(ctx, t):
        Doubled.tick()
        return 2 * t


class World:
    """States of many kinds, and a program that reads, writes and makes some, with `tick` at every step."""

    def __init__(self, tick):
        self.tick = tick
        self.counter = State(torch.tensor(0, dtype=torch.int32), name="counter")
        self.weight = brainstate.ParamState(torch.tensor([2.0, 3.0], dtype=F64), tag="w")
        self.weight.parameters()
        self.tree = State({"v": torch.ones(2, dtype=F64) * u.mV, "n": 1, "note": "text", "none": None})
        self.hooked = State(torch.zeros(2, dtype=F64))
        self.hooked.hooks.config = brainstate.HookConfig(on_error="raise")
        for kind in ("read", "write_before", "write_after"):
            self.hooked.register_hook(kind, tick)
        self.made = []

    def states(self):
        return [self.counter, self.weight, self.tree, self.hooked]

    def program(self, x):
        tick = self.tick
        tick()
        self.counter.value += 1
        tick()
        v = self.tree.value["v"]
        self.tree.value = {"v": v * (1 + x.sum()), "n": 2, "note": "other", "none": None}
        tick()
        made = brainstate.ParamState(x * self.weight.value)
        self.made.append(made)
        tick()
        made.value = made.value * x
        self.weight.value = self.weight.value * 2 + made.value
        tick()
        self.hooked.value = self.hooked.value + Doubled.apply(x)
        tick()
        slope = T.grad(self.inner)(x)
        tick()
        return (self.hooked.value * self.weight.value * slope).sum()

    def inner(self, x):
        self.tick()
        self.counter.value += 1
        inside = State(x * 2)
        self.made.append(inside)
        self.tick()
        return (inside.value**2).sum()

    def snapshot(self):
        return [dict(vars(state)) for state in self.states()]


X = torch.tensor([1.0, 2.0], dtype=F64)
CALLS = {
    "grad": lambda f: T.grad(f)(X),
    "grad on torch.func": lambda f: T.grad(f, engine="func")(X),
    "grad with debug_nan": lambda f: T.grad(f, debug_nan=True)(X),
    "vector_grad": lambda f: T.vector_grad(f)(X),
    "jacrev": lambda f: T.jacrev(f)(X),
    "jacfwd": lambda f: T.jacfwd(f)(X),
    "jacfwd in chunks": lambda f: T.jacfwd(f, chunk_size=1)(X),
    "hessian": lambda f: T.hessian(f)(X),
    "hessian in chunks": lambda f: T.hessian(f, chunk_size=1)(X),
    "vjp": lambda f: T.vjp(f, X),
    "jvp": lambda f: T.jvp(f, (X,), (X,)),
    "checkpoint": lambda f: T.checkpoint(f)(X),
    "grad of checkpoint": lambda f: T.grad(T.checkpoint(f))(X),
    "StatefulFunction": lambda f: T.StatefulFunction(f)(X),
    "grad of grad": lambda f: T.grad(lambda x: T.grad(f)(x).sum())(X),
}
LOOKS = {
    "get_states": lambda f: T.StatefulFunction(f).get_states(X),
    "jaxpr_call": lambda f: T.StatefulFunction(f).jaxpr_call(
        [s._get() for s in T.StatefulFunction(f).get_states(X)], X
    ),
    "StateFinder": lambda f: T.StateFinder(f)(X),
    "eval_shape": lambda f: T.eval_shape(f, X),
    "debug_nan": lambda f: T.debug_nan(f, X),
}


def assert_unchanged(world, before):
    for state, old in zip(world.states(), before, strict=True):
        assert vars(state).keys() == old.keys()
        # `_shown` is a cache. Parameters that took a value and gave it back hold a copy of the old one.
        compared = old.keys() - ({"_shown"} if state._parameters is None else {"_shown", "_parameters", "_value"})
        assert [key for key in compared if vars(state)[key] is not old[key]] == [], state
        assert_same_tree(state._value, old["_value"])
        assert all(a is b for a, b in zip(state._parameters or [], old["_parameters"] or [], strict=True))


def assert_no_wrapper(state):
    """The State holds plain tensors without a graph, or says that it cannot be read."""
    try:
        held = tensors_in(state.value)
    except TraceContextError:
        return
    for x in held + (state.parameters() if state._parameters is not None else []):
        assert level_of(x) == -1
        assert not torch._C._functorch.is_functorch_wrapped_tensor(x)
        assert x.is_leaf
        assert not x.requires_grad or isinstance(x, torch.nn.Parameter)


def outcome_at(call, last, monkeypatch):
    """Does the call finish when the step number `last` of the program raises?"""
    tick = Countdown(last)
    world = World(tick)
    monkeypatch.setattr(Doubled, "tick", staticmethod(tick))
    before = world.snapshot()
    try:
        call(world.program)
        finished = True
    except (Stop, HookExecutionError):
        finished = False
        assert_unchanged(world, before)
    tick.last = -1
    assert not CONTEXT.traces
    assert not CONTEXT.frames
    for state in world.states() + world.made:
        assert_no_wrapper(state)
    return finished, world, before


@pytest.mark.parametrize("name", [*CALLS, *LOOKS])
def test_a_call_that_raises_at_any_step_leaves_every_state_as_it_was(name, monkeypatch):
    call = CALLS.get(name) or LOOKS[name]
    for last in itertools.count():
        finished, world, before = outcome_at(call, last, monkeypatch)
        if finished:
            break
    assert last > 10
    if name in LOOKS:
        assert_unchanged(world, before)
    else:
        assert int(world.counter.value) == 2
        assert world.tree.value["note"] == "other"


@pytest.mark.parametrize("name", CALLS)
def test_a_commit_that_raises_at_any_state_leaves_every_state_as_it_was(name):
    """An outer trace's `check_read` runs at every touch, those of the commit included."""
    for last in itertools.count():
        world, tick = World(lambda *_: None), Countdown(last)
        before = world.snapshot()
        try:
            with brainstate.StateTraceStack(check_read=tick):
                CALLS[name](world.program)
            break
        except Stop:
            assert_unchanged(world, before)
    assert last >= 4


def refuse_structure(world):
    world.tree.value = {"v": torch.ones(2) * u.mV}


def refuse_unit(world):
    world.tree.value = {**world.tree.value, "v": torch.ones(2) * u.volt}


def refuse_wrapper(world):
    torch.func.vmap(lambda x: setattr(world.counter, "value", x))(torch.arange(3))


@pytest.mark.parametrize("refused", [refuse_structure, refuse_unit, refuse_wrapper])
@pytest.mark.parametrize("name", CALLS)
def test_a_write_that_is_refused_leaves_every_state_as_it_was(name, refused):
    world = World(lambda *_: None)
    before = world.snapshot()

    def program(x):
        result = world.program(x)
        refused(world)
        return result

    with pytest.raises((ValueError, TraceContextError), match=r"keep|leave each State|outlive the call"):
        CALLS[name](program)
    assert_unchanged(world, before)
    for state in world.made:
        assert_no_wrapper(state)


@pytest.mark.parametrize(
    "unfit", [torch.tensor([1, 2]), torch.eye(2).to_sparse(), "text", None], ids=["int", "sparse", "text", "none"]
)
@pytest.mark.parametrize("name", ["grad", "jvp", "StatefulFunction"])
def test_a_value_that_its_parameters_cannot_take_is_committed_with_the_others_or_not_at_all(name, unfit):
    world = World(lambda *_: None)
    before = world.snapshot()

    def program(x):
        world.counter.value += 1
        world.weight.value = unfit
        return x.sum()

    try:
        CALLS[name](program)
    except (TypeError, ValueError, RuntimeError):
        assert_unchanged(world, before)
    else:
        assert int(world.counter.value) == 1
        assert type(world.weight.value) is type(unfit) or torch.equal(world.weight.value, unfit)


@pytest.mark.parametrize("name", CALLS)
def test_an_outer_transform_that_fails_takes_back_what_inner_ones_committed(name):
    world = World(lambda *_: None)
    before = world.snapshot()

    def outer(x):
        CALLS[name](world.program)
        raise Stop

    with pytest.raises(Stop):
        T.grad(outer)(X)
    assert_unchanged(world, before)
    for state in world.made:
        assert_no_wrapper(state)
