"""brainstate_torch.transform._core.selection: what a derivative is taken with respect to."""

from collections import OrderedDict, namedtuple

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import FakeState, HiddenState, ParamState, State, StateDictManager
from brainstate_torch import transform as T
from brainstate_torch.transform._core.selection import Selection
from brainstate_torch.util import NestedDict

Pair = namedtuple("Pair", "a b")
X, Y = torch.tensor(3.0), torch.tensor(5.0)


@pytest.fixture
def states():
    return ParamState(torch.tensor(2.0), name="a"), HiddenState(torch.tensor(7.0), name="b")


FORMS = [
    # argnums, expected with States, expected without
    (None, lambda g, x, y: g, lambda g, x, y: x),
    (0, lambda g, x, y: (g, x), lambda g, x, y: x),
    (1, lambda g, x, y: (g, y), lambda g, x, y: y),
    (np.int64(1), lambda g, x, y: (g, y), lambda g, x, y: y),
    ((1,), lambda g, x, y: (g, (y,)), lambda g, x, y: (y,)),
    ([1, 0], lambda g, x, y: (g, (y, x)), lambda g, x, y: (y, x)),
    ((0, 1), lambda g, x, y: (g, (x, y)), lambda g, x, y: (x, y)),
]


@pytest.mark.parametrize("return_value", [False, True])
@pytest.mark.parametrize("has_aux", [False, True])
@pytest.mark.parametrize("with_states", [False, True])
@pytest.mark.parametrize(("argnums", "given", "bare"), FORMS)
@pytest.mark.parametrize("transform", [T.grad, T.vector_grad, T.jacrev, T.jacfwd])
def test_return_forms(transform, argnums, given, bare, with_states, has_aux, return_value, states):
    a, b = states

    def loss(x, y):
        value = a.value * x**2 * y
        return (value, {"aux": b.value + x}) if has_aux else value

    grad_states = [a] if with_states else None
    keywords = {"argnums": argnums, "has_aux": has_aux, "return_value": return_value}
    found = transform(loss, grad_states, **keywords)(X, Y)
    parts = [torch.tensor(45.0)], torch.tensor(60.0), torch.tensor(18.0)
    expected = [(given if with_states else bare)(*parts)]
    expected += [torch.tensor(90.0)] * return_value + [{"aux": torch.tensor(10.0)}] * has_aux
    assert found == (tuple(expected) if len(expected) > 1 else expected[0])
    if argnums is not None and with_states:
        assert type(found if len(expected) == 1 else found[0]) is tuple


@pytest.mark.parametrize(
    ("container", "kind"),
    [
        (lambda a, b: a, None),
        (lambda a, b: [a, b], list),
        (lambda a, b: (a, [b, None]), tuple),
        (lambda a, b: Pair(a, b), Pair),
        (lambda a, b: {"z": a, "b": b}, dict),
        (lambda a, b: OrderedDict(z=a, b=b), dict),
        (lambda a, b: StateDictManager(z=a, b=b), dict),
        (lambda a, b: {("m", 0): a, ("k", 1): {"in": b}}, dict),
        (lambda a, b: [OrderedDict(z=a), NestedDict({"n": {"b": b}})], list),
    ],
)
def test_gradients_of_states_stand_in_their_container(container, kind, states, engine):
    a, b = states
    grads = T.grad(lambda: a.value**2 * b.value, container(a, b), engine=engine)()
    of_a, of_b = torch.tensor(28.0), torch.tensor(4.0)
    if kind is dict:
        assert type(grads) is dict
        assert list(grads) == sorted(container(a, b))
        assert set(map(type, grads.values())) <= {torch.Tensor, dict}
    else:
        found = grads if kind is None else torch.utils._pytree.tree_leaves(grads)
        assert kind is None or type(grads) is kind
        assert (
            found == (of_a if kind is None else [of_a, of_b])
            or found == [of_a, None, of_b]
            or found == [of_a, of_b, None]
        )


def test_mappings_with_keys_that_cannot_be_sorted_keep_their_order(states):
    a, b = states
    grads = T.grad(lambda: a.value * b.value, {("x", 0): a, 5: b})()
    assert list(grads) == [("x", 0), 5]


def test_a_state_named_twice_has_its_full_gradient_at_each_place(states, engine):
    a, b = states
    grads = T.grad(lambda: a.value**2 * b.value, [a, {"again": a}, b], engine=engine)()
    assert grads == [torch.tensor(28.0), {"again": torch.tensor(28.0)}, torch.tensor(4.0)]


@pytest.mark.parametrize("transform", [T.jacrev, T.jacfwd])
def test_a_state_named_twice_has_its_full_jacobian_at_each_place(states, transform):
    a, _ = states
    assert transform(lambda: a.value**2, [a, a])() == [torch.tensor(4.0)] * 2


