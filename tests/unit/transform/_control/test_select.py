"""brainstate_torch.transform._control.select: all branches run, and each lane takes its own."""

import pytest
import torch

import brainstate_torch as bst
import brainstate_torch.units as u
from brainstate_torch import transform as T
from brainstate_torch.transform._control.select import checked_operands, select

MASKS = [
    torch.tensor(x) for x in ([True, False, False, False], [True, True, False, False], [False, False, True, False])
]
X = torch.tensor([1.0, 2.0, 3.0, 4.0])


def chosen(*branches, names=("first", "second", "third")):
    return select(MASKS, branches, [X], names)


def test_each_lane_takes_the_first_branch_whose_mask_holds_and_else_the_last():
    assert chosen(lambda x: x, lambda x: 10 * x, lambda x: 100 * x).tolist() == [1.0, 20.0, 300.0, 400.0]


def test_trees_numbers_and_units_are_chosen_leaf_by_leaf():
    found = chosen(
        lambda x: {"a": x * u.mV, "b": 1.0, "c": x > 0},
        lambda x: {"c": x < 0, "b": 2.0, "a": 10 * x * u.mV},
        lambda x: {"a": -x * u.mV, "b": torch.tensor(3.0), "c": x > 3},
    )
    assert (found["a"] / u.mV).tolist() == [1.0, 20.0, -3.0, -4.0]
    assert found["b"].tolist() == [1.0, 2.0, 3.0, 3.0] and found["c"].tolist() == [True, False, False, True]


def test_what_is_no_number_but_the_same_in_all_branches_needs_no_choice():
    assert chosen(*[lambda x: ("text", x)] * 3)[0] == "text"


def test_keys_of_jax_are_chosen():
    keys = [torch.full((4,), 2**32 - 1 - i, dtype=torch.int64).to(torch.uint32) for i in range(3)]
    found = chosen(*[lambda x, key=key: key for key in keys])
    assert found.dtype == torch.uint32
    assert found.to(torch.int64).tolist() == [2**32 - 1, 2**32 - 2, 2**32 - 3, 2**32 - 3]


def test_a_state_that_some_branches_write_keeps_its_value_elsewhere():
    s, t = bst.State(torch.zeros(4)), bst.State(torch.zeros(4))

    def writing(state, factor):
        def branch(x):
            state.value = state.value + factor * x
            return state.value.sum()

        return branch

    # Every branch begins with the values before.
    found = chosen(writing(s, 1.0), writing(t, 10.0), lambda x: x.sum())
    assert s.value.tolist() == [1.0, 0.0, 0.0, 0.0] and t.value.tolist() == [0.0, 20.0, 0.0, 0.0]
    assert found.tolist() == [10.0, 100.0, 10.0, 10.0]


def test_a_stream_of_torch_goes_on_from_branch_to_branch():
    rng, twin = bst.random.RandomState(0), bst.random.RandomState(0)
    first, second, third = (twin.normal(size=4) for _ in range(3))
    found = chosen(*[lambda x: rng.normal(size=4)] * 3)
    assert found.tolist() == [first[0], second[1], third[2], third[3]]
    assert torch.equal(rng.normal(size=2), twin.normal(size=2))


def test_a_branch_that_raises_leaves_every_state():
    s = bst.State(torch.zeros(4))

    def write(x):
        s.value = x
        return x

    def fail(x):
        raise KeyError("no")

    with pytest.raises(KeyError, match="no"):
        chosen(write, write, fail)
    assert s.value.tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("second", "text"),
    [
        (lambda x: (x,), r"agree in the structure and units of the result. Got \* from first and \(\*,?\) from second"),
        (lambda x: x * u.mV, "agree in the structure and units of the result"),
        (
            lambda x: x.double(),
            r"shape and dtype of the result. Got float32\[4\] from first and float64\[4\] from second",
        ),
        (lambda x: x[:2], r"Got float32\[4\] from first and float32\[2\] from second"),
        (lambda x: "text", "must have tensors or numbers in the result. Got a str from second"),
    ],
)
def test_branches_must_agree(second, text):
    with pytest.raises(TypeError, match=text):
        chosen(lambda x: x, second, lambda x: x)


def test_a_state_in_which_branches_disagree_is_named():
    s = bst.State(torch.zeros(4))

    def longer(x):
        s.value = torch.zeros(5)
        return x

    with pytest.raises(TypeError, match=r"shape and dtype of the value of State") as error:
        chosen(longer, lambda x: x, lambda x: x)
    assert any("made at" in note or "test_select.py" in note for note in error.value.__notes__)
    assert s.value.shape == (4,)


def test_operands_become_tensors():
    number, array = checked_operands([2, torch.ones(1).numpy()], [])
    assert number.dtype == torch.int32 and torch.equal(array, torch.ones(1))


def test_switch_in_lanes_is_a_loop_over_them():
    branches = [torch.sin, torch.cos, torch.exp]
    index = torch.tensor([2, 0, 1, 7])
    found = T.vmap(lambda i, x: T.switch(i, branches, x))(index, X)
    torch.testing.assert_close(
        found, torch.stack([branches[min(i, 2)](x) for i, x in zip(index.tolist(), X, strict=True)])
    )
