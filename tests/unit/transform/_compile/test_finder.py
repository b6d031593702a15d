"""brainstate_torch.transform._compile.finder: StateFinder."""

import pytest
import torch

from brainstate_torch import ParamState, State
from brainstate_torch.transform import StateFinder


@pytest.fixture
def states():
    return ParamState(torch.ones(1), name="w"), State(torch.zeros(1), name="n"), State(torch.zeros(1), tag="t")


@pytest.fixture
def fun(states):
    w, n, t = states

    def fun(x):
        n.value = n.value + w.value * x
        return t.value * x

    return fun


X = torch.ones(1)


@pytest.mark.parametrize(("usage", "places"), [("all", (1, 0, 2)), ("read", (0, 2)), ("write", (1,))])
@pytest.mark.parametrize("return_type", [dict, list, tuple])
def test_usage_chooses_and_return_type_arranges(fun, states, usage, places, return_type):
    found = StateFinder(fun, usage=usage, return_type=return_type.__name__)(X)
    expected = [states[i] for i in places]
    assert type(found) is return_type
    assert (list(found.values()) if return_type is dict else list(found)) == expected
    if return_type is dict:
        assert list(found) == list(range(len(places)))
    assert states[1].value == 0.0


def test_both_gives_two(fun, states):
    w, n, t = states
    assert StateFinder(fun, usage="both", return_type="list").find(X) == {"read": [w, t], "write": [n]}


@pytest.mark.parametrize(
    ("filter", "places"),
    [
        (ParamState, (0,)),
        ("t", (2,)),
        (lambda path, state: state.name == "n", (1,)),
        ((ParamState, "t"), (0, 2)),
        (None, (1, 0, 2)),
    ],
)
def test_filters_choose(fun, states, filter, places):
    assert StateFinder(fun, filter, return_type="list")(X) == [states[i] for i in places]


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        (lambda i, s: s.name, ["n", "w", "state_2"]),
        (lambda i, s: None, ["n", "w", "state_2"]),
        (lambda i, s: "same", ["same", "w", "state_2"]),
        (lambda i, s: [i], ["[0]", "[1]", "[2]"]),
        (lambda i, s: 10 * i, [0, 10, 20]),
        (lambda i, s: "w" if i == 0 else None, ["w", "w_1", "state_2"]),
    ],
)
def test_keys_are_made_free(fun, key, keys):
    assert list(StateFinder(fun, key_fn=key)(X)) == keys


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"usage": "some"}, r"`usage` must be one of \('all', 'read', 'write', 'both'\)\. Got 'some'"),
        ({"return_type": "set"}, r"`return_type` must be one of \('dict', 'list', 'tuple'\)\. Got 'set'"),
    ],
)
def test_options_are_checked(fun, keywords, text):
    with pytest.raises(ValueError, match=text):
        StateFinder(fun, **keywords)