def test_gradients_mirror_the_value_of_a_state(engine):
    w = ParamState({"m": [torch.ones(2), None], "k": {}, "q": torch.tensor(2.0) * u.mV, "n": 3.0})

    def loss():
        v = w.value
        return v["m"][0].sum() * (v["q"] / u.mV) * v["n"]

    grads = T.grad(loss, w, engine=engine, unit_aware=True)()
    assert list(grads) == ["k", "m", "n", "q"]  # as brainstate gives them
    assert torch.equal(grads["m"][0], torch.tensor([6.0, 6.0]))
    assert grads["m"][1] is None
    assert grads["k"] == {}
    assert (grads["q"] * u.mV).item() == 6.0
    assert grads["n"] == 4.0


@pytest.mark.parametrize(
    "bad",
    [
        5,
        torch.ones(1),
        FakeState(1.0),
        "ab",
        {"w": 1.0},
        [State(1.0), 2],
        {State(1.0)},
        (s for s in ()),
        State(1.0).to_state_ref(),
    ],
    ids=lambda x: type(x).__name__,
)
def test_grad_states_must_be_states(bad):
    with pytest.raises(TypeError, match=r"`grad_states` must be a State or a list, tuple or dict of States. Got a"):
        Selection(bad, None)


@pytest.mark.parametrize(
    ("argnums", "text"),
    [
        (-1, r"must not be negative\. Got -1"),
        ((0, -2), r"must not be negative\. Got -2"),
        (True, r"must be an int or a tuple of ints\. Got True of type bool"),
        (1.0, "of type float"),
        ("0", "of type str"),
        (range(2), "of type range"),
        ({0}, "of type set"),
        (np.array(0), "of type ndarray"),
        ((0, "x"), "Got 'x' of type str"),
        ((0, 1, 0), r"must not name an argument twice\. Got \(0, 1, 0\)"),
        ((), "must name at least one argument where no `grad_states` are given"),
    ],
)
def test_argnums_must_be_indices(argnums, text):
    with pytest.raises(ValueError, match=text):
        Selection(None, argnums)


def test_empty_argnums_are_allowed_with_states(states):
    a, _ = states
    assert T.grad(lambda: a.value**2, a, argnums=())() == (torch.tensor(4.0), ())


@pytest.mark.parametrize(("argnums", "args"), [(0, ()), (None, ()), (1, (1.0,)), ((0, 2), (1.0, 2.0))])
def test_arguments_to_differentiate_must_be_passed_by_position(argnums, args):
    with pytest.raises(TypeError, match=rf"at least \d positional arguments? must be passed\. Got {len(args)}"):
        T.grad(lambda *args, x=None: 0.0, argnums=argnums)(*args, x=1.0)


@pytest.mark.parametrize(
    ("states", "args", "text"),
    [
        (None, ("text",), "Got a str in argument 0"),
        (None, ({"w": [object()]},), "Got an object in argument 0"),
        (State({"w": "text"}), (), "Got a str in a State of `grad_states`"),
    ],
)
def test_what_is_differentiated_must_be_made_of_arrays(states, args, text):
    with pytest.raises(TypeError, match=f"made of tensors, arrays, quantities and numbers. {text}"):
        T.grad(lambda *args: torch.tensor(0.0), states)(*args)


@pytest.mark.parametrize("value", [3.0, np.float64(3.0), np.array(3.0), torch.tensor(3.0)])
def test_numbers_and_arrays_are_differentiated_as_tensors(value, engine):
    gradient = T.grad(lambda x: x**2, engine=engine)(value)
    assert gradient == 6.0
    assert (type(gradient), gradient.dtype) == (torch.Tensor, torch.float32)
    w = ParamState(value)
    assert T.grad(lambda: w.value**2, w, engine=engine)() == 6.0


def test_keyword_arguments_and_the_rest_are_passed_through(engine):
    seen = []

    def loss(x, text, none, flag, *, scale, module):
        seen.append((text, none, flag, module))
        return x * scale["s"]

    assert T.grad(loss, engine=engine)(X, "text", None, True, scale={"s": np.float32(4)}, module=torch) == 4.0
    assert seen == [("text", None, True, torch)]


@pytest.mark.parametrize(
    ("leaf", "name"),
    [
        (lambda s, n, x: s, "the value of `w`"),
        (lambda s, n, x: n, r"the value of State\['k'\]\[0\]"),
        (lambda s, n, x: x, r"argument 1\['x'\]"),
    ],
)
def test_errors_name_the_leaf_in_the_terms_of_the_user(leaf, name):
    bad, good = torch.tensor(1), torch.tensor(1.0)
    which = leaf("s", "n", "x")
    s = State(bad if which == "s" else good, name="w")
    n = State({"k": [bad if which == "n" else good]})
    x = {"x": bad if which == "x" else good}
    with pytest.raises(TypeError, match=rf"must have a real or complex dtype\. Got int64 in {name}\. Use"):
        T.grad(lambda _, x: good, [s, n], argnums=1)(None, x)
