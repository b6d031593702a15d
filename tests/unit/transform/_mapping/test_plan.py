"""brainstate_torch.transform._mapping.plan: one call of a mapped function."""

import pytest
import torch

from brainstate_torch import State
from brainstate_torch import transform as T

X = torch.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_results_have_the_mapped_axis_where_out_axes_says(axis):
    found = T.vmap2(lambda x: torch.stack([x, 2 * x, 3 * x, 4 * x]), out_axes=axis)(X)
    expected = torch.stack([torch.stack([x, 2 * x, 3 * x, 4 * x]) for x in X], axis % 3 if axis >= 0 else axis)
    assert torch.equal(found, expected)


def test_out_axes_none_is_for_what_all_lanes_share():
    shared, mapped = T.vmap2(lambda x: (torch.ones(2), x), out_axes=(None, 0))(X)
    assert shared.shape == (2,) and torch.equal(mapped, X)
    with pytest.raises(ValueError, match="`out_axes` must name an axis for what differs from lane to lane"):
        T.vmap2(lambda x: x, out_axes=None)(X)


def test_a_result_that_all_lanes_share_is_repeated():
    assert torch.equal(T.vmap2(lambda x: torch.arange(2))(X), torch.arange(2).expand(2, 2))


def test_texts_and_functions_are_the_same_in_each_lane():
    seen = []
    found = T.vmap2(lambda x, how, f: seen.append(how) or f(x))(X, "sum", torch.sum)
    assert torch.equal(found, X.sum(1)) and seen == ["sum"]


def test_keywords_are_mapped_along_their_first_axis():
    assert torch.equal(T.vmap2(lambda x, *, y: x @ y, in_axes=1)(X, y=torch.ones(3, 2)), X.sum(0))


def test_states_of_axes_other_than_the_first_come_back_there():
    made = {}

    def build(x):
        made["state"] = State(x * 2)
        return made["state"].value.sum()

    T.vmap2(build)(X)
    assert torch.equal(made["state"].value, 2 * X)
    constant = {}
    T.vmap2(lambda x: constant.setdefault("state", State(torch.ones(2))).value.sum() + x)(X)
    assert constant["state"].value.shape == (2,)


def test_a_call_that_raises_changes_nothing():
    state = State(torch.zeros(2))

    def step(x):
        state.value = state.value + x.sum()
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        T.vmap2(step, state_in_axes={0: [state]})(X)
    assert torch.equal(state.value, torch.zeros(2))
